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
 * @param keys of the pool, in base64; tried where the frame does not say with which one it was sealed
 */
record CapturedFrame(
        String name, String transport, Side sender, Bytes content, JsonNode decoded, String label, List<String> keys) {
    private static final String REPLY = "reply_";

    CapturedFrame {
        keys = List.copyOf(keys);
    }

    /**
     * A frame of a file, and its reply if that was recorded too.
     *
     * @param keys of the whole file, in base64
     */
    static List<CapturedFrame> of(JsonNode node, List<String> keys) {
        List<CapturedFrame> frames = new ArrayList<>();
        frames.add(of(node, "", Side.INITIATOR, keys));
        if (node.hasNonNull(REPLY + "hex") && node.hasNonNull(REPLY + "decoded")) {
            frames.add(of(node, REPLY, Side.RESPONDER, keys));
        }
        return frames;
    }

    private static CapturedFrame of(JsonNode node, String prefix, Side sender, List<String> keys) {
        return new CapturedFrame(
                prefix + node.path("name").asText("(without a name)"),
                node.path("transport").asText(),
                sender,
                Bytes.hex(node.path(prefix + "hex").asText()),
                node.path(prefix + "decoded"),
                node.path("decoded").path("label").asText(""),
                keys);
    }

    /** Keys, label and compression as the sender had them. */
    WireSettings settings() {
        JsonNode key = decoded.at("/encrypted/key_base64");
        List<String> tried = isSealedWithAnyKey() ? keys : key.isTextual() ? List.of(key.asText()) : List.of();
        List<byte[]> ring = tried.stream().map(Base64.getDecoder()::decode).toList();
        return new WireSettings(Keyring.of(ring), label, compressed().isPresent());
    }

    byte[] nonce() {
        return HexFormat.of().parseHex(decoded.at("/encrypted/nonce_hex").asText(""));
    }

    boolean isSealedWithAnyKey() {
        return decoded.has("encrypted") && !decoded.at("/encrypted/key_base64").isTextual();
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

    /** Receivers drop a packet whose checksum is wrong: that is its meaning. */
    boolean isIntact() {
        return message().path("crc_ok").asBoolean(true);
    }

    /** A compound that lost its end: its first parts count all the same. */
    boolean isCut() {
        return isCut(message());
    }

    private static boolean isCut(JsonNode message) {
        return (message.has("inner") && isCut(message.path("inner")))
                || message.path("count").asInt() != message.path("parts").size();
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
