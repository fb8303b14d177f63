package io.vmha.node.http;

import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.core.util.Separators;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectWriter;
import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import io.vmha.node.consul.ConsulAnswer;
import io.vmha.node.documents.Reply;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Writes the answer of one exchange: JSON, compact or with {@code ?pretty}; refusals as plain text, like Consul's. */
final class HttpAnswer {
    private static final Logger LOG = LoggerFactory.getLogger(HttpAnswer.class);
    private static final ObjectWriter COMPACT = new ObjectMapper().writer();
    private static final ObjectWriter PRETTY = new ObjectMapper().writer(pretty());
    private static final String TEXT = "text/plain; charset=utf-8";

    private final HttpExchange exchange;
    private final WriteLimits limits;

    HttpAnswer(HttpExchange exchange, WriteLimits limits) {
        this.exchange = exchange;
        this.limits = limits;
    }

    /** Four spaces, as Consul does it. */
    private static DefaultPrettyPrinter pretty() {
        var indenter = new DefaultIndenter("    ", "\n");
        var printer = new DefaultPrettyPrinter(
                Separators.createDefaultInstance().withObjectFieldValueSpacing(Separators.Spacing.AFTER));
        printer.indentObjectsWith(indenter);
        printer.indentArraysWith(indenter);
        return printer;
    }

    void send(Reply reply) throws IOException {
        send(reply, exchange.getRequestMethod(), false);
    }

    void send(Reply reply, String method, boolean pretty) throws IOException {
        if (reply.status() == 405) {
            sendNotAllowed(method, reply.allow());
        } else if (!reply.isOk()) {
            sendText(reply.status(), reply.error());
        } else {
            ObjectWriter writer = pretty ? PRETTY : COMPACT;
            send(reply.status(), "application/json", writer.writeValueAsBytes(reply.document()));
        }
    }

    void sendQuietly(Reply reply) {
        sendQuietly(reply, exchange.getRequestMethod(), false);
    }

    /** For where nobody is left who could be told. */
    void sendQuietly(Reply reply, String method, boolean pretty) {
        try {
            send(reply, method, pretty);
        } catch (IOException e) {
            LOG.debug("http client gone error={}", e.toString());
            exchange.close();
        }
    }

    /** An answer in Consul's dialect, or what kept it from being one; for where nobody is left who could be told. */
    void sendQuietly(ConsulAnswer reply, Throwable failure, boolean pretty) {
        try {
            if (failure != null) {
                LOG.error(
                        "http request failed path={}", exchange.getRequestURI().getPath(), failure);
                sendText(500, "internal error; the daemon's log has the details");
                return;
            }
            if (reply.status() == 405) {
                sendNotAllowed(exchange.getRequestMethod(), reply.allow());
                return;
            }
            reply.headers().forEach(exchange.getResponseHeaders()::set);
            byte[] body = reply.document().isPresent()
                    ? (pretty ? PRETTY : COMPACT)
                            .writeValueAsBytes(reply.document().get())
                    : reply.bytes().bytes();
            send(reply.status(), reply.type(), body);
        } catch (IOException e) {
            LOG.debug("http client gone error={}", e.toString());
            exchange.close();
        }
    }

    /**
     * A refusal after which nothing more is read: where the next request would begin is not known. The JDK's server reads a body to its end
     * before it lets an answer go, so this one goes first.
     */
    void hangUp(int status, String text) {
        byte[] body = text.getBytes(StandardCharsets.UTF_8);
        WriteLimits.Limit limit = limits.begin();
        try {
            exchange.getResponseHeaders().set("Connection", "close");
            exchange.getResponseHeaders().set("Content-Type", TEXT);
            exchange.sendResponseHeaders(status, body.length);
            exchange.getResponseBody().write(body);
            exchange.getResponseBody().flush();
            leaveRest();
            exchange.getResponseBody().close();
        } catch (IOException e) {
            LOG.debug("http client gone error={}", e.toString());
            exchange.close();
        } finally {
            limit.end();
        }
    }

    /** It is closed for good whatever it throws; the connection is closed with the answer, because its end was not found. */
    private void leaveRest() {
        try {
            exchange.getRequestBody().close();
        } catch (IOException | IndexOutOfBoundsException e) {
            LOG.trace("rest of a malformed body left error={}", e.toString());
        }
    }

    void sendNotAllowed(String method, List<String> allow) throws IOException {
        exchange.getResponseHeaders().set("Allow", "OPTIONS," + String.join(",", allow));
        if (method.equals("OPTIONS")) {
            send(200, TEXT, new byte[0]);
        } else {
            sendText(405, "method " + method + " not allowed");
        }
    }

    void sendText(int status, String text) throws IOException {
        send(status, TEXT, text.getBytes(StandardCharsets.UTF_8));
    }

    void redirect(String where) throws IOException {
        exchange.getResponseHeaders().set("Location", where);
        send(302, TEXT, new byte[0]);
    }

    void sendPage(StatusPage page) throws IOException {
        exchange.getResponseHeaders().set("Content-Security-Policy", page.contentSecurityPolicy());
        send(200, "text/html; charset=utf-8", page.html());
    }

    void send(int status, String contentType, byte[] body) throws IOException {
        Headers headers = exchange.getResponseHeaders();
        if (body.length > 0) {
            headers.set("Content-Type", contentType);
        }
        headers.set("X-Content-Type-Options", "nosniff");
        headers.set("X-Frame-Options", "DENY");
        headers.set("Referrer-Policy", "no-referrer");
        headers.set("Cache-Control", "no-store");
        boolean head = exchange.getRequestMethod().equals("HEAD");
        WriteLimits.Limit limit = limits.begin();
        try {
            exchange.sendResponseHeaders(status, head || body.length == 0 ? -1 : body.length);
            if (!head && body.length > 0) {
                exchange.getResponseBody().write(body);
            }
            exchange.close();
        } finally {
            limit.end();
        }
    }
}
