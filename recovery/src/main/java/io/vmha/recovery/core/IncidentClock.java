package io.vmha.recovery.core;

import java.util.Comparator;
import java.util.Optional;

/**
 * The time that a leader writes into incidents. It begins as the wall clock of the leader that has declared the first open one and goes on
 * by monotonic clocks: that leader's own and, should it die, the next leader's since it applied the newest note. So what is shown as a
 * duration depends neither on how far the voters' wall clocks differ nor on one that is set meanwhile. With nothing open it is the wall clock.
 */
final class IncidentClock implements WallClock {
    /** What a node applies in its first moments it has read from its disk: that says nothing of how long ago it was written. */
    private static final long READING_MS = 10_000;

    private final WallClock wall;
    private long startedMs = Long.MIN_VALUE;
    private long index;
    private boolean running;
    private boolean read;
    private long anchorAtMs;
    private long anchorNowMs;

    IncidentClock(WallClock wall) {
        this.wall = wall;
    }

    /** Commands were applied. A leader keeps its own time; all others set theirs by what it writes. */
    void onState(long nowMs, RecoveryState state, boolean leading) {
        if (startedMs == Long.MIN_VALUE) {
            startedMs = nowMs;
        }
        Optional<Note> newest = state.openIncidents().stream()
                .filter(incident -> !incident.story().isEmpty())
                .map(incident -> incident.story().get(incident.story().size() - 1))
                .max(Comparator.comparingLong(Note::index));
        if (newest.isEmpty()) {
            running = false;
        } else if (leading && !running) {
            anchor(nowMs, wall.wallMs(nowMs), false);
        } else if (!leading && newest.get().index() > index) {
            index = newest.get().index();
            anchor(nowMs, newest.get().atMs(), nowMs - startedMs < READING_MS);
        }
    }

    /** This node leads from now on, and goes on from where the log is. */
    void onLeading(long nowMs) {
        if (running) {
            anchor(nowMs, wallMs(nowMs), false);
        }
    }

    @Override
    public long wallMs(long nowMs) {
        if (!running) {
            return wall.wallMs(nowMs);
        }
        long atMs = anchorAtMs + nowMs - anchorNowMs;
        return read ? Math.max(atMs, wall.wallMs(nowMs)) : atMs;
    }

    private void anchor(long nowMs, long atMs, boolean fromDisk) {
        running = true;
        anchorNowMs = nowMs;
        anchorAtMs = atMs;
        read = fromDisk;
    }
}
