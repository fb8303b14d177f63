package io.vmha.gossip.wire;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;

/** Frames captured from real Serf, Consul and memberlist programs, with their recorded meaning. */
public final class Corpus {
    static final List<String> SCENARIOS = List.of(
            "plain",
            "comp",
            "enc16",
            "enc24",
            "enc32",
            "enc32c010",
            "encv0",
            "label",
            "labelbad",
            "labelenc",
            "newest",
            "newestc",
            "serf010",
            "usertcp",
            "proto",
            "err",
            "fault",
            "conflict",
            "rpc",
            "consul");

    private Corpus() {}

    /** One datagram, or one direction of a TCP connection. */
    public record Frame(
            String name, boolean datagram, StreamCodec.Side sender, Bytes captured, JsonNode decoded, String label) {
        public byte[] content() {
            return captured.toArray();
        }

        /** Keys, label and compression as the sender had them. */
        public WireSettings settings() {
            JsonNode encrypted = decoded.path("encrypted");
            List<byte[]> ring = new ArrayList<>();
            if (!encrypted.isMissingNode()) {
                ring.add(Base64.getDecoder().decode(encrypted.get("key_base64").asText()));
            }
            return new WireSettings(Keyring.of(ring), label, compressed().isPresent());
        }

        byte[] nonce() {
            String digits = decoded.path("encrypted").path("nonce_hex").asText("");
            return HexFormat.of().parseHex(digits);
        }

        /** The recorded compression layer, if there is one. */
        Optional<JsonNode> compressed() {
            JsonNode message = decoded.get("message");
            JsonNode body = isChecked() ? message.get("inner") : message;
            return body.get("name").asText().equals("compress") ? Optional.of(body) : Optional.empty();
        }

        boolean isChecked() {
            return decoded.get("message").get("name").asText().equals("hasCrc");
        }

        /** The recorded messages without their layers. */
        List<JsonNode> leaves() {
            List<JsonNode> leaves = new ArrayList<>();
            collect(decoded.get("message"), leaves);
            return leaves;
        }

        private static void collect(JsonNode message, List<JsonNode> leaves) {
            if (message.has("parts")) {
                message.get("parts").forEach(part -> collect(part, leaves));
            } else if (message.has("inner")) {
                collect(message.get("inner"), leaves);
            } else {
                leaves.add(message);
            }
        }

        @Override
        public String toString() {
            return name;
        }
    }

    public static List<Frame> frames() {
        List<Frame> frames = new ArrayList<>();
        SCENARIOS.forEach(scenario -> frames.addAll(frames(scenario)));
        return frames;
    }

    public static List<Frame> frames(String scenario) {
        try (InputStream input = Corpus.class.getResourceAsStream("/corpus/" + scenario + ".json")) {
            JsonNode root = new ObjectMapper().readTree(input);
            List<Frame> frames = new ArrayList<>();
            for (JsonNode node : root.get("frames")) {
                if (node.get("transport").asText().equals("rpc-tcp")) {
                    continue; // the conversations with Serf clients are checked by gossip-corpus
                }
                boolean datagram = node.get("transport").asText().equals("udp");
                frames.add(frame(node, "", datagram, StreamCodec.Side.INITIATOR));
                if (node.hasNonNull("reply_hex") && node.hasNonNull("reply_decoded")) {
                    frames.add(frame(node, "reply_", false, StreamCodec.Side.RESPONDER));
                }
            }
            return frames;
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }

    private static Frame frame(JsonNode node, String prefix, boolean datagram, StreamCodec.Side sender) {
        String name = prefix + node.get("name").asText();
        Bytes content = Bytes.hex(node.get(prefix + "hex").asText());
        return new Frame(
                name,
                datagram,
                sender,
                content,
                node.get(prefix + "decoded"),
                node.get("decoded").path("label").asText(""));
    }
}
