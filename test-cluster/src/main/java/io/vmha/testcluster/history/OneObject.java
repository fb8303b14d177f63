package io.vmha.testcluster.history;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The search for an order of one object's calls. A position is the set of calls that have taken effect and the state they led to; from
 * it, every call may be next that began before all answered calls that have not taken effect yet had ended.
 */
final class OneObject<S> {
    private static final int NEIGHBOURS_SHOWN = 8;

    private final String key;
    private final List<Operation> answered;
    private final List<Operation> unknown;
    private final Model<S> model;
    private final int statesMax;
    /** For each set of answered calls and state, the smallest sets of unknown ones that led there: less used up is never worse. */
    private final Map<Reached<S>, List<BitSet>> seen = new HashMap<>();

    private int positions;

    /**
     * @param before the first so many answered calls have all taken effect; keeps the sets small
     * @param further answered calls beyond those
     * @param maybe calls with an unknown outcome that have taken effect
     */
    private record Position<S>(int before, BitSet further, BitSet maybe, S state) {
        int done() {
            return before + further.cardinality();
        }
    }

    private record Reached<S>(int before, BitSet further, S state) {}

    private record Step<S>(Position<S> position, List<Integer> next) {}

    OneObject(String key, List<Operation> calls, Model<S> model, int statesMax) {
        this.key = key;
        this.model = model.knowing(calls);
        this.statesMax = statesMax;
        var byBeginning = Comparator.comparingLong(Operation::invokedAt).thenComparingLong(Operation::endedAt);
        answered = calls.stream().filter(Operation::isDone).sorted(byBeginning).toList();
        unknown = calls.stream().filter(c -> !c.isDone()).sorted(byBeginning).toList();
    }

    Verdict check() {
        Deque<Step<S>> path = new ArrayDeque<>();
        var first = new Position<>(0, new BitSet(), new BitSet(), model.initial());
        isNew(first);
        path.push(new Step<>(first, candidates(first)));
        Position<S> farthest = first;
        while (!path.isEmpty()) {
            Step<S> here = path.peek();
            if (here.position().before() == answered.size()) {
                return new Verdict.Right(1, answered.size() + unknown.size());
            }
            if (here.next().isEmpty()) {
                path.pop();
                continue;
            }
            int call = here.next().remove(here.next().size() - 1);
            Optional<Position<S>> after = after(here.position(), call);
            if (after.isEmpty() || !isNew(after.get())) {
                continue;
            }
            if (positions > statesMax) {
                return new Verdict.Undecided(
                        key,
                        "undecided after " + statesMax + " positions of '" + key + "' with " + answered.size()
                                + " answered calls and " + unknown.size()
                                + " of unknown outcome: give it a larger budget or the object fewer calls");
            }
            if (after.get().done() > farthest.done()) {
                farthest = after.get();
            }
            path.push(new Step<>(after.get(), candidates(after.get())));
        }
        return new Verdict.Wrong(key, explain(farthest));
    }

    private boolean isNew(Position<S> position) {
        List<BitSet> used = seen.computeIfAbsent(
                new Reached<>(position.before(), position.further(), position.state()), key -> new ArrayList<>());
        for (BitSet smaller : used) {
            BitSet rest = (BitSet) smaller.clone();
            rest.andNot(position.maybe());
            if (rest.isEmpty()) {
                return false;
            }
        }
        used.add(position.maybe());
        positions++;
        return true;
    }

    /** Calls that may be next, the most promising last: answered calls by their ends, then those of unknown outcome. */
    private List<Integer> candidates(Position<S> position) {
        long firstEnd = firstEnd(position);
        List<Integer> next = new ArrayList<>();
        for (int i = position.before(); i < answered.size() && answered.get(i).invokedAt() <= firstEnd; i++) {
            if (!position.further().get(i)) {
                next.add(i);
            }
        }
        next.sort(Comparator.comparingLong((Integer i) -> answered.get(i).endedAt())
                .reversed());
        List<Integer> all = new ArrayList<>();
        Set<String> kinds = new HashSet<>();
        for (int i = 0; i < unknown.size() && unknown.get(i).invokedAt() <= firstEnd; i++) {
            // of those that are alike the oldest: it will not be of more use later
            if (!position.maybe().get(i) && kinds.add(model.alike(unknown.get(i)))) {
                all.add(-1 - i);
            }
        }
        all.addAll(next);
        return all;
    }

    private long firstEnd(Position<S> position) {
        long end = Long.MAX_VALUE;
        for (int i = position.before(); i < answered.size() && answered.get(i).invokedAt() <= end; i++) {
            if (!position.further().get(i)) {
                end = Math.min(end, answered.get(i).endedAt());
            }
        }
        return end;
    }

    /** @param call an index of an answered call, or -1 minus the index of an unknown one */
    private Optional<Position<S>> after(Position<S> here, int call) {
        Operation operation = call >= 0 ? answered.get(call) : unknown.get(-1 - call);
        Optional<S> state = model.step(here.state(), operation);
        if (state.isEmpty()) {
            return Optional.empty();
        }
        if (call < 0) {
            if (state.get().equals(here.state())) {
                return Optional.empty(); // to be of no effect now is to have had none
            }
            BitSet maybe = (BitSet) here.maybe().clone();
            maybe.set(-1 - call);
            return Optional.of(new Position<>(here.before(), here.further(), maybe, state.get()));
        }
        BitSet further = (BitSet) here.further().clone();
        further.set(call);
        int before = here.before();
        while (further.get(before)) {
            further.clear(before);
            before++;
        }
        return Optional.of(new Position<>(before, further, here.maybe(), state.get()));
    }

    private String explain(Position<S> farthest) {
        var text = new StringBuilder("no order of the calls of '" + key + "' explains all answers. After "
                + farthest.done() + " of " + answered.size() + " answered calls, in state " + farthest.state()
                + ", none of these can be next:");
        long firstEnd = firstEnd(farthest);
        int shown = 0;
        for (int i = farthest.before(); i < answered.size() && shown < NEIGHBOURS_SHOWN; i++) {
            if (!farthest.further().get(i) && answered.get(i).invokedAt() <= firstEnd) {
                text.append("\n  ").append(answered.get(i));
                shown++;
            }
        }
        for (int i = Math.max(0, farthest.before() - NEIGHBOURS_SHOWN); i < farthest.before(); i++) {
            text.append("\n  before that: ").append(answered.get(i));
        }
        return text.toString();
    }
}
