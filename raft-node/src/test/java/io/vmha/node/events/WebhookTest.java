package io.vmha.node.events;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpServer;
import io.vmha.node.documents.Samples;
import io.vmha.node.view.NodeView;
import io.vmha.recovery.core.RecoveryState;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Against a real HTTP server on loopback. */
class WebhookTest {
    private static final long WAIT_S = 60;

    private final LinkedBlockingQueue<Received> received = new LinkedBlockingQueue<>();
    private final AtomicInteger refusals = new AtomicInteger();
    private final AtomicInteger endless = new AtomicInteger();
    private HttpServer server;
    private Webhook webhook;

    private record Received(String signature, String body) {
        List<String> ids() {
            try {
                var ids = new ArrayList<String>();
                for (JsonNode event : new ObjectMapper().readTree(body).get("events")) {
                    ids.add(event.get("id").asText());
                }
                return ids;
            } catch (IOException e) {
                throw new AssertionError(body, e);
            }
        }
    }

    @BeforeEach
    void listen() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", exchange -> {
            byte[] body = exchange.getRequestBody().readAllBytes();
            boolean ends = endless.getAndUpdate(n -> Math.max(0, n - 1)) == 0;
            boolean refuse = refusals.getAndUpdate(n -> Math.max(0, n - 1)) > 0;
            exchange.sendResponseHeaders(refuse ? 503 : ends ? 204 : 200, ends ? -1 : 10);
            if (ends) {
                exchange.close();
            } else {
                exchange.getResponseBody().flush();
            }
            if (!refuse) {
                received.add(new Received(
                        exchange.getRequestHeaders().getFirst("X-Vmha-Signature"),
                        new String(body, StandardCharsets.UTF_8)));
            }
        });
        server.start();
    }

    @AfterEach
    void close() {
        if (webhook != null) {
            webhook.close();
        }
        server.stop(0);
    }

    private void start(Optional<String> secret) {
        var url = URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/vmha");
        webhook = new Webhook(new Webhook.Target(url, secret), () -> Samples.OPENED_MS);
    }

    private static RecoveryState of(NodeView view) {
        return view.state().orElseThrow();
    }

    private Received take() throws InterruptedException {
        Received next = received.poll(WAIT_S, TimeUnit.SECONDS);
        assertThat(next).as("a request within " + WAIT_S + " s").isNotNull();
        return next;
    }

    @Test
    void theLeaderDeliversSignedEvents() throws InterruptedException {
        start(Optional.of("0123456789abcdef"));
        webhook.onState(of(Samples.recovering()));
        webhook.onLeading(true);

        Received first = take();

        assertThat(first.ids()).isNotEmpty().doesNotHaveDuplicates();
        assertThat(first.signature())
                .isEqualTo("sha256="
                        + Webhook.signature("0123456789abcdef", first.body().getBytes(StandardCharsets.UTF_8)));
        assertThat(first.body()).contains("\"az\":\"az1\"");
    }

    @Test
    void whatTheReceiverDoesNotTakeIsSentAgainInOrder() throws InterruptedException {
        refusals.set(2);
        start(Optional.empty());
        webhook.onLeading(true);
        webhook.onState(of(Samples.recovering()));

        Received first = take();

        assertThat(refusals.get()).isZero();
        assertThat(first.ids())
                .containsExactlyElementsOf(new EventFeed()
                        .onState(of(Samples.recovering()), 0).stream()
                                .map(Event::id)
                                .toList());
        assertThat(first.signature()).isNull();
    }

    @Test
    void anAnswerThatNeverEndsIsGivenUpAndTheEventsAreSentAgain() throws InterruptedException {
        endless.set(1);
        start(Optional.empty());
        webhook.onLeading(true);
        webhook.onState(of(Samples.recovering()));

        Received first = take();
        Received second = take();

        assertThat(second.ids()).isEqualTo(first.ids());
    }

    @Test
    void onlyTheLeaderTells() throws InterruptedException {
        start(Optional.empty());
        webhook.onState(of(Samples.recovering()));
        webhook.onLeading(false);
        webhook.onState(of(Samples.held()));
        webhook.onLeading(true);

        Received first = take();

        assertThat(first.ids()).isNotEmpty();
        assertThat(received.poll(200, TimeUnit.MILLISECONDS)).isNull();
    }

    /** RFC 4231, test case 2. */
    @Test
    void theSignatureIsHmacSha256() {
        byte[] body = "what do ya want for nothing?".getBytes(StandardCharsets.US_ASCII);

        assertThat(Webhook.signature("Jefe", body))
                .isEqualTo("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    }
}
