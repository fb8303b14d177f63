package io.vmha.testcluster.faults.lab;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The beats of one copy of a guest as somebody saw them who looks again and again, on the clock of that one. */
final class Beats {
    /** A guest that says nothing for longer did not run: stopped, starved, or dead. */
    private static final long GAP_MS = 1_500;

    private static final int GAPS_MAX = 1_000;
    private static final Pattern BEAT = Pattern.compile("[A!]LIVE ([0-9A-F]{4}) ([0-9A-F]{8})");

    private final List<long[]> gaps = new ArrayList<>();
    private long fromMs = -1;
    private long toMs;
    private long seenMs;
    private long count = -1;
    private long beats;
    private Optional<String> wentBack = Optional.empty();

    /**
     * What a guest says of itself.
     *
     * @param boot a number of this boot, in hex
     * @param count goes up with every beat
     */
    record Beat(String boot, long count) {
        /** The beat of a whole line; empty if it is none. */
        static Optional<Beat> of(String line) {
            Matcher beat = BEAT.matcher(line);
            return beat.matches()
                    ? Optional.of(new Beat(beat.group(1), Long.parseLong(beat.group(2), 16)))
                    : Optional.empty();
        }
    }

    /**
     * A beat, or the same as before.
     *
     * @param lookedMs when somebody looked before and did not see it yet: it is not older than that
     * @param nowMs when it was seen: it is not younger than that
     */
    void see(long newCount, long lookedMs, long nowMs) {
        if (newCount == count) {
            return;
        }
        if (newCount < count && wentBack.isEmpty()) {
            wentBack = Optional.of("from " + count + " to " + newCount + " at " + nowMs + " ms");
        }
        if (fromMs < 0) {
            fromMs = nowMs;
        } else if (nowMs - seenMs > GAP_MS && gaps.size() < GAPS_MAX) {
            gaps.add(new long[] {seenMs, nowMs});
        }
        toMs = Math.max(fromMs, lookedMs);
        seenMs = nowMs;
        count = newCount;
        beats++;
    }

    long fromMs() {
        return fromMs;
    }

    boolean isEmpty() {
        return beats == 0;
    }

    /** Puts the life into an event; no double life follows from it that may be none: each end of it is taken for as near as it may be. */
    void put(ObjectNode event, String number) {
        event.put("from_ms", fromMs).put("to_ms", toMs).put(number, beats);
        wentBack.ifPresent(words -> event.put("went_back", words));
        ArrayNode array = event.putArray("gaps");
        gaps.forEach(gap -> array.addArray().add(gap[0]).add(gap[1]));
    }
}
