package io.vmha.recovery.core;

import java.util.Optional;

/**
 * The group's newest real test of a fence device: a host in maintenance is powered off and on again, because a person wants to see it.
 *
 * @param host the host that is switched
 * @param by the host whose daemon switches it
 * @param sinceAtMs wall clock of the intent
 * @param outcome what came of it; empty while it is under way, or if its daemon died over it
 */
public record FenceTrial(HostName host, HostName by, long sinceAtMs, Optional<String> outcome) {
    /** Off, asked again, on, each as long as a fence agent may take; one that has not ended by then was left by a daemon that died. */
    public static final long LIMIT_MS = 180_000;

    /** True while the host may be switched any moment. */
    public boolean isUnderWay(long atMs) {
        return outcome.isEmpty() && Math.abs(atMs - sinceAtMs) < LIMIT_MS;
    }

    FenceTrial ended(String how) {
        return new FenceTrial(host, by, sinceAtMs, Optional.of(how));
    }
}
