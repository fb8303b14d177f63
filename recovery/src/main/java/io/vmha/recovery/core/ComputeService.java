package io.vmha.recovery.core;

import java.util.Optional;

/**
 * Nova's record of one nova-compute service.
 *
 * @param id the UUID of the service (microversion 2.53 and later)
 * @param up what Nova's own heartbeat says; false for at least a minute's silence, or at once when forced down
 * @param heartbeat when Nova last heard from it, as Nova writes it: two different readings mean that it lives
 */
public record ComputeService(
        String id,
        HostName host,
        boolean up,
        boolean enabled,
        boolean forcedDown,
        Optional<String> disabledReason,
        Optional<String> heartbeat) {
    /** One of which Nova has heard nothing yet. */
    public ComputeService(
            String id,
            HostName host,
            boolean up,
            boolean enabled,
            boolean forcedDown,
            Optional<String> disabledReason) {
        this(id, host, up, enabled, forcedDown, disabledReason, Optional.empty());
    }
}
