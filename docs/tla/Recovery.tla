------------------------------ MODULE Recovery ------------------------------
(* From the certificate to the closed incident: rules S1, S8, S9, S11, S13 of ../design/RECOVERY-PROTOCOL.md, with Nova as it was measured.

   Several hosts, one VM, leaders that are deposed, paused and killed at any step, hosts that fail one after another and return.
   Lease.tla is taken as an axiom here: once (host, epoch) is certified, no copy of the VM writes on that host.

   What a leader does for a VM is a chain of committed commands and outside effects:
     plan -> BeginEvacuation(intent n, term t) -> read Nova -> call -> answer -> Accepted(n) | Failed(n) -> watch -> Ended -> Close.
   A command carries the term that it was decided in and is refused in another one. A call may lie between the last reading and its sending
   for any time, until its guard kills the caller. An answer may be lost, and may be recorded at any later time of the same term.

   Without is the set of rules that are taken out; with the empty set no invariant fails. *)
EXTENDS Integers, FiniteSets

CONSTANTS Hosts,      \* numbers; the VM begins on host 1
          TermMax, EpochMax, IntentMax,
          Limit,      \* S8: hosts that may be certified without a person's approval
          Without

no(rule) == rule \in Without
Terms == 1..TermMax
NoCall == [n |-> 0, h |-> 0]
NoIntent == [n |-> 0, t |-> 0]
NoMigration == [from |-> 0, to |-> 0]

VARIABLES
  home,      \* Nova's idea of the VM's host
  copy,      \* [Hosts -> "none", "runs", "stale"]: stale is a paused or quarantined copy, which does not write
  \* committed:
  epoch, cert, approved,
  step,      \* [Hosts -> "closed" (no incident), "planned", "calling", "accepted", "elsewhere", "failed"]: the VM in the host's incident
  intent,    \* [Hosts -> [n, t]]: the newest intent and the term that it was committed in
  term,
  \* Nova:
  forced, beats, busy, migration, broken,
  queued,    \* 0, or a host that died over a rebuild and finds the request in its queue when its nova-compute starts again
  \* in flight, one each for the leader of each term:
  call,      \* a call that has passed every check and is not sent yet
  said,      \* what Nova said to whom of which intent: outcomes on their way into the log
  tried      \* the newest intent that this leader has called for
committed == <<epoch, cert, approved, step, intent>>
nova == <<forced, beats, busy, migration, broken, queued>>
flight == <<call, said, tried>>
vars == <<home, copy, committed, term, nova, flight>>

Init == /\ home = 1 /\ copy = [h \in Hosts |-> IF h = 1 THEN "runs" ELSE "none"]
        /\ epoch = [h \in Hosts |-> 1] /\ cert = [h \in Hosts |-> FALSE] /\ approved = FALSE
        /\ step = [h \in Hosts |-> "closed"] /\ intent = [h \in Hosts |-> NoIntent]
        /\ term = 1
        /\ forced = [h \in Hosts |-> FALSE] /\ beats = [h \in Hosts |-> TRUE] /\ busy = FALSE /\ migration = NoMigration /\ broken = FALSE
        /\ queued = 0
        /\ call = [t \in Terms |-> NoCall] /\ said = {} /\ tried = [t \in Terms |-> 0]

IsOpen(h) == step[h] # "closed"
HasEnded(h) == step[h] \in {"elsewhere", "failed"}
Certified == {h \in Hosts : cert[h]}

(* ---------------------------------------------------------------------------------------------------- failure, proof, approval *)
\* S8 in apply: hosts that are down already count; a person may approve more
Certify(h) ==
  /\ ~cert[h] /\ (approved \/ no("S8.limit") \/ Cardinality(Certified \cup {h}) <= Limit)
  /\ cert' = [cert EXCEPT ![h] = TRUE] /\ step' = [step EXCEPT ![h] = "planned"]
  /\ \E left \in {"stale", "none"} : copy' = [copy EXCEPT ![h] = IF @ = "none" THEN "none" ELSE left]
  /\ beats' = [beats EXCEPT ![h] = FALSE]
  /\ UNCHANGED <<home, epoch, approved, intent, term, forced, busy, migration, broken, queued, flight>>
Approve == ~approved /\ approved' = TRUE /\ UNCHANGED <<home, copy, epoch, cert, step, intent, term, nova, flight>>
ForceDown(h) == /\ cert[h] /\ IsOpen(h) /\ ~forced[h] /\ forced' = [forced EXCEPT ![h] = TRUE]
                /\ UNCHANGED <<home, copy, committed, term, beats, busy, migration, broken, queued, flight>>
\* nova-compute stops and starts reporting, whatever the host does
Beat(h) == /\ ~cert[h] /\ beats' = [beats EXCEPT ![h] = ~@]
           /\ UNCHANGED <<home, copy, committed, term, forced, busy, migration, broken, queued, flight>>

(* --------------------------------------------------------------------------------------------------------------------- leaders *)
Elect == /\ term < TermMax /\ term' = term + 1 /\ UNCHANGED <<home, copy, committed, nova, flight>>
\* S9: the guard kills a caller that has not proven its leadership for L
Kill(t) == /\ t < term /\ call[t] # NoCall /\ call' = [call EXCEPT ![t] = NoCall]
           /\ UNCHANGED <<home, copy, committed, term, nova, said, tried>>
\* S9: a new leader touches a VM with an intent of an older term only after L + K and the request's limit: no older call is on its way
OthersAreOver(h) == no("S9.inherits-late") \/ intent[h].t = term \/ \A t \in 1..(term - 1) : call[t] # [n |-> intent[h].n, h |-> h]
\* S1; taken out, Nova's word is taken for the proof
MayBegin(h) == \/ cert[h] /\ IsOpen(h) /\ forced[h]
               \/ no("S1.certificate") /\ ~beats[h]
Begin(h) ==
  /\ step[h] = "planned" \/ (no("S1.certificate") /\ step[h] = "closed")
  /\ MayBegin(h) /\ intent[h].n < IntentMax
  /\ \A other \in Hosts \ {h} : step[other] \notin {"calling", "accepted"}
  /\ step' = [step EXCEPT ![h] = "calling"] /\ intent' = [intent EXCEPT ![h] = [n |-> @.n + 1, t |-> term]]
  /\ UNCHANGED <<home, copy, epoch, cert, approved, term, nova, flight>>
\* S9: host, task_state and migrations are read before each call. Who does not commit an intent (S9.intent) calls as long as it likes to
Prepare(t, h) ==
  /\ call[t] = NoCall
  /\ IF no("S9.intent") THEN t <= term /\ step[h] \in {"planned", "calling"} /\ MayBegin(h)
     ELSE step[h] = "calling" /\ intent[h].t = t /\ t = term /\ tried[t] < intent[h].n
  /\ home = h /\ (~busy \/ no("S9.reads"))
  /\ call' = [call EXCEPT ![t] = [n |-> intent[h].n, h |-> h]] /\ tried' = [tried EXCEPT ![t] = intent[h].n]
  /\ UNCHANGED <<home, copy, committed, term, nova, said>>
\* The request reaches Nova: it evacuates if it holds the service of the VM's present host for down, and a second time while the first runs
\* leaves the server in error for good.
Land(t) ==
  LET down == forced[home] \/ ~beats[home]
      Targets == {d \in Hosts \ {home} : ~forced[d] /\ beats[d]} IN
  /\ call[t] # NoCall /\ call' = [call EXCEPT ![t] = NoCall]
  /\ \E heard \in {TRUE, FALSE} :
       LET say(r) == said' = IF heard THEN said \cup {[t |-> t, n |-> call[t].n, h |-> call[t].h, r |-> r]} ELSE said IN
       IF down /\ busy THEN broken' = TRUE /\ say("accepted") /\ UNCHANGED <<busy, migration>>
       ELSE IF down /\ Targets # {} THEN \E d \in Targets : migration' = [from |-> home, to |-> d] /\ busy' = TRUE /\ say("accepted") /\ UNCHANGED broken
       ELSE say("refused") /\ UNCHANGED <<busy, migration, broken>>
  /\ UNCHANGED <<home, copy, committed, term, forced, beats, queued, tried>>
LoseCall(t) == call[t] # NoCall /\ call' = [call EXCEPT ![t] = NoCall] /\ UNCHANGED <<home, copy, committed, term, nova, said, tried>>
\* An outcome names its intent and its term; one that does not name its intent (S9.names-intent) ends whichever is open.
Record(t, h) ==
  /\ t = term /\ step[h] = "calling"
  /\ \E o \in said : /\ o.t = t /\ o.h = h /\ (o.n = intent[h].n \/ no("S9.names-intent"))
                      /\ step' = [step EXCEPT ![h] = IF o.r = "accepted" THEN "accepted" ELSE "planned"]
                      /\ said' = said \ {o}
  /\ UNCHANGED <<home, copy, epoch, cert, approved, intent, term, nova, call, tried>>
\* The answer was lost, or belonged to an older leader, or the reading before the call said that there is nothing to call for: Nova's
\* records say what became of the intent.
Resolve(h) ==
  /\ step[h] = "calling" /\ OthersAreOver(h)
  /\ intent[h].t = term => (no("S9.own-call-over") \/ (call[term] # [n |-> intent[h].n, h |-> h] /\ (tried[term] = intent[h].n \/ home # h \/ busy)))
  /\ step' = [step EXCEPT ![h] = IF migration.from = h THEN "accepted" ELSE IF home # h THEN "elsewhere" ELSE "planned"]
  /\ UNCHANGED <<home, copy, epoch, cert, approved, intent, term, nova, flight>>
\* S13: an accepted evacuation ends when Nova's record of it is final, or when its target is certified: what was scheduled to a dead host
\* never ends in Nova.
IsFinal(h) == IF migration.from = h THEN cert[migration.to] \/ no("S13.final-record") ELSE TRUE
Watch(h) ==
  /\ step[h] = "accepted" /\ IsFinal(h)
  /\ \E next \in (IF home # h THEN {"elsewhere"} ELSE {"planned", "failed"}) : step' = [step EXCEPT ![h] = next]
  /\ UNCHANGED <<home, copy, epoch, cert, approved, intent, term, nova, flight>>
GoneElsewhere(h) == /\ step[h] = "planned" /\ home # h /\ step' = [step EXCEPT ![h] = "elsewhere"]
                    /\ UNCHANGED <<home, copy, epoch, cert, approved, intent, term, nova, flight>>

(* ------------------------------------------------------------------------------------------------------------------------ Nova *)
Rebuild ==
  /\ migration # NoMigration
  /\ LET d == migration.to IN
     \/ /\ ~cert[d] \/ no("S11.gate-at-any-time")   \* without a lease nothing is started on a host
        /\ copy' = [copy EXCEPT ![d] = "runs"] /\ home' = d
     \/ UNCHANGED <<copy, home>>                     \* it fails on the target
  /\ migration' = NoMigration /\ busy' = FALSE
  /\ UNCHANGED <<committed, term, forced, beats, broken, queued, flight>>
\* A person resets the state of a VM that was reported as failed because its target died; the request stays in the target's queue.
Reset(h) ==
  /\ step[h] \in {"failed", "closed"} /\ migration.from = h /\ cert[migration.to]
  /\ queued' = migration.to /\ migration' = NoMigration /\ busy' = FALSE
  /\ UNCHANGED <<home, copy, committed, term, forced, beats, broken, flight>>
\* The queue is emptied while the gate of its host is closed, or the request runs once the gate is open.
Drop == queued # 0 /\ cert[queued] /\ queued' = 0
        /\ UNCHANGED <<home, copy, committed, term, forced, beats, busy, migration, broken, flight>>
RunQueued == /\ queued # 0 /\ ~cert[queued] /\ copy' = [copy EXCEPT ![queued] = "runs"] /\ home' = queued /\ queued' = 0
             /\ UNCHANGED <<committed, term, forced, beats, busy, migration, broken, flight>>
\* a person's live migration between living hosts
Move(h) ==
  /\ ~cert[home] /\ ~cert[h] /\ h # home /\ ~busy /\ copy[home] = "runs" /\ beats[h] /\ beats[home] /\ copy[h] = "none"
  /\ home' = h /\ copy' = [copy EXCEPT ![home] = "none", ![h] = "runs"]
  /\ UNCHANGED <<committed, term, nova, flight>>
StartHere(h) == /\ home = h /\ ~cert[h] /\ ~busy /\ copy[h] = "none" /\ copy' = [copy EXCEPT ![h] = "runs"]
                /\ UNCHANGED <<home, committed, term, nova, flight>>

(* ---------------------------------------------------------------------------------------------------------- close and return *)
Close(h) ==
  /\ HasEnded(h) /\ IsFinal(h)
  /\ step' = [step EXCEPT ![h] = "closed"]
  /\ UNCHANGED <<home, copy, epoch, cert, approved, intent, term, nova, flight>>
\* S11: only after the incident is closed, every migration to the host final, and the host swept
Return(h) ==
  /\ cert[h] /\ (~IsOpen(h) \/ no("S11.plan-closed")) /\ ((migration.to # h /\ queued # h) \/ no("S11.migrations-final")) /\ epoch[h] < EpochMax
  /\ cert' = [cert EXCEPT ![h] = FALSE] /\ epoch' = [epoch EXCEPT ![h] = @ + 1] /\ step' = [step EXCEPT ![h] = "closed"]
  /\ forced' = [forced EXCEPT ![h] = FALSE] /\ beats' = [beats EXCEPT ![h] = TRUE]
  /\ copy' = [copy EXCEPT ![h] = IF no("S11.sweep") /\ @ = "stale" THEN "runs" ELSE "none"]
  /\ UNCHANGED <<home, approved, intent, term, busy, migration, broken, queued, flight>>

Next == \/ \E h \in Hosts : Certify(h) \/ ForceDown(h) \/ Beat(h) \/ Begin(h) \/ Resolve(h) \/ Watch(h) \/ GoneElsewhere(h)
                            \/ Move(h) \/ StartHere(h) \/ Close(h) \/ Return(h) \/ Reset(h)
        \/ \E t \in Terms : Kill(t) \/ Land(t) \/ LoseCall(t) \/ \E h \in Hosts : Prepare(t, h) \/ Record(t, h)
        \/ Approve \/ Elect \/ Rebuild \/ Drop \/ RunQueued
Spec == Init /\ [][Next]_vars

(* Liveness: with a stable leader every certified host's VM reaches an ending and its incident is closed. *)
FairSpec == /\ Spec /\ WF_vars(Rebuild)
            /\ \A h \in Hosts : /\ WF_vars(ForceDown(h)) /\ WF_vars(Begin(h)) /\ WF_vars(Resolve(h)) /\ WF_vars(Watch(h))
                                /\ WF_vars(GoneElsewhere(h)) /\ WF_vars(Close(h))
            /\ \A t \in Terms : WF_vars(Land(t)) /\ \A h \in Hosts : WF_vars(Prepare(t, h)) /\ WF_vars(Record(t, h))
EveryVmHasAnEnding == \A h \in Hosts : (step[h] = "calling" \/ step[h] = "accepted") ~> (step[h] # "calling" /\ step[h] # "accepted")

(* ---------------------------------------------------------------------------------------------------------------- what must hold *)
NeverTwice == Cardinality({h \in Hosts : copy[h] = "runs"}) <= 1
ProofBeforeEvacuation == migration # NoMigration => (cert[migration.from] \/ copy[migration.from] # "runs")          \* S1
NovaNeverBreaks == ~broken                                                                                          \* S9
WithinTheLimit == approved \/ Cardinality(Certified) <= Limit                                                       \* S8
OneEnding == \A h \in Hosts : (step[h] = "closed" /\ cert[h]) => (IF migration.from = h THEN cert[migration.to] ELSE TRUE)                                 \* S13
(* reachable, so a run that names it expects it to fail *)
NeverThereAndBack == ~(home = 1 /\ epoch[1] = 2 /\ copy[1] = "runs" /\ \E h \in Hosts \ {1} : epoch[h] = 2)
NeverInherited == \A h \in Hosts : step[h] = "elsewhere" => (intent[h] = NoIntent \/ intent[h].t >= term)
=============================================================================
