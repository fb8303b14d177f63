package io.vmha.recovery.core;

import java.util.Collections;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;

/**
 * Hosts that are late with one renewal while others are suspects. They are none themselves, and yet may have died with them: an observer
 * notices a silent kernel only after its time limit. Each is in doubt until it renews, until its kernel answers, or until it is a suspect.
 */
final class Overdue {
    private final SortedMap<HostName, Long> sinceMs = new TreeMap<>();

    void forget() {
        sinceMs.clear();
    }

    /** The hosts that are late now. */
    void review(long nowMs, SortedSet<HostName> late) {
        sinceMs.keySet().retainAll(late);
        late.forEach(host -> sinceMs.putIfAbsent(host, nowMs));
    }

    /** About which the observers should be asked. */
    Set<HostName> hosts() {
        return Collections.unmodifiableSet(sinceMs.keySet());
    }

    /** True if one of them may have died just now. */
    boolean isAnyInDoubt(KernelWords kernels) {
        return sinceMs.entrySet().stream().anyMatch(late -> !kernels.isHeardSince(late.getKey(), late.getValue()));
    }
}
