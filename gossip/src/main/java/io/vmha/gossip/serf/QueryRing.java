package io.vmha.gossip.serf;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/** The latest queries, so that each is handled and spread once. */
final class QueryRing {
    private static final int SLOTS = 512;
    private static final int QUERIES_PER_TIME_MAX = 64;

    private final LamportClock clock;
    private final long[] times = new long[SLOTS];
    private final List<Set<Long>> ids = new ArrayList<>();
    private long minTime;

    QueryRing(LamportClock clock) {
        this.clock = clock;
        for (int i = 0; i < SLOTS; i++) {
            ids.add(new TreeSet<>());
        }
    }

    /** Queries before this time were seen in an earlier life. */
    void ignoreBefore(long ltime) {
        minTime = Math.max(minTime, ltime);
    }

    /** Returns whether the query is seen for the first time and not too old. */
    boolean add(long ltime, long id) {
        clock.witness(ltime);
        if (ltime < minTime || ltime < clock.time() - SLOTS) {
            return false;
        }
        int index = (int) (ltime % SLOTS);
        Set<Long> seen = ids.get(index);
        if (times[index] != ltime) {
            times[index] = ltime;
            seen.clear();
        }
        return seen.size() < QUERIES_PER_TIME_MAX && seen.add(id);
    }
}
