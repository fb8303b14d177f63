package io.vmha.gossip.netty;

/** Gossip cannot start or is not running any more. The message says what to do. */
public final class GossipException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public GossipException(String message) {
        super(message);
    }

    public GossipException(String message, Throwable cause) {
        super(message, cause);
    }
}
