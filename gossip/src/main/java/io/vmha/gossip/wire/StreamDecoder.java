package io.vmha.gossip.wire;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Finds the one message in a stream that arrives in pieces. Without encryption there is no length in front, so the decoder reads as far
 * as it can and remembers where it was.
 */
public final class StreamDecoder {
    /** Texts of memberlist 0.2.2; peers print them. */
    static final String NOT_ENCRYPTED = "Encryption is configured but remote state is not encrypted";

    static final String ENCRYPTED = "Remote state is encrypted and encryption is not configured";

    /** Bounds the work that a peer causes by sending byte after byte: reading restarts at the last complete node. */
    private static final int FRUITLESS_READS_MAX = 256;

    private final WireSettings settings;
    private final byte[] expectedLabel;
    private byte[] buffer = new byte[1024];
    private int length;
    private boolean labelSeen;
    private int start;
    private int fruitlessReads;
    private PushPullReader pushPull;

    StreamDecoder(WireSettings settings, StreamCodec.Side sender) {
        this.settings = settings;
        this.expectedLabel = sender == StreamCodec.Side.INITIATOR ? settings.labelBytes() : new byte[0];
    }

    /** Bytes held back so far. */
    public int buffered() {
        return length;
    }

    /**
     * Takes the next bytes of the stream.
     *
     * @return the message once it is complete; what follows it is ignored
     * @throws WireFormatException if this can never become a message; close the connection
     */
    public Optional<Message> feed(byte[] chunk, int from, int to) {
        append(chunk, from, to);
        try {
            return Optional.of(read());
        } catch (TruncatedInputException incomplete) {
            int readsMax = FRUITLESS_READS_MAX + (pushPull == null ? 0 : pushPull.nodesRead());
            if (++fruitlessReads > readsMax) {
                throw new WireFormatException("a message in more than " + readsMax + " pieces", incomplete);
            }
            return Optional.empty();
        }
    }

    private void append(byte[] chunk, int from, int to) {
        int added = to - from;
        if (length + added > Limits.STREAM_BYTES_MAX) {
            throw new WireFormatException("a message longer than " + Limits.STREAM_BYTES_MAX + " bytes");
        }
        if (length + added > buffer.length) {
            buffer = Arrays.copyOf(
                    buffer, Math.max(length + added, Math.min(2 * buffer.length, Limits.STREAM_BYTES_MAX)));
        }
        System.arraycopy(chunk, from, buffer, length, added);
        length += added;
    }

    private Message read() {
        if (!labelSeen) {
            start = Label.skip(buffer, length, expectedLabel);
            labelSeen = true;
        }
        require(start + 1, length);
        boolean encrypted = (buffer[start] & 0xff) == MessageType.ENCRYPT.code();
        if (settings.keyring().isEmpty()) {
            if (encrypted) {
                throw new WireFormatException(ENCRYPTED);
            }
            return message(buffer, start, length, true);
        }
        if (!encrypted) {
            throw new WireFormatException(NOT_ENCRYPTED);
        }
        byte[] plain = opened();
        return whole(plain);
    }

    private byte[] opened() {
        int blobAt = start + StreamCodec.ENVELOPE_BYTES;
        require(blobAt, length);
        long blobLength = 0;
        for (int i = start + 1; i < blobAt; i++) {
            blobLength = blobLength << 8 | (buffer[i] & 0xff);
        }
        if (blobLength > Limits.STREAM_BYTES_MAX) {
            throw new WireFormatException(
                    "an encrypted message of " + blobLength + " bytes, longer than " + Limits.STREAM_BYTES_MAX);
        }
        int end = blobAt + (int) blobLength;
        require(end, length);
        byte[] associatedData =
                StreamCodec.associatedData(Arrays.copyOfRange(buffer, start, blobAt), settings.labelBytes());
        return settings.keyring().decrypt(buffer, blobAt, end, associatedData);
    }

    /** A message that is all there: now a missing byte is an error. */
    private Message whole(byte[] plain) {
        try {
            return message(plain, 0, plain.length, true);
        } catch (TruncatedInputException cut) {
            throw new WireFormatException("a message whose envelope ends too early: " + cut.getMessage(), cut);
        }
    }

    private Message message(byte[] source, int from, int to, boolean mayBeCompressed) {
        require(from + 1, to);
        int code = source[from] & 0xff;
        MessageType type = MessageType.of(code)
                .orElseThrow(() -> new WireFormatException("message type " + code + " is not known"));
        return switch (type) {
            case COMPRESS -> {
                if (!mayBeCompressed) {
                    throw new WireFormatException("a compressed message inside a compressed message");
                }
                byte[] inflated =
                        Compression.unwrap(new MsgpackReader(source, from + 1, to), Limits.STREAM_INFLATED_BYTES_MAX);
                pushPull = null;
                try {
                    yield message(inflated, 0, inflated.length, false);
                } catch (TruncatedInputException cut) {
                    throw new WireFormatException("a compressed message that is cut: " + cut.getMessage(), cut);
                }
            }
            case PUSH_PULL -> {
                if (pushPull == null) {
                    pushPull = new PushPullReader(from + 1);
                }
                yield pushPull.read(source, to);
            }
            case USER -> user(source, from + 1, to);
            case PING, ACK, ERROR -> MessageCodec.decodeBody(type, new MsgpackReader(source, from + 1, to));
            case INDIRECT_PING, SUSPECT, ALIVE, DEAD, COMPOUND, ENCRYPT, NACK, HAS_CRC, LABEL ->
                throw new WireFormatException("message type " + type + " is not allowed over a stream");
        };
    }

    private static Message user(byte[] source, int from, int to) {
        MsgpackReader reader = new MsgpackReader(source, from, to);
        int bodyLength = reader.value()
                .struct("user", List.of("UserMsgLen"))
                .integer("UserMsgLen", 0, Limits.STREAM_INFLATED_BYTES_MAX);
        int bodyAt = reader.position();
        require(bodyAt + bodyLength, to);
        return new Message.User(Bytes.copyOfRange(source, bodyAt, bodyAt + bodyLength));
    }

    static void require(int needed, int available) {
        if (available < needed) {
            throw new TruncatedInputException("stream message needs " + needed + " bytes but has " + available);
        }
    }
}
