package io.vmha.sim.recovery;

import io.vmha.recovery.core.Action;
import io.vmha.recovery.core.ActionRunner;
import io.vmha.recovery.core.ComputeException;
import io.vmha.recovery.core.Doorbell;
import io.vmha.recovery.core.Result;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.LongPredicate;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * One action of a real {@link ActionRunner}, which blocks in its port calls, spread over virtual time without a thread.
 *
 * <p>At a port call that has no answer yet the action is unwound; when the answer comes, the action is run again from its beginning on the
 * answers recorded so far, and gets one call further. The runner depends on nothing but those answers, so the outcome is the same as if it
 * had waited. What it reads at once (clock, term) is recorded with the moment at which it first read it.
 */
final class ReplayedAction {
    /**
     * A port call on its way.
     *
     * @param arrivesMs after how long it takes effect, or negative if it never arrives
     * @param onArrival what asking does, and its answer; it may throw a {@link ComputeException}
     * @param answersMs how long after its arrival the answer is back
     * @param limitMs after how long the caller gives up
     * @param givenUp what the caller takes for an answer then
     */
    record Asked<T>(String what, long arrivesMs, Supplier<T> onArrival, long answersMs, long limitMs, Object givenUp) {}

    /** Unwinds the runner up to {@link #advance}; an error, because the runner handles exceptions. */
    private static final class Unanswered extends Error {
        private static final long serialVersionUID = 1L;

        Unanswered() {
            super("waits for an answer", null, false, false);
        }
    }

    private final Action action;
    private final ActionRunner runner;
    private final List<Object> answers = new ArrayList<>();
    private int position;
    private Asked<?> waitsFor;

    ReplayedAction(Action action, SimulatedPorts ports, LongPredicate termStands, LongSupplier nowMs) {
        this.action = action;
        this.runner = new ActionRunner(
                ports.compute(this),
                ports.fencer(this),
                ports.voters(this),
                Doorbell.NONE,
                term -> read(() -> termStands.test(term)),
                () -> read(nowMs::getAsLong));
    }

    Action action() {
        return action;
    }

    /** Runs as far as the answers go: the result, or empty while it waits for the answer to {@link #waitsFor}. */
    Optional<Result> advance() {
        position = 0;
        try {
            return Optional.of(runner.run(action));
        } catch (Unanswered e) {
            return Optional.empty();
        }
    }

    Asked<?> waitsFor() {
        return waitsFor;
    }

    /** The answer to what it waits for: a value, or the {@link ComputeException} that the port throws. */
    void answer(Object answer) {
        answers.add(answer);
    }

    @SuppressWarnings("unchecked") // an answer was made by onArrival of the same call, whose type is T
    <T> T ask(Supplier<Asked<T>> call) {
        if (position == answers.size()) {
            waitsFor = call.get();
            throw new Unanswered();
        }
        Object answer = answers.get(position++);
        if (answer instanceof ComputeException e) {
            throw e;
        }
        return (T) answer;
    }

    @SuppressWarnings("unchecked") // the value at this position was read by the same read
    private <T> T read(Supplier<T> value) {
        if (position == answers.size()) {
            answers.add(value.get());
        }
        return (T) answers.get(position++);
    }
}
