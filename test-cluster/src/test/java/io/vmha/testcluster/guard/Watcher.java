package io.vmha.testcluster.guard;

import io.vmha.testcluster.guard.LabHost.Beat;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;

/** Reads a guest's disk all the time and keeps every beat with the moment it was first seen: the witness that nobody can talk out of it. */
final class Watcher implements AutoCloseable {
    /** A beat and when it was first seen, on CLOCK_BOOTTIME. */
    record Seen(Beat beat, long atMs) {}

    private static final int SEEN_MAX = 100_000;

    private final Thread thread;
    private final List<Seen> seen = new ArrayList<>();
    private volatile boolean ended;

    Watcher(Path disk) {
        thread = new Thread(() -> watch(disk), "watcher of " + disk.getFileName());
        thread.setDaemon(true);
        thread.start();
    }

    private void watch(Path disk) {
        while (!ended) {
            LabHost.beat(disk).ifPresent(this::note);
            LockSupport.parkNanos(Duration.ofMillis(20).toNanos());
        }
    }

    private synchronized void note(Beat beat) {
        if (seen.size() < SEEN_MAX
                && (seen.isEmpty() || !seen.get(seen.size() - 1).beat().equals(beat))) {
            seen.add(new Seen(beat, LeaseFile.boottimeMs()));
        }
    }

    synchronized List<Seen> seen() {
        return List.copyOf(seen);
    }

    /** The newest beat; fails if there is none. */
    synchronized Seen last() {
        return seen.get(seen.size() - 1);
    }

    /** The nonces in the order in which they wrote; more than one entry for a nonce means that two copies wrote by turns. */
    List<String> writers() {
        var writers = new ArrayList<String>();
        for (Seen one : seen()) {
            if (writers.isEmpty()
                    || !writers.get(writers.size() - 1).equals(one.beat().nonce())) {
                writers.add(one.beat().nonce());
            }
        }
        return writers;
    }

    @Override
    public void close() {
        ended = true;
    }
}
