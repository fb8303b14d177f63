package io.vmha.testcluster.demo;

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
final class NodeClient {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Duration READ_LIMIT = Duration.ofSeconds(2);
    private static final Duration CHANGE_LIMIT = Duration.ofSeconds(40);

    private final HttpClient http = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(Duration.ofMillis(500))
            .build();

    /** A daemon's answer. */
    record Reply(int status, String body) {}

    /** A document, or empty when the daemon does not give one just now. */
    Optional<JsonNode> get(DemoHost host, String path) {
        try {
            HttpResponse<String> reply = http.send(
                    HttpRequest.newBuilder(url(host, path))
                            .timeout(READ_LIMIT)
                            .GET()
                            .build(),
                    HttpResponse.BodyHandlers.ofString());
            return reply.statusCode() == 200 ? Optional.of(JSON.readTree(reply.body())) : Optional.empty();
        } catch (IOException e) {
            return Optional.empty();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Optional.empty();
        }
    }

    /** A change. */
    Reply put(DemoHost host, String path) {
        try {
            HttpResponse<String> reply = http.send(
                    HttpRequest.newBuilder(url(host, path))
                            .timeout(CHANGE_LIMIT)
                            .PUT(HttpRequest.BodyPublishers.noBody())
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

    private static URI url(DemoHost host, String path) {
        return URI.create("http://" + host.address() + ":8500" + path);
    }
}
