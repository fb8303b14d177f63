package io.vmha.recovery.core;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/** Which of a dead host's VMs are evacuated, in which order, and how each shall stand in the end. Pure. */
final class Planner {
    private static final String PRIORITY = "vmha:priority";
    private static final String GROUP = "vmha:group";
    private static final String AFTER = "vmha:after";
    private static final String READY_PORT = "vmha:ready_port";
    private static final int PRIORITY_DEFAULT = 500;
    private static final int AFTER_MAX = 20;
    private static final Set<String> RUNS_AGAIN = Set.of("active", "error");
    private static final Pattern GROUP_NAME = Pattern.compile("[A-Za-z0-9._-]{1,64}");

    private final RecoveryState state;
    private final HostName host;
    private final Selection selection;
    private final Optional<String> whyLost;

    private Planner(RecoveryState state, HostName host) {
        this.state = state;
        this.host = host;
        this.selection = new Selection(state.az().map(AzSettings::policy).orElse(EvacuationPolicy.DEFAULT));
        this.whyLost = StorageGate.whyLost(state, host);
    }

    /** The plan for the servers that Nova has on the host, in the order in which they shall be evacuated. */
    static List<VmRecovery> plan(
            RecoveryState state, HostName host, List<Server> servers, List<Migration> migrations, int firstOrder) {
        var planner = new Planner(state, host);
        var ordered = servers.stream()
                .filter(s -> s.host().equals(host))
                .sorted(Comparator.comparingInt(Planner::priority)
                        .reversed()
                        .thenComparing(Comparator.comparingLong(Planner::size).reversed())
                        .thenComparing(Server::name)
                        .thenComparing(Server::id))
                .toList();
        var plan = new ArrayList<VmRecovery>();
        for (Server server : ordered) {
            plan.add(planner.plan(server, migrations, firstOrder + plan.size()));
        }
        return plan;
    }

    private VmRecovery plan(Server server, List<Migration> migrations, int order) {
        Treatment treatment = Treatment.of(server);
        VmBrief brief = brief(server, treatment, order);
        Optional<String> left = selection
                .whyLeft(server)
                .or(treatment::leave)
                .or(() -> StorageGate.keepsData(state, host, brief.disk())
                        ? Optional.empty()
                        : whyLost.map(why -> "its disk is on the dead host as far as is known (" + why
                                + "): Nova would rebuild it from its image and lose its data"));
        if (left.isPresent()) {
            return VmRecovery.left(server.id(), brief, left.get());
        }
        long floor = migrations.stream()
                .filter(m -> m.server().equals(server.id()) && m.isFinal())
                .mapToLong(Migration::id)
                .max()
                .orElse(0);
        return VmRecovery.planned(server.id(), brief, floor);
    }

    /**
     * Nova has brought it back running, but it had rested before, and was not put to rest again when this host was lost, too: that is still
     * wanted.
     */
    private Rest wantedRest(Server server, Treatment treatment) {
        if (treatment.rest() != Rest.AS_IT_COMES || !RUNS_AGAIN.contains(server.vmState())) {
            return treatment.rest();
        }
        long openedAtMs = state.openIncidentOf(host).map(Incident::openedAtMs).orElse(0L);
        return state.incidents().values().stream()
                .filter(incident -> incident.phase() != Incident.Phase.HELD) // a person has it in hand, maybe for days
                .flatMap(incident -> incident.hosts().values().stream())
                .filter(lost -> !lost.host().equals(host))
                .flatMap(lost -> Optional.ofNullable(lost.vms().get(server.id())).stream())
                .max(Comparator.comparingLong(VmRecovery::intentIndex))
                .filter(earlier -> earlier.owesItsRest(host, openedAtMs))
                .map(earlier -> earlier.brief().rest())
                .orElse(Rest.AS_IT_COMES);
    }

    private VmBrief brief(Server server, Treatment treatment, int order) {
        return new VmBrief(
                server.name(),
                server.status(),
                order,
                Selection.disk(server),
                server.locked() && !Action.isOurLock(server),
                wantedRest(server, treatment),
                server.taskState(),
                group(server.metadata().getOrDefault(GROUP, "")).orElse(""),
                after(server),
                readyAt(server));
    }

    private static Optional<String> group(String name) {
        return GROUP_NAME.matcher(name.strip()).matches() ? Optional.of(name.strip()) : Optional.empty();
    }

    private static List<String> after(Server server) {
        return Arrays.stream(server.metadata().getOrDefault(AFTER, "").split(",", -1))
                .flatMap(name -> group(name).stream())
                .distinct()
                .limit(AFTER_MAX)
                .toList();
    }

    private static Optional<String> readyAt(Server server) {
        int port = number(server.metadata().getOrDefault(READY_PORT, ""), 0);
        return port < 1 || port > 65535
                ? Optional.empty()
                : server.traits().addresses().stream().findFirst().map(address -> address + ":" + port);
    }

    /** Memory is what takes long to find room for; the number of CPUs decides between equals. */
    private static long size(Server server) {
        return server.traits().memoryMb() * 1_000L + server.traits().vcpus();
    }

    private static int priority(Server server) {
        int priority = number(server.metadata().getOrDefault(PRIORITY, ""), PRIORITY_DEFAULT);
        return Math.min(1000, Math.max(1, priority));
    }

    private static int number(String text, int otherwise) {
        return text.matches("[0-9]{1,5}") ? Integer.parseInt(text) : otherwise;
    }
}
