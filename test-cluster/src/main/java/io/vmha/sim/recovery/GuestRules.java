package io.vmha.sim.recovery;

import io.vmha.recovery.core.Command;
import io.vmha.recovery.core.Entry;
import io.vmha.recovery.core.FallenVm;
import io.vmha.recovery.core.HostName;
import io.vmha.recovery.core.HostRecord;
import io.vmha.recovery.core.IncidentCommand;
import io.vmha.recovery.core.InstanceCommand;
import io.vmha.recovery.core.RecoveryState;
import io.vmha.recovery.core.Rest;
import io.vmha.recovery.core.RestartPolicy;
import io.vmha.recovery.core.Server;
import io.vmha.recovery.core.ServerId;
import io.vmha.recovery.core.UpkeepAction;
import io.vmha.recovery.core.VmRecovery;
import io.vmha.sim.Simulation;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * What is promised of guests that die by themselves, written a second time: only one that has died is reported; it is restarted where it was, by one
 * call for each committed intent, on a host in service, not more often than the policy says, and not if it was stopped meanwhile; and where nothing
 * else goes wrong it runs again soon, or somebody is told why not.
 */
final class GuestRules {
    private static final String RULE = "instances";
    private static final long LOOK_MS = 1_000;
    /** Nova itself stops a server 15 s after its guest has gone; a restart that has begun takes some seconds more. */
    private static final long RUNS_AGAIN_MS = 30_000;

    private static final long ON_THE_WAY_MS = 45_000;
    private static final long ON_THE_WAY_QUIET_MS = 3_000;
    private static final String OPTED_OUT = "HA_Enabled";

    private record Intent(HostName host, long term, long index) {}

    private record Death(HostName host, long atMs, boolean isDisturbed) {}

    private static final Map<String, Rest> RESTS = Map.of(
            "paused", Rest.PAUSED, "suspended", Rest.SUSPENDED, "rescued", Rest.STOPPED, "stopped", Rest.STOPPED);

    private final Simulation sim;
    private final Cluster cluster;
    private final Map<ServerId, Death> deaths = new TreeMap<>();
    private final Map<ServerId, TreeSet<HostName>> died = new TreeMap<>();
    private final Map<ServerId, Intent> intents = new TreeMap<>();
    private final Map<ServerId, List<Long>> restartsAtMs = new TreeMap<>();
    private final Map<HostName, Long> changedAtMs = new TreeMap<>();
    private final TreeSet<Long> called = new TreeSet<>();
    private final Map<ServerId, Rest> rests = new TreeMap<>();
    private final long onTheWayMs;
    private long restarts;
    private long quarantined;

    GuestRules(Simulation sim, Cluster cluster) {
        this.sim = sim;
        this.cluster = cluster;
        this.onTheWayMs = cluster.scenario().faultEveryMs() > 0 ? ON_THE_WAY_MS : ON_THE_WAY_QUIET_MS;
        if (cluster.scenario().trust().script() == Scenario.Script.GUESTS_DIE) {
            sim.every(LOOK_MS, LOOK_MS, "owners look at their guests", this::look);
        }
    }

    /** Guests that ran again after a restart in place. */
    long restarts() {
        return restarts;
    }

    /** Those that died too often. */
    long quarantined() {
        return quarantined;
    }

    private void require(boolean holds, String what) {
        require(holds, RULE, what);
    }

    private void require(boolean holds, String rule, String what) {
        if (!holds) {
            throw sim.violation(rule, what);
        }
    }

    /** @param isDisturbed whether something else goes wrong, so that it need not be restarted in time */
    void onDeath(Server server, boolean isDisturbed) {
        FallenVm before = cluster.raft().latest().upkeep().fallen().get(server.id());
        // one that dies before its host has seen it run again is told to be stopped: nobody can tell it from a restart
        // that takes its time
        boolean unseen = before != null && before.phase() == FallenVm.Phase.RESTARTING;
        deaths.put(server.id(), new Death(server.host(), sim.nowMs(), isDisturbed || unseen));
        died.computeIfAbsent(server.id(), id -> new TreeSet<>()).add(server.host());
    }

    void onCommitted(RecoveryState before, Entry entry, Command command, RecoveryState after) {
        if (!before.hosts().equals(after.hosts())) {
            after.hosts().forEach((host, record) -> {
                if (!record.equals(before.hosts().get(host))) {
                    changedAtMs.put(host, sim.nowMs());
                }
            });
        }
        if (command instanceof IncidentCommand.RecordPlan plan
                && cluster.scenario().trust().script() == Scenario.Script.RESTS_ARE_LOST) {
            plan.vms().forEach(this::requireRestIsWanted);
        } else if (command instanceof InstanceCommand.ReportFallen report) {
            require(
                    died.getOrDefault(report.server(), new TreeSet<>()).contains(report.host()),
                    report.host() + " reports that " + report.server() + " has died, and it has not");
            onFallen(before, report.server(), after);
        } else if (command instanceof InstanceCommand.BeginRestart begin) {
            onBegun(entry, begin, after);
        } else if (command instanceof InstanceCommand.EndRestart end) {
            intents.remove(end.server());
            restarts += end.outcome() == InstanceCommand.EndRestart.Outcome.RUNNING ? 1 : 0;
            onFallen(before, end.server(), after);
            require(!end.detail().isBlank(), "nobody is told how it ended with " + end.server());
        }
    }

    /** Nobody but the product changes here who rests: whoever was to rest shall rest after each recovery. */
    private void requireRestIsWanted(VmRecovery vm) {
        Rest rest = rests.getOrDefault(vm.server(), Rest.AS_IT_COMES);
        boolean asItWas = vm.ending().isPresent()
                || rest == Rest.AS_IT_COMES
                || vm.brief().rest() == rest
                || (rest == Rest.STOPPED && cluster.nova().reboots().isStopped(vm.server()));
        require(asItWas, "rest", vm.server() + " was to be " + rest + ", and is planned to come up: " + vm);
    }

    private void onFallen(RecoveryState before, ServerId server, RecoveryState after) {
        boolean was = isQuarantined(before.upkeep().fallen().get(server));
        quarantined += !was && isQuarantined(after.upkeep().fallen().get(server)) ? 1 : 0;
    }

    private static boolean isQuarantined(FallenVm vm) {
        return vm != null && vm.phase() == FallenVm.Phase.QUARANTINED;
    }

    private void onBegun(Entry entry, InstanceCommand.BeginRestart begin, RecoveryState after) {
        HostName host = after.upkeep().fallen().get(begin.server()).host();
        intents.put(begin.server(), new Intent(host, begin.term(), entry.index()));
        RestartPolicy policy = after.restartPolicy();
        List<Long> lately = restartsAtMs.computeIfAbsent(begin.server(), id -> new ArrayList<>());
        lately.removeIf(at -> sim.nowMs() - at >= policy.windowMs());
        lately.add(sim.nowMs());
        require(
                lately.size() <= policy.tries(),
                begin.server() + " is restarted for the " + lately.size() + "th time within the window");
    }

    /** A reboot arrives at Nova. */
    void beforeRestart(UpkeepAction.RestartVm action, ServerId id) {
        Intent open = intents.get(id);
        require(
                open != null && open.host().equals(action.host()) && open.term() == action.term(),
                "Nova is asked to restart " + id + " in term " + action.term() + ", and the open intent is " + open);
        require(called.add(open.index()), "Nova is asked twice to restart " + id + " for " + open);
        HostRecord record = cluster.raft().latest().hosts().get(open.host());
        boolean changedLately = sim.nowMs() - changedAtMs.getOrDefault(open.host(), Long.MIN_VALUE / 2) <= onTheWayMs;
        require(
                record.status() == HostRecord.Status.IN_SERVICE || changedLately,
                "Nova is asked to restart " + id + " on " + open.host() + ", which is not in service: " + record);
        long stoppedForMs = cluster.nova().reboots().stoppedForMs(id);
        require(
                stoppedForMs <= onTheWayMs,
                "Nova is asked to restart " + id + ", which was stopped " + stoppedForMs + " ms before");
    }

    private void look() {
        deaths.entrySet().removeIf(e -> isOver(e.getKey(), e.getValue()));
    }

    private boolean isOver(ServerId id, Death death) {
        Optional<Server> server = cluster.nova().server(id);
        if (server.isEmpty()
                || death.isDisturbed()
                || cluster.ledger().running(death.host()).contains(id)) {
            return true;
        }
        FallenVm fallen = cluster.raft().latest().upkeep().fallen().get(id);
        boolean isTold = fallen != null
                && !fallen.detail().isBlank()
                && (fallen.phase() == FallenVm.Phase.QUARANTINED
                        || (fallen.phase() == FallenVm.Phase.LEFT
                                && server.get().metadata().containsKey(OPTED_OUT)));
        require(
                isTold || sim.nowMs() - death.atMs() <= RUNS_AGAIN_MS,
                id + " has died on " + death.host() + ", and does not run again: " + fallen + ", Nova has "
                        + server.get());
        return isTold;
    }

    /** A server is there from the beginning. */
    void onMade(Server server) {
        Rest rest = RESTS.get(server.vmState());
        if (rest != null && server.taskState().isEmpty()) {
            rests.put(server.id(), rest);
        }
    }

    /** Whoever has rested rests again in the end, or a person was told that it could not be done. */
    void requireRests() {
        rests.forEach((id, rest) -> cluster.nova().server(id).ifPresent(server -> {
            boolean runs =
                    server.vmState().equals("active") && server.taskState().isEmpty();
            require(
                    !runs || isTold(server),
                    "rest",
                    id + " was to be " + rest + ", runs on " + server.host() + ", and nobody is told");
        }));
    }

    private boolean isTold(Server server) {
        return cluster.raft().latest().incidents().values().stream()
                .flatMap(incident -> incident.story().stream())
                .anyMatch(note -> note.text().startsWith(server.name() + ":")
                        && (note.text().contains("person") || note.text().contains("openstack server")));
    }

    /** What has not come to its end yet. */
    List<String> unsettled() {
        return cluster.raft().latest().upkeep().openFallen().stream()
                .map(vm -> "nobody has decided about a guest that died: " + vm)
                .toList();
    }
}
