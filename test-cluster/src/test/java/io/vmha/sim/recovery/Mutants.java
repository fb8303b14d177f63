package io.vmha.sim.recovery;

import static io.vmha.sim.recovery.Surgery.allIdle;
import static io.vmha.sim.recovery.Surgery.at;
import static io.vmha.sim.recovery.Surgery.changed;
import static io.vmha.sim.recovery.Surgery.changedVm;
import static io.vmha.sim.recovery.Surgery.closed;
import static io.vmha.sim.recovery.Surgery.opened;
import static io.vmha.sim.recovery.Surgery.planned;
import static io.vmha.sim.recovery.Surgery.proven;
import static io.vmha.sim.recovery.Surgery.then;
import static io.vmha.sim.recovery.Surgery.with;

import io.vmha.node.gate.Gate;
import io.vmha.recovery.core.Action;
import io.vmha.recovery.core.AgeStatement;
import io.vmha.recovery.core.Applied;
import io.vmha.recovery.core.Arming;
import io.vmha.recovery.core.AzCommand;
import io.vmha.recovery.core.AzSettings;
import io.vmha.recovery.core.BootStatement;
import io.vmha.recovery.core.Command;
import io.vmha.recovery.core.ComputeService;
import io.vmha.recovery.core.Electorate;
import io.vmha.recovery.core.Ending;
import io.vmha.recovery.core.Entry;
import io.vmha.recovery.core.Hypervisor;
import io.vmha.recovery.core.Incident;
import io.vmha.recovery.core.IncidentCommand;
import io.vmha.recovery.core.IncidentId;
import io.vmha.recovery.core.LeaseTiming;
import io.vmha.recovery.core.Limits;
import io.vmha.recovery.core.Migration;
import io.vmha.recovery.core.Note;
import io.vmha.recovery.core.RecoveryConfig;
import io.vmha.recovery.core.RecoveryState;
import io.vmha.recovery.core.ReturnCommand;
import io.vmha.recovery.core.Server;
import io.vmha.recovery.core.ServerId;
import io.vmha.recovery.core.Sighting;
import io.vmha.recovery.core.Testimony;
import io.vmha.recovery.core.TurnCommand;
import io.vmha.recovery.core.VerdictTimes;
import io.vmha.recovery.core.VmCommand;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;

/** The product with one safety rule taken out at a time. The suite must notice each. */
enum Mutants implements SoughtMutant {
    /** S1: a host that was declared dead is taken for proven dead. */
    NO_PROOF_BEFORE_RESTART("S1") {
        @Override
        Applied apply(RecoveryState state, Entry entry, Command command) {
            Applied applied = state.apply(entry, command);
            return command instanceof IncidentCommand.BeginFence fence
                    ? then(applied, fence.incident(), fence.host(), h -> proven(h, entry))
                    : applied;
        }
    },
    /** S2: the first "off" is enough; neither the voters nor the BMC are asked again. */
    NO_SECOND_QUESTION("S1", "S2") {
        @Override
        Applied apply(RecoveryState state, Entry entry, Command command) {
            Applied applied = state.apply(entry, command);
            return command instanceof IncidentCommand.Certify certify
                    ? then(applied, certify.incident(), certify.host(), Surgery::confirmed)
                    : applied;
        }
    },
    /** S2: a BMC that reports failure is believed to have powered off. */
    FAILED_FENCE_IS_PROOF("S1", "S2") {
        @Override
        Applied apply(RecoveryState state, Entry entry, Command command) {
            Applied applied = state.apply(entry, command);
            return command instanceof IncidentCommand.FenceFailed failed
                    ? then(applied, failed.incident(), failed.host(), h -> proven(h, entry))
                    : applied;
        }
    },
    /** S3: any one voter's answer makes a lease. */
    LEASE_OF_ONE_VOTER("S3", "S4", "no double run") {
        @Override
        public Electorate told(Electorate told, String voter) {
            return new Electorate(new TreeSet<>(List.of(voter)), new TreeSet<>(), told.index());
        }

        @Override
        public List<Scenario> scenarios() {
            return LEASES;
        }
    },
    /** S4: a host that has been silent for long enough to be sealed is certified at once. */
    NO_AGES("S3", "S4", "no double run") {
        @Override
        public AgeStatement stated(AgeStatement said, long unansweredMs) {
            return said.ageMs() >= LeaseTiming.DEFAULT.sealAfterMs() ? aged(said, 1_000_000) : said;
        }

        @Override
        public List<Scenario> scenarios() {
            return LEASES;
        }
    },
    /** S4: a host is sealed as soon as it is declared, long before it may be certified. */
    SEALED_AT_ONCE("healed in time") {
        @Override
        public AgeStatement stated(AgeStatement said, long unansweredMs) {
            boolean mayBeSealed = said.ageMs() >= LeaseTiming.DEFAULT.sealAfterMs() && !said.sealed();
            return mayBeSealed ? aged(said, 1_000_000) : said;
        }

        @Override
        public List<Scenario> scenarios() {
            return List.of(Scenario.CUT_HEALED);
        }
    },
    /** S4: a change of the voters does not let the ages begin anew. */
    AGES_SURVIVE_A_CHANGE("S3", "S4", "no double run") {
        @Override
        public AgeStatement stated(AgeStatement said, long unansweredMs) {
            return aged(said, Math.max(said.ageMs(), unansweredMs));
        }

        @Override
        public List<Scenario> scenarios() {
            return List.of(Scenario.VOTERS_LEAVE);
        }
    },
    /** S5: the lease ends, and the VMs run on. */
    GUARD_DOES_NOT_PAUSE("S5", "S4") {
        @Override
        public boolean guardPauses() {
            return false;
        }

        @Override
        public List<Scenario> scenarios() {
            return LEASES;
        }
    },
    /** S5: the guard resumes what it once decided to resume, without looking at the deadline again. */
    GUARD_RESUMES_BLINDLY("S5", "S4", "no double run") {
        @Override
        public boolean resumesBlindly() {
            return true;
        }

        @Override
        public long resumesAfterMostMs() {
            return 60_000;
        }

        @Override
        public List<Scenario> scenarios() {
            return LEASES;
        }
    },
    /** S6: a host whose guard is dead calls itself armed. */
    EVERYBODY_IS_ARMED("S6", "S4", "S5") {
        @Override
        public Arming claim(Arming truth) {
            return new Arming(true, "guard");
        }

        @Override
        public List<Scenario> scenarios() {
            return LEASES;
        }
    },
    /** S7: whoever asks for a turn gets it. */
    NO_TURNS("S7") {
        @Override
        Applied apply(RecoveryState state, Entry entry, Command command) {
            Applied applied = state.apply(entry, command);
            return command instanceof TurnCommand.TakeTurn ? new Applied(applied.state(), Optional.empty()) : applied;
        }

        @Override
        public List<Scenario> scenarios() {
            return List.of(Scenario.UPGRADE);
        }
    },
    /** S8: nothing is ever held. */
    NO_LIMITS("S8") {
        @Override
        Applied apply(RecoveryState state, Entry entry, Command command) {
            Applied applied = state.apply(entry, command);
            return command instanceof IncidentCommand.DeclareIncident
                            && applied.refusal().isEmpty()
                    ? opened(applied, new IncidentId(state.nextIncident()))
                    : applied;
        }
    },
    /** S8: disarming does not disarm. */
    DISARMED_IS_FENCED("S8") {
        @Override
        Applied apply(RecoveryState state, Entry entry, Command command) {
            Applied applied = state.apply(entry, command);
            return command instanceof AzCommand.SetArmed set && !set.armed()
                    ? new Applied(at(state, entry), applied.refusal())
                    : applied;
        }
    },
    /** I8: a host whose agent is silent is taken for dead, whatever its kernel answers. */
    SILENT_AGENT_IS_DEAD("I8") {
        @Override
        public RecoveryConfig config() {
            RecoveryConfig c = RecoveryConfig.DEFAULT;
            return new RecoveryConfig(
                    c.suspectAfterMs(),
                    c.silenceMs(),
                    c.settleMs(),
                    c.pollMs(),
                    c.parallelMax(),
                    c.arrivalsMax(),
                    c.leaseMs(),
                    c.graceMs(),
                    c.requestLimitMs(),
                    c.verdict().withAgentSilent(3_000, true));
        }
    },
    /** I8: observers that hear a kernel are not listened to. */
    ANSWERS_ARE_NOT_HEARD("I8") {
        @Override
        public Testimony seen(Testimony testimony) {
            return new Testimony(
                    testimony.sightings().stream()
                            .map(s -> new Sighting(s.observer(), s.host(), 9_000, "", 3_000, 9, 35))
                            .toList(),
                    testimony.boots());
        }
    },
    /** A host that was rebooted is put back into service as if it had run all the time. */
    REBOOT_IS_NOT_NOTICED("put back") {
        @Override
        public Testimony seen(Testimony testimony) {
            return new Testimony(
                    testimony.sightings(),
                    testimony.boots().stream()
                            .map(b -> new BootStatement(b.voter(), b.host(), "the same", b.ageMs()))
                            .toList());
        }
    },
    /** S9: a decision counts in whichever term it is appended. */
    NO_TERM_CHECK("S9") {
        @Override
        Applied apply(RecoveryState state, Entry entry, Command command) {
            long term = command.term() == 0 ? entry.term() : command.term();
            Applied applied = state.apply(new Entry(term, entry.index()), command);
            return new Applied(at(applied.state(), entry), applied.refusal());
        }
    },
    /** S9: an intent may be opened beside another one. */
    NO_ONE_INTENT_CHECK("S9") {
        @Override
        Applied apply(RecoveryState state, Entry entry, Command command) {
            if (command instanceof VmCommand.BeginEvacuation begin) {
                RecoveryState forgetful = changed(
                        state,
                        begin.incident(),
                        begin.host(),
                        h -> changedVm(h, begin.server(), vm -> vm.isUnderWay() ? planned(vm) : vm));
                Applied applied = forgetful.apply(entry, command);
                return applied.refusal().isEmpty() ? applied : state.apply(entry, command);
            }
            return state.apply(entry, command);
        }
    },
    /** S9: a new leader does not wait for what the old one may still be calling. */
    NO_INHERITED_WAIT("S9", "no double run") {
        @Override
        public RecoveryConfig config() {
            RecoveryConfig c = RecoveryConfig.DEFAULT;
            return new RecoveryConfig(
                    c.suspectAfterMs(),
                    c.silenceMs(),
                    c.settleMs(),
                    c.pollMs(),
                    c.parallelMax(),
                    c.arrivalsMax(),
                    c.leaseMs(),
                    -c.leaseMs(),
                    0,
                    c.verdict());
        }
    },
    /** S9: what Nova is at is not read: neither task_state nor migrations. */
    NO_READ_OF_NOVAS_WORK("S9", "S13", "no double run") {
        @Override
        public Optional<Server> seen(Optional<Server> server) {
            return server.map(s -> new Server(
                    s.id(),
                    s.name(),
                    s.host(),
                    s.status(),
                    s.vmState(),
                    Optional.empty(),
                    s.locked(),
                    s.volumeBacked(),
                    s.metadata(),
                    s.traits()));
        }

        @Override
        public List<Migration> seen(Action action, List<Migration> migrations) {
            return List.of();
        }
    },
    /** S9: no caller asks whether the term of its decision stands. */
    TERM_IS_NOT_ASKED_FOR_BEFORE_A_CALL("S9") {
        @Override
        public boolean termStands(boolean truth) {
            return true;
        }
    },
    /** S9: the guard lets a caller live whose leadership is not proven any more. */
    CALLER_IS_NOT_KILLED("S9") {
        @Override
        public boolean guardKillsCallers() {
            return false;
        }

        @Override
        public List<Scenario> scenarios() {
            return List.of(Scenario.SLEEPING_CALLER);
        }
    },
    /** S10: nobody asks whether a disk can be reached from other hosts. */
    NO_STORAGE_GATE("S10") {
        @Override
        Applied apply(RecoveryState state, Entry entry, Command command) {
            if (command instanceof AzCommand.EnableAz enable) {
                AzSettings az = enable.settings();
                var trusting = new AzSettings(
                        az.name(),
                        az.aggregateId(),
                        az.groupId(),
                        az.enabled(),
                        az.armed(),
                        true,
                        az.limits(),
                        az.proofs(),
                        az.policy());
                return state.apply(entry, new AzCommand.EnableAz(enable.atMs(), trusting, enable.hosts()));
            }
            return state.apply(entry, command);
        }
    },
    /** S11: guests and nova-compute wait for nobody. */
    NO_GATE("S11", "no double run") {
        @Override
        public Gate.Verdict gate(Gate.Verdict truth) {
            return new Gate.Verdict(true, "there is no gate");
        }
    },
    /** S11: a host comes back without looking for old copies. */
    NO_SWEEP("S11", "no double run") {
        @Override
        public List<Hypervisor.Domain> swept(List<Hypervisor.Domain> domains) {
            return List.of();
        }

        @Override
        public List<Scenario> scenarios() {
            return List.of(Scenario.STRAY_COPY);
        }
    },
    /** S11: a host comes back while evacuations are under way, which may be on their way to it. */
    NO_WAIT_FOR_EVACUATIONS("S11", "no double run") {
        @Override
        Applied apply(RecoveryState state, Entry entry, Command command) {
            Applied applied = state.apply(entry, command);
            if (!(command instanceof ReturnCommand.BeginReturn)
                    || applied.refusal().isEmpty()) {
                return applied;
            }
            RecoveryState forgetful = state;
            for (Incident open : state.openIncidents()) {
                forgetful = allIdle(forgetful, open);
            }
            Applied returned = forgetful.apply(entry, command);
            RecoveryState s = returned.state();
            return new Applied(
                    new RecoveryState(
                            s.applied(), s.az(), s.hosts(), state.incidents(), state.nextIncident(), state.group()),
                    returned.refusal());
        }
    },
    /** S11: a returning host is enabled whoever has disabled it. */
    OTHERS_DISABLING_IS_TAKEN_BACK("S11") {
        @Override
        public List<ComputeService> seenServices(List<ComputeService> services) {
            return services.stream()
                    .map(s -> new ComputeService(
                            s.id(),
                            s.host(),
                            s.up(),
                            s.enabled(),
                            s.forcedDown(),
                            s.disabledReason().map(why -> "vmha: incident 1")))
                    .toList();
        }
    },
    /** S12: no host says what runs on it. */
    NO_ALARM("S12") {
        @Override
        public List<ServerId> claimed(List<ServerId> running) {
            return List.of();
        }

        @Override
        public List<Scenario> scenarios() {
            return List.of(Scenario.STRAY_COPY);
        }
    },
    /** S13: an incident is closed once its VMs are planned. */
    NO_CLOSE_GUARD("S13") {
        @Override
        Applied apply(RecoveryState state, Entry entry, Command command) {
            Applied applied = state.apply(entry, command);
            return command instanceof IncidentCommand.RecordPlan plan
                            && applied.refusal().isEmpty()
                    ? new Applied(closed(applied.state(), plan.incident()), Optional.empty())
                    : applied;
        }
    },
    /** S13: what Nova has accepted is called recovered. */
    ACCEPTED_IS_RECOVERED("S13") {
        @Override
        Applied apply(RecoveryState state, Entry entry, Command command) {
            Applied applied = state.apply(entry, command);
            if (command instanceof VmCommand.EvacuationAccepted a
                    && applied.refusal().isEmpty()) {
                return applied.state()
                        .apply(
                                entry,
                                new VmCommand.VmEnded(
                                        a.atMs(),
                                        a.term(),
                                        a.incident(),
                                        a.host(),
                                        a.server(),
                                        new Ending(Ending.Kind.RECOVERED, "somewhere")));
            }
            return applied;
        }
    },
    /** S14: a certificate is not in the story. */
    UNTOLD_CERTIFICATE("S14") {
        @Override
        Applied apply(RecoveryState state, Entry entry, Command command) {
            Applied applied = state.apply(entry, command);
            if (command instanceof IncidentCommand.Certify certify
                    && applied.refusal().isEmpty()) {
                Incident i = applied.state().incidents().get(certify.incident());
                List<Note> before = state.incidents().get(certify.incident()).story();
                return new Applied(
                        with(
                                applied.state(),
                                new Incident(
                                        i.id(),
                                        i.phase(),
                                        i.heldBecause(),
                                        i.openedAtMs(),
                                        i.closedAtMs(),
                                        i.hosts(),
                                        before)),
                        Optional.empty());
            }
            return applied;
        }
    },
    /** A cut is declared piece by piece. */
    NO_SETTLING("settling") {
        @Override
        public RecoveryConfig config() {
            RecoveryConfig c = RecoveryConfig.DEFAULT;
            return new RecoveryConfig(
                    c.suspectAfterMs(),
                    c.silenceMs(),
                    0,
                    c.pollMs(),
                    c.parallelMax(),
                    c.arrivalsMax(),
                    c.leaseMs(),
                    c.graceMs(),
                    c.requestLimitMs(),
                    c.verdict());
        }

        @Override
        public List<Scenario> scenarios() {
            return List.of(Scenario.RACK_LOST);
        }
    },
    /** No number of lost hosts is too many. */
    NO_BRAKE("brake") {
        @Override
        Applied apply(RecoveryState state, Entry entry, Command command) {
            if (command instanceof AzCommand.EnableAz enable) {
                AzSettings az = enable.settings();
                var careless = new AzSettings(
                        az.name(),
                        az.aggregateId(),
                        az.groupId(),
                        az.enabled(),
                        az.armed(),
                        az.instancesShared(),
                        new Limits(1_000, 100),
                        az.proofs(),
                        az.policy());
                return state.apply(entry, new AzCommand.EnableAz(enable.atMs(), careless, enable.hosts()));
            }
            return state.apply(entry, command);
        }

        @Override
        public List<Scenario> scenarios() {
            return List.of(Scenario.DISASTER, Scenario.SWITCH_FAILED);
        }
    },
    /** A host that flaps gets no more patience than another. */
    NO_QUARANTINE("quarantine") {
        @Override
        public RecoveryConfig config() {
            RecoveryConfig c = RecoveryConfig.DEFAULT;
            VerdictTimes v = c.verdict();
            return new RecoveryConfig(
                    c.suspectAfterMs(),
                    c.silenceMs(),
                    c.settleMs(),
                    c.pollMs(),
                    c.parallelMax(),
                    c.arrivalsMax(),
                    c.leaseMs(),
                    c.graceMs(),
                    c.requestLimitMs(),
                    new VerdictTimes(
                            v.missedMs(),
                            v.bmcPatienceMs(),
                            v.isolatedMs(),
                            v.isolatedMs(),
                            v.agentSilentMs(),
                            v.agentSilentFences()));
        }

        @Override
        public List<Scenario> scenarios() {
            return List.of(Scenario.FLAPPING);
        }
    };

    private static final List<Scenario> LEASES = List.of(Scenario.LEASE_5, Scenario.VOTERS_CHANGE);
    private static final List<Scenario> STORMS =
            List.of(Scenario.STORM_5, Scenario.FALLING_LEADERS, Scenario.STORM_9, Scenario.STORM_3);

    private final String rules;

    Mutants(String... rules) {
        this.rules = String.join(",", rules);
    }

    @Override
    public List<String> rules() {
        return List.of(rules.split(",", -1));
    }

    @Override
    public List<Scenario> scenarios() {
        return STORMS;
    }

    private static AgeStatement aged(AgeStatement said, long ageMs) {
        return new AgeStatement(
                said.voter(),
                said.host(),
                said.epoch(),
                said.configuration(),
                said.applied(),
                ageMs,
                said.sealed(),
                said.unarmed());
    }

    @Override
    public Raft.Applier applier() {
        return this::apply;
    }

    Applied apply(RecoveryState state, Entry entry, Command command) {
        return state.apply(entry, command);
    }
}
