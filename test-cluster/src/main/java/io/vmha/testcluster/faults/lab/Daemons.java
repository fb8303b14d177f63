package io.vmha.testcluster.faults.lab;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentSkipListMap;

/** Asks the daemons over the injector's own network, as any HTTP client would. Safe for all threads. */
public final class Daemons {
    private static final Duration READ_LIMIT = Duration.ofSeconds(2);
    private static final Duration CHANGE_LIMIT = Duration.ofSeconds(40);

    private final HttpClient http = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(Duration.ofMillis(600))
            .build();
    private final String token;

    Daemons(String token) {
        this.token = token;
    }

    /** An answer; status 0 if there was none, with the reason as the body. */
    public record Reply(int status, String body, Map<String, List<String>> headers) {
        /** The body as JSON; a missing node if it is none. */
        public JsonNode json() {
            return NovaProxy.parse(body);
        }

        /** The first header of this name. */
        public Optional<String> header(String name) {
            return headers.entrySet().stream()
                    .filter(entry -> entry.getKey().equalsIgnoreCase(name))
                    .map(entry -> entry.getValue().get(0))
                    .findFirst();
        }
    }

    /** A document of one daemon; a missing node when it gives none just now. */
    public JsonNode get(LabHost host, String path) {
        Reply reply = send(host, "GET", path, "", READ_LIMIT);
        return reply.status() == 200 ? reply.json() : MissingNode.getInstance();
    }

    /** The same document of several daemons, asked at once; those that give none are left out. */
    public Map<LabHost, JsonNode> get(List<LabHost> hosts, String path, Duration limit) {
        var answers = new ConcurrentSkipListMap<LabHost, JsonNode>(java.util.Comparator.comparingInt(LabHost::number));
        var all = hosts.stream()
                .map(host -> http.sendAsync(request(host, "GET", path, "", limit), HttpResponse.BodyHandlers.ofString())
                        .thenAccept(reply -> {
                            if (reply.statusCode() == 200) {
                                answers.put(host, NovaProxy.parse(reply.body()));
                            }
                        })
                        .exceptionally(e -> null))
                .toArray(CompletableFuture[]::new);
        CompletableFuture.allOf(all).join();
        return answers;
    }

    /** A change that a named person answers for. */
    public Reply put(LabHost host, String path) {
        return send(host, "PUT", path, "", CHANGE_LIMIT);
    }

    /** Any request with a body. */
    public Reply send(LabHost host, String method, String path, String body, Duration limit) {
        try {
            HttpResponse<String> reply =
                    http.send(request(host, method, path, body, limit), HttpResponse.BodyHandlers.ofString());
            return new Reply(
                    reply.statusCode(), reply.body().strip(), reply.headers().map());
        } catch (IOException e) {
            return new Reply(0, e.toString(), Map.of());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new LabException("interrupted", e);
        }
    }

    private HttpRequest request(LabHost host, String method, String path, String body, Duration limit) {
        return HttpRequest.newBuilder(URI.create("http://" + host.address(Net.WATCH) + ":8500" + path))
                .timeout(limit)
                .header("X-Vmha-Token", token)
                .header("X-Vmha-Person", "faults")
                .method(
                        method,
                        body.isEmpty()
                                ? HttpRequest.BodyPublishers.noBody()
                                : HttpRequest.BodyPublishers.ofString(body))
                .build();
    }
}
