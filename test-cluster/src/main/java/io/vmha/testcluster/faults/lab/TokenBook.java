package io.vmha.testcluster.faults.lab;

import java.util.LinkedHashSet;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;

/** The tokens that were given out through the proxy since all earlier ones were declared expired, if they ever were. */
final class TokenBook {
    private static final int GOOD_MAX = 10_000;

    private final Set<String> good = new LinkedHashSet<>(); // the oldest first
    private final AtomicLong refused = new AtomicLong();
    private boolean isKept;
    private String newest = "";

    /** Every token that was given out so far is refused from now on. */
    synchronized void expireAll() {
        isKept = true;
        good.clear();
    }

    synchronized void givenOut(String token) {
        newest = token;
        good.add(token);
        if (good.size() > GOOD_MAX) {
            good.remove(good.iterator().next());
        }
    }

    /** True if a call with this token must be refused; it is counted then. */
    synchronized boolean refuses(String token) {
        boolean refuse = isKept && !good.contains(token);
        if (refuse) {
            refused.incrementAndGet();
        }
        return refuse;
    }

    /** The one that was given out last; empty if none was. */
    synchronized String newest() {
        return newest;
    }

    /** How many calls were refused. */
    long refused() {
        return refused.get();
    }
}
