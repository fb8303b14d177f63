package io.vmha.testcluster.history;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The definition, word for word: is there any order of the calls, with or without those of unknown outcome, that explains all answers? */
final class EveryOrder<S> {
    private final Model<S> model;

    EveryOrder(Model<S> model) {
        this.model = model;
    }

    boolean explains(List<Operation> history) {
        return explains(model.initial(), history);
    }

    private boolean explains(S state, List<Operation> left) {
        if (left.stream().noneMatch(Operation::isDone)) {
            return true;
        }
        for (Operation call : left) {
            boolean mayBeNext = left.stream()
                    .allMatch(other -> other.equals(call) || !other.isDone() || other.endedAt() >= call.invokedAt());
            if (mayBeNext) {
                var rest = new ArrayList<>(left);
                rest.removeIf(call::equals);
                Optional<S> after = model.step(state, call);
                if (after.isPresent() && explains(after.get(), rest)) {
                    return true;
                }
            }
        }
        return false;
    }
}
