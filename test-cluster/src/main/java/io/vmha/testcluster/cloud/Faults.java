package io.vmha.testcluster.cloud;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.Optional;
import java.util.function.Predicate;

/** What shall go wrong with the next requests. Each fault is used up by the requests it meets. Safe for all threads. */
public final class Faults {
    private static final int FAULTS_MAX = 10_000;

    /** How one request goes wrong. */
    public enum Kind {
        /** Answered 503 by something in front of the service, in HTML; nothing is done. */
        UNAVAILABLE,
        /** Answered 500 in Nova's JSON; nothing is done. */
        SERVER_ERROR,
        /** Answered 404 by something in front of the service, in HTML, as by a proxy that has lost its route; nothing is done. */
        NOT_FOUND,
        /** Answered 200 with a list of no aggregates, as by a cell that has lost its database; nothing is done. */
        NO_AGGREGATES,
        /** The connection is closed without an answer, and nothing is done. */
        RESET_BEFORE,
        /** The connection is closed without an answer, though all was done. */
        RESET_AFTER,
        /** Done at once, answered late. */
        SLOW
    }

    /** One fault that waits for its request. */
    record Planned(Kind kind, Duration delay, Predicate<String> line) {}

    private final Deque<Planned> planned = new ArrayDeque<>();
    private boolean keystoneDown;

    /** The next requests, whatever they are. */
    public void next(int requests, Kind kind) {
        nextMatching(requests, kind, line -> true);
    }

    /**
     * The next requests of a certain kind.
     *
     * @param line chooses them by their method, path and body, such as {@code POST /v2.1/servers/ID/action {"evacuate":{}}}
     */
    public synchronized void nextMatching(int requests, Kind kind, Predicate<String> line) {
        add(requests, new Planned(kind, Duration.ZERO, line));
    }

    /** The next requests are answered late. */
    public synchronized void slow(int requests, Duration delay) {
        add(requests, new Planned(Kind.SLOW, delay, line -> true));
    }

    private void add(int requests, Planned fault) {
        if (planned.size() + requests > FAULTS_MAX) {
            throw new IllegalArgumentException("at most " + FAULTS_MAX + " faults can wait, but there are "
                    + planned.size() + " and " + requests + " more");
        }
        for (int i = 0; i < requests; i++) {
            planned.addLast(fault);
        }
    }

    /** Keystone answers 503 until further notice; tokens that were given out stay valid. */
    public synchronized void keystoneDown(boolean down) {
        keystoneDown = down;
    }

    synchronized boolean isKeystoneDown() {
        return keystoneDown;
    }

    /** Forgets all faults that still wait, and Keystone works again. */
    public synchronized void clear() {
        planned.clear();
        keystoneDown = false;
    }

    synchronized Optional<Planned> take(String line) {
        for (Iterator<Planned> faults = planned.iterator(); faults.hasNext(); ) {
            Planned fault = faults.next();
            if (fault.line().test(line)) {
                faults.remove();
                return Optional.of(fault);
            }
        }
        return Optional.empty();
    }
}
