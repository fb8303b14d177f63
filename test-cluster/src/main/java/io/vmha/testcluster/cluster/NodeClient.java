package io.vmha.testcluster.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Optional;

/** Asks a daemon over its HTTP API, as any client would. */
public final class NodeClient {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Duration READ_LIMIT = Duration.ofSeconds(2);
    private static final Duration CHANGE_LIMIT = Duration.ofSeconds(40);

    private final HttpClient http = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(Duration.ofMillis(500))
            .build();
    private final Optional<String> token;

    /** For daemons that ask for no token. */
    public NodeClient() {
        this(Optional.empty());
    }

    /** @param token what the daemons ask of clients that change something */
    public NodeClient(Optional<String> token) {
        this.token = token;
    }

    /** A daemon's answer. */
    public record Reply(int status, String body) {
        /** The sentence for a person: the document's {@code message}, else the body as it is. */
        public String message() {
            try {
                String message = JSON.readTree(body).path("message").asText();
                return message.isEmpty() ? body : message;
            } catch (IOException e) {
                return body;
            }
        }
    }

    /** A document, or empty when the daemon does not give one just now. */
    public Optional<JsonNode> get(ClusterHost host, String path) {
        Reply reply =
                send(host, path, HttpRequest.newBuilder().timeout(READ_LIMIT).GET());
        try {
            return reply.status() == 200 ? Optional.of(JSON.readTree(reply.body())) : Optional.empty();
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    /** The answer to a read as it is; status 503 if there is none. */
    public Reply read(ClusterHost host, String path) {
        return send(host, path, HttpRequest.newBuilder().timeout(READ_LIMIT).GET());
    }

    /** A change; status 503 if there is no answer. */
    public Reply put(ClusterHost host, String path) {
        return send(
                host, path, HttpRequest.newBuilder().timeout(CHANGE_LIMIT).PUT(HttpRequest.BodyPublishers.noBody()));
    }

    /** A change that a named person answers for. */
    public Reply putAs(ClusterHost host, String path, String person) {
        return send(
                host,
                path,
                HttpRequest.newBuilder()
                        .timeout(CHANGE_LIMIT)
                        .header("X-Vmha-Person", person)
                        .PUT(HttpRequest.BodyPublishers.noBody()));
    }

    private Reply send(ClusterHost host, String path, HttpRequest.Builder request) {
        token.ifPresent(secret -> request.header("X-Vmha-Token", secret));
        try {
            HttpResponse<String> reply = http.send(
                    request.uri(URI.create("http://" + host.address() + ":8500" + path))
                            .build(),
                    HttpResponse.BodyHandlers.ofString());
            return new Reply(reply.statusCode(), reply.body().strip());
        } catch (IOException e) {
            return new Reply(503, "vmhad on " + host.name() + " does not answer: " + e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return new Reply(503, "interrupted");
        }
    }
}
