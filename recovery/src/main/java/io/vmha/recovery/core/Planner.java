package io.vmha.recovery.core;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Which of a dead host's VMs are evacuated, and in which order. Pure. */
final class Planner {
    /** The vm_states that Nova evacuates (compute API, evacuate): every other is refused with 409 or 400. */
    private static final Set<String> EVACUABLE = Set.of("active", "stopped", "error");

    private static final String PRIORITY = "vmha:priority";
    private static final int PRIORITY_DEFAULT = 500;

    private Planner() {}

    /** The plan for the servers that Nova has on the host, in the order in which they shall be evacuated. */
    static List<VmRecovery> plan(
            HostName host, List<Server> servers, List<Migration> migrations, boolean instancesShared, int firstOrder) {
        var ordered = servers.stream()
                .filter(s -> s.host().equals(host))
                .sorted(Comparator.comparingInt(Planner::priority)
                        .reversed()
                        .thenComparing(Server::name)
                        .thenComparing(Server::id))
                .toList();
        var plan = new ArrayList<VmRecovery>();
        for (Server server : ordered) {
            int order = firstOrder + plan.size();
            long floor = migrations.stream()
                    .filter(m -> m.server().equals(server.id()) && m.isFinal())
                    .mapToLong(Migration::id)
                    .max()
                    .orElse(0);
            plan.add(whyLeft(server, instancesShared)
                    .map(why -> VmRecovery.left(server.id(), server.name(), server.status(), order, why))
                    .orElseGet(() -> VmRecovery.planned(server.id(), server.name(), server.status(), order, floor)));
        }
        return plan;
    }

    private static Optional<String> whyLeft(Server server, boolean instancesShared) {
        if ("false".equalsIgnoreCase(server.metadata().get("HA_Enabled"))) {
            return Optional.of("its metadata says HA_Enabled=false");
        }
        if (server.taskState().isEmpty() && !EVACUABLE.contains(server.vmState())) {
            return Optional.of("Nova evacuates only active, stopped and error, and it is " + server.vmState());
        }
        if (!server.volumeBacked() && !instancesShared) {
            return Optional.of(
                    "its disk is on the dead host as far as is known: Nova would rebuild it from its image and lose its data"
                            + " (set recovery.instances_shared when every host reaches the same instances path or image backend)");
        }
        return Optional.empty();
    }

    private static int priority(Server server) {
        String text = server.metadata().getOrDefault(PRIORITY, "");
        return text.matches("[0-9]{1,4}") ? Math.min(1000, Math.max(1, Integer.parseInt(text))) : PRIORITY_DEFAULT;
    }
}
