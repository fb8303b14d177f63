package io.vmha.node.view;

import java.io.Serial;

/** Nothing can be said about keys or sessions just now; the message says why and whether a change may have happened. */
public final class KeysException extends RuntimeException {
    @Serial
    private static final long serialVersionUID = 1L;

    private final Kind kind;

    /** What is known. */
    public enum Kind {
        /** There is no leader or no group; a change surely did not happen. */
        NO_LEADER,
        /** A change may or may not have happened. */
        UNKNOWN,
        /** The request is too large; nothing happened. */
        TOO_LARGE,
        /** Too many clients wait already. */
        TOO_MANY,
        /** The request was refused; nothing happened. */
        REFUSED
    }

    public KeysException(Kind kind, String message, Throwable cause) {
        super(message, cause);
        this.kind = kind;
    }

    public Kind kind() {
        return kind;
    }
}
