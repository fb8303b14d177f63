package io.vmha.node.raft;

import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;

/**
 * How long a link waits before it connects again to a peer that does not take its connections. gRPC's own back-off grows to two minutes, which no
 * lease outlasts; without any, all hosts of an AZ would knock at a voter in the rhythm of their renewals. So it grows to two seconds, and each wait
 * is a little different.
 */
final class ConnectPause {
    static final long LEAST_NS = TimeUnit.MILLISECONDS.toNanos(500);
    static final long MOST_NS = TimeUnit.SECONDS.toNanos(2);
    /** A wait is shorter or longer than the pause by up to this share of it. */
    static final double SPREAD = 0.25;

    private final SplittableRandom dice;
    private long pauseNs;
    private boolean tried;
    private long triedNs;
    private long waitNs;

    ConnectPause(SplittableRandom dice) {
        this.dice = dice;
    }

    /** True if the next attempt may begin now; it is taken for begun. */
    boolean tryNow(long nowNs) {
        if (tried && nowNs - triedNs < waitNs) {
            return false;
        }
        pauseNs = Math.min(MOST_NS, Math.max(LEAST_NS, 2 * pauseNs));
        waitNs = (long) (pauseNs * (1 - SPREAD + 2 * SPREAD * dice.nextDouble()));
        triedNs = nowNs;
        tried = true;
        return true;
    }

    /** The peer has answered: the next failure is the first one again. */
    void heard() {
        pauseNs = 0;
        tried = false;
    }
}
