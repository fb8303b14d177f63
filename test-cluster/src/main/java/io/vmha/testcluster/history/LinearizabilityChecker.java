package io.vmha.testcluster.history;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Says whether one store, doing one call at a time, could have told its clients what a history says they were told: each answered call must
 * have taken effect at one moment between its beginning and its end, a call with an unknown outcome at one moment after its beginning or
 * never (Herlihy and Wing, Linearizability; the search is Wing and Gong's with the cache of Lowe, Testing for linearizability).
 *
 * <p>Objects are independent, so each key is checked by itself. The search is exponential in the worst case; the budget ends it.
 *
 * @param <S> the state of the model
 */
public final class LinearizabilityChecker<S> {
    private final Model<S> model;
    private final Budget budget;

    /**
     * How much one object's check may cost.
     *
     * @param states different positions of the search; each is remembered, so this bounds the memory too
     */
    public record Budget(int states) {
        /** Seconds of work and some hundred megabytes at the worst; an ordinary history needs a thousandth of it. */
        public static final Budget USUAL = new Budget(500_000);

        public Budget {
            if (states < 1) {
                throw new IllegalArgumentException("a budget must be at least 1 state but is " + states);
            }
        }
    }

    /** A checker of one kind of objects. */
    public LinearizabilityChecker(Model<S> model, Budget budget) {
        this.model = model;
        this.budget = budget;
    }

    /** Checks a history; the first wrong object ends it, an undecided one does not hide a wrong one behind it. */
    public Verdict check(Collection<Operation> history) {
        Map<String, List<Operation>> objects = new TreeMap<>();
        int count = 0;
        for (Operation call : history) {
            if (call.outcome() != Operation.Outcome.NO_EFFECT) {
                objects.computeIfAbsent(call.key(), key -> new ArrayList<>()).add(call);
                count++;
            }
        }
        Optional<Verdict> undecided = Optional.empty();
        for (var object : objects.entrySet()) {
            Verdict verdict = new OneObject<>(object.getKey(), object.getValue(), model, budget.states()).check();
            if (verdict instanceof Verdict.Wrong) {
                return verdict;
            }
            if (verdict instanceof Verdict.Undecided && undecided.isEmpty()) {
                undecided = Optional.of(verdict);
            }
        }
        return undecided.orElse(new Verdict.Right(objects.size(), count));
    }
}
