package io.vmha.testcluster.cloud;

import java.time.InstantSource;
import java.util.Comparator;
import java.util.PriorityQueue;

/**
 * Things that happen by themselves later, such as the next phase of a rebuild. Nothing runs in the background: whoever looks at the
 * region first lets happen what is due, each at its own time, so what is seen never depends on when a thread was scheduled.
 */
final class DueQueue {
    private record Due(long atMs, long order, Runnable action) {}

    private final InstantSource clock;
    private final PriorityQueue<Due> waiting =
            new PriorityQueue<>(Comparator.comparingLong(Due::atMs).thenComparingLong(Due::order));
    private long order;
    private long pinnedMs = Long.MIN_VALUE; // the time of the action that runs now

    DueQueue(InstantSource clock) {
        this.clock = clock;
    }

    /** The present; inside an action the time at which it was due. */
    long nowMs() {
        return pinnedMs != Long.MIN_VALUE ? pinnedMs : clock.millis();
    }

    void in(long delayMs, Runnable action) {
        waiting.add(new Due(nowMs() + delayMs, order++, action));
    }

    void runDue() {
        long untilMs = clock.millis();
        while (!waiting.isEmpty() && waiting.peek().atMs() <= untilMs) {
            Due due = waiting.remove();
            pinnedMs = due.atMs();
            try {
                due.action().run();
            } finally {
                pinnedMs = Long.MIN_VALUE;
            }
        }
    }
}
