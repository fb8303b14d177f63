package io.vmha.sim;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * Virtual time and everything that will happen in it: a queue of events, ordered by time and then by the order in which they were put in.
 * One thread; nothing else moves.
 *
 * <p>The running {@link #hash} covers every event and every line of the story, so two runs with the same hash did the same.
 */
public final class Simulation {
    private static final int STORY_MAX = 300;
    private static final long FNV_OFFSET = 0xcbf29ce484222325L;
    private static final long FNV_PRIME = 0x100000001b3L;

    private final Run run;
    private final EventWheel queue = new EventWheel();
    private final List<Runnable> checks = new ArrayList<>();
    private final Deque<String> story = new ArrayDeque<>();
    private long nowMs;
    private long events;
    private long hash = FNV_OFFSET;

    public Simulation(Run run) {
        this.run = run;
    }

    /** Virtual time since the run began, in milliseconds. */
    public long nowMs() {
        return nowMs;
    }

    /** Events that have happened. */
    public long events() {
        return events;
    }

    /** A number that two equal runs share. */
    public long hash() {
        return hash;
    }

    /** The randomness of the component of this name. */
    public Dice dice(String component) {
        long mixed = FNV_OFFSET ^ run.seed();
        for (int i = 0; i < component.length(); i++) {
            mixed = (mixed ^ component.charAt(i)) * FNV_PRIME;
        }
        return new Dice(mixed);
    }

    /** Something happens at a time, not before now. */
    public void at(long atMs, String what, Runnable action) {
        queue.add(Math.max(atMs, nowMs), what, action);
    }

    /** Something happens after a delay. */
    public void after(long delayMs, String what, Runnable action) {
        at(nowMs + delayMs, what, action);
    }

    /** Something happens again and again until the end of the run, for the first time after {@code firstMs}. */
    public void every(long firstMs, long periodMs, String what, Runnable action) {
        after(firstMs, what, () -> {
            action.run();
            every(periodMs, periodMs, what, action);
        });
    }

    /** A check that is made after every event; it throws a {@link #violation}. */
    public void check(Runnable invariant) {
        checks.add(invariant);
    }

    /** A line of the story: a fault, a decision, an effect. */
    public void tell(String line) {
        mix(line.hashCode());
        if (story.size() >= STORY_MAX) {
            story.removeFirst();
        }
        story.addLast(nowMs + " ms: " + line);
    }

    /** What is thrown when a rule is broken. */
    public SimulationFailure violation(String rule, String what) {
        return failure(rule, what, null);
    }

    /** Lets everything happen that is due until then. */
    public void runUntil(long untilMs) {
        for (EventWheel.Event event = queue.next(untilMs); event != null; event = queue.next(untilMs)) {
            nowMs = event.atMs();
            events++;
            mix(nowMs);
            mix(event.what().hashCode());
            try {
                event.action().run();
                for (Runnable check : checks) {
                    check.run();
                }
            } catch (SimulationFailure e) {
                throw e;
            } catch (RuntimeException e) {
                throw failure("no exception", event.what() + " threw " + e, e);
            }
        }
        nowMs = Math.max(nowMs, untilMs);
    }

    private SimulationFailure failure(String rule, String what, Throwable cause) {
        return new SimulationFailure(
                rule,
                rule + " is broken at " + nowMs + " ms: " + what + "\nthe story's end:\n  " + String.join("\n  ", story)
                        + "\nrepeat it with\n  " + run.repeatLine(),
                cause);
    }

    private void mix(long value) {
        hash = (hash ^ value) * FNV_PRIME;
        hash ^= hash >>> 29;
    }
}
