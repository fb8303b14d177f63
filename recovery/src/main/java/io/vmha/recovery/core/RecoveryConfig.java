package io.vmha.recovery.core;

/**
 * The leader's timings. All in milliseconds.
 *
 * @param suspectAfterMs silence of a host's renewals after which the witnesses are asked (two renewal periods)
 * @param silenceMs silence that a majority of the voters must state for a verdict
 * @param settleMs a cut is declared when no further host has become suspect for this long, so that a rack makes one incident
 * @param pollMs how often Nova is asked for progress
 * @param parallelMax the most evacuations under way at a time; the leader finds out itself how many Nova stands ({@link Wave})
 * @param arrivalsMax above so many servers that arrive on one host at a time, fewer are sent
 * @param leaseMs L: how long a leader may act on a committed intent
 * @param graceMs K: how long a leader that lost its leadership may need to stop
 * @param requestLimitMs the longest that one request to Nova may take
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
        long requestLimitMs) {
    /** The defaults of the protocol: renewals every second, L = 6 s, K = 2 s. */
    public static final RecoveryConfig DEFAULT =
            new RecoveryConfig(2_000, 3_000, 1_000, 500, 32, 10, 6_000, 2_000, 15_000);

    /** How long a new leader leaves alone what an older leader may still be calling (S9). */
    public long inheritedWaitMs() {
        return leaseMs + graceMs + requestLimitMs;
    }
}
