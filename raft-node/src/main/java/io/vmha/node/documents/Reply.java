package io.vmha.node.documents;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.util.List;

/**
 * The answer to a {@link Call}.
 *
 * @param status an HTTP status
 * @param document what was asked for, or what was done; an object with {@code error} if the call failed
 * @param allow the methods that the path knows, when the one asked for is not among them
 */
public record Reply(int status, JsonNode document, List<String> allow) {
    public Reply {
        allow = List.copyOf(allow);
    }

    /** A document. */
    public static Reply of(JsonNode document) {
        return new Reply(200, document, List.of());
    }

    /** A refusal, in one sentence for people; an empty one where Consul says nothing. */
    public static Reply refused(int status, String sentence) {
        return new Reply(status, JsonNodeFactory.instance.objectNode().put("error", sentence), List.of());
    }

    static Reply methodNotAllowed(String method, List<String> allow) {
        Reply reply = refused(405, "method " + method + " not allowed");
        return new Reply(reply.status(), reply.document(), allow);
    }

    /** True if the call did what it asked for. */
    public boolean isOk() {
        return status < 300;
    }

    /** The sentence of a refusal. */
    public String error() {
        return document.path("error").asText();
    }
}
