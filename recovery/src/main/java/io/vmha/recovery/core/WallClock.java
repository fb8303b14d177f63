package io.vmha.recovery.core;

/** Turns the monotonic time that the core lives by into the wall-clock time that reports show. */
@FunctionalInterface
public interface WallClock {
    /** Milliseconds since 1970, for a monotonic time in milliseconds. */
    long wallMs(long nowMs);
}
