package io.vmha.node.control;

import io.vmha.recovery.core.Aggregate;
import io.vmha.recovery.core.ComputeService;
import io.vmha.recovery.core.HostName;
import java.util.Collection;
import java.util.List;
import java.util.Set;

/**
 * The hosts of an aggregate that a group does not know yet; pure. One that Nova holds down may have copies of VMs that another group, which
 * is gone, has evacuated: they stand still for want of a lease, and a group that knows nothing of it would give one (S11).
 */
final class Newcomers {
    private Newcomers() {}

    /** Whether the aggregate has a host that this group does not know: only then is Nova asked for its services. */
    static boolean hasAny(Aggregate aggregate, Set<HostName> known) {
        return !known.containsAll(aggregate.hosts());
    }

    /** The unknown hosts that Nova holds down: none of them may be taken in. */
    static List<HostName> heldDown(Aggregate aggregate, Set<HostName> known, Collection<ComputeService> services) {
        return services.stream()
                .filter(ComputeService::forcedDown)
                .map(ComputeService::host)
                .filter(host -> aggregate.hosts().contains(host) && !known.contains(host))
                .sorted()
                .toList();
    }

    /** What a person should know and do about a host that is held down. */
    static String why(HostName host) {
        return "Nova holds host " + host
                + " forced down: it may have copies of VMs that run elsewhere by now, and they would go on with the"
                + " lease of a group that it is new to; power it off and on, see that no guest runs there, then"
                + " openstack compute service set --up " + host + " nova-compute";
    }
}
