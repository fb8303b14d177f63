package io.vmha.gossip.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vmha.gossip.wire.Corpus.Frame;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Garbage, damaged frames and bombs: nothing escapes but {@link WireFormatException}, nothing grows beyond its limit. */
final class HostileInputTest {
    private static final long SEED = Long.getLong("wire.seed", 20261122);
    private static final int ROUNDS = Integer.getInteger("wire.rounds", 30_000);

    @Test
    void mutatedFramesNeverEscapeTheWireException() {
        Random random = new Random(SEED);
        List<Frame> frames = Corpus.frames();
        int refused = 0;
        for (int round = 0; round < ROUNDS; round++) {
            Frame frame = frames.get(random.nextInt(frames.size()));
            byte[] content = mutate(frame.content(), random);
            WireSettings settings = random.nextInt(4) == 0 ? frame.settings() : WireSettings.PLAIN;
            if (settings.keyring().isEmpty() && !frame.settings().keyring().isEmpty()) {
                content = mutate(plainOf(frame), random);
            }
            try {
                decode(frame, settings, content);
            } catch (WireFormatException expected) {
                refused++;
            } catch (RuntimeException escaped) {
                throw new AssertionError("seed " + SEED + " round " + round + " frame " + frame, escaped);
            }
        }
        System.out.println("mutated frames: " + ROUNDS + " refused as a whole: " + refused);
        assertThat(refused).isBetween(1, ROUNDS - 1);
    }

    private static byte[] plainOf(Frame frame) {
        return Bytes.hex(frame.decoded().get("encrypted").get("plain_hex").asText())
                .toArray();
    }

    private static void decode(Frame frame, WireSettings settings, byte[] content) {
        if (!frame.datagram()) {
            new StreamCodec(settings).decoder(frame.sender()).feed(content, 0, content.length);
            return;
        }
        for (Message message : new PacketCodec(settings).decode(content).messages()) {
            if (message instanceof Message.User user) {
                SerfMessageCodec.decode(user.body());
            } else if (message instanceof Message.Alive alive) {
                Tags.decode(alive.meta());
            }
        }
    }

    private static byte[] mutate(byte[] original, Random random) {
        byte[] content = original.clone();
        int edits = 1 + random.nextInt(4);
        for (int i = 0; i < edits && content.length > 0; i++) {
            int at = random.nextInt(content.length);
            switch (random.nextInt(5)) {
                case 0 -> content[at] ^= (byte) (1 << random.nextInt(8));
                case 1 -> content[at] = (byte) random.nextInt(256);
                case 2 -> content[at] = (byte) 0xff;
                case 3 -> content = Arrays.copyOf(content, at);
                default -> content = Arrays.copyOf(content, content.length + random.nextInt(9));
            }
        }
        return content;
    }

    @Test
    void randomBytesNeverEscapeTheWireException() {
        Random random = new Random(SEED + 1);
        PacketCodec packets = new PacketCodec(WireSettings.PLAIN);
        for (int round = 0; round < ROUNDS; round++) {
            byte[] content = new byte[random.nextInt(64)];
            random.nextBytes(content);
            if (content.length > 0 && random.nextBoolean()) {
                content[0] = (byte) random.nextInt(14);
            }
            try {
                packets.decode(content);
            } catch (WireFormatException expected) {
                assertThat(expected.getMessage()).isNotBlank();
            }
        }
    }

    @Test
    void compressionBombIsRefusedBeforeItInflates() {
        Bytes bomb = Compression.wrap(Bytes.copyOf(new byte[Limits.DATAGRAM_INFLATED_BYTES_MAX + 1]));

        PacketCodec.Packet packet = new PacketCodec(WireSettings.PLAIN).decode(bomb.toArray());

        assertThat(packet.messages()).isEmpty();
        assertThat(packet.problems()).singleElement().asString().contains("inflates to more than");
    }

    @Test
    void nestedCompoundsShareOneBudget() {
        Bytes part = MessageCodec.encode(new Message.Nack(1));
        Bytes level = part;
        for (int depth = 0; depth < 3; depth++) {
            List<Bytes> copies = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                copies.add(level);
            }
            level = Bytes.copyOf(new PacketCodec(WireSettings.PLAIN).encode(copies, false, new byte[0]));
            if (level.length() > 20_000) {
                break;
            }
        }

        PacketCodec.Packet packet = new PacketCodec(WireSettings.PLAIN).decode(level.toArray());

        assertThat(packet.messages()).hasSizeLessThanOrEqualTo(Limits.DATAGRAM_MESSAGES_MAX);
    }

    @Test
    void deepNestingIsRefusedBeforeTheStackEnds() {
        byte[] nested = new byte[60_000];
        Arrays.fill(nested, (byte) 0x91);
        nested[0] = 0; // ping

        PacketCodec.Packet packet = new PacketCodec(WireSettings.PLAIN).decode(nested);

        assertThat(packet.problems()).singleElement().asString().contains("nested deeper");
    }

    @Test
    void hugeCountsAllocateNothing() {
        byte[] claims = Bytes.hex(
                        "06" + "83" + "a44a6f696ec3" + "a54e6f646573ce3fffffff" + "ac5573657253746174654c656e00")
                .toArray();
        StreamDecoder decoder = new StreamCodec(WireSettings.PLAIN).decoder(StreamCodec.Side.INITIATOR);

        assertThatThrownBy(() -> decoder.feed(claims, 0, claims.length))
                .isInstanceOf(WireFormatException.class)
                .hasMessageContaining("Nodes must be in 0..");
    }

    @Test
    void endlessStreamIsCutAtItsLimit() {
        StreamDecoder decoder = new StreamCodec(WireSettings.PLAIN).decoder(StreamCodec.Side.INITIATOR);
        byte[] chunk = new byte[1 << 20];
        Arrays.fill(chunk, (byte) 0xa0);
        byte[] start =
                Bytes.hex("08" + "81" + "aa557365724d73674c656ece007fffff").toArray();
        decoder.feed(start, 0, start.length);

        assertThatThrownBy(() -> {
                    for (int i = 0; i < 5; i++) {
                        decoder.feed(chunk, 0, chunk.length);
                    }
                })
                .isInstanceOf(WireFormatException.class)
                .hasMessageContaining("longer than");
    }

    @Test
    void truncatedCompoundDeliversItsLeadingParts() {
        Bytes nack = MessageCodec.encode(new Message.Nack(7));
        byte[] whole = new PacketCodec(WireSettings.PLAIN).encode(List.of(nack, nack, nack), false, new byte[0]);

        PacketCodec.Packet packet = new PacketCodec(WireSettings.PLAIN).decode(Arrays.copyOf(whole, whole.length - 1));

        assertThat(packet.messages()).containsExactly(new Message.Nack(7), new Message.Nack(7));
        assertThat(packet.problems()).hasSize(1);
    }
}
