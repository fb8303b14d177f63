package io.vmha.gossip.wire;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** Finds the values in the stream of an RPC client: one msgpack map after the other, without any framing. */
public final class RpcReader {
    /** One value. An agent's longest request is an event or a key of some hundred bytes, or a list of addresses to join. */
    public static final int VALUE_BYTES_MAX = 64 * 1024;

    /** Bounds the work that a client causes by sending byte after byte: reading restarts at the beginning of the value. */
    private static final int FRUITLESS_READS_MAX = 256;

    private byte[] buffer = new byte[512];
    private int length;
    private int fruitlessReads;

    /** Bytes held back so far. */
    public int buffered() {
        return length;
    }

    /**
     * Takes the next bytes of the stream; ask {@link #next} for what they complete before feeding more.
     *
     * @throws WireFormatException if a value is too long; close the connection
     */
    public void feed(byte[] chunk) {
        if (length + chunk.length > 2 * VALUE_BYTES_MAX) {
            throw new WireFormatException("an RPC request longer than " + VALUE_BYTES_MAX + " bytes");
        }
        if (length + chunk.length > buffer.length) {
            buffer = Arrays.copyOf(buffer, Math.max(length + chunk.length, 2 * buffer.length));
        }
        System.arraycopy(chunk, 0, buffer, length, chunk.length);
        length += chunk.length;
    }

    /**
     * The next value, if it is complete.
     *
     * @throws WireFormatException if this can never become a request; close the connection
     */
    public Optional<RpcFields> next() {
        if (length == 0) {
            return Optional.empty();
        }
        try {
            MsgpackReader reader = new MsgpackReader(buffer, 0, length);
            RpcFields fields = new RpcFields(reader.value().struct("request", List.of()));
            length -= reader.position();
            System.arraycopy(buffer, reader.position(), buffer, 0, length);
            fruitlessReads = 0;
            return Optional.of(fields);
        } catch (TruncatedInputException incomplete) {
            if (length > VALUE_BYTES_MAX || ++fruitlessReads > FRUITLESS_READS_MAX) {
                throw new WireFormatException(
                        "an RPC request longer than " + VALUE_BYTES_MAX + " bytes or in more than "
                                + FRUITLESS_READS_MAX + " pieces",
                        incomplete);
            }
            return Optional.empty();
        }
    }
}
