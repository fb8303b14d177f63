package io.vmha.gossip.serf;

/** Lamport's clock: it moves past every time it hears of. */
final class LamportClock {
    /** Nobody gets here by counting; a clock that followed a forged time to the end could not count on. */
    private static final long FOLLOWED_MAX = 1L << 62;

    private long time = 1;

    long time() {
        return time;
    }

    /** Returns the time for a new event and moves on. */
    long next() {
        return time++;
    }

    void witness(long heard) {
        if (heard >= time && heard <= FOLLOWED_MAX) {
            time = heard + 1;
        }
    }
}
