package io.vmha.recovery.core;

/** What a BMC says of its host's power. */
public enum PowerState {
    ON,
    OFF,
    UNKNOWN
}
