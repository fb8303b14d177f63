package io.vmha.recovery.openstack;

import java.time.Duration;

/** The moment, on the monotonic clock, at which a call must have ended. */
record Deadline(long atNanos) {
    static Deadline after(Duration limit) {
        return new Deadline(System.nanoTime() + limit.toNanos());
    }

    /** What is left, never negative. */
    Duration left() {
        return Duration.ofNanos(Math.max(0, atNanos - System.nanoTime()));
    }

    boolean isOver() {
        return atNanos - System.nanoTime() <= 0;
    }

    /** The shorter of what is left and the limit. */
    Duration atMost(Duration limit) {
        var left = left();
        return left.compareTo(limit) < 0 ? left : limit;
    }
}
