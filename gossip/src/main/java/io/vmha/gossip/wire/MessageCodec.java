package io.vmha.gossip.wire;

import io.vmha.gossip.wire.Message.Source;
import java.util.List;
import java.util.Optional;

/** One bare message: its type byte and its msgpack body. Push/pull states and stream framing are {@link StreamCodec}'s part. */
public final class MessageCodec {
    private static final List<String> PING_FIELDS = List.of("SeqNo", "Node", "SourceAddr", "SourcePort", "SourceNode");
    private static final List<String> INDIRECT_PING_FIELDS =
            List.of("SeqNo", "Target", "Port", "Node", "Nack", "SourceAddr", "SourcePort", "SourceNode");
    private static final List<String> ACK_FIELDS = List.of("SeqNo", "Payload");
    private static final List<String> ACCUSATION_FIELDS = List.of("Incarnation", "Node", "From");
    private static final List<String> ALIVE_FIELDS = List.of("Incarnation", "Node", "Addr", "Port", "Meta", "Vsn");

    private static final int IPV4_BYTES = 4;
    private static final int PORT_MAX = 0xffff;

    private MessageCodec() {}

    /** The bytes of a message as a part of a datagram. A push/pull state does not exist there. */
    public static Bytes encode(Message message) {
        Encoder encoder = new Encoder();
        message.deliverTo(encoder);
        return encoder.output.toBytes();
    }

    /**
     * Reads one message of a datagram. Bytes after the body are ignored, as every peer does.
     *
     * @throws WireFormatException if it is not a message that may travel in a datagram
     */
    public static Message decode(Bytes part) {
        return decode(part.shared(), 0, part.length());
    }

    static Message decode(byte[] source, int from, int to) {
        if (from >= to) {
            throw new TruncatedInputException("a message without a type byte");
        }
        int code = source[from] & 0xff;
        MessageType type = MessageType.of(code)
                .orElseThrow(() -> new WireFormatException("message type " + code + " is not known"));
        if (type == MessageType.USER) {
            return new Message.User(Bytes.copyOfRange(source, from + 1, to));
        }
        return plain(type, source, from + 1, to)
                .orElseGet(() -> decodeBody(type, new MsgpackReader(source, from + 1, to)));
    }

    /** What makes up most of the traffic, if it is written as everybody writes it. */
    private static Optional<Message> plain(MessageType type, byte[] source, int from, int to) {
        return switch (type) {
            case PING -> plainPing(new PlainReader(source, from, to));
            case ACK -> plainAck(new PlainReader(source, from, to));
            case INDIRECT_PING,
                    NACK,
                    SUSPECT,
                    DEAD,
                    ALIVE,
                    ERROR,
                    PUSH_PULL,
                    COMPOUND,
                    USER,
                    COMPRESS,
                    ENCRYPT,
                    HAS_CRC,
                    LABEL -> Optional.empty();
        };
    }

    private static Optional<Message> plainPing(PlainReader reader) {
        reader.mapOf(5);
        String node = reader.key("Node").word();
        long sequence = reader.key("SeqNo").unsigned();
        Bytes ip = reader.key("SourceAddr").shortRaw();
        String asker = reader.key("SourceNode").word();
        long port = reader.key("SourcePort").unsigned();
        if (!reader.isPlain() || ip.length() != IPV4_BYTES || port > PORT_MAX) {
            return Optional.empty();
        }
        return Optional.of(new Message.Ping(sequence, node, new Source(new NodeAddress(ip, (int) port), asker)));
    }

    private static Optional<Message> plainAck(PlainReader reader) {
        reader.mapOf(2);
        Bytes payload = reader.key("Payload").raw();
        long sequence = reader.key("SeqNo").unsigned();
        return reader.isPlain() ? Optional.of(new Message.Ack(sequence, payload)) : Optional.empty();
    }

    static Message decodeBody(MessageType type, MsgpackReader reader) {
        return switch (type) {
            case PING -> ping(reader.value().struct("ping", PING_FIELDS));
            case INDIRECT_PING -> indirectPing(reader.value().struct("indirectPing", INDIRECT_PING_FIELDS));
            case ACK -> {
                Fields f = reader.value().struct("ack", ACK_FIELDS);
                yield new Message.Ack(f.uint32("SeqNo"), f.bytes("Payload"));
            }
            case NACK ->
                new Message.Nack(reader.value().struct("nack", List.of("SeqNo")).uint32("SeqNo"));
            case SUSPECT -> {
                Fields f = reader.value().struct("suspect", ACCUSATION_FIELDS);
                yield new Message.Suspect(f.name("Node"), f.uint32("Incarnation"), f.name("From"));
            }
            case DEAD -> {
                Fields f = reader.value().struct("dead", ACCUSATION_FIELDS);
                yield new Message.Dead(f.name("Node"), f.uint32("Incarnation"), f.name("From"));
            }
            case ALIVE -> alive(reader.value().struct("alive", ALIVE_FIELDS));
            case ERROR -> {
                Fields f = reader.value().struct("err", List.of("Error"));
                yield new Message.ErrorReply(
                        f.bytes("Error", Limits.ERROR_TEXT_BYTES_MAX).lenientText());
            }
            case PUSH_PULL, COMPOUND, USER, COMPRESS, ENCRYPT, HAS_CRC, LABEL ->
                throw new WireFormatException("message type " + type + " is not allowed here");
        };
    }

    private static Message ping(Fields f) {
        return new Message.Ping(f.uint32("SeqNo"), f.name("Node"), source(f));
    }

    private static Message indirectPing(Fields f) {
        NodeAddress target = new NodeAddress(f.address("Target"), f.uint16("Port"));
        return new Message.IndirectPing(f.uint32("SeqNo"), target, f.name("Node"), f.bool("Nack"), source(f));
    }

    private static Source source(Fields f) {
        return new Source(new NodeAddress(f.address("SourceAddr"), f.uint16("SourcePort")), f.name("SourceNode"));
    }

    private static Message alive(Fields f) {
        return new Message.Alive(
                f.name("Node"),
                f.uint32("Incarnation"),
                new NodeAddress(f.address("Addr"), f.uint16("Port")),
                f.bytes("Meta", Limits.META_BYTES_MAX),
                Vsn.of(f.bytes("Vsn")));
    }

    /** Writes struct fields sorted by name, every field present but the empty Source ones: go-msgpack 0.5.5 with omitempty. */
    private static final class Encoder implements MessageListener {
        private final MsgpackWriter output = new MsgpackWriter();

        private MsgpackWriter start(MessageType type, int fieldCount) {
            return output.octet(type.code()).mapHeader(fieldCount);
        }

        @Override
        public void onPing(Message.Ping ping) {
            start(MessageType.PING, 2 + sourceFieldCount(ping.source()));
            output.text("Node").text(ping.node()).text("SeqNo").unsigned(ping.sequence());
            source(ping.source());
        }

        @Override
        public void onIndirectPing(Message.IndirectPing ping) {
            start(MessageType.INDIRECT_PING, 5 + sourceFieldCount(ping.source()));
            output.text("Nack").bool(ping.wantsNack());
            output.text("Node").text(ping.node());
            output.text("Port").unsigned(ping.target().port());
            output.text("SeqNo").unsigned(ping.sequence());
            source(ping.source());
            output.text("Target").rawOrNil(ping.target().ip());
        }

        private static int sourceFieldCount(Source source) {
            return (source.address().ip().isEmpty() ? 0 : 1)
                    + (source.address().port() == 0 ? 0 : 1)
                    + (source.node().isEmpty() ? 0 : 1);
        }

        private void source(Source source) {
            if (!source.address().ip().isEmpty()) {
                output.text("SourceAddr").raw(source.address().ip());
            }
            if (!source.node().isEmpty()) {
                output.text("SourceNode").text(source.node());
            }
            if (source.address().port() != 0) {
                output.text("SourcePort").unsigned(source.address().port());
            }
        }

        @Override
        public void onAck(Message.Ack ack) {
            start(MessageType.ACK, 2).text("Payload").rawOrNil(ack.payload());
            output.text("SeqNo").unsigned(ack.sequence());
        }

        @Override
        public void onNack(Message.Nack nack) {
            start(MessageType.NACK, 1).text("SeqNo").unsigned(nack.sequence());
        }

        @Override
        public void onSuspect(Message.Suspect suspect) {
            start(MessageType.SUSPECT, 3).text("From").text(suspect.from());
            output.text("Incarnation").unsigned(suspect.incarnation());
            output.text("Node").text(suspect.node());
        }

        @Override
        public void onDead(Message.Dead dead) {
            start(MessageType.DEAD, 3).text("From").text(dead.from());
            output.text("Incarnation").unsigned(dead.incarnation());
            output.text("Node").text(dead.node());
        }

        @Override
        public void onAlive(Message.Alive alive) {
            start(MessageType.ALIVE, 6);
            output.text("Addr").rawOrNil(alive.address().ip());
            output.text("Incarnation").unsigned(alive.incarnation());
            output.text("Meta").rawOrNil(alive.meta());
            output.text("Node").text(alive.node());
            output.text("Port").unsigned(alive.address().port());
            output.text("Vsn").rawOrNil(alive.vsn().raw());
        }

        @Override
        public void onUser(Message.User user) {
            output.octet(MessageType.USER.code()).verbatim(user.body());
        }

        @Override
        public void onPushPull(Message.PushPull state) {
            throw new IllegalStateException(
                    "a push/pull state of " + state.nodes().size() + " nodes is sent over a stream");
        }

        @Override
        public void onErrorReply(Message.ErrorReply error) {
            start(MessageType.ERROR, 1).text("Error").text(error.text());
        }
    }
}
