package io.vmha.gossip.wire;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32;

/** Datagrams, from the outside in: label, encryption, checksum, compression, compound, message. */
public final class PacketCodec {
    private static final int CRC_HEADER_BYTES = 5;
    private static final int COMPOUND_PARTS_MAX = 255;

    private final WireSettings settings;
    private final byte[] label;

    public PacketCodec(WireSettings settings) {
        this.settings = settings;
        this.label = settings.labelBytes();
    }

    /**
     * What a datagram held. A damaged part does not spoil the others: peers deliver what they can read.
     *
     * @param problems why parts were dropped
     */
    public record Packet(List<Message> messages, List<String> problems) {
        public Packet {
            messages = List.copyOf(messages);
            problems = List.copyOf(problems);
        }
    }

    /**
     * Builds a datagram.
     *
     * @param parts encoded messages, at least one
     * @param checksum put a CRC in front; only for peers that speak memberlist protocol 5
     * @param nonce {@link Keyring#NONCE_BYTES} fresh random bytes; ignored without keys
     */
    public byte[] encode(List<Bytes> parts, boolean checksum, byte[] nonce) {
        Bytes body = parts.size() == 1 ? parts.get(0) : compound(parts);
        if (settings.compress()) {
            Bytes packed = Compression.wrap(body);
            body = packed.length() < body.length() ? packed : body;
        }
        byte[] content = checksum ? withChecksum(body.shared()) : body.shared();
        if (!settings.keyring().isEmpty()) {
            content = settings.keyring().encrypt(content, nonce, label);
        }
        return label.length == 0 ? content.clone() : withLabel(content);
    }

    private static Bytes compound(List<Bytes> parts) {
        if (parts.isEmpty() || parts.size() > COMPOUND_PARTS_MAX) {
            throw new IllegalArgumentException(
                    "a datagram holds 1 to " + COMPOUND_PARTS_MAX + " messages, not " + parts.size());
        }
        MsgpackWriter output =
                new MsgpackWriter().octet(MessageType.COMPOUND.code()).octet(parts.size());
        for (Bytes part : parts) {
            output.octet(part.length() >>> 8).octet(part.length());
        }
        parts.forEach(output::verbatim);
        return output.toBytes();
    }

    private static byte[] withChecksum(byte[] body) {
        CRC32 crc = new CRC32();
        crc.update(body);
        return ByteBuffer.allocate(CRC_HEADER_BYTES + body.length)
                .put((byte) MessageType.HAS_CRC.code())
                .putInt((int) crc.getValue())
                .put(body)
                .array();
    }

    private byte[] withLabel(byte[] content) {
        return ByteBuffer.allocate(2 + label.length + content.length)
                .put((byte) MessageType.LABEL.code())
                .put((byte) label.length)
                .put(label)
                .put(content)
                .array();
    }

    /**
     * Opens a datagram.
     *
     * @throws WireFormatException if an outer layer is wrong, so that nothing can be believed
     */
    public Packet decode(byte[] datagram) {
        int from = Label.skip(datagram, datagram.length, label);
        byte[] content = datagram;
        int to = datagram.length;
        if (!settings.keyring().isEmpty()) {
            content = settings.keyring().decrypt(datagram, from, to, label);
            from = 0;
            to = content.length;
        }
        if (to - from >= CRC_HEADER_BYTES && (content[from] & 0xff) == MessageType.HAS_CRC.code()) {
            checkCrc(content, from, to);
            from += CRC_HEADER_BYTES;
        }
        Opening opening = new Opening();
        opening.open(content, from, to, Limits.LAYER_DEPTH_MAX);
        return new Packet(opening.messages, opening.problems);
    }

    private static void checkCrc(byte[] content, int from, int to) {
        CRC32 crc = new CRC32();
        crc.update(content, from + CRC_HEADER_BYTES, to - from - CRC_HEADER_BYTES);
        int sent = ByteBuffer.wrap(content).getInt(from + 1);
        if (sent != (int) crc.getValue()) {
            throw new WireFormatException("checksum is " + Long.toHexString(crc.getValue()) + " but the packet says "
                    + Integer.toHexString(sent));
        }
    }

    /** The inner layers of one datagram, with its budgets. */
    private static final class Opening {
        private final List<Message> messages = new ArrayList<>();
        private final List<String> problems = new ArrayList<>();
        private int inflatedLeft = Limits.DATAGRAM_INFLATED_BYTES_MAX;

        void open(byte[] content, int from, int to, int depthLeft) {
            try {
                openLayer(content, from, to, depthLeft);
            } catch (WireFormatException damaged) {
                if (problems.size() < COMPOUND_PARTS_MAX) {
                    problems.add(String.valueOf(damaged.getMessage()));
                }
            }
        }

        private void openLayer(byte[] content, int from, int to, int depthLeft) {
            if (depthLeft == 0) {
                throw new WireFormatException("packet has more than " + Limits.LAYER_DEPTH_MAX + " layers");
            }
            if (from >= to) {
                throw new TruncatedInputException("a message without a type byte");
            }
            int type = content[from] & 0xff;
            if (type == MessageType.COMPOUND.code()) {
                openCompound(content, from + 1, to, depthLeft - 1);
            } else if (type == MessageType.COMPRESS.code()) {
                byte[] inflated = Compression.unwrap(new MsgpackReader(content, from + 1, to), inflatedLeft);
                inflatedLeft -= inflated.length;
                open(inflated, 0, inflated.length, depthLeft - 1);
            } else if (messages.size() < Limits.DATAGRAM_MESSAGES_MAX) {
                messages.add(MessageCodec.decode(content, from, to));
            } else {
                throw new WireFormatException("more than " + Limits.DATAGRAM_MESSAGES_MAX + " messages in one packet");
            }
        }

        private void openCompound(byte[] content, int from, int to, int depthLeft) {
            if (from >= to) {
                throw new TruncatedInputException("a compound without its count");
            }
            int count = content[from] & 0xff;
            int lengthAt = from + 1;
            int partAt = lengthAt + 2 * count;
            if (partAt > to) {
                throw new TruncatedInputException("a compound of " + count + " parts ends inside its lengths");
            }
            for (int i = 0; i < count; i++, lengthAt += 2) {
                int length = (content[lengthAt] & 0xff) << 8 | (content[lengthAt + 1] & 0xff);
                if (partAt + length > to) {
                    throw new TruncatedInputException("a compound lost " + (count - i) + " of " + count + " parts");
                }
                open(content, partAt, partAt + length, depthLeft);
                partAt += length;
            }
        }
    }
}
