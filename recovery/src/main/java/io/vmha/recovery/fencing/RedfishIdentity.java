package io.vmha.recovery.fencing;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.vmha.recovery.config.Secret;
import java.io.IOException;
import java.net.Proxy;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.Base64;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import javax.net.ssl.HttpsURLConnection;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedTrustManager;

/**
 * The UUID of the computer system that fence_redfish would switch, read over HTTPS with that agent's own options: {@code ipport},
 * {@code redfish_uri}, {@code systems_uri}, {@code ssl_insecure}.
 */
final class RedfishIdentity {
    private static final int BODY_BYTES_MAX = 256 * 1024;
    private static final ObjectMapper JSON = new ObjectMapper();

    /**
     * What was read.
     *
     * @param uuid as 32 lower-case hexadecimal digits
     * @param trouble why there is none; empty if there is
     */
    record Reading(Optional<String> uuid, String trouble) {}

    private final FenceDevice device;
    private final Duration limit;

    private RedfishIdentity(FenceDevice device, Duration limit) {
        this.device = device;
        this.limit = limit;
    }

    /** Reads it, on a thread of its own, so that a BMC that trickles cannot hold the caller beyond the limit. */
    static Reading read(FenceDevice device, Duration limit) {
        var reading =
                new AtomicReference<>(new Reading(Optional.empty(), "no answer within " + limit.toMillis() + " ms"));
        var thread = new Thread(() -> reading.set(new RedfishIdentity(device, limit).read()), "redfish-identity");
        thread.setDaemon(true);
        thread.start();
        try {
            thread.join(limit.toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return new Reading(Optional.empty(), "vmhad is stopping");
        }
        return reading.get();
    }

    private Reading read() {
        try {
            String uuid = get(system()).path("UUID").asText("");
            var parsed = Identity.parse(uuid);
            return parsed.isPresent() && parsed.get() instanceof Identity.Guid guid
                    ? new Reading(Optional.of(guid.hex()), "")
                    : new Reading(Optional.empty(), "its computer system has no UUID that tells machines apart");
        } catch (IOException | GeneralSecurityException | IllegalArgumentException e) {
            return new Reading(Optional.empty(), LastWords.of(String.valueOf(e.getMessage()), device.access()));
        }
    }

    /** As the agent finds it: the one that is configured, else the last member of the service's systems. */
    private String system() throws IOException, GeneralSecurityException {
        Optional<String> configured =
                device.access().option("systems_uri").or(() -> device.access().option("systems-uri"));
        if (configured.isPresent()) {
            return configured.get();
        }
        String root = device.access()
                .option("redfish_uri")
                .or(() -> device.access().option("redfish-uri"))
                .orElse("/redfish/v1");
        JsonNode members =
                get(get(root).path("Systems").path("@odata.id").asText("")).path("Members");
        String last = members.path(members.size() - 1).path("@odata.id").asText("");
        if (last.isEmpty()) {
            throw new IOException("the Redfish service names no computer system; set options.systems_uri");
        }
        return last;
    }

    private JsonNode get(String path) throws IOException, GeneralSecurityException {
        if (!path.startsWith("/")) {
            throw new IOException("the Redfish service names '" + path + "' where a path is expected");
        }
        String host = device.access().address().orElse("");
        String authority = host.indexOf(':') >= 0 && !host.startsWith("[") ? "[" + host + "]" : host;
        String port =
                device.access().option("ipport").map(number -> ":" + number).orElse("");
        var uri = URI.create("https://" + authority + port + path);
        var connection = (HttpsURLConnection) uri.toURL().openConnection(Proxy.NO_PROXY);
        connection.setConnectTimeout((int) limit.toMillis());
        connection.setReadTimeout((int) limit.toMillis());
        connection.setInstanceFollowRedirects(false); // it would carry the password elsewhere
        connection.setRequestProperty("Accept", "application/json");
        connection.setRequestProperty("OData-Version", "4.0");
        connection.setRequestProperty("Authorization", "Basic " + credentials());
        if (device.access()
                .option("ssl_insecure")
                .or(() -> device.access().option("ssl-insecure"))
                .isPresent()) {
            connection.setSSLSocketFactory(trustingContext().getSocketFactory());
            connection.setHostnameVerifier((name, session) -> true); // the operator's word, as for the agent itself
        }
        try {
            int status = connection.getResponseCode();
            if (status != 200) {
                throw new IOException(
                        "GET " + path + " answered " + status + (status == 401 ? ": check username and password" : ""));
            }
            try (var in = connection.getInputStream()) {
                return JSON.readTree(in.readNBytes(BODY_BYTES_MAX));
            }
        } finally {
            connection.disconnect();
        }
    }

    private String credentials() {
        String pair = device.access().username().orElse("") + ":"
                + device.access().password().map(Secret::reveal).orElse("");
        return Base64.getEncoder().encodeToString(pair.getBytes(StandardCharsets.UTF_8));
    }

    private static SSLContext trustingContext() throws GeneralSecurityException {
        var context = SSLContext.getInstance("TLS");
        context.init(null, new TrustManager[] {new Trusting()}, null);
        return context;
    }

    /** Most BMCs sign their own certificate; {@code ssl_insecure} says that this is accepted. */
    private static final class Trusting extends X509ExtendedTrustManager {
        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket) {
            throw new UnsupportedOperationException("no client is served here");
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine) {
            throw new UnsupportedOperationException("no client is served here");
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type) {
            throw new UnsupportedOperationException("no client is served here");
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket) {
            // trusted
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine) {
            // trusted
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type) {
            // trusted
        }

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }
}
