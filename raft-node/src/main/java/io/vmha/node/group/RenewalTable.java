package io.vmha.node.group;

import io.vmha.recovery.core.HostName;
import java.util.Collection;
import java.util.Map;
import java.util.TreeMap;

/**
 * When this voter last answered each host's renewal (S3, S4). In memory only: forgetting is conservative, because an age counts from the
 * latest of the last answer, the start of listening, and the newest configuration. Guarded by the lock that serialises
 * {@link GroupMachine}.
 */
final class RenewalTable {
    /** More hosts than this do not fit one AZ; a flood of invented names must not fill the memory. */
    static final int HOSTS_MAX = 10_000;

    private final Map<HostName, Long> answeredAtMs = new TreeMap<>();
    private long countingSinceMs;

    RenewalTable(long nowMs) {
        countingSinceMs = nowMs;
    }

    void onConfiguration(long nowMs) {
        countingSinceMs = nowMs;
    }

    void onAnswered(long nowMs, HostName host) {
        if (answeredAtMs.size() < HOSTS_MAX || answeredAtMs.containsKey(host)) {
            answeredAtMs.put(host, nowMs);
        }
    }

    long ageMs(long nowMs, HostName host) {
        return nowMs - Math.max(countingSinceMs, answeredAtMs.getOrDefault(host, Long.MIN_VALUE));
    }

    void keepOnly(Collection<HostName> hosts) {
        answeredAtMs.keySet().retainAll(hosts);
    }
}
