package io.vmha.testcluster.history;

import java.util.List;
import java.util.Optional;

/**
 * What an object may answer, one call after the other.
 *
 * @param <S> the object's state, an immutable value with {@code equals} and {@code hashCode}
 */
public interface Model<S> {
    /** The state before the first call. */
    S initial();

    /**
     * The state after the call, or empty if the object in this state would not have given the call's answer. A call whose outcome is
     * unknown has no answer that could be wrong.
     */
    Optional<S> step(S state, Operation call);

    /**
     * A model of the same object that may use what all its calls observe, so that states which no call can tell apart are equal and states
     * that contradict a later call are refused early. The search is the shorter for it; its result is the same.
     */
    default Model<S> knowing(List<Operation> calls) {
        return this;
    }

    /** Calls of unknown outcome that are alike lead from equal states to equal states. */
    default String alike(Operation call) {
        return call.action() + " " + call.argument() + " " + call.expected();
    }
}
