package io.vmha.recovery.core;

import java.util.Optional;

/** How a VM shall stand on its new host when Nova has brought it back running: as its owner had left it. */
public enum Rest {
    /** As Nova brings it: running, or stopped if it was stopped. */
    AS_IT_COMES(Optional.empty()),
    STOPPED(Optional.of("stopped")),
    PAUSED(Optional.of("paused")),
    SUSPENDED(Optional.of("suspended"));

    private final Optional<String> vmState;

    Rest(Optional<String> vmState) {
        this.vmState = vmState;
    }

    /** The vm_state that is wanted; empty if any will do. */
    public Optional<String> vmState() {
        return vmState;
    }
}
