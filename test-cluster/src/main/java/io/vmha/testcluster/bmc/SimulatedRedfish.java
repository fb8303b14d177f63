package io.vmha.testcluster.bmc;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;

/**
 * A BMC that speaks Redfish over HTTPS with a certificate of its own: service root, systems, one computer system and its reset action, as
 * fence_redfish uses them. It turns the power through the same hook as {@link SimulatedBmcs}, and misbehaves in the same ways.
 */
public final class SimulatedRedfish implements AutoCloseable {
    private static final Pattern RESET = Pattern.compile("\"ResetType\"\\s*:\\s*\"(\\w+)\"");
    private static final Map<String, String> ACTIONS =
            Map.of("On", "on", "ForceOn", "on", "ForceOff", "off", "GracefulShutdown", "off", "ForceRestart", "reset");
    private static final String SYSTEM = "/redfish/v1/Systems/1";
    private static final String STORE_PASSWORD = "not-secret";
    private static final int BODY_BYTES_MAX = 64 * 1024;

    private final HttpsServer server;
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final CountDownLatch closed = new CountDownLatch(1);
    private final String host;
    private final String authorization;
    private final String uuid;
    private final Path hook;
    private final List<String> commands = new ArrayList<>();
    private volatile SimulatedBmcs.Fault fault = SimulatedBmcs.Fault.NONE;
    private volatile Duration slowness = Duration.ZERO;
    private volatile String lied = "";

    private SimulatedRedfish(
            HttpsServer server, String host, SimulatedBmcs.Credentials credentials, String uuid, Path hook) {
        this.server = server;
        this.host = host;
        this.uuid = uuid;
        this.hook = hook;
        String pair = credentials.user() + ":" + credentials.password();
        this.authorization = "Basic " + Base64.getEncoder().encodeToString(pair.getBytes(StandardCharsets.UTF_8));
    }

    /**
     * Starts one on a free port of the loopback address.
     *
     * @param directory for its certificate
     * @param uuid of the computer system, written with dashes
     * @param hook as for {@link SimulatedBmcs#start}
     */
    public static SimulatedRedfish start(
            Path directory, String host, SimulatedBmcs.Credentials credentials, String uuid, Path hook) {
        try {
            var server = HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 16);
            server.setHttpsConfigurator(new HttpsConfigurator(certificate(directory)));
            var redfish = new SimulatedRedfish(server, host, credentials, uuid, hook);
            server.setExecutor(redfish.threads);
            server.createContext("/", redfish::answer);
            server.start();
            return redfish;
        } catch (IOException | GeneralSecurityException e) {
            throw new IllegalStateException("the simulated Redfish service cannot be started: " + e.getMessage(), e);
        }
    }

    /** As BMCs do, it signs its certificate itself. */
    private static SSLContext certificate(Path directory) throws IOException, GeneralSecurityException {
        Path store = Files.createDirectories(directory).resolve("redfish.p12");
        var keytool = Path.of(System.getProperty("java.home"), "bin", "keytool");
        var process = new ProcessBuilder(
                        keytool.toString(),
                        "-genkeypair",
                        "-alias",
                        "bmc",
                        "-keyalg",
                        "RSA",
                        "-dname",
                        "CN=bmc",
                        "-storetype",
                        "PKCS12",
                        "-keystore",
                        store.toString(),
                        "-storepass",
                        STORE_PASSWORD)
                .redirectErrorStream(true)
                .start();
        try (InputStream said = process.getInputStream()) {
            String words = new String(said.readAllBytes(), StandardCharsets.UTF_8);
            if (process.waitFor() != 0) {
                throw new IOException("keytool failed: " + words);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
        var keys = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(store)) {
            keys.load(in, STORE_PASSWORD.toCharArray());
        }
        var managers = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        managers.init(keys, STORE_PASSWORD.toCharArray());
        var context = SSLContext.getInstance("TLS");
        context.init(managers.getKeyManagers(), null, null);
        return context;
    }

    public int port() {
        return server.getAddress().getPort();
    }

    /** Changes how it behaves from its next reset action on. */
    public void fault(SimulatedBmcs.Fault next) {
        fault = next;
    }

    /** It takes its time over every reset action. */
    public void slow(Duration time) {
        slowness = time;
        fault = SimulatedBmcs.Fault.SLOW;
    }

    /** The reset types that were asked for, oldest first. */
    public List<String> commands() {
        synchronized (commands) {
            return List.copyOf(commands);
        }
    }

    private void answer(HttpExchange exchange) throws IOException {
        try (exchange) {
            String path = exchange.getRequestURI().getPath().replaceFirst("/$", "");
            if (path.equals("/redfish/v1")) {
                send(
                        exchange,
                        200,
                        "{\"Systems\": {\"@odata.id\": \"/redfish/v1/Systems\"}, \"RedfishVersion\": \"1.6.0\"}");
            } else if (!authorization.equals(exchange.getRequestHeaders().getFirst("Authorization"))) {
                send(exchange, 401, "{\"error\": {\"message\": \"access denied\"}}");
            } else if (path.equals("/redfish/v1/Systems")) {
                send(exchange, 200, "{\"Members\": [{\"@odata.id\": \"" + SYSTEM + "\"}]}");
            } else if (path.equals(SYSTEM)) {
                send(exchange, 200, system());
            } else if (path.equals(SYSTEM + "/Actions/ComputerSystem.Reset")
                    && exchange.getRequestMethod().equals("POST")) {
                reset(exchange);
            } else {
                send(exchange, 404, "{\"error\": {\"message\": \"no such resource\"}}");
            }
        }
    }

    private String system() throws IOException {
        String word = lied;
        if (fault == SimulatedBmcs.Fault.LIE_ONCE) {
            lied = "";
        }
        boolean on = word.isEmpty() ? turn("state").strip().equals("1") : word.equals("on");
        return "{\"@odata.id\": \"" + SYSTEM + "\", \"UUID\": \"" + uuid + "\", \"PowerState\": \""
                + (on ? "On" : "Off")
                + "\", \"Actions\": {\"#ComputerSystem.Reset\": {\"target\": \"" + SYSTEM
                + "/Actions/ComputerSystem.Reset\", \"ResetType@Redfish.AllowableValues\": [\"On\", \"ForceOff\","
                + " \"ForceRestart\"]}}}";
    }

    private void reset(HttpExchange exchange) throws IOException {
        String body = new String(exchange.getRequestBody().readNBytes(BODY_BYTES_MAX), StandardCharsets.UTF_8);
        Matcher type = RESET.matcher(body);
        String action = type.find() ? ACTIONS.get(type.group(1)) : null;
        if (action == null) {
            send(exchange, 400, "{\"error\": {\"message\": \"no such reset type\"}}");
            return;
        }
        synchronized (commands) {
            commands.add(type.group(1));
        }
        switch (fault) {
            case NONE -> turn(action);
            case HANG -> rest(Duration.ofHours(1));
            case SLOW -> {
                rest(slowness);
                turn(action);
            }
            case LIE, LIE_ONCE -> lied = action;
            case DENY -> {
                send(exchange, 500, "{\"error\": {\"message\": \"denied\"}}");
                return;
            }
        }
        exchange.sendResponseHeaders(204, -1);
    }

    /** Ends early when the service is closed. */
    private void rest(Duration time) {
        try {
            boolean over = closed.await(time.toMillis(), TimeUnit.MILLISECONDS);
            if (over) {
                throw new UncheckedIOException(new IOException("closed"));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private String turn(String action) throws IOException {
        var process = new ProcessBuilder(hook.toString(), action, host)
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        try (InputStream said = process.getInputStream()) {
            String words = new String(said.readAllBytes(), StandardCharsets.UTF_8);
            if (process.waitFor() != 0) {
                throw new IOException("the hook cannot turn the power: " + words);
            }
            return words;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }

    private static void send(HttpExchange exchange, int status, String json) throws IOException {
        byte[] bytes = json.getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().set("Content-Type", "application/json");
        exchange.sendResponseHeaders(status, bytes.length);
        exchange.getResponseBody().write(bytes);
    }

    @Override
    public void close() {
        closed.countDown();
        server.stop(0);
        threads.shutdownNow();
    }
}
