package io.vmha.node.raft;

import java.io.Serial;
import java.util.Objects;

/** An operation of the replicated log did not succeed; {@link #kind()} says what is known about its effect. */
public final class RaftNodeException extends RuntimeException {
    @Serial
    private static final long serialVersionUID = 1L;

    private final Kind kind;

    /** What is known about the operation that failed. */
    public enum Kind {
        /** The entry is not in the log and never will be: no server accepted it. */
        NOT_COMMITTED,
        /** The entry may or may not be, or become, committed: read the state before trying again. */
        UNKNOWN_OUTCOME,
        /** The entry is longer than {@link RaftNode#ENTRY_BYTES_MAX}. */
        TOO_LARGE,
        /** No server answered in time, or none knew a leader. A read had no effect anyway. */
        UNAVAILABLE,
        /** The asked server refused the request, for the reason in the message. */
        REFUSED,
        /** Only the leader, ready and stable, can do this. */
        NOT_LEADER,
        /** This node is in no group, or already in another one. */
        GROUP,
        /** The voters could not be changed, nothing or only the message's part was changed. */
        CHANGE_REFUSED,
        /** The data directory cannot be used. */
        STORAGE,
        /** Certificates or keys cannot be used. */
        TLS,
        /** The address cannot be bound. */
        ADDRESS,
        /** The node is closed. */
        CLOSED
    }

    public RaftNodeException(Kind kind, String message) {
        super(message);
        this.kind = Objects.requireNonNull(kind, "kind");
    }

    public RaftNodeException(Kind kind, String message, Throwable cause) {
        super(message, cause);
        this.kind = Objects.requireNonNull(kind, "kind");
    }

    public Kind kind() {
        return kind;
    }
}
