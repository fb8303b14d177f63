package io.vmha.recovery.core;

/**
 * How many evacuations may be under way. It begins small, grows by one with every prompt answer of Nova, and is cut by half when answers
 * become slow or fail, or when too many servers arrive on one host at a time; from then on it grows by one per round (additive increase,
 * multiplicative decrease, as TCP's congestion window does).
 */
final class Wave {
    static final int START = 4;
    private static final int LEAST = 2;
    /** An answer is slow when it takes this many times as long as the quickest of late, and some. */
    private static final long SLOW_FACTOR = 4;

    private static final long SLOW_EXTRA_MS = 1_500;
    /** What is under way when the wave is cut answers slowly as well: one cut for all of it. */
    private static final long CUT_AGAIN_MS = 3_000;
    /** The quickest answer is forgotten by a hundredth with each one, so that a Nova that has become slower for good is accepted. */
    private static final double FORGET = 1.01;

    private final int most;
    private double size = START;
    private double quickestMs = Double.MAX_VALUE;
    private boolean probing = true;
    private long cutAtMs = Long.MIN_VALUE / 2;

    /** @param most the operator's bound */
    Wave(int most) {
        this.most = most;
    }

    /** How many may be under way now. */
    int size() {
        return (int) Math.min(most, size);
    }

    /** Nova has answered an evacuate call, in so long. */
    void onAnswer(long nowMs, long tookMs) {
        boolean slow = tookMs > SLOW_FACTOR * quickestMs + SLOW_EXTRA_MS;
        quickestMs = Math.min(quickestMs * FORGET, (double) Math.max(1, tookMs));
        if (slow) {
            cut(nowMs);
        } else {
            size = Math.min(most, size + (probing ? 1 : 1 / size));
        }
    }

    /** Nova has failed to answer, or a host is flooded with arrivals. */
    void onTrouble(long nowMs) {
        cut(nowMs);
    }

    private void cut(long nowMs) {
        if (nowMs - cutAtMs >= CUT_AGAIN_MS) {
            cutAtMs = nowMs;
            probing = false;
            size = Math.max(Math.min(LEAST, most), Math.min(size, most) / 2);
        }
    }

    void forget() {
        size = START;
        quickestMs = Double.MAX_VALUE;
        probing = true;
        cutAtMs = Long.MIN_VALUE / 2;
    }
}
