package io.vmha.recovery.core;

import java.util.List;
import java.util.Optional;

/**
 * What the plan says of a VM, once for all: how it stood on the dead host, when its turn is, and how it shall stand in the end.
 *
 * @param formerStatus the API status that Nova showed when the host had died
 * @param order the place in the plan, from 0
 * @param lockedBefore it was locked already, by its owner or an administrator: that lock is kept as it is
 * @param staleTask the task_state that the host has left behind when it died: nobody else will clear it
 * @param group the VM's own group ({@code vmha:group}); empty if it is in none
 * @param after the groups that must be ready before its turn ({@code vmha:after})
 * @param readyAt where it listens once it is ready, as {@code address:port} ({@code vmha:ready_port}); empty if ACTIVE is enough
 */
public record VmBrief(
        String name,
        String formerStatus,
        int order,
        Disk disk,
        boolean lockedBefore,
        Rest rest,
        Optional<String> staleTask,
        String group,
        List<String> after,
        Optional<String> readyAt) {
    public VmBrief {
        after = List.copyOf(after);
    }

    /** How it stands once all is put back: what Nova brings back stopped by itself is stopped, too. */
    Rest restsAs() {
        return rest == Rest.AS_IT_COMES && formerStatus.equals("SHUTOFF") ? Rest.STOPPED : rest;
    }

    /** True if it was running, and shall run again. */
    boolean shouldRun() {
        return rest == Rest.AS_IT_COMES && formerStatus.equals("ACTIVE");
    }

    /** A VM with nothing special about it, on a volume. */
    public static VmBrief plain(String name, String formerStatus, int order) {
        return new VmBrief(
                name,
                formerStatus,
                order,
                Disk.VOLUME,
                false,
                Rest.AS_IT_COMES,
                Optional.empty(),
                "",
                List.of(),
                Optional.empty());
    }
}
