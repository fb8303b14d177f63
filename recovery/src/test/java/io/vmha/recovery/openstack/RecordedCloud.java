package io.vmha.recovery.openstack;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.vmha.recovery.config.Secret;
import io.vmha.recovery.openstack.OpenStackConfig.DomainName;
import io.vmha.recovery.openstack.OpenStackConfig.Login;
import io.vmha.recovery.openstack.OpenStackConfig.TimeLimits;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.regex.Pattern;

/**
 * Keystone and Nova on one loopback port that answer with recorded exchanges of a real cloud, or with what a test makes up. Answers to the
 * same question are given in turn, the last one for ever.
 */
final class RecordedCloud implements AutoCloseable {
    static final String NOVA = "/compute/v2.1";
    private static final ObjectMapper JSON = new ObjectMapper();

    private final HttpServer server;
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final Map<Pattern, Deque<Reply>> replies = new LinkedHashMap<>();
    private final List<Asked> asked = new ArrayList<>();

    /** One answer; it may misbehave in every way that HTTP allows. */
    interface Reply {
        void to(HttpExchange exchange) throws IOException;
    }

    /** What was asked. */
    record Asked(String method, String target, String microversion, String token, String body) {}

    RecordedCloud() {
        try {
            server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        server.setExecutor(threads);
        server.createContext("/", this::handle);
        server.start();
        on("POST /identity/v3/auth/tokens", token("gAAAAA-FAKE-TOKEN"));
        on("GET " + NOVA + "/", recorded("nova_versions", 1));
    }

    URI address(String path) {
        return URI.create("http://127.0.0.1:" + server.getAddress().getPort() + path);
    }

    OpenStackConfig config() {
        var login = new Login(
                DomainName.inDefaultDomain("admin"), new Secret("vmha-secret"), DomainName.inDefaultDomain("admin"));
        return OpenStackConfig.of(address("/identity/v3"), login)
                .withLimits(new TimeLimits(Duration.ofSeconds(5), Duration.ofSeconds(10), Duration.ofSeconds(30)));
    }

    NovaCompute compute() {
        return new NovaCompute(config());
    }

    /** Answers a question, given as method and path (with the query if there is a '?'), in place of earlier answers. */
    void on(String question, Reply... inTurn) {
        var target = question.contains("?") ? Pattern.quote(question) : Pattern.quote(question) + "(\\?.*)?";
        synchronized (replies) {
            replies.keySet().removeIf(pattern -> pattern.pattern().equals(target));
            replies.put(Pattern.compile(target), new ArrayDeque<>(List.of(inTurn)));
        }
    }

    List<Asked> asked(String method) {
        synchronized (replies) {
            return asked.stream()
                    .filter(question -> question.method().equals(method)
                            && !question.target().startsWith("/identity"))
                    .toList();
        }
    }

    long logins() {
        synchronized (replies) {
            return asked.stream()
                    .filter(question -> question.target().startsWith("/identity"))
                    .count();
        }
    }

    String loginBody() {
        synchronized (replies) {
            return asked.stream()
                    .filter(question -> question.target().startsWith("/identity"))
                    .findFirst()
                    .orElseThrow()
                    .body();
        }
    }

    private void handle(HttpExchange exchange) throws IOException {
        var body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
        var headers = exchange.getRequestHeaders();
        var question = exchange.getRequestMethod() + " " + exchange.getRequestURI();
        Reply reply = text(500, "no answer for " + question);
        synchronized (replies) {
            asked.add(new Asked(
                    exchange.getRequestMethod(),
                    String.valueOf(exchange.getRequestURI()),
                    String.valueOf(headers.getFirst("OpenStack-API-Version")),
                    String.valueOf(headers.getFirst("X-Auth-Token")),
                    body));
            for (var entry : replies.entrySet()) {
                if (entry.getKey().matcher(question).matches()) {
                    var queue = entry.getValue();
                    reply = queue.size() > 1 ? queue.poll() : queue.peek();
                }
            }
        }
        reply.to(exchange);
    }

    /** A successful login whose catalog has this cloud's Nova. */
    Reply token(String token) {
        var body = fixture("keystone_token", 0)
                .path("body")
                .toString()
                .replace("http://127.0.0.1:18002/v2.1", address(NOVA).toString());
        return exchange -> {
            exchange.getResponseHeaders().set("X-Subject-Token", token);
            text(201, body).to(exchange);
        };
    }

    static Reply recorded(String name) {
        return recorded(name, 0);
    }

    static Reply recorded(String name, int index) {
        var response = fixture(name, index);
        var body = response.path("body").isNull() ? "" : response.path("body").toString();
        return text(response.path("status").intValue(), body);
    }

    static Reply text(int status, String body) {
        return exchange -> {
            var bytes = body.getBytes(StandardCharsets.UTF_8);
            exchange.getResponseHeaders().set("Content-Type", "application/json");
            exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
            exchange.getResponseBody().write(bytes);
            exchange.close();
        };
    }

    /** The connection is cut without an answer. */
    static Reply reset() {
        return exchange -> {
            throw new IOException("cut on purpose");
        };
    }

    static JsonNode fixture(String name, int index) {
        try (var in = RecordedCloud.class.getResourceAsStream("/nova/" + name + ".json")) {
            return JSON.readTree(in).path(index).path("response");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }
}
