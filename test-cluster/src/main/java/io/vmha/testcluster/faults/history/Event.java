package io.vmha.testcluster.faults.history;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;

/**
 * One thing that happened.
 *
 * @param atMs milliseconds of the injector's CLOCK_MONOTONIC since the run began
 * @param kind what sort of thing: the words are those of {@link Kinds}
 * @param data the rest, as the kind has it
 */
public record Event(long atMs, String kind, ObjectNode data) {
    /** A text; empty where there is none. */
    public String text(String field) {
        return data.path(field).asText("");
    }

    /** A number; the given one where there is none. */
    public long number(String field, long otherwise) {
        return data.path(field).asLong(otherwise);
    }

    public boolean isTrue(String field) {
        return data.path(field).asBoolean();
    }

    /** The texts of an array. */
    public List<String> texts(String field) {
        var texts = new ArrayList<String>();
        for (JsonNode text : data.path(field)) {
            texts.add(text.asText());
        }
        return List.copyOf(texts);
    }
}
