package io.vmha.recovery.core;

import java.util.Optional;
import java.util.Set;

/**
 * Nova's record of one evacuation (a migration of type {@code evacuation}).
 *
 * @param status accepted, pre-migrating, done, completed (the source host has cleaned up), failed, error, cancelled
 */
public record Migration(
        long id, ServerId server, HostName source, Optional<HostName> destination, String status, String createdAt) {
    /** In place of {@code accepted}: a later evacuation was taken up by Nova's conductor, and this one was not. */
    static final String OVERTAKEN = "accepted, but overtaken";

    /** In place of {@code accepted}: Nova's conductor has not taken it up, nor a later one of another server. */
    static final String UNTOUCHED = "accepted, but untouched";

    /** In place of {@code accepted}: Nova's conductor has handed it on to a host, and no nova-compute has begun. */
    static final String HANDED_ON = "accepted, and handed on";

    private static final Set<String> NOT_BEGUN = Set.of("accepted", OVERTAKEN, UNTOUCHED, HANDED_ON);
    private static final Set<String> SUCCEEDED = Set.of("done", "completed", "finished", "confirmed");
    private static final Set<String> FAILED = Set.of("failed", "error", "cancelled");

    /** The host that has begun it; until then it is {@code accepted}, and has a destination only if the caller named one. */
    Optional<HostName> takenUpBy() {
        return NOT_BEGUN.contains(status) ? Optional.empty() : destination;
    }

    boolean isOvertaken() {
        return status.equals(OVERTAKEN);
    }

    boolean isUntouched() {
        return status.equals(UNTOUCHED);
    }

    boolean isHandedOn() {
        return status.equals(HANDED_ON);
    }

    Migration withStatus(String other) {
        return new Migration(id, server, source, destination, other, createdAt);
    }

    /** True once Nova will not touch this migration any more, whichever way it ended. */
    public boolean isFinal() {
        return hasSucceeded() || hasFailed();
    }

    public boolean hasSucceeded() {
        return SUCCEEDED.contains(status);
    }

    public boolean hasFailed() {
        return FAILED.contains(status);
    }
}
