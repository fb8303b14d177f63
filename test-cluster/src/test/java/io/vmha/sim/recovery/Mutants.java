package io.vmha.sim.recovery;

import io.vmha.recovery.core.Action;
import io.vmha.recovery.core.AgeStatement;
import io.vmha.recovery.core.Applied;
import io.vmha.recovery.core.Arming;
import io.vmha.recovery.core.AzCommand;
import io.vmha.recovery.core.AzSettings;
import io.vmha.recovery.core.BootStatement;
import io.vmha.recovery.core.Certificate;
import io.vmha.recovery.core.Command;
import io.vmha.recovery.core.Electorate;
import io.vmha.recovery.core.Ending;
import io.vmha.recovery.core.Entry;
import io.vmha.recovery.core.HostName;
import io.vmha.recovery.core.HostRecovery;
import io.vmha.recovery.core.Incident;
import io.vmha.recovery.core.IncidentCommand;
import io.vmha.recovery.core.IncidentId;
import io.vmha.recovery.core.Migration;
import io.vmha.recovery.core.RecoveryConfig;
import io.vmha.recovery.core.RecoveryState;
import io.vmha.recovery.core.Server;
import io.vmha.recovery.core.ServerId;
import io.vmha.recovery.core.Sighting;
import io.vmha.recovery.core.Testimony;
import io.vmha.recovery.core.TurnCommand;
import io.vmha.recovery.core.VmCommand;
import io.vmha.recovery.core.VmRecovery;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.UnaryOperator;

/** The product with one safety rule taken out at a time. The suite must notice each. */
enum Mutants implements Mutant {
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
                    ? then(applied, certify.incident(), certify.host(), Mutants::confirmed)
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
        List<Scenario> scenarios() {
            return LEASES;
        }
    },
    /** S4: a sealed host is certified at once. */
    NO_AGES("S3", "S4", "no double run") {
        @Override
        public AgeStatement stated(AgeStatement said, long unansweredMs) {
            return said.sealed() ? aged(said, 1_000_000) : said;
        }

        @Override
        List<Scenario> scenarios() {
            return LEASES;
        }
    },
    /** S4: a change of the voters does not let the ages begin anew. */
    AGES_SURVIVE_A_CHANGE("S3", "S4", "no double run") {
        @Override
        public AgeStatement stated(AgeStatement said, long unansweredMs) {
            return aged(said, Math.max(said.ageMs(), unansweredMs));
        }

        @Override
        List<Scenario> scenarios() {
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
        List<Scenario> scenarios() {
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
        List<Scenario> scenarios() {
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
        List<Scenario> scenarios() {
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
        List<Scenario> scenarios() {
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
    };

    private static final List<Scenario> LEASES = List.of(Scenario.LEASE_5, Scenario.VOTERS_CHANGE);
    private static final List<Scenario> STORMS =
            List.of(Scenario.STORM_5, Scenario.FALLING_LEADERS, Scenario.STORM_9, Scenario.STORM_3);

    private final String rules;

    Mutants(String... rules) {
        this.rules = String.join(",", rules);
    }

    /** The rules that may be seen broken. */
    List<String> rules() {
        return List.of(rules.split(",", -1));
    }

    /** Where its absence may be noticed. */
    List<Scenario> scenarios() {
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

    private static Applied then(
            Applied applied, IncidentId incident, HostName host, UnaryOperator<HostRecovery> change) {
        return applied.refusal().isPresent()
                ? applied
                : new Applied(changed(applied.state(), incident, host, change), Optional.empty());
    }

    private static RecoveryState at(RecoveryState s, Entry entry) {
        return s.at(entry);
    }

    private static RecoveryState with(RecoveryState s, Incident incident) {
        var incidents = new TreeMap<>(s.incidents());
        incidents.put(incident.id(), incident);
        return new RecoveryState(s.applied(), s.az(), s.hosts(), incidents, s.nextIncident(), s.group());
    }

    private static RecoveryState changed(
            RecoveryState s, IncidentId id, HostName host, UnaryOperator<HostRecovery> change) {
        Incident i = s.incidents().get(id);
        if (i == null || !i.hosts().containsKey(host)) {
            return s;
        }
        var hosts = new TreeMap<>(i.hosts());
        hosts.computeIfPresent(host, (name, h) -> change.apply(h));
        return with(
                s, new Incident(i.id(), i.phase(), i.heldBecause(), i.openedAtMs(), i.closedAtMs(), hosts, i.story()));
    }

    private static Incident inPhase(Incident i, Incident.Phase phase) {
        return new Incident(i.id(), phase, i.heldBecause(), i.openedAtMs(), i.closedAtMs(), i.hosts(), i.story());
    }

    private static Applied opened(Applied applied, IncidentId id) {
        Incident held = applied.state().incidents().get(id);
        return new Applied(with(applied.state(), inPhase(held, Incident.Phase.OPEN)), Optional.empty());
    }

    private static RecoveryState closed(RecoveryState s, IncidentId id) {
        return s.incidents().containsKey(id) ? with(s, inPhase(s.incidents().get(id), Incident.Phase.CLOSED)) : s;
    }

    private static HostRecovery with(
            HostRecovery h,
            Optional<Certificate> certificate,
            boolean confirmed,
            boolean forcedDown,
            SortedMap<ServerId, VmRecovery> vms) {
        return new HostRecovery(
                h.host(),
                h.epoch(),
                h.witnesses(),
                h.fenceAttempts(),
                h.fenceTerm(),
                certificate,
                confirmed,
                h.forceDownTerm(),
                forcedDown,
                h.planned(),
                vms,
                h.proving(),
                h.times());
    }

    private static HostRecovery proven(HostRecovery h, Entry entry) {
        var forged = new Certificate(
                h.host(), h.epoch(), Certificate.Proof.POWER_OFF, "forged", entry.term(), entry.index(), 0);
        return with(h, Optional.of(forged), true, false, h.vms());
    }

    private static HostRecovery confirmed(HostRecovery h) {
        return with(h, h.certificate(), true, h.forcedDown(), h.vms());
    }

    private static HostRecovery changedVm(HostRecovery h, ServerId server, UnaryOperator<VmRecovery> change) {
        var vms = new TreeMap<>(h.vms());
        vms.computeIfPresent(server, (id, vm) -> change.apply(vm));
        return with(h, h.certificate(), h.confirmed(), h.forcedDown(), vms);
    }

    private static VmRecovery planned(VmRecovery vm) {
        return VmRecovery.planned(vm.server(), vm.brief(), vm.migrationFloor());
    }
}
