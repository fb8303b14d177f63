package io.vmha.testcluster.faults.lab;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.vmha.testcluster.faults.history.History;
import io.vmha.testcluster.faults.history.Kinds;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Stands in front of Keystone and Nova: every daemon reaches them through it. Notes every call with its time, its caller and what the replicas
 * had committed at that moment; lets calls go wrong on demand. The operator's own calls are never troubled.
 */
public final class NovaProxy implements AutoCloseable {
    /** The port of Keystone. */
    public static final int PORT = 5000;

    private static final int BODY_BYTES_MAX = 8 << 20;
    private static final int BODY_KEPT_MAX = 600;
    private static final Pattern ACTION = Pattern.compile(".*/servers/([0-9a-f-]{36})/action");
    private static final Duration UPSTREAM_LIMIT = Duration.ofSeconds(90);
    private static final List<String> PASSED_ON =
            List.of("X-Auth-Token", "X-Subject-Token", "Content-Type", "Accept", "OpenStack-API-Version");
    private static final ObjectMapper JSON = new ObjectMapper();

    /** How a call goes wrong. */
    public enum Trouble {
        /** Answered late. */
        SLOW,
        /** Answered 500; the service never hears of it. */
        ERROR,
        /** Answered 503 in HTML, as by a load balancer; the service never hears of it. */
        UNAVAILABLE,
        /** The connection is closed without an answer; the service never hears of it. */
        RESET_BEFORE,
        /** The connection is closed without an answer, though all was done. */
        RESET_AFTER
    }

    /** What is troubled. */
    public enum Service {
        KEYSTONE,
        NOVA,
        BOTH
    }

    /**
     * One trouble that lasts until it is taken away.
     *
     * @param share how many of the calls it meets, 0 to 1
     */
    public record Rule(Trouble trouble, Service service, double share, Duration delay) {}

    /** Tells what is committed about a VM at this moment, before an evacuate call for it is let through. */
    interface Evidence {
        void at(String vm, String caller, ObjectNode into);
    }

    private final HttpServer server;
    private final CloudAccess upstream;
    private final String publicBase;
    private final History history;
    private final Evidence evidence;
    private final Random random;
    private final ExecutorService threads = Executors.newCachedThreadPool(task -> GuestBus.daemon(task, "proxy"));
    private final HttpClient http =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final Map<String, Rule> rules = new ConcurrentHashMap<>();
    private final Map<String, AtomicLong> met = new ConcurrentHashMap<>();
    private final TokenBook tokens = new TokenBook();
    private final List<Consumer<Call>> watchers = new CopyOnWriteArrayList<>();

    /** A call as it is on its way to the service. */
    public record Call(String caller, String method, String path, String body) {
        /** The VM that is to be evacuated, if that is what this is. */
        public Optional<String> evacuates() {
            Matcher action = ACTION.matcher(path);
            return method.equals("POST") && action.matches() && body.contains("\"evacuate\"")
                    ? Optional.of(action.group(1))
                    : Optional.empty();
        }

        /** True if this tells Nova that a host is down. */
        public boolean forcesDown() {
            return method.equals("PUT")
                    && path.contains("/os-services")
                    && body.replace(" ", "").contains("\"forced_down\":true");
        }
    }

    NovaProxy(
            InetSocketAddress address, String name, CloudAccess upstream, History history, Evidence evidence, long seed)
            throws IOException {
        this.server = HttpServer.create(address, 128);
        this.upstream = upstream;
        this.publicBase = "http://" + name + ":" + PORT;
        this.history = history;
        this.evidence = evidence;
        this.random = new Random(seed);
        server.setExecutor(threads);
        server.createContext("/", this::handle);
        server.start();
    }

    /** Begins a trouble under a name of the caller's choosing. */
    public void trouble(String name, Rule rule) {
        met.put(name, new AtomicLong());
        rules.put(name, rule);
    }

    /** Ends a trouble. Returns how many calls it has met. */
    public long end(String name) {
        rules.remove(name);
        return met(name);
    }

    /** How many calls a trouble has met so far. */
    public long met(String name) {
        return met.getOrDefault(name, new AtomicLong()).get();
    }

    /** Calls with a token that was given out before now are answered 401; the service never hears of them. */
    void expireTokens() {
        tokens.expireAll();
    }

    /** The token that was given out last; empty if none was. */
    public String newestToken() {
        return tokens.newest();
    }

    long tokensRefused() {
        return tokens.refused();
    }

    /** Hears every call of a daemon before it is let through. Must not take long. */
    public void watch(Consumer<Call> watcher) {
        watchers.add(watcher);
    }

    public void unwatch(Consumer<Call> watcher) {
        watchers.remove(watcher);
    }

    private void handle(HttpExchange exchange) throws IOException {
        long arrivedNanos = System.nanoTime();
        byte[] bytes = exchange.getRequestBody().readNBytes(BODY_BYTES_MAX);
        String path = exchange.getRequestURI().toString();
        String body = path.contains("/auth/") ? "(credentials)" : new String(bytes, StandardCharsets.UTF_8);
        var call = new Call(callerOf(exchange), exchange.getRequestMethod(), path, body);
        ObjectNode seen = JSON.createObjectNode();
        call.evacuates().ifPresent(vm -> evidence.at(vm, call.caller(), seen));
        watchers.forEach(watcher -> watcher.accept(call));
        Optional<Rule> rule = call.caller().equals("operator") ? Optional.empty() : choose(path);
        long forwardedMs = history.nowMs();
        Answer answer = answer(exchange, bytes, rule);
        note(call, seen, rule, answer, forwardedMs, arrivedNanos);
        send(exchange, answer);
    }

    private record Answer(int status, String body, Map<String, String> headers, boolean committed, boolean dropped) {}

    private static final Answer EXPIRED = new Answer(
            401,
            "{\"error\":{\"code\":401,\"message\":\"The request you have made requires authentication.\"}}",
            Map.of("Content-Type", "application/json", "WWW-Authenticate", "Keystone uri=\"/v3\""),
            false,
            false);

    private Answer answer(HttpExchange exchange, byte[] bytes, Optional<Rule> rule) {
        Optional<Trouble> trouble = rule.map(Rule::trouble);
        if (trouble.isPresent() && !isPassedOn(trouble.get())) {
            return instead(trouble.get());
        }
        String token = exchange.getRequestHeaders().getFirst("X-Auth-Token");
        if (token != null && tokens.refuses(token)) {
            return EXPIRED;
        }
        Answer answer = forward(exchange, bytes);
        Optional.ofNullable(answer.headers().get("x-subject-token")).ifPresent(tokens::givenOut);
        rule.filter(r -> r.trouble() == Trouble.SLOW)
                .ifPresent(r -> Shell.pass(r.delay().toMillis()));
        boolean dropped = trouble.filter(t -> t == Trouble.RESET_AFTER).isPresent();
        return new Answer(
                answer.status(), answer.body(), answer.headers(), answer.committed(), dropped || answer.dropped());
    }

    private static boolean isPassedOn(Trouble trouble) {
        return trouble == Trouble.SLOW || trouble == Trouble.RESET_AFTER;
    }

    private static Answer instead(Trouble trouble) {
        boolean html = trouble == Trouble.UNAVAILABLE;
        String text = html
                ? "<html><body><h1>503 Service Unavailable</h1>No server is available.</body></html>"
                : "{\"computeFault\":{\"code\":500,\"message\":\"Unexpected API Error.\"}}";
        return new Answer(
                html ? 503 : 500,
                text,
                Map.of("Content-Type", html ? "text/html" : "application/json"),
                false,
                trouble == Trouble.RESET_BEFORE);
    }

    private Optional<Rule> choose(String path) {
        boolean isKeystone = path.startsWith("/v3");
        for (var entry : rules.entrySet()) {
            Rule rule = entry.getValue();
            boolean concerned = rule.service() == Service.BOTH || (rule.service() == Service.KEYSTONE) == isKeystone;
            boolean hit;
            synchronized (random) {
                hit = random.nextDouble() < rule.share();
            }
            if (concerned && hit) {
                met.get(entry.getKey()).incrementAndGet();
                return Optional.of(rule);
            }
        }
        return Optional.empty();
    }

    private Answer forward(HttpExchange exchange, byte[] bytes) {
        String path = exchange.getRequestURI().toString();
        var request = HttpRequest.newBuilder(URI.create(upstream.baseOf(path) + path))
                .timeout(UPSTREAM_LIMIT)
                .method(
                        exchange.getRequestMethod(),
                        bytes.length == 0
                                ? HttpRequest.BodyPublishers.noBody()
                                : HttpRequest.BodyPublishers.ofByteArray(bytes));
        for (String name : PASSED_ON) {
            Optional.ofNullable(exchange.getRequestHeaders().getFirst(name))
                    .ifPresent(value -> request.header(name, value));
        }
        try {
            HttpResponse<String> reply = http.send(request.build(), HttpResponse.BodyHandlers.ofString());
            var headers = new java.util.TreeMap<String, String>();
            reply.headers().map().forEach((name, values) -> headers.put(name.toLowerCase(Locale.ROOT), values.get(0)));
            String own = upstream.shownAs(reply.body(), publicBase);
            return new Answer(reply.statusCode(), own, headers, true, false);
        } catch (IOException e) {
            return new Answer(502, "", Map.of(), false, true);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return new Answer(503, "", Map.of(), false, true);
        }
    }

    private static String callerOf(HttpExchange exchange) {
        byte[] address = exchange.getRemoteAddress().getAddress().getAddress();
        int last = address[3] & 0xff;
        return last == 254 || address[0] == 127 ? "operator" : "hv-" + last;
    }

    private void note(
            Call call, ObjectNode seen, Optional<Rule> rule, Answer answer, long forwardedMs, long arrivedNanos) {
        if (call.method().equals("GET") && rule.isEmpty()) {
            return; // reads change nothing, and there are many
        }
        String body = call.body();
        history.recordAt(forwardedMs, Kinds.NOVA, event -> {
            event.put("caller", call.caller())
                    .put("method", call.method())
                    .put("path", call.path())
                    .put("body", body.length() <= BODY_KEPT_MAX ? body : body.substring(0, BODY_KEPT_MAX))
                    .put("status", answer.dropped() ? 0 : answer.status())
                    .put("took_ms", TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - arrivedNanos))
                    .put("fault", rule.map(r -> r.trouble().name()).orElse(""))
                    .put("committed", answer.committed())
                    .put("accepted", answer.committed() && answer.status() / 100 == 2);
            call.evacuates().ifPresent(vm -> event.put("evacuates", vm));
            if (call.forcesDown()) {
                event.put("forces_down", true);
            }
            if (!seen.isEmpty()) {
                event.set("evidence", seen);
            }
        });
    }

    private static void send(HttpExchange exchange, Answer answer) throws IOException {
        try (exchange) {
            if (answer.dropped()) {
                return;
            }
            answer.headers().forEach((name, value) -> {
                if (!name.startsWith(":")
                        && !List.of("content-length", "date", "connection", "transfer-encoding")
                                .contains(name)) {
                    exchange.getResponseHeaders().set(name, value);
                }
            });
            exchange.getResponseHeaders().set("Connection", "close");
            byte[] body = answer.body().getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(answer.status(), body.length == 0 ? -1 : body.length);
            if (body.length > 0) {
                exchange.getResponseBody().write(body);
            }
        }
    }

    /** Reads JSON, or a missing node if it is none. */
    static JsonNode parse(String text) {
        try {
            return JSON.readTree(text);
        } catch (IOException e) {
            return com.fasterxml.jackson.databind.node.MissingNode.getInstance();
        }
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }
}
