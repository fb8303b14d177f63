package io.vmha.testcluster.cloud;

import java.util.Optional;
import java.util.UUID;

/**
 * Nova's record of one evacuation, or of another move: accepted, pre-migrating (claimed on the target), done, completed (the source's nova-compute has
 * restarted and cleaned up), or failed, or error (no valid host). Guarded by the {@link Region} it belongs to.
 */
final class MigrationRecord {
    final long id;
    final String uuid = UUID.randomUUID().toString();
    final ServerRecord server;
    final String source;
    final long createdAtMs;
    String type = "evacuation";
    String status = "accepted";
    Optional<String> destination = Optional.empty();
    boolean claimed; // the target's node and address are known
    Optional<Long> updatedAtMs = Optional.empty();

    MigrationRecord(long id, ServerRecord server, long nowMs) {
        this.id = id;
        this.server = server;
        this.source = server.host;
        this.createdAtMs = nowMs;
    }

    void become(String newStatus, long nowMs) {
        status = newStatus;
        updatedAtMs = Optional.of(nowMs);
    }

    /** True if the restart of the source's nova-compute completes it: nova compute/manager.py, _destroy_evacuated_instances. */
    boolean waitsForSource() {
        return status.equals("accepted") || status.equals("pre-migrating") || status.equals("done");
    }
}
