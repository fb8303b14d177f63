package io.vmha.recovery.core;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/** The newest statement of each observer about each host's kernel, and what they add up to. */
final class KernelWords {
    /** Older statements say nothing about now. */
    private static final long FRESH_MS = 1_500;

    /** So many observers must hear nothing, the leader among them; fewer only where there are no more. */
    private static final int OBSERVERS_MIN = 3;

    /** Together they must be as sure as one in a million that it is no chance: -ln(1e-6). */
    private static final double DOUBT_MIN = 13.8;

    private static final int OBSERVERS_MAX = 64;

    /** What the statements say together. */
    enum Sum {
        /** Too few have spoken. */
        UNCLEAR,
        /** It answered somebody after others had begun to hear nothing. */
        ANSWERS,
        /** Nobody hears it. */
        SILENT
    }

    private record Heard(Sighting sighting, long atMs) {
        long answeredAtMs() {
            return sighting.answeredMs() < 0 ? Long.MIN_VALUE : atMs - sighting.answeredMs();
        }

        boolean isFresh(long nowMs) {
            return nowMs - atMs <= FRESH_MS;
        }
    }

    private final Map<HostName, SortedMap<HostName, Heard>> words = new TreeMap<>();

    void on(long nowMs, Sighting sighting) {
        SortedMap<HostName, Heard> about = words.computeIfAbsent(sighting.host(), h -> new TreeMap<>());
        if (about.size() < OBSERVERS_MAX || about.containsKey(sighting.observer())) {
            about.put(sighting.observer(), new Heard(sighting, nowMs));
        }
    }

    void keepOnly(Collection<HostName> hosts) {
        words.keySet().retainAll(hosts);
    }

    void forget() {
        words.clear();
    }

    private List<Heard> fresh(long nowMs, HostName host) {
        SortedMap<HostName, Heard> about = words.get(host);
        if (about == null) {
            return List.of();
        }
        var fresh = new ArrayList<Heard>();
        for (Heard heard : about.values()) {
            if (heard.isFresh(nowMs)) {
                fresh.add(heard);
            }
        }
        return fresh;
    }

    /** Since when somebody has heard nothing, or {@link Long#MAX_VALUE}. */
    long silentSinceMs(long nowMs, HostName host) {
        long since = Long.MAX_VALUE;
        SortedMap<HostName, Heard> about = words.get(host);
        if (about == null) {
            return since;
        }
        for (Heard heard : about.values()) {
            if (heard.isFresh(nowMs) && heard.sighting().isSilent()) {
                since = Math.min(since, heard.atMs() - heard.sighting().silentMs());
            }
        }
        return since;
    }

    /**
     * When the last sign of life of the kernel was, as far as anybody has told: its last answer to any observer or, if none ever had one, the
     * first attempt in vain. An answer stays true when its statement is old.
     */
    long unheardSinceMs(long nowMs, HostName host) {
        long answered = Long.MIN_VALUE;
        for (Heard heard : words.getOrDefault(host, new TreeMap<>()).values()) {
            answered = Math.max(answered, heard.answeredAtMs());
        }
        return answered != Long.MIN_VALUE ? answered : Math.min(nowMs, silentSinceMs(nowMs, host));
    }

    /** True if it has answered somebody after that. */
    boolean isHeardSince(HostName host, long sinceMs) {
        return words.getOrDefault(host, new TreeMap<>()).values().stream()
                .anyMatch(heard -> heard.answeredAtMs() > sinceMs);
    }

    /** True if somebody hears nothing of it, and nobody has heard it since. */
    boolean isUnheard(long nowMs, HostName host, long sinceMs) {
        boolean silent = false;
        for (Heard heard : fresh(nowMs, host)) {
            if (heard.sighting().isSilent()) {
                silent = true;
            } else if (heard.answeredAtMs() > sinceMs) {
                return false;
            }
        }
        return silent;
    }

    /**
     * Adds up what is said of a host.
     *
     * @param leader whose own word is needed for silence
     * @param sinceMs when the host fell silent: an answer before that says nothing
     * @param possible how many observers there are that may be asked
     */
    Sum sum(long nowMs, HostName host, HostName leader, long sinceMs, int possible) {
        int silent = 0;
        double doubt = 0;
        boolean leaderIsOneOfThem = false;
        for (Heard heard : fresh(nowMs, host)) {
            if (heard.sighting().isSilent()) {
                silent++;
                doubt += heard.sighting().doubt();
                leaderIsOneOfThem |= heard.sighting().observer().equals(leader);
            } else if (heard.answeredAtMs() > sinceMs) {
                return Sum.ANSWERS;
            }
        }
        boolean enough = silent >= Math.min(OBSERVERS_MIN, Math.max(1, possible));
        return enough && leaderIsOneOfThem && doubt >= DOUBT_MIN ? Sum.SILENT : Sum.UNCLEAR;
    }

    List<Witness> witnesses(long nowMs, HostName host) {
        var said = new ArrayList<Witness>();
        for (Heard heard : fresh(nowMs, host)) {
            Sighting s = heard.sighting();
            if (s.isSilent()) {
                said.add(new Witness(
                        "observer " + s.observer(),
                        "its kernel has left " + s.unanswered() + " attempts unanswered for " + s.silentMs() + " ms"));
            } else if (s.answeredMs() >= 0) {
                said.add(new Witness(
                        "observer " + s.observer(),
                        "its kernel answered " + s.answeredMs() + " ms ago: " + s.answer()));
            }
        }
        return said;
    }
}
