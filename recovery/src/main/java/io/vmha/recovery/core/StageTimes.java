package io.vmha.recovery.core;

/**
 * When a host's recovery had come how far, besides what its certificate and its VMs say; 0 while it has not.
 *
 * @param confirmedAtMs its certificate was applied by a majority, and proven once more where it can be (S2)
 * @param forcedDownAtMs Nova held it down
 * @param plannedAtMs its VMs were listed for the first time
 */
public record StageTimes(long confirmedAtMs, long forcedDownAtMs, long plannedAtMs) {
    static final StageTimes NONE = new StageTimes(0, 0, 0);

    /** With the stages that one command has brought the host to. */
    StageTimes stamped(HostRecovery before, HostRecovery after, long atMs) {
        return new StageTimes(
                !before.confirmed() && after.confirmed() ? atMs : confirmedAtMs,
                !before.forcedDown() && after.forcedDown() ? atMs : forcedDownAtMs,
                !before.planned() && after.planned() ? atMs : plannedAtMs);
    }
}
