------------------------------- MODULE Lease -------------------------------
(* Quorum leases, seals and ages, the guard, the proofs, the return: rules S2-S5, S7, S11 of ../design/RECOVERY-PROTOCOL.md.

   One host is watched, with one VM on it. The voters are those of C0; with the feature "config" they change to those of C1.

   Time is relative: Tick lets every age grow by one. Between two ticks anything may happen in any order, any number of times, so every
   process may pause for any length. A clock that runs ahead by the drift bound is the constant Drift, taken at the worst moment.

   Messages: a renewal may be handled at any time or never (loss). Its answer arrives at once or, with the feature "delay", at any later
   time, several times, or never. A renewal that travelled for a while is not modelled: one that arrives at once gives the voter the same
   age and the host a longer lease, so it is the more dangerous of the two.

   Leaders do not appear: an entry may be committed at any time by whoever leads, and a statement once made may be used at any later time.
   That covers every old, new, paused and deposed leader.

   Without is the set of rules that are taken out. With the empty set no invariant fails; each name alone makes one fail (see the list of
   runs beside this file). *)
EXTENDS Integers, Sequences, FiniteSets, TLC

CONSTANTS C0, C1,     \* the voters before and after the change
          L, K,       \* the lease, and the time in which a host without it has stopped writing, in ticks
          AgeWanted,  \* the age that certifies: L + K + drift, or less if a rule is taken out
          Drift,      \* ticks by which a voter's clock may be ahead in one interval
          EpochMax, RestartsMax,
          Features,   \* a subset of {"delay", "restart", "power", "operator", "config"}
          Without     \* the rules that are taken out

V == C0 \cup C1
Forgotten == L + K + 1
Nothing == 99
has(feature) == feature \in Features
no(rule) == rule \in Without
Min(a, b) == IF a < b THEN a ELSE b
Max(a, b) == IF a > b THEN a ELSE b

VARIABLES
  vm,        \* the VM's copy on the host: "runs", "paused", "none" (in quarantine: the agent is up, no copy is), "off" (no power)
  epoch,     \* the epoch that the host renews
  sent,      \* [V -> ticks since the sending of the newest renewal that the voter answered, as the host knows it]
  heard,     \* the newest configuration that an answer has named: 0 old, 1 joint, 2 new
  flying,    \* [V -> Nothing, or ticks since the sending of the renewal whose answer is on its way]
  up,        \* [V -> the voter's daemon runs]
  age,       \* [V -> what the voter would state]
  seal,      \* [V -> the highest epoch in the voter's seal file]
  stored,    \* [V -> entries of the log that the voter has stored]
  applied,   \* [V -> entries that it has applied]
  checked,   \* [V -> TRUE between the check of the seal and the note of the time, where S3's "one step" is taken out]
  log,       \* the committed entries
  stated,    \* statements: <<voter, epoch, configuration that it had applied>>
  proof,     \* POWER_OFF: 0, 1 "off" was read, 2 a majority has applied the certificate, 3 "off" was read again
  twin,      \* TRUE once the VM has been started elsewhere
  restarts
host == <<vm, epoch, sent, heard>>
voters == <<up, age, seal, stored, applied, checked, restarts>>
leader == <<log, stated, proof, twin>>
vars == <<host, flying, voters, leader>>

(* ------------------------------------------------------------------------------------------------ configurations and majorities *)
Phase(entries) == IF \E i \in 1..Len(entries) : entries[i].kind = "new" THEN 2
                  ELSE IF \E i \in 1..Len(entries) : entries[i].kind = "joint" THEN 1 ELSE 0
PhaseAt(n) == Phase(SubSeq(log, 1, n))
Majority(S, C) == 2 * Cardinality(S \cap C) > Cardinality(C)
Quorum(S, phase) == CASE phase = 0 -> Majority(S, C0)
                      [] phase = 1 -> Majority(S, C0) /\ Majority(S, C1)
                      [] OTHER -> Majority(S, C1)
Committed(kind, e) == \E i \in 1..Len(log) : log[i].kind = kind /\ log[i].epoch = e
Certified(e) == \E kind \in {"lease-expired", "power-off", "operator"} : Committed(kind, e)
EpochNow == 1 + Cardinality({i \in 1..Len(log) : log[i].kind = "epoch"})

(* ------------------------------------------------------------------------------------------------------------ the host's lease *)
HeardWithin(g) == {v \in V : sent[v] <= g}
Enough(S) == IF no("S3.majority") THEN S # {} ELSE Quorum(S, heard)
LeaseAge == IF \E g \in 0..(L + K) : Enough(HeardWithin(g))
            THEN CHOOSE g \in 0..(L + K) : Enough(HeardWithin(g)) /\ \A less \in 0..(g - 1) : ~Enough(HeardWithin(less))
            ELSE Forgotten
Lease == LeaseAge <= L

Init == /\ vm = "runs" /\ epoch = 1 /\ sent = [v \in V |-> 0] /\ heard = 0
        /\ flying = [v \in V |-> Nothing]
        /\ up = [v \in V |-> TRUE] /\ age = [v \in V |-> IF v \in C0 THEN Drift ELSE AgeWanted]
        /\ seal = [v \in V |-> 0] /\ stored = [v \in V |-> 0] /\ applied = [v \in V |-> 0] /\ checked = [v \in V |-> FALSE]
        /\ log = <<>> /\ stated = {} /\ proof = 0 /\ twin = FALSE /\ restarts = 0

(* -------------------------------------------------------------------------------------------------------------------------- time *)
\* S5, S6: the guard lets no domain run K after the end of the lease
GuardHolds == no("S5.guard") \/ vm # "runs" \/ LeaseAge < L + K
Tick == /\ GuardHolds
        /\ sent' = [v \in V |-> Min(sent[v] + 1, Forgotten)]
        /\ flying' = [v \in V |-> IF flying[v] = Nothing \/ flying[v] >= L
                                  THEN IF no("S3.sending") /\ flying[v] # Nothing THEN L ELSE Nothing
                                  ELSE flying[v] + 1]
        /\ age' = [v \in V |-> Min(age[v] + 1, AgeWanted)]
        /\ checked' = [v \in V |-> FALSE]
        /\ UNCHANGED <<vm, epoch, heard, up, seal, stored, applied, restarts, leader>>

(* ------------------------------------------------------------------------------------------------------------------------ voters *)
\* S3: an answer names the newest configuration in the voter's log, a final one as joint until it is applied
Named(v) == IF no("S3.joint") THEN PhaseAt(stored[v])
            ELSE IF PhaseAt(stored[v]) = 2 /\ PhaseAt(applied[v]) < 2 THEN 1 ELSE PhaseAt(stored[v])
IsMember(v) == v \in C0 \/ PhaseAt(applied[v]) >= 1
Reaches(v, g) == /\ vm # "off" /\ sent' = [sent EXCEPT ![v] = Min(@, g)] /\ heard' = Max(heard, Named(v)) /\ UNCHANGED <<vm, epoch>>
\* S3: the check of the seal, the note of the time and the answer are one step
Answer(v) == /\ ~no("S3.one-step") /\ up[v] /\ IsMember(v) /\ seal[v] < epoch
             /\ age' = [age EXCEPT ![v] = Drift]
             /\ IF has("delay") THEN flying' = [flying EXCEPT ![v] = 0] /\ UNCHANGED host ELSE Reaches(v, 0) /\ UNCHANGED flying
             /\ UNCHANGED <<up, seal, stored, applied, checked, restarts, leader>>
Check(v) == /\ no("S3.one-step") /\ up[v] /\ IsMember(v) /\ seal[v] < epoch /\ ~checked[v]
            /\ checked' = [checked EXCEPT ![v] = TRUE]
            /\ UNCHANGED <<host, flying, up, age, seal, stored, applied, restarts, leader>>
NoteAndAnswer(v) == /\ checked[v] /\ checked' = [checked EXCEPT ![v] = FALSE] /\ age' = [age EXCEPT ![v] = Drift] /\ Reaches(v, 0)
                    /\ UNCHANGED <<flying, up, seal, stored, applied, restarts, leader>>
\* stays on its way, for it may arrive again
Arrive(v) == /\ flying[v] # Nothing
             /\ LET g == IF no("S3.sending") THEN 0 ELSE flying[v] IN g < sent[v] /\ Reaches(v, g)
             /\ UNCHANGED <<flying, voters, leader>>

Crash(v) == /\ has("restart") /\ up[v] /\ restarts < RestartsMax
            /\ restarts' = restarts + 1 /\ up' = [up EXCEPT ![v] = FALSE] /\ checked' = [checked EXCEPT ![v] = FALSE]
            \* S4: a voter without its seal file joins as a new peer; taken out, it goes on under its old name
            /\ seal' = [seal EXCEPT ![v] = IF no("S4.seal-file") \/ no("S4.new-peer") THEN 0 ELSE @]
            /\ applied' = [applied EXCEPT ![v] = IF no("S4.seal-file") \/ no("S4.new-peer") THEN 0 ELSE @]
            /\ stored' = [stored EXCEPT ![v] = IF no("S4.new-peer") THEN 0 ELSE @]
            /\ UNCHANGED <<host, flying, age, leader>>
Start(v) == /\ has("restart") /\ ~up[v] /\ up' = [up EXCEPT ![v] = TRUE]
            \* S4: what a voter has forgotten counts from its start, not as "never heard of"
            /\ age' = [age EXCEPT ![v] = IF no("S4.forgets-to-zero") THEN AgeWanted ELSE Drift]
            /\ UNCHANGED <<host, flying, seal, stored, applied, checked, restarts, leader>>
Store(v) == /\ has("config") /\ up[v] /\ stored[v] < Len(log) /\ stored' = [stored EXCEPT ![v] = @ + 1]
            /\ UNCHANGED <<host, flying, up, age, seal, applied, checked, restarts, leader>>
Apply(v) == LET n == applied[v] + 1 IN
  /\ up[v] /\ n <= stored[v]
  /\ applied' = [applied EXCEPT ![v] = n]
  /\ seal' = [seal EXCEPT ![v] = IF log[n].kind \in {"seal", "lease-expired"}
                                    \/ (log[n].kind \in {"power-off", "operator"} /\ ~no("S2.seals"))
                                 THEN Max(@, log[n].epoch) ELSE @]
  \* S4: every voter, also one that stays, counts anew from a change of the set of voters
  /\ age' = [age EXCEPT ![v] = IF log[n].kind \in {"joint", "new"} /\ ~no("S4.counts-anew")
                                  /\ ~(no("S4.stayers-count-anew") /\ v \in C0) THEN 0 ELSE @]
  /\ UNCHANGED <<host, flying, up, stored, checked, restarts, leader>>
NamedInStatement(v) == IF has("config") /\ ~no("S4.names-configuration") THEN PhaseAt(applied[v]) ELSE 0
StateAge(v) ==
  LET statement == <<v, EpochNow, NamedInStatement(v)>> IN
  /\ up[v] /\ statement \notin stated /\ IsMember(v) /\ Committed("seal", EpochNow) /\ age[v] >= AgeWanted
  /\ no("S4.seals-first") \/ seal[v] >= EpochNow
  /\ stated' = stated \cup {statement}
  /\ UNCHANGED <<host, flying, voters, log, proof, twin>>

(* ----------------------------------------------------------------------------------------------------------------------- the log *)
Entry(kind, e) == [kind |-> kind, epoch |-> e]
\* without "config" every voter stores at once; with it a quorum of the configuration that the entry itself makes
Commit(entry) ==
  /\ log' = Append(log, entry)
  /\ IF has("config")
     THEN \E Q \in SUBSET {v \in V : up[v]} :
            Quorum(Q, Phase(log')) /\ stored' = [v \in V |-> IF v \in Q THEN Len(log') ELSE stored[v]]
     ELSE stored' = [v \in V |-> Len(log')]
  /\ UNCHANGED <<host, flying, up, age, seal, applied, checked, restarts>>

Seal == /\ ~Committed("seal", EpochNow) /\ ~Certified(EpochNow)
        /\ Commit(Entry("seal", EpochNow)) /\ UNCHANGED <<stated, proof, twin>>
Witnesses(phase) == {v \in V : <<v, EpochNow, phase>> \in stated}
\* S4: apply accepts statements of a majority of the configuration in force at the certificate's own index, and no other
StatementsSuffice == CASE no("S4.age") -> TRUE
                       [] no("S4.majority") -> Witnesses(Phase(log)) # {}
                       [] no("S4.names-configuration") -> Quorum(Witnesses(0), Phase(log))
                       [] no("S4.configuration-in-force") -> \E p \in 0..Phase(log) : Quorum(Witnesses(p), p)
                       [] OTHER -> Quorum(Witnesses(Phase(log)), Phase(log))
CertifyLease == /\ Committed("seal", EpochNow) /\ ~Committed("lease-expired", EpochNow) /\ StatementsSuffice
                /\ Commit(Entry("lease-expired", EpochNow)) /\ UNCHANGED <<stated, proof, twin>>

\* S2: the BMC's word, or a person's; a BMC that lies says "off" of a host that runs
SaysOff == vm = "off" \/ no("S2.honest-bmc")
ReadOff == /\ has("power") /\ proof = 0 /\ SaysOff /\ ~Certified(EpochNow) /\ proof' = 1
           /\ UNCHANGED <<host, flying, voters, log, stated, twin>>
CertifyOff == /\ proof = 1 /\ ~Certified(EpochNow)
              /\ Commit(Entry("power-off", EpochNow)) /\ UNCHANGED <<stated, proof, twin>>
MajorityApplied == no("S2.majority") \/ no("S2.seals") \/ Quorum({v \in V : seal[v] >= EpochNow}, Phase(log))
\* A person who looks at the host says what is true then. The word counts only if it is given after a majority has applied the seal: a host
\* that is switched on between the word and the seal would find voters that still answer it.
CertifyWord == /\ has("operator") /\ vm = "off" /\ ~Certified(EpochNow)
               /\ no("S2.seal-then-ask") \/ (Committed("seal", EpochNow) /\ MajorityApplied)
               /\ Commit(Entry("operator", EpochNow)) /\ UNCHANGED <<stated, proof, twin>>
Confirm == /\ proof = 1 /\ Committed("power-off", EpochNow) /\ MajorityApplied /\ proof' = 2
           /\ UNCHANGED <<host, flying, voters, log, stated, twin>>
ReadOffAgain == /\ proof = 2 /\ (no("S2.second-question") \/ SaysOff) /\ proof' = 3
                /\ UNCHANGED <<host, flying, voters, log, stated, twin>>
Evacuate == /\ ~twin /\ twin' = TRUE
            /\ \E e \in 1..EpochNow : /\ e = EpochNow \/ no("S11.plan-closed")
                                      /\ \/ no("S1.certificate")
                                         \/ Committed("lease-expired", e)
                                         \/ Committed("power-off", e) /\ proof = 3
                                         \/ Committed("operator", e) /\ MajorityApplied
            /\ UNCHANGED <<host, flying, voters, log, stated, proof>>
\* S11: the next epoch only for a host that is clean, when its plan is closed
NextEpoch == /\ EpochNow < EpochMax /\ Certified(EpochNow)
             /\ vm \in (IF no("S11.clean") THEN {"none", "paused"} ELSE {"none"})
             /\ proof \in {0, 3} \/ ~twin
             /\ Commit(Entry("epoch", EpochNow + 1)) /\ proof' = 0 /\ UNCHANGED <<stated, twin>>
Joint == /\ has("config") /\ C0 # C1 /\ Phase(log) = 0 /\ Commit(Entry("joint", 0)) /\ UNCHANGED <<stated, proof, twin>>
New == /\ has("config") /\ Phase(log) = 1 /\ Commit(Entry("new", 0)) /\ UNCHANGED <<stated, proof, twin>>

(* ---------------------------------------------------------------------------------------------------------------------- the host *)
HostStep == UNCHANGED <<voters, leader>>
Pause == vm = "runs" /\ (~Lease \/ LeaseAge >= L + K) /\ vm' = "paused" /\ UNCHANGED <<epoch, sent, heard, flying>> /\ HostStep
\* S5: only the guard resumes, and it reads the deadline before and after
Resume == vm = "paused" /\ (Lease \/ no("S5.reads-again")) /\ vm' = "runs" /\ UNCHANGED <<epoch, sent, heard, flying>> /\ HostStep
\* it has learned of the seal, or it is the isolated one and its patience (S7, release_after) is over
Destroy == /\ vm = "paused" /\ ((\E v \in V : up[v] /\ seal[v] >= epoch) \/ LeaseAge = Forgotten)
           /\ vm' = "none" /\ UNCHANGED <<epoch, sent, heard, flying>> /\ HostStep
\* S11: the gate. Nova starts the VM here again only if it has no other home
Open == /\ vm = "none" /\ (Lease \/ no("S11.gate")) /\ ~twin
        /\ vm' = "runs" /\ UNCHANGED <<epoch, sent, heard, flying>> /\ HostStep
PowerCut == /\ has("power") \/ has("operator")
            /\ vm # "off" /\ vm' = "off" /\ UNCHANGED <<epoch, sent, heard, flying>> /\ HostStep
Boot == /\ vm = "off" /\ vm' = "none"
        /\ sent' = [v \in V |-> IF no("S3.boot-ends-lease") THEN sent[v] ELSE Forgotten]
        /\ flying' = [v \in V |-> Nothing] /\ UNCHANGED <<epoch, heard>> /\ HostStep
Learn == /\ epoch < EpochNow /\ (vm = "none" \/ (no("S11.clean") /\ vm = "paused"))
         /\ epoch' = EpochNow /\ sent' = [v \in V |-> Forgotten] /\ flying' = [v \in V |-> Nothing]
         /\ UNCHANGED <<vm, heard>> /\ HostStep

Next == \/ Tick
        \/ \E v \in V : Answer(v) \/ Check(v) \/ NoteAndAnswer(v) \/ Arrive(v) \/ Crash(v) \/ Start(v) \/ Store(v) \/ Apply(v) \/ StateAge(v)
        \/ Seal \/ CertifyLease \/ ReadOff \/ CertifyOff \/ CertifyWord \/ Confirm \/ ReadOffAgain \/ Evacuate \/ NextEpoch \/ Joint \/ New
        \/ Pause \/ Resume \/ Destroy \/ Open \/ PowerCut \/ Boot \/ Learn
Spec == Init /\ [][Next]_vars

(* Liveness: a host without power, and one that is cut off from the voters, are recovered; one that hears the voters again in time resumes. *)
Fair == /\ WF_vars(Tick) /\ WF_vars(Pause) /\ WF_vars(Seal) /\ WF_vars(CertifyLease) /\ WF_vars(Evacuate)
        /\ \A v \in V : WF_vars(Apply(v)) /\ WF_vars(StateAge(v)) /\ WF_vars(Start(v))
CutOff == Tick \/ Seal \/ CertifyLease \/ Evacuate \/ Pause \/ \E v \in V : Apply(v) \/ StateAge(v) \/ Crash(v) \/ Start(v)
CutSpec == Init /\ [][CutOff]_vars /\ Fair
CutIsRecovered == <>twin
DeadSpec == Spec /\ Fair
DeadIsCertified == (vm = "off") ~> (Certified(1) \/ vm # "off")
InitCut == /\ vm = "paused" /\ epoch = 1 /\ sent = [v \in V |-> Forgotten] /\ heard = 0 /\ flying = [v \in V |-> Nothing]
           /\ up = [v \in V |-> TRUE] /\ age = [v \in V |-> AgeWanted]
           /\ seal = [v \in V |-> 0] /\ stored = [v \in V |-> 0] /\ applied = [v \in V |-> 0] /\ checked = [v \in V |-> FALSE]
           /\ log = <<>> /\ stated = {} /\ proof = 0 /\ twin = FALSE /\ restarts = 0
\* in a healed network every voter answers in every period
Healed == (Tick /\ \A v \in V : sent[v] < 1) \/ Resume \/ Pause \/ \E v \in V : Answer(v)
HealSpec == InitCut /\ [][Healed]_vars /\ WF_vars(Tick) /\ WF_vars(Resume) /\ \A v \in V : WF_vars(Answer(v))
HealedResumes == (vm = "paused") ~> (vm = "runs")

(* ---------------------------------------------------------------------------------------------------------------- what must hold *)
NeverTwice == ~(twin /\ vm = "runs")                                                                     \* the promise
LeaseProofHolds == \A e \in 1..EpochMax : Committed("lease-expired", e) => ~(vm = "runs" /\ epoch = e)  \* S3-S5
PowerProofHolds == (Committed("power-off", EpochNow) /\ proof = 3) => ~(vm = "runs" /\ epoch = EpochNow) \* S2
(* What must be reachable: a run that names one of these expects it to fail; otherwise the model would say nothing. *)
NeverCertified == ~Committed("lease-expired", 1)
NeverReturns == ~(epoch = 2 /\ vm = "runs")
NeverAfterChange == ~(Phase(log) = 2 /\ Committed("lease-expired", 1))
Interchangeable == Permutations(IF C0 = C1 THEN C0 ELSE C0 \ C1)
=============================================================================
