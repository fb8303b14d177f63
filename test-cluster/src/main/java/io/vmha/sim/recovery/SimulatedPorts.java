package io.vmha.sim.recovery;

import io.vmha.recovery.core.Compute;
import io.vmha.recovery.core.Fencer;
import io.vmha.recovery.core.Voters;

/** The ports of recovery for one action, whose calls go through {@link ReplayedAction#ask}. */
interface SimulatedPorts {
    Compute compute(ReplayedAction action);

    Fencer fencer(ReplayedAction action);

    Voters voters(ReplayedAction action);
}
