package io.vmha.recovery.core;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The emptying of a host that lives: it is disabled in Nova, and its VMs are migrated away.
 *
 * <p>DRAINING until no VM is left to be moved (DRAINED); UNDOING from the moment a person takes it back until Nova schedules to the host
 * again (UNDONE).
 *
 * @param disabling whether it was this drain that disabled the host, so that its undoing enables it again
 * @param asked what a person wants
 */
public record Drain(
        HostName host,
        long epoch,
        Phase phase,
        Order asked,
        Disabling disabling,
        long startedAtMs,
        long endedAtMs,
        SortedMap<ServerId, Move> moves,
        List<Note> story) {
    private static final int STORY_MAX = 200;

    /** Where it is. */
    public enum Phase {
        DRAINING,
        DRAINED,
        UNDOING,
        UNDONE;

        /** True if the leader has something to do. */
        public boolean isOpen() {
            return this == DRAINING || this == UNDOING;
        }
    }

    /** What is known of the host's being disabled in Nova. */
    public enum Disabling {
        NOT_YET,
        /** Our intent to do so is committed. */
        BEGUN,
        OURS,
        /** Somebody else had done it before. */
        THEIRS
    }

    /**
     * What a person wants.
     *
     * @param cold whether VMs that cannot be migrated while they run may be stopped for it
     * @param parallel migrations at a time
     */
    public record Order(String person, boolean cold, int parallel) {
        /** More than Nova's own limit of live migrations a host ({@code max_concurrent_live_migrations}) is of no use. */
        public static final int PARALLEL_MAX = 20;

        public Order {
            if (parallel < 1 || parallel > PARALLEL_MAX) {
                throw new IllegalArgumentException(
                        "migrations at a time must be 1 to " + PARALLEL_MAX + " but are " + parallel);
            }
        }
    }

    public Drain {
        moves = Collections.unmodifiableSortedMap(new TreeMap<>(moves));
        story = List.copyOf(story);
    }

    static Drain begun(HostName host, long epoch, Order asked, long atMs) {
        return new Drain(host, epoch, Phase.DRAINING, asked, Disabling.NOT_YET, atMs, 0, new TreeMap<>(), List.of());
    }

    /** How many VMs Nova is moving now. */
    public int underWay() {
        return (int) moves.values().stream().filter(m -> m.step().isUnderWay()).count();
    }

    /** How many are in this step. */
    public long count(Move.Step step) {
        return moves.values().stream().filter(m -> m.step() == step).count();
    }

    /** One line for people. */
    public String summary() {
        String left = count(Move.Step.LEFT) == 0 ? "" : ", " + count(Move.Step.LEFT) + " left";
        return count(Move.Step.MOVED) + " of " + moves.size() + " VMs moved" + left
                + (underWay() == 0 ? "" : ", " + underWay() + " under way");
    }

    Drain with(Phase next, long atMs) {
        return new Drain(host, epoch, next, asked, disabling, startedAtMs, next.isOpen() ? 0 : atMs, moves, story);
    }

    Drain with(Disabling next) {
        return new Drain(host, epoch, phase, asked, next, startedAtMs, endedAtMs, moves, story);
    }

    Drain with(Move move) {
        var changed = new TreeMap<>(moves);
        changed.put(move.server(), move);
        return new Drain(host, epoch, phase, asked, disabling, startedAtMs, endedAtMs, changed, story);
    }

    Drain tell(Note note) {
        var longer = new ArrayList<>(story);
        if (longer.size() >= STORY_MAX) {
            longer.remove(0);
        }
        longer.add(note);
        return new Drain(host, epoch, phase, asked, disabling, startedAtMs, endedAtMs, moves, longer);
    }
}
