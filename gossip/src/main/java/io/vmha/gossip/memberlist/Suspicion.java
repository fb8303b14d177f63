package io.vmha.gossip.memberlist;

import java.util.Set;
import java.util.TreeSet;

/** Time left to refute before a suspect is declared dead. Each new accuser shortens it: agreement is fast, a lone voice is slow. */
final class Suspicion {
    private final Set<String> accusers = new TreeSet<>();
    private final int confirmationsWanted;
    private long startedAtMs;
    private final long minMs;
    private final long maxMs;
    private long lastsMs;

    Suspicion(long nowMs, String firstAccuser, int confirmationsWanted, long minMs, long maxMs) {
        this.startedAtMs = nowMs;
        this.confirmationsWanted = confirmationsWanted;
        this.minMs = minMs;
        this.maxMs = maxMs;
        accusers.add(firstAccuser);
        lastsMs = durationMs();
    }

    /**
     * The suspicion of a node in a cluster of this size: memberlist state.go, suspectNode.
     *
     * @param nodes all nodes known, the recently dead included
     */
    static Suspicion of(long nowMs, String firstAccuser, int nodes, Profile profile) {
        int wanted = profile.suspicionMult() - 2;
        if (nodes - 2 < wanted) {
            wanted = 0;
        }
        double scale = Math.max(1.0, Math.log10(Math.max(1.0, nodes)));
        long minMs = profile.suspicionMult() * (long) (scale * 1000) * profile.probeIntervalMs() / 1000;
        return new Suspicion(nowMs, firstAccuser, wanted, minMs, profile.suspicionMaxMult() * minMs);
    }

    /** Tells whether this accuser is new and still matters; only then is the accusation worth gossiping on. */
    boolean confirm(String accuser) {
        boolean counts = confirmations() < confirmationsWanted && accusers.add(accuser);
        lastsMs = durationMs();
        return counts;
    }

    /** Time in which we heard nothing because we did not run is not held against the suspect. */
    void prolong(long pauseMs) {
        startedAtMs += pauseMs;
    }

    long deadlineMs() {
        return startedAtMs + lastsMs;
    }

    private long durationMs() {
        if (confirmationsWanted < 1) {
            return minMs; // nobody else to ask: memberlist suspicion.go, newSuspicion
        }
        double share = Math.log(confirmations() + 1.0) / Math.log(confirmationsWanted + 1.0);
        return Math.max(minMs, (long) Math.floor(maxMs - share * (maxMs - minMs)));
    }

    private int confirmations() {
        return accusers.size() - 1; // the first accuser raised the suspicion, it cannot confirm itself
    }
}
