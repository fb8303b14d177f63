package io.vmha.recovery.core;

/**
 * What one independent source said about a host when an incident was declared.
 *
 * @param source who says it, such as {@code renewals at hv-2}, {@code gossip}, {@code bmc}
 * @param statement what it says, in one line
 */
public record Witness(String source, String statement) {}
