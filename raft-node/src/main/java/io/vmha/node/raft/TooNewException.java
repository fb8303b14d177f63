package io.vmha.node.raft;

/**
 * What the group has written is of a version that this program does not understand. Nothing is wrong with it, and nothing of it must be thrown away:
 * another program is needed.
 */
public final class TooNewException extends IllegalStateException {
    private static final long serialVersionUID = 1L;

    /** @param message what was found, what this program understands, and what to do */
    public TooNewException(String message) {
        super(message);
    }
}
