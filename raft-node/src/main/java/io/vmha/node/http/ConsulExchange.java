package io.vmha.node.http;

import com.sun.net.httpserver.HttpExchange;
import io.vmha.node.consul.ConsulAnswer;
import io.vmha.node.consul.ConsulApi;
import io.vmha.node.consul.ConsulCall;
import io.vmha.node.kv.KvLimits;
import io.vmha.node.kv.Value;
import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;

/** One exchange in Consul's dialect: its body is the value itself, its path may hold any key. */
final class ConsulExchange {
    private final ConsulApi api;
    private final BodyBytes bodies;
    private final Executor workers;

    ConsulExchange(ConsulApi api, BodyBytes bodies, Executor workers) {
        this.api = api;
        this.bodies = bodies;
        this.workers = workers;
    }

    void answer(HttpExchange exchange, HttpAnswer answer) throws IOException {
        Optional<Value> body = body(exchange);
        if (body.isEmpty()) {
            answer.sendText(413, "the body must not be larger than " + KvLimits.VALUE_BYTES_MAX + " bytes");
            return;
        }
        String query =
                Optional.ofNullable(exchange.getRequestURI().getRawQuery()).orElse("");
        Optional<ConsulCall> call = ConsulCall.parse(
                exchange.getRequestMethod(), exchange.getRequestURI().getRawPath(), query, body.get());
        if (call.isEmpty()) {
            answer.sendText(400, "the path or query is malformed");
            return;
        }
        CompletableFuture<ConsulAnswer> reply = api.answer(call.get());
        boolean pretty = call.get().query().containsKey("pretty");
        var unused = reply.whenCompleteAsync((done, failure) -> answer.sendQuietly(done, failure, pretty), workers);
    }

    /** Empty if there is more than a value may have. */
    private Optional<Value> body(HttpExchange exchange) throws IOException {
        String announced = exchange.getRequestHeaders().getFirst("Content-Length");
        boolean tooLarge = announced != null
                && (announced.strip().length() > 9 || Long.parseLong(announced.strip()) > KvLimits.VALUE_BYTES_MAX);
        if (tooLarge) {
            return Optional.empty();
        }
        byte[] bytes = bodies.read(exchange, KvLimits.VALUE_BYTES_MAX + 1);
        return bytes.length > KvLimits.VALUE_BYTES_MAX ? Optional.empty() : Optional.of(Value.of(bytes));
    }
}
