package io.vmha.recovery.core;

/**
 * The leader's timings. All in milliseconds.
 *
 * @param suspectAfterMs silence of a host's renewals after which the witnesses are asked, should no observer have spoken before
 * @param silenceMs silence after which a BMC's "off" alone makes a verdict
 * @param settleMs a cut is declared when no further host has fallen silent for this long, so that a rack makes one incident
 * @param pollMs how often Nova is asked for progress
 * @param parallelMax the most evacuations under way at a time; the leader finds out itself how many Nova stands ({@link Wave})
 * @param arrivalsMax above so many servers that arrive on one host at a time, fewer are sent
 * @param leaseMs L: how long a leader may act on a committed intent
 * @param graceMs K: how long a leader that lost its leadership may need to stop
 * @param requestLimitMs the longest that one request to Nova may take
 * @param verdict how long each kind of silence lasts before it is acted upon
 */
public record RecoveryConfig(
        long suspectAfterMs,
        long silenceMs,
        long settleMs,
        long pollMs,
        int parallelMax,
        int arrivalsMax,
        long leaseMs,
        long graceMs,
        long requestLimitMs,
        VerdictTimes verdict) {
    /** The defaults of the protocol: renewals every second, L = 6 s, K = 2 s. */
    public static final RecoveryConfig DEFAULT =
            new RecoveryConfig(1_500, 3_000, 800, 500, 32, 10, 6_000, 2_000, 15_000, VerdictTimes.DEFAULT);

    /** How long a new leader leaves alone what an older leader may still be calling (S9). */
    public long inheritedWaitMs() {
        return leaseMs + graceMs + requestLimitMs;
    }
}
