package io.vmha.node.http;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import io.vmha.node.documents.Reply;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Who may come in. On loopback anybody on this host may, but not a web page of somebody else's that a browser on this host happens to show;
 * elsewhere everybody may read, and only who shows the token may change anything.
 */
final class Door {
    private static final Set<String> READS = Set.of("GET", "HEAD", "OPTIONS");
    private static final Pattern LOOPBACK_HOST =
            Pattern.compile("(?:localhost|127(?:\\.[0-9]{1,3}){3}|\\[::1])(?::[0-9]{1,5})?", Pattern.CASE_INSENSITIVE);

    private final boolean loopback;
    private final Optional<byte[]> token;

    Door(boolean loopback, Optional<String> token) {
        this.loopback = loopback;
        this.token = token.map(t -> t.getBytes(StandardCharsets.UTF_8));
    }

    /** Why this request is turned away; empty if it may come in. */
    Optional<Reply> refusal(HttpExchange exchange) {
        Headers headers = exchange.getRequestHeaders();
        String host = first(headers, "Host");
        if (loopback && !LOOPBACK_HOST.matcher(host).matches()) {
            // a name that somebody else's name server resolves to 127.0.0.1 would make their page "same origin"
            return refuse("expected a loopback address or localhost in the Host header");
        }
        if (READS.contains(exchange.getRequestMethod())) {
            return Optional.empty();
        }
        String origin = first(headers, "Origin");
        String site = first(headers, "Sec-Fetch-Site");
        boolean foreign = !origin.isEmpty() && !origin.equals("http://" + host) && !origin.equals("https://" + host);
        if (foreign || site.equals("cross-site") || site.equals("same-site")) {
            return refuse("a page of another site must not change anything here");
        }
        return loopback ? Optional.empty() : withoutToken(headers);
    }

    private Optional<Reply> withoutToken(Headers headers) {
        if (token.isEmpty()) {
            return refuse("changes over the network need a token and none is configured: set http.token_file");
        }
        String bearer = first(headers, "Authorization");
        String ours = first(headers, "X-Vmha-Token");
        String shown = bearer.startsWith("Bearer ")
                ? bearer.substring(7).strip()
                : ours.isEmpty() ? first(headers, "X-Consul-Token") : ours; // Consul's clients know theirs only
        return MessageDigest.isEqual(token.get(), shown.getBytes(StandardCharsets.UTF_8))
                ? Optional.empty()
                : refuse(
                        "expected the token of http.token_file in X-Vmha-Token, or as Authorization: Bearer, but found "
                                + (shown.isEmpty() ? "none" : "another one"));
    }

    private static String first(Headers headers, String name) {
        String value = headers.getFirst(name);
        return value == null ? "" : value;
    }

    private static Optional<Reply> refuse(String sentence) {
        return Optional.of(Reply.refused(403, sentence));
    }
}
