package io.vmha.testcluster.cloud;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;

/** Time that passes only when the test says so. */
final class HandClock implements InstantSource {
    private volatile Instant now = Instant.parse("2026-11-22T08:00:00Z");

    void pass(Duration duration) {
        now = now.plus(duration);
    }

    void passMs(long ms) {
        pass(Duration.ofMillis(ms));
    }

    @Override
    public Instant instant() {
        return now;
    }
}
