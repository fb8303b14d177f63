package io.vmha.node.http;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import io.vmha.node.documents.Reply;
import java.io.IOException;
import java.util.Optional;

/**
 * A small JSON object that came with a request.
 *
 * @param document empty if there was no body
 * @param refusal why the body cannot be used
 */
record RequestBody(ObjectNode document, Optional<Reply> refusal) {
    static final int BYTES_MAX = 64 * 1024;
    private static final ObjectMapper MAPPER =
            new ObjectMapper().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

    static RequestBody read(HttpExchange exchange, BodyBytes bodies) throws IOException {
        String announced = exchange.getRequestHeaders().getFirst("Content-Length");
        // the server has checked that it is a number
        if (announced != null && (announced.length() > 9 || Long.parseLong(announced.strip()) > BYTES_MAX)) {
            return tooLarge();
        }
        byte[] bytes = bodies.read(exchange, BYTES_MAX + 1);
        if (bytes.length > BYTES_MAX) {
            return tooLarge();
        }
        if (bytes.length == 0) {
            return new RequestBody(JsonNodeFactory.instance.objectNode(), Optional.empty());
        }
        try {
            if (MAPPER.readTree(bytes) instanceof ObjectNode object) {
                return new RequestBody(object, Optional.empty());
            }
        } catch (JsonProcessingException e) {
            // reported below, like JSON that is no object
        }
        return refused(
                400, "the body must be a JSON object such as {\"person\": \"ada\"}, or empty, but is something else");
    }

    private static RequestBody tooLarge() {
        return refused(413, "the body must not be larger than " + BYTES_MAX + " bytes");
    }

    private static RequestBody refused(int status, String sentence) {
        return new RequestBody(JsonNodeFactory.instance.objectNode(), Optional.of(Reply.refused(status, sentence)));
    }
}
