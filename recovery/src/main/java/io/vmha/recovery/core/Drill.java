package io.vmha.recovery.core;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;

/**
 * A rehearsal on a live cluster: the power of one host, empty but for a canary VM, is really cut, and everything after that is the
 * ordinary way: verdict, proof, evacuation, return.
 *
 * <p>PREPARED (the host is watched again) → CUT (its BMC has switched it off) → RECOVERED (the incident is closed) → RETURNING (it has power
 * again) → PASSED; or FAILED from anywhere.
 *
 * @param canary the VM that must come back elsewhere
 * @param cutAtMs when its BMC was told to cut the power, wall-clock; 0 before
 * @param incident the incident that the cut caused, once there is one
 */
public record Drill(
        long number,
        HostName host,
        ServerId canary,
        String person,
        Phase phase,
        long startedAtMs,
        long cutAtMs,
        long endedAtMs,
        OptionalLong incident,
        Times times,
        String detail,
        List<Note> story) {
    private static final int STORY_MAX = 30;

    /** Where it is. */
    public enum Phase {
        PREPARED,
        CUT,
        RECOVERED,
        RETURNING,
        PASSED,
        FAILED;

        /** True while the leader has something to do. */
        public boolean isOpen() {
            return this != PASSED && this != FAILED;
        }
    }

    /**
     * What was measured, in milliseconds after the cut: on the wall clocks of the leaders that committed it.
     *
     * @param cutTookMs how long the BMC took to cut the power
     */
    public record Times(
            OptionalLong cutTookMs,
            OptionalLong declaredMs,
            OptionalLong certifiedMs,
            OptionalLong firstCallMs,
            OptionalLong recoveredMs,
            OptionalLong backMs) {
        /** Nothing yet. */
        public static final Times NONE = new Times(
                OptionalLong.empty(),
                OptionalLong.empty(),
                OptionalLong.empty(),
                OptionalLong.empty(),
                OptionalLong.empty(),
                OptionalLong.empty());

        Times cut(long tookMs) {
            return new Times(OptionalLong.of(tookMs), declaredMs, certifiedMs, firstCallMs, recoveredMs, backMs);
        }

        Times back(long afterMs) {
            return new Times(cutTookMs, declaredMs, certifiedMs, firstCallMs, recoveredMs, OptionalLong.of(afterMs));
        }
    }

    public Drill {
        story = List.copyOf(story);
    }

    static Drill prepared(long number, HostName host, ServerId canary, String person, long atMs) {
        return new Drill(
                number,
                host,
                canary,
                person,
                Phase.PREPARED,
                atMs,
                0,
                0,
                OptionalLong.empty(),
                Times.NONE,
                "",
                List.of());
    }

    Drill with(Phase next, long atMs, Times measured) {
        return new Drill(
                number,
                host,
                canary,
                person,
                next,
                startedAtMs,
                next == Phase.CUT ? atMs - measured.cutTookMs().orElse(0) : cutAtMs,
                next.isOpen() ? 0 : atMs,
                incident,
                measured,
                detail,
                story);
    }

    Drill of(long incidentNumber) {
        return new Drill(
                number,
                host,
                canary,
                person,
                phase,
                startedAtMs,
                cutAtMs,
                endedAtMs,
                OptionalLong.of(incidentNumber),
                times,
                detail,
                story);
    }

    Drill tell(Note note) {
        var longer = new ArrayList<>(story);
        if (longer.size() >= STORY_MAX) {
            longer.remove(0);
        }
        longer.add(note);
        return new Drill(
                number,
                host,
                canary,
                person,
                phase,
                startedAtMs,
                cutAtMs,
                endedAtMs,
                incident,
                times,
                note.text(),
                longer);
    }
}
