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
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * Reads every frame of a folder of captures and compares it with its recorded meaning; where our encoder must write the same bytes,
 * compares those too. Frames of other protocols are counted and left alone.
 */
final class CorpusCheck {
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
        JsonNode frames;
        try {
            frames = new ObjectMapper().readTree(file.toFile()).path("frames");
        } catch (IOException notJson) {
            problems.add(new Problem(name, "-", "is not JSON: " + notJson.getMessage()));
            return;
        }
        if (!frames.isArray()) {
            problems.add(new Problem(name, "-", "has no list of frames"));
        }
        for (JsonNode node : frames) {
            for (CapturedFrame frame : CapturedFrame.of(node)) {
                check(name, frame);
            }
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
        PacketCodec.Packet packet = codec.decode(frame.content().toArray());
        List<JsonNode> leaves = frame.leaves();
        if (!packet.problems().isEmpty() || packet.messages().size() != leaves.size()) {
            throw difference(leaves.size() + " messages are recorded but we read "
                    + packet.messages().size() + "; " + packet.problems());
        }
        for (int i = 0; i < leaves.size(); i++) {
            RecordedMeaning.require(leaves.get(i), packet.messages().get(i));
        }
        List<Bytes> parts = packet.messages().stream().map(MessageCodec::encode).toList();
        requireSame(frame, Bytes.copyOf(codec.encode(parts, frame.isChecked(), frame.nonce())));
    }

    private void stream(CapturedFrame frame) {
        StreamCodec codec = new StreamCodec(frame.settings());
        StreamDecoder decoder = codec.decoder(frame.sender());
        byte[] content = frame.content().toArray();
        Message message = decoder.feed(content, 0, content.length)
                .orElseThrow(() -> difference("a whole message is recorded but we miss its end"));
        RecordedMeaning.require(frame.leaves().get(0), message);
        requireSame(frame, Bytes.copyOf(codec.encode(message, frame.sender(), frame.nonce())));
    }

    /**
     * Our encoder is that of go-msgpack 0.5.5 and Go 1.17 or later. Other programs write some values in other forms, which we only read:
     * padding, LZW without a leading clear code, and signed numbers.
     */
    private void requireSame(CapturedFrame frame, Bytes written) {
        if (written.equals(frame.content())) {
            encodedAlike++;
        } else if (!frame.isPadded() && frame.compressed().isEmpty() && !isSignedForm(written, frame.content())) {
            throw difference("we would write other bytes: " + written);
        }
    }

    /** go-msgpack 2 writes some numbers above 127 in the signed form, in as many bytes, and an empty map as nil. */
    private static boolean isSignedForm(Bytes ours, Bytes theirs) {
        if (ours.length() != theirs.length()) {
            return false;
        }
        for (int i = 0; i < ours.length(); i++) {
            boolean signed = theirs.at(i) >= 0xd1 && theirs.at(i) <= 0xd3 && ours.at(i) == theirs.at(i) - 4;
            boolean nil = theirs.at(i) == 0xc0 && ours.at(i) == 0x80;
            if (ours.at(i) != theirs.at(i) && !signed && !nil) {
                return false;
            }
        }
        return true;
    }

    private static void conversation(CapturedFrame frame) {
        RpcReader reader = new RpcReader();
        reader.feed(frame.content().toArray());
        for (JsonNode recorded : frame.decoded()) {
            Optional<RpcFields> fields = reader.next();
            compare(
                    "value at " + recorded.path("offset"),
                    recorded.path("value"),
                    fields.orElseThrow(() -> difference("more values are recorded than we read")));
        }
        if (reader.next().isPresent()) {
            throw difference("we read more values than are recorded");
        }
    }

    /** Texts, numbers, truth values, bytes, and lists and maps of texts; deeper values are read but not compared. */
    private static void compare(String where, JsonNode recorded, RpcFields fields) {
        for (Map.Entry<String, JsonNode> field : recorded.properties()) {
            String name = field.getKey();
            JsonNode value = field.getValue();
            Object readValue = value.asText();
            if (value.isTextual()) {
                readValue = fields.text(name);
            } else if (value.isIntegralNumber()) {
                readValue = Long.toString(fields.signed(name));
            } else if (value.isBoolean()) {
                readValue = Boolean.toString(fields.flag(name));
            } else if (value.path("bytes_hex").isTextual()) {
                readValue = fields.bytes(name);
                value = value.path("bytes_hex");
            } else if (value.isArray() && !value.isEmpty() && value.get(0).isTextual()) {
                readValue = String.join(",", fields.texts(name));
                value = new ObjectMapper().getNodeFactory().textNode(joined(value));
            }
            String recordedText =
                    readValue instanceof Bytes ? Bytes.hex(value.asText()).toString() : value.asText();
            if (!recordedText.equals(readValue.toString())) {
                throw difference(where + ": " + name + " is recorded as " + recordedText + " but we read " + readValue);
            }
        }
    }

    private static String joined(JsonNode texts) {
        List<String> all = new ArrayList<>();
        texts.forEach(text -> all.add(text.asText()));
        return String.join(",", all);
    }
}
