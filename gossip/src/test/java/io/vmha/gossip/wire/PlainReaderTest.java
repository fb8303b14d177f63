package io.vmha.gossip.wire;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/** The short way through a message finds what the long way finds, whatever the bytes; where it finds nothing, the long way is gone. */
class PlainReaderTest {
    private static final int CHANGED = 20_000;

    private final SplittableRandom random = new SplittableRandom(11);

    private static Coordinate somewhere() {
        return new Coordinate(List.of(1.0, -2.0, 0.5, 1e-9, 0.0, 3.0, 4.0, 5.0), 0.7, -0.001, 0.002);
    }

    private static List<Bytes> messages() {
        var source = new Message.Source(new NodeAddress(Bytes.hex("0a000001"), 8301), "n1");
        var samples = new ArrayList<Message>();
        for (long sequence : new long[] {0, 127, 128, 255, 256, 65_535, 65_536, 0xffff_ffffL}) {
            samples.add(new Message.Ping(sequence, "n2", source));
            samples.add(new Message.Ack(sequence, somewhere().encode()));
        }
        samples.add(new Message.Ping(1, "", Message.Source.NONE));
        samples.add(new Message.Ping(1, "a name that is too long for the short form", source));
        samples.add(new Message.Ping(1, "hôte", source));
        samples.add(new Message.Ping(
                1, "six", new Message.Source(new NodeAddress(Bytes.hex("20010db8000000000000000000000001"), 1), "n")));
        samples.add(new Message.Ack(1, Bytes.EMPTY));
        samples.add(new Message.Ack(1, Bytes.hex("01")));
        return samples.stream().map(MessageCodec::encode).toList();
    }

    private static String found(Supplier<Object> reading) {
        try {
            return reading.get().toString();
        } catch (WireFormatException refused) {
            return refused.toString();
        }
    }

    private static String theLongWay(byte[] bytes) {
        var type = bytes[0] == 0 ? MessageType.PING : MessageType.ACK;
        return found(() -> MessageCodec.decodeBody(type, new MsgpackReader(bytes, 1, bytes.length)));
    }

    /** The same bytes with one of them changed, or cut off. */
    private byte[] changed(byte[] bytes) {
        byte[] other = bytes.clone();
        if (random.nextInt(4) == 0) {
            return Bytes.copyOfRange(bytes, 0, 1 + random.nextInt(bytes.length - 1))
                    .toArray();
        }
        other[1 + random.nextInt(bytes.length - 1)] = (byte) random.nextInt(256);
        return other;
    }

    @Test
    void everyMessageIsReadAsTheLongWayReadsIt() {
        for (Bytes message : messages()) {
            byte[] bytes = message.toArray();

            String read = found(() -> MessageCodec.decode(bytes, 0, bytes.length));

            assertThat(read).isEqualTo(theLongWay(bytes));
            assertThat(MessageCodec.encode(MessageCodec.decode(message))).isEqualTo(message);
        }
    }

    @Test
    void changedAndCutMessagesAreReadAsTheLongWayReadsThem() {
        var messages = messages();
        for (int i = 0; i < CHANGED; i++) {
            byte[] bytes = changed(messages.get(i % messages.size()).toArray());

            String read = found(() -> MessageCodec.decode(bytes, 0, bytes.length));

            assertThat(read).isEqualTo(theLongWay(bytes));
        }
    }

    @Test
    void coordinatesAreReadAsTheLongWayReadsThem() {
        Bytes plain = somewhere().encode();
        assertThat(Coordinate.decode(plain)).isEqualTo(somewhere()).isEqualTo(Coordinate.lenient(plain));
        for (int i = 0; i < CHANGED; i++) {
            Bytes bytes = Bytes.copyOf(changed(plain.toArray()));

            String read = found(() -> Coordinate.decode(bytes));

            String wanted = found(() -> Coordinate.lenient(bytes));
            assertThat(read)
                    .isEqualTo(wanted.contains("NaN") || wanted.contains("Infinity") ? refused(wanted) : wanted);
        }
    }

    private static String refused(String coordinate) {
        return new WireFormatException("a coordinate must consist of finite numbers but is " + coordinate).toString();
    }
}
