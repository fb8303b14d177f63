package io.vmha.recovery.openstack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import io.vmha.recovery.core.ComputeException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A cloud is reached by its name where its name server is gone. The name exists nowhere: only what is remembered leads to the server. */
class NamesGoneTest {
    private static final String NAME = "cloud.invalid";
    private static final Duration PATIENCE = Duration.ofMillis(200);

    private final AtomicBoolean gone = new AtomicBoolean();
    private final AtomicReference<String> hostHeader = new AtomicReference<>("");
    private final KnownAddresses addresses = new KnownAddresses(this::lookup, PATIENCE);
    private Optional<HttpServer> server = Optional.empty();

    @TempDir
    Path directory;

    private InetAddress lookup(String name) throws UnknownHostException {
        if (gone.get() || !name.equals(NAME)) {
            throw new UnknownHostException(name);
        }
        return InetAddress.getLoopbackAddress();
    }

    @AfterEach
    void stop() {
        server.ifPresent(s -> s.stop(0));
        addresses.close();
    }

    private int serve(HttpServer made) {
        made.createContext("/", exchange -> {
            hostHeader.set(exchange.getRequestHeaders().getFirst("Host"));
            exchange.sendResponseHeaders(200, 2);
            exchange.getResponseBody().write("{}".getBytes(StandardCharsets.UTF_8));
            exchange.close();
        });
        made.start();
        server = Optional.of(made);
        return made.getAddress().getPort();
    }

    private HttpLink.Answer call(SSLContext tls, String url) {
        try (var link = new HttpLink(OpenStackConfig.TimeLimits.STANDARD, tls, addresses)) {
            return link.exchange(
                    new HttpLink.Call("GET", URI.create(url), Map.of(), ""), Deadline.after(Duration.ofSeconds(20)));
        }
    }

    @Test
    void whatWasKnownIsUsedAndTheServerStillHearsTheName() throws Exception {
        int port = serve(HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0));
        assertThat(addresses.insteadOf(NAME)).isEmpty();
        gone.set(true);

        var answer = call(SSLContext.getDefault(), "http://" + NAME + ":" + port + "/v3?x=1");

        assertThat(answer.status()).isEqualTo(200);
        assertThat(hostHeader.get()).isEqualTo(NAME + ":" + port);
    }

    @Test
    void theCertificateMustStillBeThatOfTheName() throws Exception {
        Path good = certificate(NAME);
        Path other = certificate("other.invalid");
        assertThat(addresses.insteadOf(NAME)).isEmpty();
        gone.set(true);

        int port = serve(https(good));
        assertThat(call(Trust.of(Optional.of(pem(good))), "https://" + NAME + ":" + port + "/v3")
                        .status())
                .isEqualTo(200);
        server.orElseThrow().stop(0);
        addressesAgain();
        int wrong = serve(https(other));

        assertThatThrownBy(() -> call(Trust.of(Optional.of(pem(other))), "https://" + NAME + ":" + wrong + "/v3"))
                .isInstanceOf(ComputeException.class)
                .hasMessageContaining("TLS");
    }

    /** The first link has closed what it was given: what is known stays known to the questions that follow. */
    private void addressesAgain() {
        assertThat(addresses.insteadOf(NAME)).contains(InetAddress.getLoopbackAddress());
    }

    @Test
    void aNameServerThatHangsCostsACallItsPatienceOnly() throws Exception {
        var hanging = new CountDownLatch(1);
        var first = new AtomicBoolean(true);
        try (var slow = new KnownAddresses(
                name -> {
                    if (!first.getAndSet(false)) {
                        awaitQuietly(hanging);
                    }
                    return InetAddress.getLoopbackAddress();
                },
                PATIENCE)) {
            assertThat(slow.insteadOf(NAME)).isEmpty();

            assertThat(slow.insteadOf(NAME)).contains(InetAddress.getLoopbackAddress());
            assertThat(slow.insteadOf(NAME)).contains(InetAddress.getLoopbackAddress());

            hanging.countDown();
        }
    }

    @Test
    void aNameThatWasNeverKnownAndAnAddressAreLeftAlone() {
        gone.set(true);

        assertThat(addresses.insteadOf("never.invalid")).isEmpty();
        assertThat(addresses.insteadOf("10.0.0.1")).isEmpty();
        assertThat(addresses.insteadOf("[::1]")).isEmpty();
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private Path certificate(String name) throws Exception {
        Path store = directory.resolve(name + ".p12");
        keytool(
                store,
                "-genkeypair",
                "-keyalg",
                "EC",
                "-dname",
                "CN=" + name,
                "-ext",
                "san=dns:" + name,
                "-validity",
                "2");
        keytool(store, "-exportcert", "-rfc", "-file", pem(store).toString());
        return store;
    }

    private static Path pem(Path store) {
        return Path.of(store + ".pem");
    }

    private static void keytool(Path store, String... words) throws Exception {
        var command = new java.util.ArrayList<String>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "keytool").toString());
        command.addAll(java.util.List.of(words));
        command.addAll(java.util.List.of("-keystore", store.toString(), "-storepass", "secret", "-alias", "it"));
        Process made = new ProcessBuilder(command).redirectErrorStream(true).start();
        String said = new String(made.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(made.waitFor()).as(said).isZero();
    }

    private static HttpsServer https(Path store) throws Exception {
        var keys = KeyStore.getInstance("PKCS12");
        try (var in = Files.newInputStream(store)) {
            keys.load(in, "secret".toCharArray());
        }
        var managers = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        managers.init(keys, "secret".toCharArray());
        var context = SSLContext.getInstance("TLS");
        context.init(managers.getKeyManagers(), null, null);
        try {
            var made = HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
            made.setHttpsConfigurator(new HttpsConfigurator(context));
            return made;
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }
}
