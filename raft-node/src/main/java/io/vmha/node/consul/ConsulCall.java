package io.vmha.node.consul;

import io.vmha.node.documents.Target;
import io.vmha.node.kv.Value;
import java.util.Collections;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * One request in Consul's dialect.
 *
 * @param path behind {@code /v1/}, decoded; a key may contain anything, slashes at both ends too
 * @param query a word without a value has an empty one; the first counts
 */
public record ConsulCall(String method, String path, SortedMap<String, String> query, Value body) {
    private static final int QUERY_MAX = 32;

    public ConsulCall {
        query = Collections.unmodifiableSortedMap(new TreeMap<>(query));
    }

    /** Takes a request apart; empty if it is malformed. */
    public static Optional<ConsulCall> parse(String method, String rawPath, String rawQuery, Value body) {
        Optional<String> path = Target.decode(rawPath, false).filter(p -> p.startsWith("/v1/"));
        var query = new TreeMap<String, String>();
        for (String pair : rawQuery.split("&", -1)) {
            int equals = pair.indexOf('=');
            Optional<String> name = Target.decode(equals < 0 ? pair : pair.substring(0, equals), true);
            Optional<String> value = equals < 0 ? Optional.of("") : Target.decode(pair.substring(equals + 1), true);
            if (name.isEmpty() || value.isEmpty() || query.size() == QUERY_MAX) {
                return Optional.empty();
            }
            query.putIfAbsent(name.get(), value.get());
        }
        return path.map(p -> new ConsulCall(method, p.substring(4), query, body));
    }

    boolean has(String word) {
        return query.containsKey(word);
    }

    String text(String word) {
        return query.getOrDefault(word, "");
    }
}
