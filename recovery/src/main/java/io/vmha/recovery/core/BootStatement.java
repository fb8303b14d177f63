package io.vmha.recovery.core;

/**
 * What a voter says of the newest renewal of a host.
 *
 * @param voter its peer id
 * @param bootId which start of the host's kernel it came from; empty if the host did not say
 * @param ageMs how long ago the voter heard it, in milliseconds, whoever has begun or ceased to vote since
 */
public record BootStatement(String voter, HostName host, String bootId, long ageMs) {}
