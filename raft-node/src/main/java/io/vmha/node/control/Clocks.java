package io.vmha.node.control;

import io.vmha.recovery.core.WallClock;

/** The clocks of the process: the monotonic one that decisions are made by, and the wall clock that reports show. */
public final class Clocks {
    private Clocks() {}

    /** Monotonic milliseconds; only differences mean anything. */
    public static long nowMs() {
        return System.nanoTime() / 1_000_000;
    }

    /** The wall clock as the recovery core wants it. */
    public static WallClock wall() {
        return nowMs -> System.currentTimeMillis() - (nowMs() - nowMs);
    }
}
