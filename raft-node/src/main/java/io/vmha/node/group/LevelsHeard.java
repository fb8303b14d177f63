package io.vmha.node.group;

import io.vmha.recovery.core.FeatureLevel;
import io.vmha.recovery.core.HostName;
import io.vmha.recovery.core.RecoveryState;
import java.util.Map;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Which feature level the vmhad of each host understands, by its own word with each renewal. A word that is old counts for nothing: the host may be
 * down for an exchange of its packages.
 */
final class LevelsHeard {
    /** Renewals come once a second. */
    static final long FRESH_MS = 10_000;

    private record Word(int level, long atMs) {}

    private final Map<HostName, Word> words = new TreeMap<>();
    private SortedSet<HostName> readers = new TreeSet<>();

    /** Only these read the state: the hosts of the AZ, and who votes though its host has left it. */
    void onState(RecoveryState state) {
        var now = new TreeSet<>(state.hosts().keySet());
        now.addAll(state.group().electorate().hosts());
        readers = now;
        words.keySet().retainAll(now);
    }

    void onRenewal(long nowMs, HostName host, int level) {
        if (readers.contains(host)) {
            words.put(host, new Word(Math.max(FeatureLevel.FIRST, level), nowMs));
        }
    }

    /** What has been said lately. */
    SortedMap<HostName, Integer> said(long nowMs) {
        var said = new TreeMap<HostName, Integer>();
        words.forEach((host, word) -> {
            if (nowMs - word.atMs() <= FRESH_MS) {
                said.put(host, word.level());
            }
        });
        return said;
    }
}
