package io.vmha.recovery.core;

import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.Map;
import java.util.TreeMap;

/** Which hosts fall silent and come back again and again: their next silence is given more time. */
final class Flapping {
    /** So many silences that ended by themselves make a host flapping. */
    private static final int RETURNS = 2;

    private static final long REMEMBERED_MS = 600_000;

    private final Map<HostName, Deque<Long>> returnedAtMs = new TreeMap<>();

    /** A host that nobody heard is heard again. */
    void onReturn(long nowMs, HostName host) {
        Deque<Long> times = returnedAtMs.computeIfAbsent(host, h -> new ArrayDeque<>());
        times.addLast(nowMs);
        if (times.size() > RETURNS) {
            times.removeFirst();
        }
    }

    boolean isFlapping(long nowMs, HostName host) {
        Deque<Long> times = returnedAtMs.get(host);
        return times != null && times.size() >= RETURNS && nowMs - times.getFirst() < REMEMBERED_MS;
    }

    void keepOnly(Collection<HostName> hosts) {
        returnedAtMs.keySet().retainAll(hosts);
    }

    void forget() {
        returnedAtMs.clear();
    }
}
