package io.vmha.testcluster.cloud;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.NullNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import io.vmha.testcluster.cloud.Faults.Planned;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** The HTTP side of Keystone and Nova: reads a request, lets one of them answer under the region's lock, and writes the answer. */
final class CloudFront implements HttpHandler {
    private static final System.Logger LOG = System.getLogger(CloudFront.class.getName());
    static final int BODY_BYTES_MAX = 1 << 20;

    private final Region region;
    private final Keystone keystone;
    private final NovaApi nova;
    private final Faults faults;
    private final RequestLog log;
    private final CountDownLatch closed;

    CloudFront(Region region, Keystone keystone, Faults faults, RequestLog log, CountDownLatch closed) {
        this.region = region;
        this.keystone = keystone;
        this.nova = new NovaApi(region);
        this.faults = faults;
        this.log = log;
        this.closed = closed;
    }

    @Override
    public void handle(HttpExchange exchange) throws IOException {
        long startedNanos = System.nanoTime();
        byte[] bytes = exchange.getRequestBody().readNBytes(BODY_BYTES_MAX + 1);
        String path = exchange.getRequestURI().toString();
        boolean isTokens = path.startsWith("/v3/auth");
        String text = isTokens ? "(credentials)" : new String(bytes, StandardCharsets.UTF_8);
        Optional<Planned> fault = faults.take(exchange.getRequestMethod() + " " + path + " " + text);
        long atMs;
        synchronized (region) {
            atMs = region.nowMs();
        }
        Optional<Answer> early = fault.flatMap(CloudFront::answerInstead);
        boolean isDropped =
                fault.filter(f -> f.kind() == Faults.Kind.RESET_BEFORE).isPresent();
        boolean isCommitted = early.isEmpty() && !isDropped;
        Answer answer = isCommitted ? answerOrFail(exchange, bytes) : early.orElse(Answer.empty(503));
        if (fault.filter(f -> f.kind() == Faults.Kind.RESET_AFTER).isPresent()) {
            isDropped = true;
        }
        pause(answer.delay().plus(fault.map(Planned::delay).orElse(Duration.ZERO)));
        long tookMs = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - startedNanos);
        String version = Optional.ofNullable(exchange.getRequestHeaders().getFirst("OpenStack-API-Version"))
                .orElse("");
        log.add(
                atMs,
                exchange.getRequestMethod(),
                isDropped ? 0 : answer.status(),
                path,
                tookMs,
                text,
                isCommitted,
                version);
        if (isDropped) {
            exchange.close();
        } else {
            write(exchange, answer);
        }
    }

    private static Optional<Answer> answerInstead(Planned fault) {
        return switch (fault.kind()) {
            case UNAVAILABLE -> Optional.of(unavailable());
            case SERVER_ERROR -> Optional.of(serverError());
            case NOT_FOUND -> Optional.of(html(404, "404 Not Found"));
            case NO_AGGREGATES -> {
                var none = Json.object();
                none.putArray("aggregates");
                yield Optional.of(Answer.ok(none));
            }
            case RESET_BEFORE, RESET_AFTER, SLOW -> Optional.empty();
        };
    }

    /** What a load balancer says for a service that is not there. */
    private static Answer unavailable() {
        return html(503, "503 Service Unavailable");
    }

    private static Answer html(int status, String title) {
        String page = "<html><body><h1>" + title + "</h1>No server is available.</body></html>";
        return new Answer(status, com.fasterxml.jackson.databind.node.TextNode.valueOf(page))
                .with("Content-Type", "text/html");
    }

    /** The outermost frame of a request: a mistake in the simulation is answered as Nova answers its own, and is never silent. */
    private Answer answerOrFail(HttpExchange exchange, byte[] bytes) {
        try {
            return answer(exchange, bytes);
        } catch (RuntimeException e) {
            LOG.log(System.Logger.Level.ERROR, "request failed uri=" + exchange.getRequestURI(), e);
            return serverError();
        }
    }

    private static Answer serverError() {
        return new Refusal(500, "Unexpected API Error. Please report this at http://bugs.launchpad.net/nova/").answer();
    }

    private Answer answer(HttpExchange exchange, byte[] bytes) {
        String requestId = "req-" + UUID.randomUUID();
        Map<String, List<String>> headers = Map.copyOf(exchange.getRequestHeaders());
        List<String> path = Request.segments(exchange.getRequestURI().getRawPath());
        String first = path.isEmpty() ? "" : path.get(0);
        String usual = first.equals("v3") ? "x-openstack-request-id" : "X-Openstack-Request-Id";
        String asked = "2.1";
        try {
            if (bytes.length > BODY_BYTES_MAX) {
                throw new Refusal(413, "Request is too large.");
            }
            Microversion version = Microversion.MIN;
            if (first.equals("v2.1")) {
                asked = Microversion.asked(headers);
                version = Microversion.parse(asked);
                asked = version.toString();
            }
            JsonNode body = bytes.length == 0 ? NullNode.getInstance() : Json.read(bytes);
            Request request = new Request(
                    exchange.getRequestMethod(),
                    base(exchange),
                    path,
                    Request.queryOf(Optional.ofNullable(exchange.getRequestURI().getRawQuery())
                            .orElse("")),
                    headers,
                    body);
            synchronized (region) {
                region.runDue();
                return route(request, first, version, requestId).withMissing(usualHeaders(first, asked, requestId));
            }
        } catch (Refusal refusal) {
            return refusal.answer()
                    .withMissing(usualHeaders(first, asked, requestId))
                    .withMissing(Map.of(usual, requestId));
        }
    }

    private static Map<String, String> usualHeaders(String first, String asked, String requestId) {
        return first.equals("v2.1") ? NovaApi.headers(asked, requestId) : Map.of("X-Openstack-Request-Id", requestId);
    }

    private Answer route(Request request, String first, Microversion version, String requestId) {
        return switch (first) {
            case "" -> NovaApi.versions(request);
            case "v3" -> faults.isKeystoneDown() ? unavailable() : keystone.answer(request);
            case "v2.1" -> nova(request, version, requestId);
            default -> throw NovaApi.unknown();
        };
    }

    private Answer nova(Request request, Microversion version, String requestId) {
        if (request.path().size() == 1) {
            return NovaApi.version(request);
        }
        return keystone.accepts(request)
                ? nova.answer(request, version, requestId)
                : Keystone.unauthorized(request.base());
    }

    private static URI base(HttpExchange exchange) {
        InetSocketAddress local = exchange.getLocalAddress();
        return URI.create("http://" + local.getAddress().getHostAddress() + ":" + local.getPort());
    }

    private void pause(Duration wait) {
        if (wait.isZero()) {
            return;
        }
        try {
            if (closed.await(wait.toNanos(), TimeUnit.NANOSECONDS)) {
                return; // the cloud is closing: answer at once
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    static void write(HttpExchange exchange, Answer answer) throws IOException {
        try (exchange) {
            exchange.getResponseHeaders().set("Content-Type", "application/json");
            exchange.getResponseHeaders().set("Connection", "close"); // as uWSGI does: no races about idle connections
            answer.headers().forEach(exchange.getResponseHeaders()::set);
            if (answer.body().isNull()) {
                exchange.sendResponseHeaders(answer.status(), -1);
                return;
            }
            byte[] bytes = answer.body().isTextual()
                    ? answer.body().textValue().getBytes(StandardCharsets.UTF_8)
                    : Json.write(answer.body());
            exchange.sendResponseHeaders(answer.status(), bytes.length);
            exchange.getResponseBody().write(bytes);
        }
    }
}
