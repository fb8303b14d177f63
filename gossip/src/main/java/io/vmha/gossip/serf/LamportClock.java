package io.vmha.gossip.serf;

/** Lamport's clock: it moves past every time it hears of. */
final class LamportClock {
    private long time = 1;

    long time() {
        return time;
    }

    /** Returns the time for a new event and moves on. */
    long next() {
        return time++;
    }

    void witness(long heard) {
        if (heard >= time) {
            time = heard + 1;
        }
    }
}
