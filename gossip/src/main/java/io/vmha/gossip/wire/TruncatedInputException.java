package io.vmha.gossip.wire;

/** The input ends inside a value: on a stream, wait for more; in a datagram, an error. */
final class TruncatedInputException extends WireFormatException {
    private static final long serialVersionUID = 1L;

    TruncatedInputException(String message) {
        super(message);
    }
}
