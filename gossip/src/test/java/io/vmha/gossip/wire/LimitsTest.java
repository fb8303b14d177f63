package io.vmha.gossip.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vmha.gossip.wire.StreamCodec.Side;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Every limit by its name: what is above it is refused before anything is allocated for it. */
final class LimitsTest {
    private static final StreamCodec STREAMS = new StreamCodec(WireSettings.PLAIN);
    private static final PacketCodec PACKETS = new PacketCodec(WireSettings.PLAIN);

    private static Optional<Message> feed(byte[] stream) {
        return STREAMS.decoder(Side.INITIATOR).feed(stream, 0, stream.length);
    }

    private static byte[] pushPullHeader(long nodes, long userState) {
        return new MsgpackWriter()
                .octet(MessageType.PUSH_PULL.code())
                .mapHeader(3)
                .text("Join")
                .bool(true)
                .text("Nodes")
                .unsigned(nodes)
                .text("UserStateLen")
                .unsigned(userState)
                .toBytes()
                .toArray();
    }

    /** Real serf 0.9.4 allocates for these and dies. */
    @Test
    void pushPullNodes() {
        for (long nodes : new long[] {1L << 30, 1L << 31, Limits.PUSH_PULL_NODES_MAX + 1L, Long.MAX_VALUE}) {
            assertThatThrownBy(() -> feed(pushPullHeader(nodes, 0)))
                    .isInstanceOf(WireFormatException.class)
                    .hasMessageContaining("Nodes");
        }
        assertThat(feed(pushPullHeader(Limits.PUSH_PULL_NODES_MAX, 0)))
                .as("so many are believable, and waited for without memory being taken")
                .isEmpty();
    }

    @Test
    void negativeLengths() {
        byte[] negative = pushPullHeader(1, 0);
        negative[negative.length - 1] = (byte) 0xff; // UserStateLen -1

        assertThatThrownBy(() -> feed(negative)).isInstanceOf(WireFormatException.class);
    }

    @Test
    void userStateAndUserMessages() {
        assertThatThrownBy(() -> feed(pushPullHeader(0, Limits.STREAM_INFLATED_BYTES_MAX + 1L)))
                .isInstanceOf(WireFormatException.class);
        byte[] user = new MsgpackWriter()
                .octet(MessageType.USER.code())
                .mapHeader(1)
                .text("UserMsgLen")
                .unsigned(1L << 31)
                .toBytes()
                .toArray();
        assertThatThrownBy(() -> feed(user)).isInstanceOf(WireFormatException.class);
    }

    @Test
    void streamBytes() {
        StreamDecoder decoder = STREAMS.decoder(Side.INITIATOR);
        byte[] chunk = new byte[1024 * 1024];
        byte[] begin = pushPullHeader(0, Limits.STREAM_INFLATED_BYTES_MAX);
        assertThat(decoder.feed(begin, 0, begin.length)).isEmpty();

        assertThatThrownBy(() -> {
                    for (int i = 0; i < 5; i++) {
                        decoder.feed(chunk, 0, chunk.length);
                    }
                })
                .isInstanceOf(WireFormatException.class)
                .hasMessageContaining("longer than " + Limits.STREAM_BYTES_MAX);
        assertThat(decoder.buffered()).isLessThanOrEqualTo(Limits.STREAM_BYTES_MAX);
    }

    @Test
    void encryptedLength() {
        StreamDecoder decoder =
                new StreamCodec(new WireSettings(Keyring.of(List.of(new byte[16])), "", false)).decoder(Side.INITIATOR);
        byte[] envelope = {10, 0x7f, -1, -1, -1};

        assertThatThrownBy(() -> decoder.feed(envelope, 0, envelope.length))
                .isInstanceOf(WireFormatException.class)
                .hasMessageContaining("longer than");
    }

    @Test
    void inflatedDatagramAndStream() {
        byte[] bomb = new byte[Limits.STREAM_INFLATED_BYTES_MAX + 1024];
        byte[] packed = Compression.wrap(Bytes.copyOf(bomb)).toArray();
        assertThat(packed.length).as("a bomb is small").isLessThan(Limits.STREAM_BYTES_MAX);

        assertThatThrownBy(() -> feed(packed)).isInstanceOf(WireFormatException.class);
        byte[] datagramBomb = Compression.wrap(Bytes.copyOf(new byte[Limits.DATAGRAM_INFLATED_BYTES_MAX + 1]))
                .toArray();
        assertThat(PACKETS.decode(datagramBomb).messages()).isEmpty();
        assertThat(PACKETS.decode(datagramBomb).problems()).isNotEmpty();
    }

    @Test
    void layerDepthAndMessagesInOneDatagram() {
        Bytes layered = MessageCodec.encode(new Message.Nack(1));
        for (int depth = 0; depth < 20; depth++) {
            layered = Bytes.copyOf(PACKETS.encode(List.of(layered, layered), false, new byte[0]));
        }
        PacketCodec.Packet packet = PACKETS.decode(
                layered.length() > Limits.DATAGRAM_BYTES_MAX
                        ? Arrays.copyOf(layered.toArray(), Limits.DATAGRAM_BYTES_MAX)
                        : layered.toArray());

        assertThat(packet.messages()).hasSizeLessThanOrEqualTo(Limits.DATAGRAM_MESSAGES_MAX);
        assertThat(packet.problems()).isNotEmpty();
    }

    @Test
    void msgpackDepthAndValues() {
        byte[] nested = new byte[100_000];
        Arrays.fill(nested, (byte) 0x91);
        assertThatThrownBy(() -> new MsgpackReader(nested, 0, nested.length).value())
                .isInstanceOf(WireFormatException.class)
                .hasMessageContaining("deeper");

        byte[] many = {(byte) 0xdd, 0x3f, -1, -1, -1};
        assertThatThrownBy(() -> new MsgpackReader(many, 0, many.length).value())
                .isInstanceOf(WireFormatException.class)
                .hasMessageContaining("msgpack values");
    }

    @Test
    void metaNamesLabelsKeysAndTags() {
        byte[] large = new byte[Limits.META_BYTES_MAX + 1];
        Message.Alive alive =
                new Message.Alive("b", 1, new NodeAddress(Bytes.hex("0a000001"), 1), Bytes.copyOf(large), Vsn.OURS);
        assertThatThrownBy(() -> MessageCodec.decode(MessageCodec.encode(alive)))
                .isInstanceOf(WireFormatException.class)
                .hasMessageContaining("Meta");
        Message.Dead dead = new Message.Dead("x".repeat(Limits.NAME_BYTES_MAX + 1), 1, "y");
        assertThatThrownBy(() -> MessageCodec.decode(MessageCodec.encode(dead)))
                .isInstanceOf(WireFormatException.class);
        assertThatThrownBy(() -> new WireSettings(Keyring.NONE, "x".repeat(Limits.LABEL_BYTES_MAX + 1), false))
                .isInstanceOf(IllegalArgumentException.class);
        List<byte[]> keys = new ArrayList<>(Collections.nCopies(Limits.KEYS_MAX + 1, new byte[16]));
        assertThatThrownBy(() -> Keyring.of(keys)).isInstanceOf(IllegalArgumentException.class);

        MsgpackWriter tags = new MsgpackWriter().octet(0xff).mapHeader(Limits.TAGS_MAX + 100);
        for (int i = 0; i < Limits.TAGS_MAX + 100; i++) {
            tags.text("t" + i).text("");
        }
        assertThat(Tags.decode(tags.toBytes())).hasSizeLessThanOrEqualTo(Limits.TAGS_MAX);
    }

    @Test
    void errorText() {
        Bytes error = MessageCodec.encode(new Message.ErrorReply("x".repeat(Limits.ERROR_TEXT_BYTES_MAX + 1)));

        assertThatThrownBy(() -> MessageCodec.decode(error)).isInstanceOf(WireFormatException.class);
    }
}
