package io.vmha.testcluster.corpus;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.vmha.gossip.wire.Bytes;
import io.vmha.gossip.wire.Message;
import io.vmha.gossip.wire.MessageCodec;
import io.vmha.gossip.wire.PacketCodec;
import io.vmha.gossip.wire.RpcFields;
import io.vmha.gossip.wire.RpcReader;
import io.vmha.gossip.wire.StreamCodec;
import io.vmha.gossip.wire.StreamDecoder;
import io.vmha.gossip.wire.WireFormatException;
import io.vmha.gossip.wire.WireSettings;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * Reads every frame of a folder of captures and compares it with its recorded meaning; where our encoder must write the same bytes
 * ({@link Encodings}), compares those too. Frames of other protocols are counted and left alone.
 */
final class CorpusCheck {
    /** A conversation is as long as it is; a reader takes what a socket gives it. */
    private static final int PIECE_BYTES = 16 * 1024;

    private final List<Problem> problems = new ArrayList<>();
    private final SortedMap<String, Integer> read = new TreeMap<>();
    private int encodedAlike;
    private int otherProtocols;

    /**
     * A frame that does not mean to us what was recorded.
     *
     * @param file of the folder
     * @param why what was expected and what was found
     */
    record Problem(String file, String frame, String why) {}

    /** Checks a folder; a file that is no capture is a problem too. */
    static CorpusCheck of(Path folder) {
        CorpusCheck check = new CorpusCheck();
        try (Stream<Path> files = Files.list(folder)) {
            files.filter(file -> file.toString().endsWith(".json")).sorted().forEach(check::file);
        } catch (IOException unreadable) {
            throw new UncheckedIOException("cannot list " + folder, unreadable);
        }
        return check;
    }

    List<Problem> problems() {
        return List.copyOf(problems);
    }

    /** How many frames were read, by transport. */
    SortedMap<String, Integer> read() {
        return new TreeMap<>(read);
    }

    /** Frames that our encoder wrote byte for byte. */
    int encodedAlike() {
        return encodedAlike;
    }

    int otherProtocols() {
        return otherProtocols;
    }

    private void file(Path file) {
        String name = String.valueOf(file.getFileName());
        JsonNode capture;
        try {
            capture = new ObjectMapper().readTree(file.toFile());
        } catch (IOException notJson) {
            problems.add(new Problem(name, "-", "is not JSON: " + notJson.getMessage()));
            return;
        }
        JsonNode frames = capture.path("frames");
        if (!frames.isArray()) {
            problems.add(new Problem(name, "-", "has no list of frames"));
        }
        List<String> keys = new ArrayList<>();
        capture.path("keys_base64").forEach(key -> keys.add(key.asText()));
        for (JsonNode node : frames) {
            frame(name, node, keys);
        }
    }

    private void frame(String file, JsonNode node, List<String> keys) {
        List<CapturedFrame> frames;
        try {
            frames = CapturedFrame.of(node, keys);
        } catch (IllegalArgumentException noBytes) {
            problems.add(new Problem(file, node.path("name").asText("-"), "is no frame: " + noBytes.getMessage()));
            return;
        }
        for (CapturedFrame frame : frames) {
            check(file, frame);
        }
    }

    private void check(String file, CapturedFrame frame) {
        try {
            switch (frame.transport()) {
                case "udp" -> datagram(frame);
                case "tcp" -> stream(frame);
                case "rpc-tcp" -> conversation(frame);
                default -> {
                    otherProtocols++;
                    return;
                }
            }
            read.merge(frame.transport(), 1, Integer::sum);
        } catch (WireFormatException | RecordedMeaning.Difference | IllegalArgumentException wrong) {
            problems.add(new Problem(file, frame.name(), String.valueOf(wrong.getMessage())));
        }
    }

    private static RecordedMeaning.Difference difference(String what) {
        return new RecordedMeaning.Difference(what);
    }

    private void datagram(CapturedFrame frame) {
        PacketCodec codec = new PacketCodec(frame.settings());
        if (!frame.isIntact()) {
            requireRefused(codec, frame);
            return;
        }
        PacketCodec.Packet packet = codec.decode(frame.content().toArray());
        List<JsonNode> leaves = frame.leaves();
        if (packet.problems().isEmpty() == frame.isCut() || packet.messages().size() != leaves.size()) {
            throw difference(leaves.size() + " messages are recorded but we read "
                    + packet.messages().size() + "; " + packet.problems());
        }
        for (int i = 0; i < leaves.size(); i++) {
            RecordedMeaning.require(leaves.get(i), packet.messages().get(i));
        }
        List<Bytes> written =
                packet.messages().stream().map(MessageCodec::encode).toList();
        Layers layers = Layers.of(frame);
        Encodings.requirePacked(layers);
        boolean alike = written.size() == layers.parts().size();
        for (int i = 0; i < written.size() && alike; i++) {
            alike = Encodings.isAlike(layers.parts().get(i), written.get(i), 1);
        }
        if (alike && layers.usual()) {
            requireSame(frame, codec.encode(written, frame.isChecked(), frame.nonce()));
        }
    }

    private static void requireRefused(PacketCodec codec, CapturedFrame frame) {
        try {
            codec.decode(frame.content().toArray());
        } catch (WireFormatException refused) {
            return;
        }
        throw difference("its checksum is recorded as wrong but we read it");
    }

    private void stream(CapturedFrame frame) {
        StreamCodec codec = new StreamCodec(frame.settings());
        StreamDecoder decoder = codec.decoder(frame.sender());
        byte[] content = frame.content().toArray();
        Message message = decoder.feed(content, 0, content.length)
                .orElseThrow(() -> difference("a whole message is recorded but we miss its end"));
        RecordedMeaning.require(frame.leaves().get(0), message);
        Layers layers = Layers.of(frame);
        Encodings.requirePacked(layers);
        byte[] written = new StreamCodec(WireSettings.PLAIN).encode(message, frame.sender(), frame.nonce());
        int values =
                message instanceof Message.PushPull state ? 1 + state.nodes().size() : 1;
        if (Encodings.isAlike(layers.parts().get(0), Bytes.copyOf(written), values) && layers.usual()) {
            requireSame(frame, codec.encode(message, frame.sender(), frame.nonce()));
        }
    }

    private void requireSame(CapturedFrame frame, byte[] written) {
        if (!Bytes.copyOf(written).equals(frame.content())) {
            throw difference("we would write other bytes: " + Bytes.copyOf(written));
        }
        encodedAlike++;
    }

    private static void conversation(CapturedFrame frame) {
        RpcReader reader = new RpcReader();
        byte[] content = frame.content().toArray();
        int fed = 0;
        Iterator<JsonNode> recorded = frame.decoded().iterator();
        while (fed < content.length || reader.buffered() > 0) {
            Optional<RpcFields> fields = reader.next();
            if (fields.isPresent()) {
                if (!recorded.hasNext()) {
                    throw difference("we read more values than are recorded");
                }
                JsonNode value = recorded.next();
                RecordedFields.require("value at " + value.path("offset"), value.path("value"), fields.get());
            } else if (fed < content.length) {
                int next = Math.min(content.length, fed + PIECE_BYTES);
                reader.feed(Arrays.copyOfRange(content, fed, next));
                fed = next;
            } else {
                break; // the last value lost its end
            }
        }
        if (recorded.hasNext()) {
            throw difference("more values are recorded than we read");
        }
    }
}
