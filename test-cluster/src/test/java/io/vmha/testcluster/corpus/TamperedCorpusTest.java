package io.vmha.testcluster.corpus;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.BooleanNode;
import com.fasterxml.jackson.databind.node.ContainerNode;
import com.fasterxml.jackson.databind.node.DoubleNode;
import com.fasterxml.jackson.databind.node.LongNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The command is no better than its comparison: whatever is recorded of a message, another record of it must be noticed. */
class TamperedCorpusTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    /** What the recording program notes about bytes beside their meaning; and numbers and texts that say the same as their neighbour. */
    private static final Set<String> BESIDE_THE_MEANING = Set.of(
            "UserMsgLen",
            "Zone",
            "aad_hex",
            "array_length",
            "compressed_len",
            "crc",
            "field_order",
            "header_field_order",
            "ip",
            "length",
            "lengths",
            "offset",
            "plain_hex",
            "plain_len",
            "text",
            "type",
            "version");

    /** Layers that no program sends, a checksum that makes everything behind it void, an answer that says nothing. */
    private static final Set<String> UNUSUAL = Set.of(
            "compound-nested",
            "compress-in-compound",
            "crc-wrong",
            "response-conflict-unknown",
            "response-conflict-unknown-new");

    @TempDir
    private Path folder;

    @Test
    void everyKindOfRecordedValueIsCompared() throws IOException {
        Map<String, String> unnoticed = new TreeMap<>();
        Set<String> kinds = new TreeSet<>();
        for (Path file : captures()) {
            JsonNode capture = JSON.readTree(file.toFile());
            for (JsonNode frame : capture.path("frames")) {
                if (UNUSUAL.contains(frame.path("name").asText())) {
                    continue;
                }
                for (String part : List.of("decoded", "reply_decoded")) {
                    List<Leaf> leaves = new ArrayList<>();
                    collect(part, frame.path(part), leaves);
                    leaves.stream().filter(leaf -> kinds.add(leaf.kind())).forEach(leaf -> {
                        JsonNode kept = leaf.tamper();
                        if (passes(capture, frame)) {
                            unnoticed.put(
                                    leaf.kind(),
                                    String.valueOf(frame.path("name").asText()));
                        }
                        leaf.put(kept);
                    });
                }
            }
        }

        System.out.println("kinds of recorded values tampered with: " + kinds.size());
        assertThat(unnoticed).isEmpty();
        assertThat(kinds).hasSizeGreaterThan(150);
    }

    private static List<Path> captures() throws IOException {
        List<Path> all = new ArrayList<>();
        for (String kept : List.of("../gossip/src/test/resources/corpus", "src/test/resources/frames")) {
            try (Stream<Path> files = Files.list(Path.of(kept))) {
                files.sorted().forEach(all::add);
            }
        }
        return all;
    }

    private boolean passes(JsonNode capture, JsonNode frame) {
        ObjectNode one = JSON.createObjectNode();
        one.set("keys_base64", capture.path("keys_base64"));
        one.putArray("frames").add(frame);
        try {
            JSON.writeValue(folder.resolve("one.json").toFile(), one);
        } catch (IOException unwritable) {
            throw new UncheckedIOException(unwritable);
        }
        return CorpusCheck.of(folder).problems().isEmpty();
    }

    private static void collect(String path, JsonNode node, List<Leaf> leaves) {
        if (node instanceof ObjectNode object) {
            object.properties().forEach(field -> {
                if (!BESIDE_THE_MEANING.contains(field.getKey())) {
                    add(path + '/' + field.getKey(), object, field.getKey(), 0, field.getValue(), leaves);
                }
            });
        } else if (node instanceof ArrayNode array) {
            for (int i = 0; i < array.size(); i++) {
                add(path + "/-", array, "", i, array.get(i), leaves);
            }
        }
    }

    private static void add(
            String path, ContainerNode<?> parent, String name, int index, JsonNode value, List<Leaf> leaves) {
        if (value.isValueNode()) {
            leaves.add(new Leaf(path.replaceAll("[0-9]+", "-"), parent, name, index));
        } else {
            collect(path, value, leaves);
        }
    }

    /** One recorded value, where it stands. */
    private record Leaf(String kind, ContainerNode<?> parent, String name, int index) {
        JsonNode tamper() {
            JsonNode kept = parent instanceof ObjectNode object ? object.get(name) : parent.get(index);
            put(other(kept));
            return kept;
        }

        void put(JsonNode value) {
            if (parent instanceof ObjectNode object) {
                object.set(name, value);
            } else if (parent instanceof ArrayNode array) {
                array.set(index, value);
            }
        }

        private static JsonNode other(JsonNode value) {
            if (value.isBoolean()) {
                return BooleanNode.valueOf(!value.asBoolean());
            }
            if (value.isIntegralNumber()) {
                return LongNode.valueOf(value.asLong() == 1 ? 2 : 1);
            }
            if (value.isNumber()) {
                return DoubleNode.valueOf(value.asDouble() + 1);
            }
            return TextNode.valueOf("ab" + value.asText(""));
        }
    }
}
