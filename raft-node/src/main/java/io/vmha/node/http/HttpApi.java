package io.vmha.node.http;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.vmha.node.consul.ConsulApi;
import io.vmha.node.documents.Api;
import io.vmha.node.documents.Call;
import io.vmha.node.documents.Reply;
import io.vmha.node.documents.Target;
import io.vmha.node.view.NodeRequests;
import io.vmha.node.view.NodeView;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The HTTP server. No request holds a thread while the cluster works on it; one that its client dribbles holds only the thread that its own
 * connection may have, and little memory. Connections beyond the limit are closed.
 */
public final class HttpApi implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(HttpApi.class);
    /** Each may keep a reader waiting, so there are as many of those; a reader without requests ends. */
    private static final int CONNECTIONS_MAX = 256;

    private static final int HEADER_BYTES_MAX = 32 * 1024;

    /** Of the bodies that are on their way in, all together: the heap is small. */
    private static final int BODY_BYTES_MAX = 8 * 1024 * 1024;

    /** Those who write answers hold them in memory. */
    private static final int WRITERS = 4;

    private static final int QUEUE_MAX = 128;
    private static final int IDLE_S = 30;
    private static final int BACKLOG = 64;

    static {
        // The JDK's server reads these once. A client that dribbles its request, or never takes the answer, is dropped.
        standard("sun.net.httpserver.maxReqTime", "10");
        // counted from the request: longer than the longest blocking query with its jitter; WriteLimits ends slow
        // readers
        standard("sun.net.httpserver.maxRspTime", "700");
        standard("sun.net.httpserver.maxReqHeaders", "50");
        standard("sun.net.httpserver.maxReqHeaderSize", Integer.toString(HEADER_BYTES_MAX));
        standard("jdk.httpserver.maxConnections", Integer.toString(CONNECTIONS_MAX));
        standard(
                "sun.net.httpserver.nodelay",
                "true"); // otherwise every small answer waits for the client's delayed ACK
    }

    private final HttpServer server;
    private final ThreadPoolExecutor readers;
    private final ThreadPoolExecutor writers;
    private final Api api;
    private final Door door;
    private final Metrics metrics;
    private final ConsulExchange consul;
    private final WriteLimits limits = new WriteLimits();
    private final BodyBytes bodies = new BodyBytes(BODY_BYTES_MAX);
    private final StatusPage page = StatusPage.load();

    /**
     * Binds the port; nothing is answered before {@link #start}.
     *
     * @param port 0 for any free one
     * @param consul keys and sessions
     * @param gauges further numbers for {@code /metrics} by name, such as the gossip layer's
     * @param token what a client must show to change anything; without one, changes are refused unless the address is loopback
     * @throws IOException if the address cannot be bound
     */
    public HttpApi(
            InetAddress address,
            int port,
            Supplier<NodeView> view,
            NodeRequests requests,
            ConsulApi consul,
            Supplier<Map<String, Double>> gauges,
            Optional<String> token)
            throws IOException {
        this.server = HttpServer.create(new InetSocketAddress(address, port), BACKLOG);
        this.api = new Api(view, requests);
        this.door = new Door(address.isLoopbackAddress(), token);
        this.metrics = new Metrics(view, gauges);
        this.readers = new ThreadPoolExecutor(
                0, CONNECTIONS_MAX, IDLE_S, TimeUnit.SECONDS, new SynchronousQueue<>(), threads("http-"));
        this.writers = new ThreadPoolExecutor(
                WRITERS,
                WRITERS,
                IDLE_S,
                TimeUnit.SECONDS,
                new ArrayBlockingQueue<>(QUEUE_MAX),
                threads("http-answer-"));
        writers.allowCoreThreadTimeOut(true);
        this.consul = new ConsulExchange(consul, bodies, this::runSoon);
        server.setExecutor(readers);
        server.createContext("/", this::handle);
    }

    private static ThreadFactory threads(String name) {
        var number = new AtomicInteger();
        return task -> {
            var thread = new Thread(task, name + number.incrementAndGet());
            thread.setDaemon(true);
            return thread;
        };
    }

    private static void standard(String property, String value) {
        if (System.getProperty(property) == null) {
            System.setProperty(property, value);
        }
    }

    /** Begins to answer. */
    public void start() {
        server.start();
    }

    /** Where it listens, with the port that was really bound. */
    public InetSocketAddress address() {
        return server.getAddress();
    }

    @Override
    public void close() {
        server.stop(0);
        readers.shutdownNow();
        writers.shutdownNow();
        limits.close();
    }

    private void handle(HttpExchange exchange) {
        var answer = new HttpAnswer(exchange, limits);
        try {
            Optional<Reply> refusal = door.refusal(exchange);
            if (refusal.isPresent()) {
                answer.send(refusal.get());
                return;
            }
            String raw = exchange.getRequestURI().getRawPath();
            if (raw != null && ConsulApi.isMine(raw)) {
                consul.answer(exchange, answer);
                return;
            }
            String query = exchange.getRequestURI().getRawQuery();
            Optional<Target> target =
                    Optional.ofNullable(raw).flatMap(r -> Target.parse(query == null ? r : r + "?" + query));
            if (target.isEmpty()) {
                answer.send(Reply.refused(400, "the path or query is malformed"));
            } else {
                route(exchange, target.get(), answer);
            }
        } catch (BodyBytes.MalformedException e) {
            answer.hangUp(400, e.getMessage());
        } catch (BodyBytes.FullException e) {
            answer.hangUp(429, e.getMessage());
        } catch (IOException e) {
            LOG.debug("http client gone error={}", e.toString());
            exchange.close();
        } catch (RuntimeException e) { // the outermost place of this thread
            LOG.error("http request failed path={}", exchange.getRequestURI().getPath(), e);
            answer.sendQuietly(Reply.refused(500, "internal error; the daemon's log has the details"));
        }
    }

    private void route(HttpExchange exchange, Target target, HttpAnswer answer) throws IOException {
        String method = exchange.getRequestMethod();
        List<String> path = target.path();
        boolean own = path.isEmpty() || path.equals(List.of("ui")) || path.equals(List.of("metrics"));
        if (own && !method.equals("GET")) {
            answer.sendNotAllowed(method, List.of("GET"));
        } else if (path.isEmpty()) {
            root(exchange, answer);
        } else if (path.equals(List.of("ui"))) {
            answer.sendPage(page);
        } else if (path.equals(List.of("metrics"))) {
            answer.send(200, Metrics.CONTENT_TYPE, metrics.scrape());
        } else {
            call(exchange, method, target, answer);
        }
    }

    /** On a writer; on the thread that brings the answer if all writers and their queue are busy, for somebody must close the exchange. */
    private void runSoon(Runnable task) {
        try {
            writers.execute(task);
        } catch (RejectedExecutionException e) {
            task.run();
        }
    }

    private static void root(HttpExchange exchange, HttpAnswer answer) throws IOException {
        String accept = Optional.ofNullable(exchange.getRequestHeaders().getFirst("Accept"))
                .orElse("");
        if (accept.contains("text/html")) {
            answer.redirect("/ui");
        } else {
            answer.sendText(200, "vmhad: see /ui, /v1/leader, /v1/ha, /v1/incidents, /metrics\n");
        }
    }

    private void call(HttpExchange exchange, String method, Target target, HttpAnswer answer) throws IOException {
        Optional<String> person =
                Optional.ofNullable(exchange.getRequestHeaders().getFirst("X-Vmha-Person"));
        Call call = new Call(method, target, person);
        if (method.equals("PUT")) {
            var body = RequestBody.read(exchange, bodies);
            if (body.refusal().isPresent()) {
                answer.send(body.refusal().get());
                return;
            }
            call = person.isPresent() ? call : Call.withBody(method, target, body.document());
        }
        CompletableFuture<Reply> reply = api.answer(call);
        boolean pretty = target.query().containsKey("pretty");
        if (reply.isDone()) {
            answer.send(reply.join(), method, pretty);
            return;
        }
        var unused =
                reply.whenCompleteAsync((done, failure) -> answer.sendQuietly(done, method, pretty), this::runSoon);
    }
}
