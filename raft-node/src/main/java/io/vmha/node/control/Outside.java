package io.vmha.node.control;

import io.vmha.recovery.core.Compute;
import io.vmha.recovery.core.Fencer;
import io.vmha.recovery.core.Operations;
import io.vmha.recovery.core.ReserveRecords;
import io.vmha.recovery.fencing.FenceAgents;
import io.vmha.recovery.openstack.NovaCompute;
import java.util.function.BooleanSupplier;

/**
 * What a leader changes outside. Each is handed out for one decision: whether the leadership still stands in whose term that was made is asked
 * right before each request that changes anything leaves (S9).
 */
public record Outside(NovaCompute nova, FenceAgents agents) {
    Compute compute(BooleanSupplier stands) {
        return nova.onlyWhile(stands);
    }

    Operations operations(BooleanSupplier stands) {
        return nova.onlyWhile(stands).operations();
    }

    ReserveRecords reserves(BooleanSupplier stands) {
        return nova.onlyWhile(stands);
    }

    Fencer fencer(BooleanSupplier stands) {
        return agents.onlyWhile(stands);
    }
}
