package io.vmha.recovery.openstack;

import io.vmha.recovery.core.ComputeException;
import io.vmha.recovery.core.ComputeException.Kind;
import java.io.IOException;
import java.net.ConnectException;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpTimeoutException;
import java.nio.channels.UnresolvedAddressException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;

/**
 * One HTTP exchange at a time per caller, over kept connections, with a limit for the whole exchange (java.net.http's own ends at the
 * headers) and for the size of the answer. No redirects: they would carry the token to somebody else.
 */
final class HttpLink implements AutoCloseable {
    /** 100 servers with 64 KiB of user data each stay well below it. */
    static final int BODY_BYTES_MAX = 16 * 1024 * 1024;

    private static final int THREADS = 2;
    private static final Duration NAMES_PATIENCE = Duration.ofMillis(700);

    private final HttpClient client;
    private final KnownAddresses addresses;
    /** For names that nobody answers for: connected to an address, they still want the certificate of the name. */
    private final Map<String, HttpClient> byName = new ConcurrentHashMap<>();

    private final OpenStackConfig.TimeLimits limits;
    private final SSLContext tls;
    private final ExecutorService threads;
    private final Duration requestLimit;
    private final CountDownLatch closed = new CountDownLatch(1);

    /** What to send; no body if it is empty. Headers and body hold secrets and are not part of the text form. */
    record Call(String method, URI uri, Map<String, String> headers, String body) {
        @Override
        public String toString() {
            return method + " " + uri;
        }
    }

    /** What came back. */
    record Answer(int status, HttpHeaders headers, String body) {}

    static {
        // java.net.http reads it once; without it the Host header could not name what is called by its address
        if (System.getProperty("jdk.httpclient.allowRestrictedHeaders") == null) {
            System.setProperty("jdk.httpclient.allowRestrictedHeaders", "host");
        }
    }

    HttpLink(OpenStackConfig.TimeLimits limits, SSLContext tls) {
        this(limits, tls, new KnownAddresses(InetAddress::getByName, NAMES_PATIENCE));
    }

    HttpLink(OpenStackConfig.TimeLimits limits, SSLContext tls, KnownAddresses addresses) {
        this.limits = limits;
        this.tls = tls;
        this.addresses = addresses;
        requestLimit = limits.request();
        threads = Executors.newFixedThreadPool(THREADS, task -> {
            var thread = new Thread(task, "openstack-http");
            thread.setDaemon(true);
            return thread;
        });
        client = builder().build();
    }

    private HttpClient.Builder builder() {
        return HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1) // Nova speaks nothing else; spares the h2c upgrade headers
                .followRedirects(HttpClient.Redirect.NEVER)
                .connectTimeout(limits.connect())
                .executor(threads)
                .sslContext(tls);
    }

    /** Asks for the address of a host that will be called; waits for nothing. */
    void learn(URI uri) {
        addresses.learn(uri.getHost());
    }

    /** @throws ComputeException of kind UNKNOWN if there was no complete answer */
    Answer exchange(Call call, Deadline deadline) {
        var address = addresses.insteadOf(call.uri().getHost());
        var limit = deadline.atMost(requestLimit);
        if (limit.isZero()) {
            throw unknown(call, "is not sent: the time limit of the call is over", null);
        }
        var request = HttpRequest.newBuilder(
                        address.map(a -> moved(call.uri(), a)).orElse(call.uri()))
                .timeout(limit);
        call.headers().forEach(request::header);
        request.method(
                call.method(), call.body().isEmpty() ? BodyPublishers.noBody() : BodyPublishers.ofString(call.body()));
        address.ifPresent(a -> request.header("Host", call.uri().getRawAuthority()));
        var sender =
                address.isEmpty() ? client : byName.computeIfAbsent(call.uri().getHost(), this::naming);
        var future = sender.sendAsync(request.build(), info -> new BoundedBody(BODY_BYTES_MAX));
        try {
            var response = future.get(limit.toNanos(), TimeUnit.NANOSECONDS);
            return new Answer(
                    response.statusCode(), response.headers(), new String(response.body(), StandardCharsets.UTF_8));
        } catch (InterruptedException e) {
            future.cancel(true);
            Thread.currentThread().interrupt();
            throw unknown(call, "was interrupted", e);
        } catch (TimeoutException e) {
            future.cancel(true);
            throw unknown(call, "had no complete answer within " + limit.toMillis() + " ms", e);
        } catch (ExecutionException e) {
            throw unknown(call, reason(e.getCause(), limit), e.getCause());
        }
    }

    /** The same call at an address. */
    private static URI moved(URI uri, InetAddress address) {
        var host = address instanceof Inet6Address ? "[" + address.getHostAddress() + "]" : address.getHostAddress();
        var text = uri.toString();
        return URI.create(text.replaceFirst("//[^/?#]*", "//" + host + (uri.getPort() < 0 ? "" : ":" + uri.getPort())));
    }

    /** TLS asks for the name, and the certificate is checked against it, though the connection goes to an address. */
    private HttpClient naming(String host) {
        var parameters = tls.getDefaultSSLParameters();
        parameters.setServerNames(List.of(new SNIHostName(host)));
        return builder().sslParameters(parameters).build();
    }

    private static String reason(Throwable cause, Duration limit) {
        if (cause instanceof HttpConnectTimeoutException) {
            return "could not connect in time; is the address right and the network up?";
        }
        if (cause instanceof HttpTimeoutException) {
            return "had no answer within " + limit.toMillis() + " ms";
        }
        if (cause instanceof ConnectException && cause.getCause() instanceof UnresolvedAddressException) {
            return "failed: the host name is unknown";
        }
        if (cause instanceof ConnectException) {
            return "could not connect: " + words(cause) + "; is the service running and the address right?";
        }
        if (cause instanceof SSLException) {
            return "failed in TLS: " + words(cause) + "; does ca_file hold the authority's certificate?";
        }
        return "failed: " + words(cause);
    }

    private static String words(Throwable cause) {
        return cause.getMessage() == null ? cause.getClass().getSimpleName() : cause.getMessage();
    }

    private static ComputeException unknown(Call call, String what, Throwable cause) {
        return new ComputeException(Kind.UNKNOWN, 0, call + " " + what, cause);
    }

    /** Lets some time pass before an exchange is repeated; false if the link was closed or the thread interrupted meanwhile. */
    boolean pause(long pauseMs) {
        try {
            return !closed.await(pauseMs, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    @Override
    public void close() {
        closed.countDown();
        addresses.close();
        threads.shutdownNow();
    }

    /** Thrown into the exchange when the answer is larger than we accept. */
    static final class BodyTooLarge extends IOException {
        private static final long serialVersionUID = 1L;

        BodyTooLarge(int max) {
            super("the answer is larger than " + max + " bytes");
        }
    }
}
