package io.vmha.recovery.core;

import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/** What came of an {@link UpkeepAction}. */
public sealed interface UpkeepResult {
    /** The action that this answers. */
    UpkeepAction action();

    /**
     * What Nova has of a VM.
     *
     * @param server empty if Nova does not know it
     * @param computeUp whether the nova-compute of the host where it fell is up
     */
    record VmSeen(UpkeepAction.LookAtVm action, Optional<Server> server, boolean computeUp) implements UpkeepResult {}

    /** Those that are broken. */
    record LateRebuildsSeen(UpkeepAction.LookForLateRebuilds action, List<LateRebuild> found) implements UpkeepResult {
        public LateRebuildsSeen {
            found = List.copyOf(found);
        }
    }

    /** All nova-computes. */
    record ComputesSeen(UpkeepAction.AskComputes action, List<ComputeService> services) implements UpkeepResult {
        public ComputesSeen {
            services = List.copyOf(services);
        }
    }

    /**
     * What Nova has of a host.
     *
     * @param here the servers on it
     * @param elsewhere those that were asked for and are on another one; deleted ones are in neither
     */
    record HostSeen(
            UpkeepAction.LookAtHost action,
            Optional<ComputeService> service,
            SortedMap<ServerId, Server> here,
            SortedMap<ServerId, Server> elsewhere)
            implements UpkeepResult {
        public HostSeen {
            here = Collections.unmodifiableSortedMap(new TreeMap<>(here));
            elsewhere = Collections.unmodifiableSortedMap(new TreeMap<>(elsewhere));
        }
    }

    /** It was done, or asked for. */
    record Done(UpkeepAction action, String detail, long tookMs) implements UpkeepResult {}

    /** Its first half was done, its second not, and will not be tried again. */
    record HalfDone(UpkeepAction action, String why) implements UpkeepResult {}

    /**
     * It was not done.
     *
     * @param unknown whether it may have taken effect all the same
     */
    record Failed(UpkeepAction action, String why, boolean unknown) implements UpkeepResult {}
}
