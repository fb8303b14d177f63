package io.vmha.testcluster.workload;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Random;

/** One client of the keys over HTTP: asks one daemon, and another one when it gets no answer. One thread. */
public final class KvHttp {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final HttpClient http = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(Duration.ofSeconds(1))
            .build();
    private final List<URI> daemons;
    private final Duration limit;
    private final Random dice;
    private URI current;

    /** What a request came to. */
    public enum Kind {
        /** It was answered with 200, or 404 for what is not there. */
        ANSWERED,
        /** It surely had no effect: nobody was reached, there was no leader, or it was refused. */
        NO_EFFECT,
        /** It may have an effect now or later. */
        UNKNOWN
    }

    /**
     * An answer.
     *
     * @param index {@code X-Consul-Index}; 0 if there was none
     */
    public record Reply(Kind kind, int status, String body, long index) {
        boolean isTrue() {
            return body.strip().equals("true");
        }

        JsonNode json() {
            try {
                return JSON.readTree(body);
            } catch (IOException e) {
                throw new IllegalStateException("a daemon answered with something else than JSON: " + body, e);
            }
        }
    }

    /** What a key holds. */
    public record Found(Optional<String> value, Optional<String> session, long modifyIndex) {}

    /**
     * A client.
     *
     * @param daemons such as {@code http://127.0.0.1:8500}
     * @param limit how long one request may take
     */
    public KvHttp(List<URI> daemons, Duration limit, Random dice) {
        this.daemons = List.copyOf(daemons);
        this.limit = limit;
        this.dice = dice;
        this.current = this.daemons.get(dice.nextInt(daemons.size()));
    }

    /** Asks another daemon from now on. */
    public void turnToAnother() {
        current = daemons.get(dice.nextInt(daemons.size()));
    }

    /** A PUT; the path comes with its query, such as {@code /v1/kv/a?cas=7}. */
    public Reply put(String path, String body) {
        return send(HttpRequest.newBuilder().PUT(HttpRequest.BodyPublishers.ofString(body)), path);
    }

    /** A DELETE. */
    public Reply delete(String path) {
        return send(HttpRequest.newBuilder().DELETE(), path);
    }

    /** A GET. */
    public Reply get(String path) {
        return send(HttpRequest.newBuilder().GET(), path);
    }

    /** What a key holds now; empty if there was no answer. */
    public Optional<Found> read(String key) {
        Reply reply = get("/v1/kv/" + key);
        if (reply.kind() != Kind.ANSWERED) {
            return Optional.empty();
        }
        if (reply.status() == 404) {
            return Optional.of(new Found(Optional.empty(), Optional.empty(), 0));
        }
        JsonNode entry = reply.json().path(0);
        String value = new String(
                java.util.Base64.getDecoder().decode(entry.path("Value").asText("")), StandardCharsets.UTF_8);
        return Optional.of(new Found(
                Optional.of(value),
                Optional.ofNullable(entry.get("Session")).map(JsonNode::asText),
                entry.path("ModifyIndex").asLong()));
    }

    private Reply send(HttpRequest.Builder request, String path) {
        try {
            HttpResponse<String> response = http.send(
                    request.uri(current.resolve(path)).timeout(limit).build(), HttpResponse.BodyHandlers.ofString());
            long index = response.headers().firstValueAsLong("X-Consul-Index").orElse(0);
            Kind kind = kind(response.statusCode(), response.body());
            if (kind != Kind.ANSWERED) {
                turnToAnother();
            }
            return new Reply(kind, response.statusCode(), response.body(), index);
        } catch (IOException e) {
            turnToAnother();
            boolean neverSent = e instanceof ConnectException || e instanceof HttpConnectTimeoutException;
            return new Reply(neverSent ? Kind.NO_EFFECT : Kind.UNKNOWN, 0, e.toString(), 0);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return new Reply(Kind.UNKNOWN, 0, "interrupted", 0);
        }
    }

    private static Kind kind(int status, String body) {
        if (status == 200 || status == 404) {
            return Kind.ANSWERED;
        }
        boolean refused = status < 500 || body.startsWith("No cluster leader") || body.startsWith("invalid session");
        return refused ? Kind.NO_EFFECT : Kind.UNKNOWN;
    }
}
