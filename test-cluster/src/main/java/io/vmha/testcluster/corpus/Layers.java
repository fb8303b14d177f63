package io.vmha.testcluster.corpus;

import com.fasterxml.jackson.databind.JsonNode;
import io.vmha.gossip.wire.Bytes;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The bytes of a frame's messages, taken out of their layers with the help of what was recorded, so that ours can be laid beside them.
 *
 * @param packed the compression layer as it was sent, if it is one whose bytes our encoder must write too
 * @param inflated what lies below the compression
 * @param parts the messages
 * @param usual whether the layers are those that memberlist sends, in its order, so that our encoder must write them too
 */
record Layers(Optional<Bytes> packed, Bytes inflated, List<Bytes> parts, boolean usual) {
    private static final int CRC = 12;
    private static final int COMPRESS = 9;
    private static final int COMPOUND = 7;
    private static final int LABEL = 0xf4;
    private static final int CRC_BYTES = 5;

    /** {@code Algo} of LZW and the name {@code Buf}, as everybody writes them. */
    private static final String LZW_HEAD = "0982a4416c676f00a3427566";

    private static final int LZW_AT = LZW_HEAD.length() / 2;

    Layers {
        parts = List.copyOf(parts);
    }

    static Layers of(CapturedFrame frame) {
        JsonNode plain = frame.decoded().at("/encrypted/plain_hex");
        JsonNode recorded = frame.decoded().path("message");
        Bytes content = plain.isTextual() ? Bytes.hex(plain.asText()) : withoutLabel(frame.content());
        if (frame.transport().equals("udp") && first(content) == CRC && content.length() >= CRC_BYTES) {
            RecordedMeaning.expect("layer", "hasCrc", recorded.path("name").asText());
            recorded = recorded.path("inner");
            content = content.from(CRC_BYTES);
        }
        Optional<Bytes> packed = Optional.empty();
        boolean usual = !frame.isPadded() && !frame.isSealedWithAnyKey();
        if (first(content) == COMPRESS) {
            RecordedMeaning.expect("layer", "compress", recorded.path("name").asText());
            RecordedMeaning.expect("algorithm", 0, recorded.path("Algo"));
            Bytes layer = content;
            content = Bytes.hex(recorded.path("plain_hex").asText());
            recorded = recorded.path("inner");
            packed = Optional.of(layer).filter(Layers::beginsWithClear);
            boolean worthIt = frame.transport().equals("tcp") || layer.length() < content.length();
            usual &= packed.isPresent() && worthIt;
        }
        List<Bytes> parts = List.of(content);
        if (frame.transport().equals("udp") && first(content) == COMPOUND) {
            RecordedMeaning.expect("layer", "compound", recorded.path("name").asText());
            parts = parts(content);
            int end = 2
                    + 2 * parts.size()
                    + parts.stream().mapToInt(Bytes::length).sum();
            usual &= parts.size() > 1 && parts.size() == content.at(1) && end == content.length();
        }
        usual &= parts.stream()
                .noneMatch(part -> List.of(COMPOUND, COMPRESS, CRC).contains(first(part)));
        return new Layers(packed, content, parts, usual);
    }

    private static int first(Bytes content) {
        return content.isEmpty() ? -1 : content.at(0);
    }

    private static Bytes withoutLabel(Bytes content) {
        return first(content) == LABEL && content.length() > 1 && content.length() >= 2 + content.at(1)
                ? content.from(2 + content.at(1))
                : content;
    }

    /** Those that are whole. */
    private static List<Bytes> parts(Bytes compound) {
        List<Bytes> parts = new ArrayList<>();
        byte[] content = compound.toArray();
        int count = content.length > 1 ? compound.at(1) : 0;
        int at = 2 + 2 * count;
        for (int i = 0; i < count && at <= content.length; i++) {
            int length = compound.at(2 + 2 * i) << Byte.SIZE | compound.at(3 + 2 * i);
            if (at + length > content.length) {
                break;
            }
            parts.add(Bytes.copyOfRange(content, at, at + length));
            at += length;
        }
        return parts;
    }

    /** Go 1.17 and later write the code 256 first, nine bits from the lowest one on. */
    private static boolean beginsWithClear(Bytes layer) {
        if (!layer.toString().startsWith(LZW_HEAD) || layer.length() < LZW_AT + 4) {
            return false;
        }
        int head = layer.at(LZW_AT);
        int at = LZW_AT + 1 + (head == 0xda ? 2 : head == 0xdb ? 4 : 0);
        return at + 1 < layer.length() && layer.at(at) == 0 && (layer.at(at + 1) & 1) == 1;
    }
}
