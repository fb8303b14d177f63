package io.vmha.testcluster.corpus;

import com.fasterxml.jackson.databind.JsonNode;
import io.vmha.gossip.wire.Bytes;
import io.vmha.gossip.wire.Keyring;
import io.vmha.gossip.wire.StreamCodec.Side;
import io.vmha.gossip.wire.WireSettings;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;

/**
 * One datagram, or one direction of a connection, with what a person or program recorded as its meaning.
 *
 * @param transport {@code udp}, {@code tcp} or {@code rpc-tcp}
 * @param label what the pool had in front of every packet; empty for none
 */
record CapturedFrame(String name, String transport, Side sender, Bytes content, JsonNode decoded, String label) {
    private static final String REPLY = "reply_";

    /** A frame of a file, and its reply if that was recorded too. */
    static List<CapturedFrame> of(JsonNode node) {
        List<CapturedFrame> frames = new ArrayList<>();
        frames.add(of(node, "", Side.INITIATOR));
        if (node.hasNonNull(REPLY + "hex") && node.hasNonNull(REPLY + "decoded")) {
            frames.add(of(node, REPLY, Side.RESPONDER));
        }
        return frames;
    }

    private static CapturedFrame of(JsonNode node, String prefix, Side sender) {
        return new CapturedFrame(
                prefix + node.path("name").asText("(without a name)"),
                node.path("transport").asText(),
                sender,
                Bytes.hex(node.path(prefix + "hex").asText()),
                node.path(prefix + "decoded"),
                node.path("decoded").path("label").asText(""));
    }

    /** Keys, label and compression as the sender had them. */
    WireSettings settings() {
        JsonNode key = decoded.at("/encrypted/key_base64");
        List<byte[]> ring = key.isTextual() ? List.of(Base64.getDecoder().decode(key.asText())) : List.of();
        return new WireSettings(Keyring.of(ring), label, compressed().isPresent());
    }

    byte[] nonce() {
        return HexFormat.of().parseHex(decoded.at("/encrypted/nonce_hex").asText(""));
    }

    private JsonNode message() {
        return decoded.path("message");
    }

    boolean isChecked() {
        return message().path("name").asText().equals("hasCrc");
    }

    Optional<JsonNode> compressed() {
        JsonNode body = isChecked() ? message().path("inner") : message();
        return body.path("name").asText().equals("compress") ? Optional.of(body) : Optional.empty();
    }

    /** Memberlist protocol 1 pads what it encrypts. We read that and never write it. */
    boolean isPadded() {
        return decoded.at("/encrypted/version").asInt(1) == 0;
    }

    /** The recorded messages without their layers. */
    List<JsonNode> leaves() {
        List<JsonNode> leaves = new ArrayList<>();
        collect(message(), leaves);
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
}
