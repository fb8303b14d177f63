package io.vmha.sim.gossip;

/** A node's own monotonic clock, which may run a little faster or slower than true time. */
final class NodeClock {
    private static final long MILLION = 1_000_000;

    private final long perMillion;

    /**
     * A clock that showed 0 when true time did.
     *
     * @param aheadPpm how much faster than true time, in millionths; negative for slower
     */
    NodeClock(long aheadPpm) {
        this.perMillion = MILLION + aheadPpm;
    }

    /** What it shows at this moment. */
    long at(long trueMs) {
        return trueMs * perMillion / MILLION;
    }

    /** The first moment at which it shows this or more. */
    long whenItShows(long localMs) {
        if (localMs > Long.MAX_VALUE / (2 * MILLION)) {
            return Long.MAX_VALUE;
        }
        return (localMs * MILLION + perMillion - 1) / perMillion;
    }
}
