package io.vmha.testcluster.cloud;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.NullNode;
import java.time.Duration;
import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;

/**
 * One HTTP answer.
 *
 * @param body JSON null for an empty body
 * @param headers beyond those that every answer has
 * @param delay how long the service takes to say so, after the change was made
 */
record Answer(int status, JsonNode body, Map<String, String> headers, Duration delay) {
    Answer {
        headers = Collections.unmodifiableMap(new TreeMap<>(headers));
    }

    Answer(int status, JsonNode body) {
        this(status, body, Map.of(), Duration.ZERO);
    }

    static Answer ok(JsonNode body) {
        return new Answer(200, body);
    }

    static Answer empty(int status) {
        return new Answer(status, NullNode.getInstance());
    }

    Answer with(String header, String value) {
        Map<String, String> more = new TreeMap<>(headers);
        more.put(header, value);
        return new Answer(status, body, more, delay);
    }

    /** Headers of this answer win. */
    Answer withMissing(Map<String, String> usual) {
        Map<String, String> more = new TreeMap<>(usual);
        more.putAll(headers);
        return new Answer(status, body, more, delay);
    }

    Answer after(Duration wait) {
        return new Answer(status, body, headers, wait);
    }
}
