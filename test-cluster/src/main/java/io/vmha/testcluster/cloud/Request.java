package io.vmha.testcluster.cloud;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * One HTTP request, read completely.
 *
 * @param base what links in the answer start with, such as {@code http://127.0.0.1:8774}
 * @param path decoded segments, without empty ones at the end
 * @param headers by name as the JDK's server writes it: first letter upper case, the rest lower case
 */
record Request(
        String method,
        URI base,
        List<String> path,
        Map<String, String> query,
        Map<String, List<String>> headers,
        JsonNode body) {
    static List<String> segments(String rawPath) {
        return Arrays.stream(rawPath.split("/", -1))
                .filter(part -> !part.isEmpty())
                .map(part -> URLDecoder.decode(part, StandardCharsets.UTF_8))
                .toList();
    }

    /** The last value wins where a name comes twice. */
    static Map<String, String> queryOf(String rawQuery) {
        Map<String, String> query = new LinkedHashMap<>();
        for (String pair : rawQuery.split("&", -1)) {
            if (!pair.isEmpty()) {
                String[] sides = pair.split("=", 2);
                query.put(
                        URLDecoder.decode(sides[0], StandardCharsets.UTF_8),
                        sides.length == 2 ? URLDecoder.decode(sides[1], StandardCharsets.UTF_8) : "");
            }
        }
        return query;
    }

    Optional<String> header(String name) {
        return headers.getOrDefault(name, List.of()).stream().findFirst();
    }

    Optional<String> param(String name) {
        return Optional.ofNullable(query.get(name));
    }

    /** The segment, or an empty text where the path is shorter. */
    String segment(int index) {
        return index < path.size() ? path.get(index) : "";
    }

    boolean is(String wantedMethod, int segments) {
        return method.equals(wantedMethod) && path.size() == segments;
    }
}
