package io.vmha.sim.recovery;

import io.vmha.recovery.core.Applied;
import io.vmha.recovery.core.Command;
import io.vmha.recovery.core.ComputeService;
import io.vmha.recovery.core.DrainCommand;
import io.vmha.recovery.core.DrillCommand;
import io.vmha.recovery.core.Entry;
import io.vmha.recovery.core.HostName;
import io.vmha.recovery.core.Hypervisor;
import io.vmha.recovery.core.IncidentCommand;
import io.vmha.recovery.core.InstanceCommand;
import io.vmha.recovery.core.Migration;
import io.vmha.recovery.core.ProofCommand;
import io.vmha.recovery.core.RecoveryState;
import io.vmha.recovery.core.ReserveCommand;
import io.vmha.recovery.core.ReturnCommand;
import io.vmha.recovery.core.Server;
import io.vmha.recovery.core.ServerId;
import io.vmha.recovery.core.TurnCommand;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/** The product with one promise of upkeep taken out at a time: turns, drains, drills, reserved hosts, late rebuilds, a person's word. */
enum UpkeepMutants implements SoughtMutant {
    /** S7: a turn that is given back stays taken. */
    TURN_NEVER_ENDS("S7") {
        @Override
        Applied apply(RecoveryState state, Entry entry, Command command) {
            return command instanceof TurnCommand.EndTurn
                    ? new Applied(state.at(entry), Optional.empty())
                    : state.apply(entry, command);
        }

        @Override
        public List<Scenario> scenarios() {
            return List.of(Scenario.UPGRADE, Scenario.UPKEEP);
        }
    },
    /** S2: a person's word counts as soon as it is said, whether a majority has applied the seal or not. */
    WORD_BEFORE_THE_SEAL("S2") {
        @Override
        Applied apply(RecoveryState state, Entry entry, Command command) {
            if (command instanceof ProofCommand.ConfirmDown down
                    && state.openIncidentOf(down.host()).isPresent()) {
                var trusting = new ProofCommand.SealApplied(
                        down.atMs(),
                        entry.term(),
                        state.openIncidentOf(down.host()).get().id(),
                        down.host(),
                        List.copyOf(state.group().electorate().everybody()));
                return state.apply(entry, trusting).state().apply(entry, command);
            }
            return state.apply(entry, command);
        }

        @Override
        public List<Scenario> scenarios() {
            return List.of(Scenario.UPKEEP_STORM);
        }
    },
    /** A drain ends while a VM is on the host that nobody was told of. */
    DRAIN_OVERLOOKS_A_VM("drain") {
        @Override
        public List<Server> listed(List<Server> servers) {
            return servers.isEmpty() ? servers : servers.subList(1, servers.size());
        }
    },
    /** A drain leaves VMs without saying why. */
    LEFT_WITHOUT_A_WORD("drain") {
        @Override
        Applied apply(RecoveryState state, Entry entry, Command command) {
            return command instanceof DrainCommand.EndMove end
                    ? state.apply(
                            entry,
                            new DrainCommand.EndMove(end.atMs(), end.term(), end.host(), end.server(), end.step(), ""))
                    : state.apply(entry, command);
        }
    },
    /** What somebody else has disabled is enabled when a drain is taken back. */
    UNDOING_ENABLES_WHAT_OTHERS_DISABLED("drain") {
        @Override
        public List<ComputeService> seenByUpkeep(List<ComputeService> services) {
            return services.stream()
                    .map(s -> new ComputeService(
                            s.id(),
                            s.host(),
                            s.up(),
                            s.enabled(),
                            s.forcedDown(),
                            s.disabledReason().map(why -> "vmha: drain by ada")))
                    .toList();
        }
    },
    /** A drill takes a host on which more than its canary runs. */
    DRILL_TAKES_OTHERS_WITH_IT("drill") {
        @Override
        Applied apply(RecoveryState state, Entry entry, Command command) {
            return command instanceof DrillCommand.BeginDrill drill
                    ? state.apply(
                            entry,
                            new DrillCommand.BeginDrill(
                                    drill.atMs(),
                                    drill.host(),
                                    drill.canary(),
                                    drill.person(),
                                    List.of(drill.canary())))
                    : state.apply(entry, command);
        }
    },
    /** A reserved host that was taken is forgotten, and the next one is taken as well. */
    TWO_RESERVED_HOSTS_FOR_ONE("reserve") {
        @Override
        Applied apply(RecoveryState state, Entry entry, Command command) {
            Applied applied = state.apply(entry, command);
            return command instanceof ReserveCommand.BeginUse begin
                            && applied.refusal().isEmpty()
                    ? new Applied(Surgery.unfit(applied.state(), begin.host()), Optional.empty())
                    : applied;
        }

        @Override
        public List<Scenario> scenarios() {
            return List.of(Scenario.RESERVES);
        }
    },
    /** Nobody looks for rebuilds that were taken up too late. */
    LATE_REBUILDS_ARE_NOT_LOOKED_FOR("late rebuild") {
        @Override
        public List<Migration> lateSeen(List<Migration> migrations) {
            return List.of();
        }

        @Override
        public List<Scenario> scenarios() {
            return List.of(Scenario.LATE_REBUILDS);
        }
    },
    /** S11: a host comes back though a VM of it may run where its live migration was going. */
    RETURN_OVER_A_LIVE_MIGRATION("S11", "no double run") {
        @Override
        public boolean returnsOverMigrations() {
            return true;
        }

        @Override
        public List<Scenario> scenarios() {
            return List.of(Scenario.MOVES_CUT);
        }
    },
    /** A host stays as a slow Nova has left it that carried out a force-down after its return. */
    LATE_FORCE_DOWNS_STAY("liveness") {
        @Override
        Applied apply(RecoveryState state, Entry entry, Command command) {
            return command instanceof ReturnCommand.ReturnAgain
                    ? new Applied(state.at(entry), Optional.of("nobody takes it back"))
                    : state.apply(entry, command);
        }

        @Override
        public List<Scenario> scenarios() {
            return List.of(Scenario.RESERVES);
        }
    },
    /** Nobody remembers that a VM was to rest when the host is lost that had taken it up. */
    RESTS_ARE_NOT_INHERITED("rest") {
        @Override
        Applied apply(RecoveryState state, Entry entry, Command command) {
            return state.apply(
                    entry,
                    command instanceof IncidentCommand.RecordPlan plan ? Surgery.restless(state, plan) : command);
        }

        @Override
        public List<Scenario> scenarios() {
            return List.of(Scenario.LOST_RESTS);
        }
    },
    /** A guest that has died by itself is taken for one that somebody has ended. */
    DEATHS_ARE_NOT_SEEN("instances") {
        @Override
        public Hypervisor.Fate fate(Hypervisor.Fate truth) {
            return new Hypervisor.Fate(Hypervisor.Fate.Kind.ENDED, truth.words());
        }

        @Override
        public List<Scenario> scenarios() {
            return List.of(Scenario.GUESTS_DIE);
        }
    },
    /** Restarts are not counted. */
    RESTARTS_WITHOUT_A_LIMIT("instances") {
        @Override
        Applied apply(RecoveryState state, Entry entry, Command command) {
            Applied applied = state.apply(entry, command);
            return command instanceof InstanceCommand.EndRestart end
                    ? new Applied(Surgery.uncounted(applied.state(), end.server()), applied.refusal())
                    : applied;
        }

        @Override
        public List<Scenario> scenarios() {
            return List.of(Scenario.GUESTS_DIE);
        }
    },
    /** What its owner has stopped is taken for what should run. */
    STOPPED_VMS_ARE_RESTARTED("instances") {
        @Override
        public Optional<Server> seenByUpkeep(Optional<Server> server) {
            return server.map(s -> s.vmState().equals("stopped")
                    ? new Server(
                            s.id(),
                            s.name(),
                            s.host(),
                            s.status(),
                            "active",
                            s.taskState(),
                            s.locked(),
                            s.volumeBacked(),
                            s.metadata(),
                            s.traits())
                    : s);
        }

        @Override
        public List<Scenario> scenarios() {
            return List.of(Scenario.GUESTS_DIE);
        }
    },
    /** A broken record is reset whether its server runs or not. */
    RECORDS_ARE_RESET_BLINDLY("late rebuild") {
        @Override
        public SortedMap<ServerId, SortedSet<HostName>> heldBy(
                SortedMap<ServerId, HostName> homes, SortedMap<ServerId, SortedSet<HostName>> holders) {
            var believed = new TreeMap<ServerId, SortedSet<HostName>>();
            homes.forEach((id, home) -> believed.put(id, new TreeSet<>(List.of(home))));
            return believed;
        }

        @Override
        public List<Scenario> scenarios() {
            return List.of(Scenario.LATE_REBUILDS);
        }
    };

    private static final List<Scenario> UPKEEP = List.of(Scenario.UPKEEP, Scenario.UPKEEP_STORM);

    private final String rules;

    UpkeepMutants(String... rules) {
        this.rules = String.join(",", rules);
    }

    @Override
    public List<String> rules() {
        return List.of(rules.split(",", -1));
    }

    @Override
    public List<Scenario> scenarios() {
        return UPKEEP;
    }

    @Override
    public Raft.Applier applier() {
        return this::apply;
    }

    Applied apply(RecoveryState state, Entry entry, Command command) {
        return state.apply(entry, command);
    }
}
