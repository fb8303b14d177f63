package io.vmha.recovery.core;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Predicate;

/**
 * Since when each nova-compute has been at work, by its own reports to Nova: one that has reported twice since a moment, ten seconds apart as a
 * rule, has lived through all the time between, and has taken what was in its queue before. That Nova calls it up says less: it does so for a
 * minute after the last report.
 */
final class Heartbeats {
    /**
     * What was seen of one.
     *
     * @param lastAfterMs the newest report was made after this; at the reading then, the one before was the newest
     * @param previousAfterMs the one before was made after this
     */
    private record Seen(Optional<String> newest, long readAtMs, long lastAfterMs, long previousAfterMs) {}

    private static final long NEVER = Long.MIN_VALUE / 2;

    private final Map<HostName, Seen> seen = new TreeMap<>();

    void forget() {
        seen.clear();
    }

    /** Nova's list of services, as it was asked for just now. */
    void on(long nowMs, List<ComputeService> services) {
        for (ComputeService service : services) {
            Seen last = seen.getOrDefault(service.host(), new Seen(service.heartbeat(), nowMs, NEVER, NEVER));
            boolean moved =
                    service.heartbeat().isPresent() && !service.heartbeat().equals(last.newest());
            seen.put(
                    service.host(),
                    moved
                            ? new Seen(service.heartbeat(), nowMs, last.readAtMs(), last.lastAfterMs())
                            : new Seen(last.newest(), nowMs, last.lastAfterMs(), last.previousAfterMs()));
        }
        seen.keySet().retainAll(services.stream().map(ComputeService::host).toList());
    }

    /** True if every nova-compute that Nova has, but for those of these hosts, has reported twice since then. */
    boolean haveAllBeatenTwiceSince(long sinceMs, Predicate<HostName> except) {
        return !seen.isEmpty()
                && seen.entrySet().stream()
                        .filter(its -> !except.test(its.getKey()))
                        .allMatch(its -> its.getValue().previousAfterMs() >= sinceMs);
    }
}
