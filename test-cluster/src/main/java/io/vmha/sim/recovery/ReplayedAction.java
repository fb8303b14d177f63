package io.vmha.sim.recovery;

import io.vmha.recovery.core.Action;
import io.vmha.recovery.core.ActionRunner;
import io.vmha.recovery.core.Doorbell;
import io.vmha.recovery.core.Result;
import java.util.function.LongPredicate;
import java.util.function.LongSupplier;

/** One action of a real {@link ActionRunner}. */
final class ReplayedAction extends Replay<Result> {
    private final Action action;

    ReplayedAction(Action action, SimulatedPorts ports, LongPredicate termStands, LongSupplier nowMs) {
        super(replay -> {
            var runner = new ActionRunner(
                    ports.compute(replay, action),
                    ports.fencer(replay, action),
                    ports.voters(replay),
                    Doorbell.NONE,
                    term -> replay.read(() -> termStands.test(term)),
                    () -> replay.read(nowMs::getAsLong));
            return () -> runner.run(action);
        });
        this.action = action;
    }

    Action action() {
        return action;
    }
}
