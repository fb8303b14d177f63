package io.vmha.testcluster.history;

import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;

/** The objects that workloads use. */
public final class Models {
    private Models() {}

    /** A value that is read, written, and swapped for an expected one. */
    public static Model<Optional<String>> register() {
        return new Register(Optional.empty());
    }

    /** A list of words, separated by blanks, that is read as a whole and appended to. */
    public static Model<Optional<String>> appendList() {
        return new AppendList(Optional.empty());
    }

    /** A lock that sessions take, give back, and lose when they end. */
    public static Model<Lock> lock() {
        return new LockModel();
    }

    private static boolean isTold(Operation call, boolean result) {
        return !call.isDone() || call.answer().equals(Optional.of(Boolean.toString(result)));
    }

    private static IllegalArgumentException notFor(String object, Operation call) {
        return new IllegalArgumentException("a " + object + " has no such call: " + call);
    }

    /** Values that no read returned and no swap expected are one and the same to the clients. */
    private record Register(Optional<Set<String>> observed) implements Model<Optional<String>> {
        private static final String UNOBSERVED = "a value that nobody saw";

        @Override
        public Optional<String> initial() {
            return Optional.empty();
        }

        @Override
        public Model<Optional<String>> knowing(List<Operation> calls) {
            Set<String> values = new TreeSet<>();
            for (Operation call : calls) {
                call.expected().ifPresent(values::add);
                call.answer()
                        .filter(a -> call.action() == Operation.Action.READ)
                        .ifPresent(values::add);
            }
            return new Register(Optional.of(values));
        }

        @Override
        public String alike(Operation call) {
            return call.action() + " " + seen(call.argument()) + " " + call.expected();
        }

        private String seen(String value) {
            return observed.map(values -> values.contains(value)).orElse(true) ? value : UNOBSERVED;
        }

        @Override
        public Optional<Optional<String>> step(Optional<String> value, Operation call) {
            return switch (call.action()) {
                case READ -> !call.isDone() || call.answer().equals(value) ? Optional.of(value) : Optional.empty();
                case WRITE -> Optional.of(Optional.of(seen(call.argument())));
                case SWAP -> {
                    boolean found = call.expected().equals(value);
                    yield isTold(call, found)
                            ? Optional.of(found ? Optional.of(seen(call.argument())) : value)
                            : Optional.empty();
                }
                case APPEND, ACQUIRE, RELEASE, END_SESSION -> throw notFor("register", call);
            };
        }
    }

    /** A list only grows: whatever it was at some time is the beginning of what anybody reads later. */
    private record AppendList(Optional<String> longestRead) implements Model<Optional<String>> {
        private static final String BEYOND = "more than anybody read";

        @Override
        public Optional<String> initial() {
            return Optional.empty();
        }

        @Override
        public Model<Optional<String>> knowing(List<Operation> calls) {
            return new AppendList(calls.stream()
                    .filter(c -> c.action() == Operation.Action.READ)
                    .flatMap(c -> c.answer().stream())
                    .max(Comparator.comparingInt(String::length))
                    .or(() -> Optional.of("")));
        }

        @Override
        public Optional<Optional<String>> step(Optional<String> list, Operation call) {
            return switch (call.action()) {
                case READ -> !call.isDone() || call.answer().equals(list) ? Optional.of(list) : Optional.empty();
                case APPEND -> append(list.orElse(""), call.argument());
                case WRITE, SWAP, ACQUIRE, RELEASE, END_SESSION -> throw notFor("list", call);
            };
        }

        private Optional<Optional<String>> append(String list, String element) {
            String longer = list.isEmpty() ? element : list + " " + element;
            if (longestRead.isEmpty()) {
                return Optional.of(Optional.of(longer));
            }
            String longest = longestRead.get();
            if (list.equals(BEYOND) || list.equals(longest)) {
                return Optional.of(Optional.of(BEYOND));
            }
            return longest.equals(longer) || longest.startsWith(longer + " ")
                    ? Optional.of(Optional.of(longer))
                    : Optional.empty();
        }
    }

    /**
     * A lock.
     *
     * @param holder the session that has it
     * @param ended the sessions that are over: they can take nothing any more
     */
    public record Lock(Optional<String> holder, SortedSet<String> ended) {
        public Lock {
            ended = Collections.unmodifiableSortedSet(new TreeSet<>(ended));
        }

        private Lock heldBy(Optional<String> session) {
            return new Lock(session, ended);
        }

        private Lock without(String session) {
            var over = new TreeSet<>(ended);
            over.add(session);
            return new Lock(holder.filter(h -> !h.equals(session)), over);
        }
    }

    private static final class LockModel implements Model<Lock> {
        @Override
        public Lock initial() {
            return new Lock(Optional.empty(), Collections.emptySortedSet());
        }

        @Override
        public Optional<Lock> step(Lock lock, Operation call) {
            String session = call.argument();
            return switch (call.action()) {
                case ACQUIRE -> {
                    // the holder may take it again
                    boolean free = lock.holder().map(session::equals).orElse(true)
                            && !lock.ended().contains(session);
                    yield isTold(call, free)
                            ? Optional.of(free ? lock.heldBy(Optional.of(session)) : lock)
                            : Optional.empty();
                }
                case RELEASE -> {
                    boolean held = lock.holder().equals(Optional.of(session));
                    yield isTold(call, held)
                            ? Optional.of(held ? lock.heldBy(Optional.empty()) : lock)
                            : Optional.empty();
                }
                // one that may have ended without holding anything is told so when it tries to acquire: a call without
                // effect
                case END_SESSION ->
                    Optional.of(
                            call.isDone() || lock.holder().equals(Optional.of(session)) ? lock.without(session) : lock);
                case READ ->
                    !call.isDone() || call.answer().equals(lock.holder()) ? Optional.of(lock) : Optional.empty();
                case WRITE, SWAP, APPEND -> throw notFor("lock", call);
            };
        }
    }
}
