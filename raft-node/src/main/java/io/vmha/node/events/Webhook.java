package io.vmha.node.events;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.vmha.recovery.core.AzSettings;
import io.vmha.recovery.core.RecoveryState;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongSupplier;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends the AZ's events to a URL, from the leader only, in order, each at least once: what the receiver does not take (any answer but 2xx)
 * is sent again, ever more rarely, until it does. Recovery never waits for it. One POST carries up to {@link #BATCH_MAX} events:
 *
 * <pre>{"events": [{"id": "incident-3-118-0", "az": "az1", "at_ms": …, "index": 118, "kind": "incident", "incident": 3, "text": "…"}]}</pre>
 *
 * <p>With a secret, {@code X-Vmha-Signature: sha256=<hex of the HMAC-SHA-256 of the body>} tells the receiver who sent it.
 */
public final class Webhook implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Webhook.class);

    /** Events that wait for the receiver; the oldest are dropped, and counted, when there are more. */
    public static final int WAITING_MAX = 10_000;

    /** Events of one request. */
    public static final int BATCH_MAX = 100;

    private static final Duration REQUEST_LIMIT = Duration.ofSeconds(5);
    private static final Duration ANSWER_LIMIT = Duration.ofSeconds(8);
    private static final long RETRY_MIN_MS = 500;
    private static final long RETRY_MAX_MS = 60_000;

    /**
     * Where events go.
     *
     * @param secret the key of the signature; empty for none
     */
    public record Target(URI url, Optional<String> secret) {
        @Override
        public String toString() {
            return url + (secret.isPresent() ? " (signed)" : "");
        }
    }

    private final Target target;
    private final LongSupplier wallMs;
    private final HttpClient client;
    private final ScheduledThreadPoolExecutor events;
    private final AtomicReference<RecoveryState> latest = new AtomicReference<>();
    private final AtomicBoolean asked = new AtomicBoolean();
    private final AtomicLong delivered = new AtomicLong();
    private final AtomicLong dropped = new AtomicLong();
    private final AtomicLong waitingCount = new AtomicLong();
    private volatile boolean leads;

    // owned by the events thread
    private final EventFeed feed = new EventFeed();
    private final Deque<Event> waiting = new ArrayDeque<>();
    private String az = "";
    private long retryMs = RETRY_MIN_MS;
    private long failures;
    private boolean retrying;

    /** @param wallMs wall-clock time in milliseconds since 1970 */
    public Webhook(Target target, LongSupplier wallMs) {
        this.target = target;
        this.wallMs = wallMs;
        this.client = HttpClient.newBuilder().connectTimeout(REQUEST_LIMIT).build();
        this.events = new ScheduledThreadPoolExecutor(1, Webhook::thread, new ThreadPoolExecutor.DiscardPolicy());
        events.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
    }

    private static Thread thread(Runnable work) {
        var thread = new Thread(work, "events");
        thread.setDaemon(true);
        return thread;
    }

    /** Only a leader tells; one that leads no more forgets what it has not delivered, for its successor begins with the open incidents. */
    public void onLeading(boolean leading) {
        leads = leading;
        wake();
    }

    /** A newer committed state. Does not block. */
    public void onState(RecoveryState state) {
        latest.set(state);
        wake();
    }

    /** Events that the receiver took. */
    public long delivered() {
        return delivered.get();
    }

    /** The same in numbers for the metrics. */
    public Map<String, Double> gauges() {
        return Map.of(
                "events_delivered", (double) delivered(),
                "events_waiting", (double) waiting(),
                "events_dropped", (double) dropped());
    }

    /** Events that were dropped because too many waited. */
    public long dropped() {
        return dropped.get();
    }

    /** Events that wait. */
    public long waiting() {
        return waitingCount.get();
    }

    private void wake() {
        if (asked.compareAndSet(false, true)) {
            events.execute(this::look);
        }
    }

    private void look() {
        asked.set(false);
        RecoveryState state = latest.get();
        if (!leads) {
            feed.rest();
            waiting.clear();
        } else if (state != null) {
            az = state.az().map(AzSettings::name).orElse("");
            for (Event event : feed.onState(state, wallMs.getAsLong())) {
                if (waiting.size() >= WAITING_MAX) {
                    waiting.removeFirst();
                    dropped.incrementAndGet();
                }
                waiting.addLast(event);
            }
        }
        waitingCount.set(waiting.size());
        if (!retrying) {
            deliver();
        }
    }

    private void deliver() {
        retrying = false;
        while (!waiting.isEmpty() && !events.isShutdown()) {
            List<Event> batch = waiting.stream().limit(BATCH_MAX).toList();
            Optional<String> problem = send(batch);
            if (problem.isPresent()) {
                if (failures++ == 0) {
                    LOG.warn("events not delivered, trying again url={} why=\"{}\"", target.url(), problem.get());
                }
                retrying = true;
                var unused = events.schedule(this::deliver, retryMs, TimeUnit.MILLISECONDS);
                retryMs = Math.min(RETRY_MAX_MS, retryMs * 2);
                return;
            }
            if (failures > 0) {
                LOG.info("events are delivered again url={} failures={}", target.url(), failures);
            }
            failures = 0;
            retryMs = RETRY_MIN_MS;
            batch.forEach(event -> waiting.removeFirst());
            delivered.addAndGet(batch.size());
            waitingCount.set(waiting.size());
        }
    }

    private Optional<String> send(List<Event> batch) {
        ObjectNode document = JsonNodeFactory.instance.objectNode();
        ArrayNode list = document.putArray("events");
        batch.forEach(event -> list.add(event.document(az)));
        byte[] body = document.toString().getBytes(StandardCharsets.UTF_8);
        var request = HttpRequest.newBuilder(target.url())
                .timeout(REQUEST_LIMIT)
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofByteArray(body));
        target.secret().ifPresent(secret -> request.header("X-Vmha-Signature", "sha256=" + signature(secret, body)));
        // the request's own limit ends with the headers of the answer; a body that never comes would hold this thread
        // up for ever
        var answer = client.sendAsync(request.build(), HttpResponse.BodyHandlers.discarding());
        try {
            int status =
                    answer.get(ANSWER_LIMIT.toMillis(), TimeUnit.MILLISECONDS).statusCode();
            return status / 100 == 2 ? Optional.empty() : Optional.of("the receiver answered " + status);
        } catch (ExecutionException e) {
            return Optional.of(e.getCause().toString());
        } catch (TimeoutException e) {
            answer.cancel(true);
            return Optional.of("the receiver's answer did not end within " + ANSWER_LIMIT.toSeconds() + " s");
        } catch (InterruptedException e) {
            answer.cancel(true);
            Thread.currentThread().interrupt();
            return Optional.of("the daemon stops");
        }
    }

    /** The HMAC-SHA-256 of the body (RFC 2104), in hex. */
    static String signature(String secret, byte[] body) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(secret.getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
            return HexFormat.of().formatHex(mac.doFinal(body));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every JDK has HmacSHA256", e);
        }
    }

    @Override
    public void close() {
        events.shutdownNow();
    }
}
