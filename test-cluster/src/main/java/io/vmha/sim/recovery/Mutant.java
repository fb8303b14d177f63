package io.vmha.sim.recovery;

import io.vmha.recovery.core.Action;
import io.vmha.recovery.core.Migration;
import io.vmha.recovery.core.RecoveryConfig;
import io.vmha.recovery.core.RecoveryState;
import io.vmha.recovery.core.Server;
import java.util.List;
import java.util.Optional;

/** A version of the product with one safety rule taken out, to prove that the rules' checkers can find its absence. */
interface Mutant {
    /** The product as it is. */
    Mutant NONE = new Mutant() {};

    default Raft.Applier applier() {
        return RecoveryState::apply;
    }

    default RecoveryConfig config() {
        return RecoveryConfig.DEFAULT;
    }

    /** What the caller sees of a server. */
    default Optional<Server> seen(Optional<Server> server) {
        return server;
    }

    /** What an action sees of the migrations. */
    default List<Migration> seen(Action action, List<Migration> migrations) {
        return migrations;
    }
}
