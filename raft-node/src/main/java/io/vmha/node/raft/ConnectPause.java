package io.vmha.node.raft;

import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;

/**
 * How long a link waits before it connects again to a peer that does not take its connections. gRPC's own back-off grows to two minutes, which no
 * lease outlasts; without any, all hosts of an AZ would knock at a voter in the rhythm of their renewals. So each wait is a little different. While a
 * lease may still be held it is shorter than the time between two renewals, so that each of them finds a voter that is back; then it grows to two seconds.
 */
final class ConnectPause {
    static final long LEAST_NS = TimeUnit.MILLISECONDS.toNanos(500);
    static final long MOST_NS = TimeUnit.SECONDS.toNanos(2);
    /** So many attempts, each with a renewal, last longer than a lease of the default length. */
    static final int SHORT_TRIES = 8;
    /** A wait is shorter or longer than the pause by up to this share of it. */
    static final double SPREAD = 0.25;

    private final SplittableRandom dice;
    private long pauseNs;
    private int tries;
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
        tries = Math.min(tries + 1, SHORT_TRIES + 1);
        pauseNs = tries <= SHORT_TRIES ? LEAST_NS : Math.min(MOST_NS, 2 * pauseNs);
        waitNs = (long) (pauseNs * (1 - SPREAD + 2 * SPREAD * dice.nextDouble()));
        triedNs = nowNs;
        tried = true;
        return true;
    }

    /** The peer has answered: the next failure is the first one again. */
    void heard() {
        pauseNs = 0;
        tries = 0;
        tried = false;
    }
}
