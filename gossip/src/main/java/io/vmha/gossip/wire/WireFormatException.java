package io.vmha.gossip.wire;

/** A packet or stream that does not follow the protocol. Expected from a hostile network: count it, drop the input, go on. */
public class WireFormatException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public WireFormatException(String message) {
        super(message);
    }

    public WireFormatException(String message, Throwable cause) {
        super(message, cause);
    }
}
