package io.vmha.node.consul;

import com.fasterxml.jackson.databind.JsonNode;
import io.vmha.node.kv.Value;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The answer to a {@link ConsulCall}.
 *
 * @param headers beyond the type of the content
 * @param document a JSON document; if there is none, the answer is the bytes
 * @param allow the methods that the path knows, when another one was used
 */
public record ConsulAnswer(
        int status,
        SortedMap<String, String> headers,
        Optional<JsonNode> document,
        String type,
        Value bytes,
        List<String> allow) {
    private static final String TEXT = "text/plain; charset=utf-8";

    public ConsulAnswer {
        headers = Collections.unmodifiableSortedMap(new TreeMap<>(headers));
        allow = List.copyOf(allow);
    }

    static ConsulAnswer of(JsonNode document) {
        return new ConsulAnswer(
                200, new TreeMap<>(), Optional.of(document), "application/json", Value.EMPTY, List.of());
    }

    static ConsulAnswer raw(Value bytes) {
        // whoever wrote the value must not make a browser run it
        var sandbox = new TreeMap<>(Map.of("Content-Security-Policy", "sandbox"));
        return new ConsulAnswer(200, sandbox, Optional.empty(), "text/plain", bytes, List.of());
    }

    static ConsulAnswer text(int status, String sentence) {
        Value bytes = Value.of(sentence.getBytes(java.nio.charset.StandardCharsets.UTF_8));
        return new ConsulAnswer(status, new TreeMap<>(), Optional.empty(), TEXT, bytes, List.of());
    }

    static ConsulAnswer notAllowed(String method, List<String> allow) {
        ConsulAnswer text = text(405, "method " + method + " not allowed");
        return new ConsulAnswer(405, text.headers(), text.document(), TEXT, text.bytes(), allow);
    }

    ConsulAnswer with(SortedMap<String, String> more) {
        var all = new TreeMap<>(headers);
        all.putAll(more);
        return new ConsulAnswer(status, all, document, type, bytes, allow);
    }
}
