package io.vmha.gossip.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import io.vmha.gossip.rpc.RpcOutbox;
import io.vmha.gossip.rpc.RpcSession;
import io.vmha.gossip.rpc.ScriptedPool;
import io.vmha.gossip.wire.Bytes;
import io.vmha.gossip.wire.Corpus;
import io.vmha.gossip.wire.Keyring;
import io.vmha.gossip.wire.Limits;
import io.vmha.gossip.wire.Message;
import io.vmha.gossip.wire.PacketCodec;
import io.vmha.gossip.wire.RpcWriter;
import io.vmha.gossip.wire.StreamCodec;
import io.vmha.gossip.wire.StreamDecoder;
import io.vmha.gossip.wire.WireFormatException;
import io.vmha.gossip.wire.WireSettings;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.LongFunction;
import org.junit.jupiter.api.Test;

/**
 * Random and mutated frames at every door: nothing but {@link WireFormatException} comes out, what cannot be read changes nothing, the
 * node stays within its bounds and still answers. {@code -Dfuzz.frames=} says how many frames (CONTRIBUTING.md has the long run),
 * {@code -Dfuzz.seed=} repeats a run.
 */
final class FuzzTest {
    private static final long FRAMES = Long.getLong("fuzz.frames", 400_000);
    private static final long SEED = Long.getLong("fuzz.seed", 20_261_126);
    private static final int FRAMES_PER_NODE = 100_000;
    private static final int FRAMES_PER_CHECK = 1_000;

    /** Type byte and length come before the sealed message of a stream. */
    private static final int STREAM_VERSION_AT = 5;

    private static final byte[] KEY = "0123456789abcdef".getBytes(StandardCharsets.US_ASCII);

    /** The share of a door in all frames, in percent. */
    private static long share(int percent) {
        return Math.max(FRAMES_PER_CHECK, FRAMES * percent / 100);
    }

    private static List<byte[]> captured(boolean datagrams, boolean sealed) {
        List<byte[]> frames = new ArrayList<>();
        for (Corpus.Frame frame : Corpus.frames()) {
            boolean isSealed = !frame.settings().keyring().isEmpty();
            if (frame.datagram() == datagrams
                    && isSealed == sealed
                    && frame.settings().label().isEmpty()) {
                frames.add(frame.content());
            }
        }
        assertThat(frames).hasSizeGreaterThan(5);
        return frames;
    }

    /** Feeds frames to nodes that are replaced now and then, and checks the node after every thousand. */
    private static void run(String door, long frames, List<byte[]> good, Keyring keyring, LongFunction<Door> doors) {
        SplittableRandom random = new SplittableRandom(SEED);
        Mutator mutator = new Mutator(random, good);
        long understood = 0;
        FuzzedNode node = new FuzzedNode(SEED, keyring);
        Door open = doors.apply(SEED);
        for (long i = 0; i < frames; i++) {
            if (i % FRAMES_PER_NODE == FRAMES_PER_NODE - 1) {
                node = new FuzzedNode(SEED + i, keyring);
            }
            byte[] frame = random.nextInt(50) == 0 ? mutator.good() : mutator.next();
            try {
                understood += open.take(node, frame, random) ? 1 : 0;
                node.pass(random.nextInt(20));
                if (i % FRAMES_PER_CHECK == 0) {
                    node.requireSound();
                }
            } catch (RuntimeException | AssertionError failed) {
                throw new AssertionError(
                        door + ": frame " + i + " of seed " + SEED + " does harm: " + Bytes.copyOf(frame), failed);
            }
        }
        node.requireSound();
        System.out.println("fuzz: " + frames + " frames at " + door + ", understood " + understood);
    }

    /** How a frame gets into the node. */
    private interface Door {
        /** Returns whether anything of it was understood. */
        boolean take(FuzzedNode node, byte[] frame, SplittableRandom random);
    }

    private static boolean datagram(PacketCodec codec, FuzzedNode node, byte[] frame) {
        List<Message> messages;
        try {
            messages = codec.decode(frame).messages();
        } catch (WireFormatException refused) {
            messages = List.of();
        }
        String before = messages.isEmpty() ? node.state() : "";
        messages.forEach(node::hear);
        if (messages.isEmpty()) {
            assertThat(node.state()).isEqualTo(before);
        }
        return !messages.isEmpty();
    }

    private static boolean stream(StreamCodec codec, FuzzedNode node, byte[] frame, SplittableRandom random) {
        StreamDecoder decoder = codec.decoder(StreamCodec.Side.INITIATOR);
        Optional<Message> request = Optional.empty();
        try {
            for (int at = 0; at < frame.length && request.isEmpty(); ) {
                int to = Math.min(frame.length, at + 1 + random.nextInt(1500));
                request = decoder.feed(frame, at, to);
                at = to;
                assertThat(decoder.buffered()).isLessThanOrEqualTo(Limits.STREAM_BYTES_MAX);
            }
        } catch (WireFormatException refused) {
            return false;
        }
        request.ifPresent(understood -> node.hearOnStream(1, understood));
        return request.isPresent();
    }

    @Test
    void plainDatagrams() {
        PacketCodec codec = new PacketCodec(WireSettings.PLAIN);
        run(
                "udp, plain",
                share(40),
                captured(true, false),
                Keyring.NONE,
                seed -> (node, frame, random) -> datagram(codec, node, frame));
    }

    /** The keys that the captured frames were sealed with. */
    private static Keyring capturedKeys() {
        Set<Bytes> keys = new LinkedHashSet<>();
        Corpus.frames().forEach(frame -> keys.addAll(frame.settings().keyring().keys()));
        return Keyring.of(keys.stream().map(Bytes::toArray).toList());
    }

    /** The byte that names the version of the encryption is not sealed: memberlist's format has it so. All else is. */
    private static Bytes withoutVersion(byte[] frame, int versionAt) {
        byte[] copy = frame.clone();
        if (copy.length > versionAt) {
            copy[versionAt] = 1;
        }
        return Bytes.copyOf(copy);
    }

    @Test
    void sealedDatagramsThatWereTouchedChangeNothing() {
        Keyring keyring = capturedKeys();
        PacketCodec codec = new PacketCodec(new WireSettings(keyring, "", true));
        List<byte[]> good = captured(true, true);
        Set<Bytes> untouched = new HashSet<>();
        good.forEach(frame -> untouched.add(withoutVersion(frame, 0)));
        run("udp, encrypted", share(25), good, keyring, seed -> (node, frame, random) -> {
            String before = node.state();
            boolean understood = datagram(codec, node, frame);
            if (!untouched.contains(withoutVersion(frame, 0))) {
                assertThat(understood).isFalse();
                assertThat(node.state()).isEqualTo(before);
            }
            return understood;
        });
    }

    /** Sealed with our own key: what an insider whose program is broken would send. */
    @Test
    void garbageInsideOfTheRightEncryption() {
        Keyring keyring = Keyring.of(List.of(KEY));
        PacketCodec codec = new PacketCodec(new WireSettings(keyring, "", false));
        run("udp, garbage sealed with the right key", share(10), captured(true, false), keyring, seed -> {
            byte[] nonce = new byte[Keyring.NONCE_BYTES];
            return (node, frame, random) -> {
                random.nextBytes(nonce);
                return datagram(codec, node, codec.encode(List.of(Bytes.copyOf(frame)), random.nextBoolean(), nonce));
            };
        });
    }

    @Test
    void plainStreams() {
        StreamCodec codec = new StreamCodec(WireSettings.PLAIN);
        run(
                "tcp, plain",
                share(10),
                captured(false, false),
                Keyring.NONE,
                seed -> (node, frame, random) -> stream(codec, node, frame, random));
    }

    @Test
    void sealedStreamsThatWereTouchedChangeNothing() {
        Keyring keyring = capturedKeys();
        StreamCodec codec = new StreamCodec(new WireSettings(keyring, "", true));
        List<byte[]> good = captured(false, true);
        run("tcp, encrypted", share(5), good, keyring, seed -> (node, frame, random) -> {
            String before = node.state();
            boolean understood = stream(codec, node, frame, random);
            // what follows a whole message is not looked at
            byte[] told = withoutVersion(frame, STREAM_VERSION_AT).toArray();
            if (good.stream()
                    .map(whole -> withoutVersion(whole, STREAM_VERSION_AT).toArray())
                    .noneMatch(whole -> startsWith(told, whole))) {
                assertThat(understood).isFalse();
                assertThat(node.state()).isEqualTo(before);
            }
            return understood;
        });
    }

    private static boolean startsWith(byte[] frame, byte[] beginning) {
        return frame.length >= beginning.length
                && Arrays.equals(frame, 0, beginning.length, beginning, 0, beginning.length);
    }

    private static RpcWriter header(String command, long sequence) {
        return new RpcWriter().map(2).text("Command").text(command).text("Seq").number(sequence);
    }

    private static List<byte[]> conversations() {
        List<byte[]> conversations = new ArrayList<>();
        for (RpcWriter request : List.of(
                header("event", 2)
                        .map(2)
                        .text("Name")
                        .text("deploy")
                        .text("Payload")
                        .binary(Bytes.utf8("v1")),
                header("members-filtered", 3)
                        .map(2)
                        .text("Name")
                        .text("a.*")
                        .text("Tags")
                        .map(1)
                        .text("x")
                        .text("y"),
                header("stream", 4).map(1).text("Type").text("*,user:deploy"),
                header("monitor", 5).map(1).text("LogLevel").text("INFO"),
                header("query", 6)
                        .map(2)
                        .text("Name")
                        .text("load")
                        .text("FilterNodes")
                        .list(1)
                        .text("a"),
                header("join", 7)
                        .map(2)
                        .text("Existing")
                        .list(1)
                        .text("10.0.0.1")
                        .text("Replay")
                        .flag(true),
                header("tags", 8)
                        .map(2)
                        .text("Tags")
                        .map(1)
                        .text("x")
                        .text("y")
                        .text("DeleteTags")
                        .list(0),
                header("install-key", 9).map(1).text("Key").text("AAECAwQFBgcICQoLDA0ODw=="),
                header("get-coordinate", 10).map(1).text("Node").text("a"),
                header("respond", 11)
                        .map(2)
                        .text("ID")
                        .number(1)
                        .text("Payload")
                        .binary(Bytes.utf8("x")),
                header("stats", 12))) {
            conversations.add(request.toBytes().toArray());
        }
        return conversations;
    }

    @Test
    void serfClients() {
        Greeted door = new Greeted();
        run("rpc", share(10), conversations(), Keyring.NONE, seed -> door);
    }

    /** A client that has shaken hands; a new one whenever the agent hangs up. */
    private static final class Greeted implements Door, RpcOutbox {
        private final ScriptedPool pool = new ScriptedPool();
        private RpcSession session = greeted();
        private boolean closed;
        private long replies;

        private RpcSession greeted() {
            closed = false;
            RpcSession fresh = new RpcSession("", pool, this);
            fresh.onBytes(header("handshake", 1)
                    .map(1)
                    .text("Version")
                    .number(1)
                    .toBytes()
                    .toArray());
            return fresh;
        }

        @Override
        public boolean take(FuzzedNode node, byte[] frame, SplittableRandom random) {
            long before = replies;
            session.onBytes(frame);
            if (closed || random.nextInt(20) == 0) {
                session.onClosed();
                session = greeted();
                long asked = replies;
                session.onBytes(header("stats", 99).toBytes().toArray());
                assertThat(replies).as("the agent still answers").isEqualTo(asked + 1);
            }
            return replies > before;
        }

        @Override
        public void reply(Bytes content) {
            replies++;
        }

        @Override
        public void record(Bytes content) {
            replies++;
        }

        @Override
        public void close() {
            closed = true;
        }
    }
}
