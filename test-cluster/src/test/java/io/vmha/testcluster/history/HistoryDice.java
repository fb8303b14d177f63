package io.vmha.testcluster.history;

import io.vmha.testcluster.history.Operation.Action;
import io.vmha.testcluster.history.Operation.Outcome;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;

/** Histories from a seed: of a store that does one call at a time, and of one that answers anything. */
final class HistoryDice {
    private static final int CLIENTS = 5;

    private final Random random;
    private long clock;
    private int values;

    HistoryDice(long seed) {
        random = new Random(seed);
    }

    /** Calls of five clients at once against a real register; one answer in ten is lost, half of those calls had an effect. */
    List<Operation> ofARegister(int calls) {
        return ofAStore(calls, this::registerCall, Models.register());
    }

    /** The same against a real list. */
    List<Operation> ofAList(int calls) {
        return ofAStore(calls, this::listCall, Models.appendList());
    }

    /** The same against a real lock; no session ends. */
    List<Operation> ofALock(int calls) {
        return ofAStore(calls, this::lockCall, Models.lock());
    }

    /** Few calls with made-up times and answers, most of which no store could have given. */
    List<Operation> nonsense(int calls) {
        List<Operation> history = new ArrayList<>();
        for (int i = 0; i < calls; i++) {
            long from = random.nextInt(12);
            Action action = List.of(Action.READ, Action.WRITE, Action.SWAP).get(random.nextInt(3));
            Optional<String> answer = switch (action) {
                case READ -> someValue();
                case SWAP -> Optional.of(Boolean.toString(random.nextBoolean()));
                default -> Optional.empty();
            };
            boolean lost = action != Action.READ && random.nextInt(4) == 0;
            history.add(new Operation(
                    "c" + i,
                    "k",
                    action,
                    action == Action.READ ? "" : "" + random.nextInt(3),
                    action == Action.SWAP ? someValue() : Optional.empty(),
                    lost ? Optional.empty() : answer,
                    lost ? Outcome.UNKNOWN : Outcome.DONE,
                    from,
                    from + random.nextInt(6)));
        }
        return history;
    }

    private Optional<String> someValue() {
        int value = random.nextInt(4);
        return value == 3 ? Optional.empty() : Optional.of("" + value);
    }

    private interface CallMaker {
        /** A call without times and answer. */
        Operation make(String client, long from);
    }

    private <S> List<Operation> ofAStore(int calls, CallMaker maker, Model<S> model) {
        List<Operation> history = new ArrayList<>();
        List<Optional<Operation>> open = new ArrayList<>();
        for (int i = 0; i < CLIENTS; i++) {
            open.add(Optional.empty());
        }
        S state = model.initial();
        int clientsUsed = 0;
        for (int begun = 0; begun < calls || open.stream().anyMatch(Optional::isPresent); ) {
            clock++;
            int i = random.nextInt(CLIENTS);
            if (open.get(i).isEmpty()) {
                if (begun < calls) {
                    open.set(i, Optional.of(maker.make("c" + (clientsUsed++ % CLIENTS), clock)));
                    begun++;
                }
                continue;
            }
            Operation call = open.get(i).get();
            open.set(i, Optional.empty());
            boolean lost = call.action() != Action.READ && random.nextInt(10) == 0;
            if (lost && random.nextBoolean()) {
                history.add(ended(call, Optional.empty(), Outcome.UNKNOWN));
                continue;
            }
            // it takes effect now, somewhere between its beginning and its end
            Optional<String> answer = lost ? Optional.empty() : answer(model, state, call);
            state = model.step(state, ended(call, answer, lost ? Outcome.UNKNOWN : Outcome.DONE))
                    .orElseThrow();
            clock += random.nextInt(3);
            history.add(ended(call, answer, lost ? Outcome.UNKNOWN : Outcome.DONE));
        }
        return history;
    }

    private <S> Optional<String> answer(Model<S> model, S state, Operation call) {
        if (call.action() == Action.READ) {
            return state instanceof Models.Lock lock ? lock.holder() : ((Optional<?>) state).map(String::valueOf);
        }
        if (call.action() == Action.WRITE || call.action() == Action.APPEND) {
            return Optional.empty();
        }
        Operation yes = ended(call, Optional.of("true"), Outcome.DONE);
        return Optional.of(Boolean.toString(model.step(state, yes).isPresent()));
    }

    private Operation ended(Operation call, Optional<String> answer, Outcome outcome) {
        return new Operation(
                call.client(),
                call.key(),
                call.action(),
                call.argument(),
                call.expected(),
                answer,
                outcome,
                call.invokedAt(),
                clock);
    }

    private Operation registerCall(String client, long from) {
        Action action =
                List.of(Action.READ, Action.READ, Action.WRITE, Action.SWAP).get(random.nextInt(4));
        Optional<String> expected = action != Action.SWAP || values == 0
                ? Optional.empty()
                : Optional.of("v" + (values - random.nextInt(Math.min(values, 3))));
        return call(client, action, action == Action.READ ? "" : "v" + ++values, expected, from);
    }

    private Operation listCall(String client, long from) {
        boolean read = random.nextBoolean();
        return call(client, read ? Action.READ : Action.APPEND, read ? "" : "e" + ++values, Optional.empty(), from);
    }

    private Operation lockCall(String client, long from) {
        Action action = List.of(Action.READ, Action.ACQUIRE, Action.RELEASE).get(random.nextInt(3));
        return call(client, action, action == Action.READ ? "" : "s" + random.nextInt(4), Optional.empty(), from);
    }

    private static Operation call(String client, Action action, String argument, Optional<String> expected, long from) {
        return new Operation(client, "k", action, argument, expected, Optional.empty(), Outcome.UNKNOWN, from, from);
    }
}
