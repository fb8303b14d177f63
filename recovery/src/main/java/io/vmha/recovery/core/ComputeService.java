package io.vmha.recovery.core;

import java.util.Optional;

/**
 * Nova's record of one nova-compute service.
 *
 * @param id the UUID of the service (microversion 2.53 and later)
 * @param up what Nova's own heartbeat says; false for at least a minute's silence, or at once when forced down
 */
public record ComputeService(
        String id, HostName host, boolean up, boolean enabled, boolean forcedDown, Optional<String> disabledReason) {}
