package io.vmha.sim;

import java.util.PriorityQueue;

/**
 * What will happen, in the order of time, and at one time in the order in which it was put in. The next two seconds are a wheel with a list
 * for each millisecond, so that an event costs the same however many wait; what comes later waits in a heap until its millisecond is on the
 * wheel.
 */
final class EventWheel {
    static final int EVENTS_MAX = 4_000_000;

    private static final int SLOTS = 2048; // milliseconds; most packets and timers of a pool come sooner

    private final Event[] first = new Event[SLOTS];
    private final Event[] last = new Event[SLOTS];
    private final PriorityQueue<Event> later = new PriorityQueue<>();
    /** The first millisecond that is on the wheel; all before it is over. */
    private long turnedToMs;

    private int onWheel;
    private long sequence;

    /** Something that happens at a moment. */
    static final class Event implements Comparable<Event> {
        private final long atMs;
        private final long sequence;
        private final String what;
        private final Runnable action;
        private Event after;

        private Event(long atMs, long sequence, String what, Runnable action) {
            this.atMs = atMs;
            this.sequence = sequence;
            this.what = what;
            this.action = action;
        }

        long atMs() {
            return atMs;
        }

        String what() {
            return what;
        }

        Runnable action() {
            return action;
        }

        @Override
        public int compareTo(Event other) {
            int byTime = Long.compare(atMs, other.atMs);
            return byTime != 0 ? byTime : Long.compare(sequence, other.sequence);
        }
    }

    int size() {
        return onWheel + later.size();
    }

    /** Something happens at a time that is not over yet. */
    void add(long atMs, String what, Runnable action) {
        if (size() >= EVENTS_MAX) {
            throw new IllegalStateException("more than " + EVENTS_MAX + " events wait, the last of them " + what);
        }
        if (atMs < turnedToMs) {
            throw new IllegalStateException(
                    what + " must not happen at " + atMs + " ms: it is " + turnedToMs + " ms already");
        }
        Event event = new Event(atMs, sequence++, what, action);
        if (atMs - turnedToMs < SLOTS) {
            append(event);
        } else {
            later.add(event);
        }
    }

    private void append(Event event) {
        int slot = (int) (event.atMs % SLOTS);
        if (first[slot] == null) {
            first[slot] = event;
        } else {
            last[slot].after = event;
        }
        last[slot] = event;
        onWheel++;
    }

    /** Takes out the next event, if it is due until then; else nothing. */
    Event next(long untilMs) {
        while (size() > 0 && turnedToMs <= untilMs) {
            Event event = first[(int) (turnedToMs % SLOTS)];
            if (event != null) {
                return take(event);
            }
            long nextMs = onWheel > 0 ? turnedToMs + 1 : later.peek().atMs;
            if (nextMs > untilMs) {
                return null;
            }
            turnTo(nextMs);
        }
        return null;
    }

    private Event take(Event event) {
        int slot = (int) (event.atMs % SLOTS);
        first[slot] = event.after;
        onWheel--;
        return event;
    }

    /** What now comes onto the wheel was put in before anything that will be put directly into its millisecond. */
    private void turnTo(long ms) {
        turnedToMs = ms;
        while (!later.isEmpty() && later.peek().atMs - turnedToMs < SLOTS) {
            append(later.poll());
        }
    }
}
