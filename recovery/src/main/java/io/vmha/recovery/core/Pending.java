package io.vmha.recovery.core;

import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * What the leader has asked for and not yet heard of, by key, and what it must not ask again before a certain time. Forgotten at every
 * change of leadership: the next leader starts from committed state.
 */
final class Pending {
    private static final long[] BACKOFF_MS = {0, 2_000, 6_000, 14_000, 30_000};

    private final Map<String, Long> busyUntilMs = new TreeMap<>();
    private final Map<String, Long> committedAt = new TreeMap<>();
    private final Map<String, Integer> failures = new TreeMap<>();
    private final Set<String> paused = new TreeSet<>();

    /** Takes a key if it is free; it is then busy, at the longest until {@code limitMs} have passed. */
    boolean begin(long nowMs, String key, long limitMs) {
        Long until = busyUntilMs.get(key);
        if ((until != null && until > nowMs) || committedAt.containsKey(key)) {
            return false;
        }
        paused.remove(key);
        busyUntilMs.put(key, nowMs + limitMs);
        return true;
    }

    /** The work is over; the key is free at once. */
    void done(String key) {
        busyUntilMs.remove(key);
        failures.remove(key);
    }

    /** The proposal was committed at this index; the key is free once the state has reached it. */
    void committed(String key, long index) {
        busyUntilMs.remove(key);
        committedAt.put(key, index);
    }

    /** The key stays busy for a while, so that the work is not repeated at once. */
    void pause(long nowMs, String key, long pauseMs) {
        failures.remove(key);
        paused.add(key);
        busyUntilMs.put(key, nowMs + pauseMs);
    }

    /** Ends a pause: there is news. Work under way is not begun a second time. */
    void hurry(String key) {
        if (paused.remove(key)) {
            busyUntilMs.remove(key);
        }
    }

    void reached(long index) {
        committedAt.values().removeIf(at -> at <= index);
    }

    /** The work failed; the key is free again after a pause that grows with each failure in a row: 0, 2, 6, 14, 30 s. */
    void failed(long nowMs, String key) {
        int count = failures.merge(key, 1, Integer::sum);
        busyUntilMs.put(key, nowMs + BACKOFF_MS[Math.min(count, BACKOFF_MS.length - 1)]);
    }

    boolean isBusy(long nowMs, String key) {
        Long until = busyUntilMs.get(key);
        return until != null && until > nowMs;
    }

    /** True while a proposal is on its way: not answered yet, or committed and not yet seen in the state. */
    boolean isUnderWay(long nowMs, String key) {
        return isBusy(nowMs, key) || committedAt.containsKey(key);
    }

    void clear() {
        busyUntilMs.clear();
        committedAt.clear();
        failures.clear();
        paused.clear();
    }
}
