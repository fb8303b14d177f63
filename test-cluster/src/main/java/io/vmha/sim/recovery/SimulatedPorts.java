package io.vmha.sim.recovery;

import io.vmha.recovery.core.Action;
import io.vmha.recovery.core.Compute;
import io.vmha.recovery.core.Fencer;
import io.vmha.recovery.core.HostName;
import io.vmha.recovery.core.ServiceRecords;
import io.vmha.recovery.core.Sweep;
import io.vmha.recovery.core.Voters;

/** The ports of recovery for one piece of blocking code, whose calls go through {@link Replay#ask}. */
interface SimulatedPorts {
    Compute compute(Replay<?> replay, Action action);

    Fencer fencer(Replay<?> replay, Action action);

    Voters voters(Replay<?> replay);

    /** Nova's records of the services, for a host that returns; what changes them is decided in this term. */
    ServiceRecords services(Replay<?> replay, long term, HostName returning);

    /** What upkeep and reserved hosts need. */
    UpkeepPorts upkeep();

    /** Where Nova has a VM, for the sweep of a host. */
    Sweep.Homes homes(Replay<?> replay);
}
