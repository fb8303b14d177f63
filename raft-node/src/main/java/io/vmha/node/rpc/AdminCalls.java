package io.vmha.node.rpc;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import io.vmha.node.documents.Api;
import io.vmha.node.documents.Call;
import io.vmha.node.documents.Reply;
import io.vmha.node.documents.Target;
import io.vmha.proto.v1.ActReply;
import io.vmha.proto.v1.ActRequest;
import io.vmha.proto.v1.AdminServiceGrpc;
import io.vmha.proto.v1.ReadReply;
import io.vmha.proto.v1.ReadRequest;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Hands gRPC calls to the same paths that HTTP has. */
final class AdminCalls extends AdminServiceGrpc.AdminServiceImplBase {
    private static final Logger LOG = LoggerFactory.getLogger(AdminCalls.class);
    private static final ObjectMapper MAPPER =
            new ObjectMapper().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

    private final Api api;

    AdminCalls(Api api) {
        this.api = api;
    }

    @Override
    public void read(ReadRequest request, StreamObserver<ReadReply> client) {
        answer(
                client,
                call("GET", request.getPath(), ""),
                reply -> ReadReply.newBuilder()
                        .setStatus(reply.status())
                        .setJson(reply.document().toString())
                        .build());
    }

    @Override
    public void act(ActRequest request, StreamObserver<ActReply> client) {
        var call = request.getMethod().equals("PUT")
                ? call("PUT", request.getPath(), request.getJson())
                : refused(405, "method must be PUT");
        answer(
                client,
                call,
                reply -> ActReply.newBuilder()
                        .setStatus(reply.status())
                        .setJson(reply.document().toString())
                        .build());
    }

    private CompletableFuture<Reply> call(String method, String path, String json) {
        Optional<Target> target = Target.parse(path);
        if (target.isEmpty()) {
            return refused(400, "the path or query is malformed");
        }
        return body(json)
                .map(body -> api.answer(Call.withBody(method, target.get(), body)))
                .orElseGet(() -> refused(400, "json must be a JSON object, or empty, but is something else"));
    }

    private static Optional<ObjectNode> body(String json) {
        if (json.isEmpty()) {
            return Optional.of(JsonNodeFactory.instance.objectNode());
        }
        try {
            return MAPPER.readTree(json) instanceof ObjectNode object ? Optional.of(object) : Optional.empty();
        } catch (JsonProcessingException e) {
            return Optional.empty();
        }
    }

    private static CompletableFuture<Reply> refused(int status, String sentence) {
        return CompletableFuture.completedFuture(Reply.refused(status, sentence));
    }

    private static <T> void answer(StreamObserver<T> client, CompletableFuture<Reply> reply, Function<Reply, T> shape) {
        var unused = reply.whenComplete((done, failure) -> {
            if (failure != null) {
                LOG.error("rpc call failed", failure);
                client.onError(Status.INTERNAL
                        .withDescription("internal error; the daemon's log has the details")
                        .asRuntimeException());
            } else {
                client.onNext(shape.apply(done));
                client.onCompleted();
            }
        });
    }
}
