package io.vmha.testcluster.history;

import io.vmha.testcluster.history.Operation.Action;
import io.vmha.testcluster.history.Operation.Outcome;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.LongSupplier;

/** Collects the calls of many clients while they run. Any thread. */
public final class HistoryRecorder {
    /** More calls than this are refused: a history is checked as a whole. */
    public static final int OPERATIONS_MAX = 1_000_000;

    private final LongSupplier nanos;
    private final List<Operation> ended = new ArrayList<>();
    private final Set<Call> open = new LinkedHashSet<>();
    private long answered;

    /** @param nanos one monotonic clock for all clients */
    public HistoryRecorder(LongSupplier nanos) {
        this.nanos = nanos;
    }

    /** A call that is under way. */
    public final class Call {
        private final String client;
        private final String key;
        private final Action action;
        private final String argument;
        private final Optional<String> expected;
        private final long invokedAt;

        private Call(String client, String key, Action action, String argument, Optional<String> expected, long at) {
            this.client = client;
            this.key = key;
            this.action = action;
            this.argument = argument;
            this.expected = expected;
            this.invokedAt = at;
        }

        /** It was answered. */
        public void done(Optional<String> answer) {
            end(answer, Outcome.DONE);
        }

        /** It was answered with yes or no. */
        public void done(boolean answer) {
            done(Optional.of(Boolean.toString(answer)));
        }

        /** It surely has no effect. */
        public void failed() {
            end(Optional.empty(), Outcome.NO_EFFECT);
        }

        /** Nobody knows; a read without an answer is without effect. */
        public void unknown() {
            end(Optional.empty(), action == Action.READ ? Outcome.NO_EFFECT : Outcome.UNKNOWN);
        }

        private void end(Optional<String> answer, Outcome outcome) {
            synchronized (HistoryRecorder.this) {
                if (open.remove(this)) {
                    ended.add(operation(answer, outcome));
                    answered += outcome == Outcome.DONE ? 1 : 0;
                }
            }
        }

        private Operation operation(Optional<String> answer, Outcome outcome) {
            return new Operation(
                    client, key, action, argument, expected, answer, outcome, invokedAt, nanos.getAsLong());
        }
    }

    /** A client begins a call. */
    public Call begin(String client, String key, Action action, String argument) {
        return begin(client, key, action, argument, Optional.empty());
    }

    /** A client begins a swap. */
    public Call beginSwap(String client, String key, Optional<String> expected, String argument) {
        return begin(client, key, Action.SWAP, argument, expected);
    }

    private synchronized Call begin(
            String client, String key, Action action, String argument, Optional<String> expected) {
        if (ended.size() + open.size() >= OPERATIONS_MAX) {
            throw new IllegalStateException("a history has at most " + OPERATIONS_MAX + " calls: end the run earlier");
        }
        var call = new Call(client, key, action, argument, expected, nanos.getAsLong());
        open.add(call);
        return call;
    }

    /** A session may end by itself from this moment on; when it does, if at all, nobody is told. */
    public synchronized void mayEnd(String key, String session, long fromNanos) {
        ended.add(new Operation(
                "store",
                key,
                Action.END_SESSION,
                session,
                Optional.empty(),
                Optional.empty(),
                Outcome.UNKNOWN,
                fromNanos,
                fromNanos));
    }

    /** How many calls were answered. */
    public synchronized long answered() {
        return answered;
    }

    /** Everything so far; calls that are under way have an unknown outcome. */
    public synchronized List<Operation> history() {
        var all = new ArrayList<>(ended);
        open.stream()
                .filter(call -> call.action != Action.READ)
                .forEach(call -> all.add(call.operation(Optional.empty(), Outcome.UNKNOWN)));
        return all;
    }
}
