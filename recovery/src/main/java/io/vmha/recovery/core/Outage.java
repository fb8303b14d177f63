package io.vmha.recovery.core;

/**
 * The nova-compute of a host that lives is down: its VMs run, but Nova can do nothing with them. Only told; nothing is evacuated for it.
 *
 * @param sinceAtMs when it was noticed, wall-clock
 */
public record Outage(HostName host, long sinceAtMs, String detail) {}
