package io.vmha.sim.recovery;

import io.vmha.recovery.core.ComputeException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * Real code that blocks in its port calls, spread over virtual time without a thread.
 *
 * <p>At a port call that has no answer yet the code is unwound; when the answer comes, it is run again from its beginning on the answers
 * recorded so far, and gets one call further. It depends on nothing but those answers, so the outcome is the same as if it had waited. What
 * it reads at once (clock, term) is recorded with the moment at which it first read it.
 */
class Replay<R> {
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

    /** Unwinds the code up to {@link #advance}; an error, because the code handles exceptions. */
    private static final class Unanswered extends Error {
        private static final long serialVersionUID = 1L;

        Unanswered() {
            super("waits for an answer", null, false, false);
        }
    }

    private final Supplier<R> body;
    private final List<Object> answers = new ArrayList<>();
    private int position;
    private Asked<?> waitsFor;

    /** @param code makes what is to be run, whose port calls go through {@link #ask} of the replay that it is handed */
    Replay(Function<Replay<R>, Supplier<R>> code) {
        this.body = code.apply(this);
    }

    /** Runs as far as the answers go: the result, or empty while it waits for the answer to {@link #waitsFor}. */
    final Optional<R> advance() {
        position = 0;
        try {
            return Optional.of(body.get());
        } catch (Unanswered e) {
            return Optional.empty();
        }
    }

    final Asked<?> waitsFor() {
        return waitsFor;
    }

    /** The answer to what it waits for: a value, or the {@link ComputeException} that the port throws. */
    final void answer(Object answer) {
        answers.add(answer);
    }

    @SuppressWarnings("unchecked") // an answer was made by onArrival of the same call, whose type is T
    final <T> T ask(Supplier<Asked<T>> call) {
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
    final <T> T read(Supplier<T> value) {
        if (position == answers.size()) {
            answers.add(value.get());
        }
        return (T) answers.get(position++);
    }
}
