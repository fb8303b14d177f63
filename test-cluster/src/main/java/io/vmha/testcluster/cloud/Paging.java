package io.vmha.testcluster.cloud;

import com.fasterxml.jackson.databind.node.ArrayNode;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Lists in pages, by limit and marker. */
final class Paging {
    private static final int LIMIT_MAX = 1000; // nova.conf [api] max_limit

    private Paging() {}

    static <T> List<T> page(
            List<T> all, Request request, Function<T, String> id, Function<String, Refusal> unknownMarker) {
        int from = 0;
        if (request.param("marker").isPresent()) {
            String marker = request.param("marker").get();
            from = 1 + all.stream().map(id).toList().indexOf(marker);
            if (from == 0) {
                throw unknownMarker.apply(marker);
            }
        }
        int to = Math.min(all.size(), from + limit(request));
        return all.subList(from, Math.max(from, to));
    }

    static int limit(Request request) {
        String asked = request.param("limit").orElse(Integer.toString(LIMIT_MAX));
        if (!asked.matches("\\d{1,9}")) {
            throw Refusal.badRequest("Invalid input for query parameters limit. Value: " + asked + ". '" + asked
                    + "' does not match '^[0-9]*$'");
        }
        int limit = Integer.parseInt(asked);
        return limit == 0 ? LIMIT_MAX : Math.min(limit, LIMIT_MAX);
    }

    /** Adds the link to the next page: the same query with the marker moved. */
    static void addNext(ArrayNode links, Request request, String lastId) {
        Map<String, String> query = new LinkedHashMap<>(request.query());
        query.remove("marker");
        query.put("marker", lastId);
        String text = query.entrySet().stream()
                .map(entry -> encode(entry.getKey()) + "=" + encode(entry.getValue()))
                .collect(Collectors.joining("&"));
        links.addObject()
                .put("rel", "next")
                .put("href", request.base() + "/" + String.join("/", request.path()) + "?" + text);
    }

    private static String encode(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8);
    }
}
