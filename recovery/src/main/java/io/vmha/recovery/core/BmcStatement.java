package io.vmha.recovery.core;

/**
 * What was heard from a host's BMC, once.
 *
 * @param identityMatches true if the BMC's own GUID is the one configured for this host; a statement without it proves nothing
 * @param detail the agent's words in one line: the error when {@code power} is UNKNOWN
 * @param tookMs how long the answer took, in milliseconds
 */
public record BmcStatement(HostName host, PowerState power, boolean identityMatches, String detail, long tookMs) {
    /** True if this is half of a POWER_OFF proof: the right machine, and off. */
    public boolean provesOff() {
        return power == PowerState.OFF && identityMatches;
    }
}
