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
import io.vmha.node.view.Backups;
import io.vmha.proto.v1.ActReply;
import io.vmha.proto.v1.ActRequest;
import io.vmha.proto.v1.AdminServiceGrpc;
import io.vmha.proto.v1.ReadReply;
import io.vmha.proto.v1.ReadRequest;
import io.vmha.proto.v1.RestoreRequest;
import io.vmha.proto.v1.SnapshotReply;
import io.vmha.proto.v1.SnapshotRequest;
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

    /** What an object of a change may have; keys out of a backup are larger. */
    static final int JSON_BYTES_MAX = 64 * 1024;

    private final Api api;
    private final Backups backups;

    AdminCalls(Api api, Backups backups) {
        this.api = api;
        this.backups = backups;
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
                ? change(request.getPath(), request.getJson())
                : refused(405, "method must be PUT");
        answer(
                client,
                call,
                reply -> ActReply.newBuilder()
                        .setStatus(reply.status())
                        .setJson(reply.document().toString())
                        .build());
    }

    private CompletableFuture<Reply> change(String path, String json) {
        return json.length() > JSON_BYTES_MAX
                ? refused(413, "json must not be larger than " + JSON_BYTES_MAX + " bytes")
                : call("PUT", path, json);
    }

    @Override
    public void snapshot(SnapshotRequest request, StreamObserver<SnapshotReply> client) {
        answer(
                client,
                backups.part(request.getVoter(), request.getPart()),
                taken -> SnapshotReply.newBuilder()
                        .setStatus(taken.status())
                        .setError(taken.error())
                        .setGroup(taken.group())
                        .setVoter(taken.voter())
                        .setPart(taken.part())
                        .build());
    }

    @Override
    public void restore(RestoreRequest request, StreamObserver<ActReply> client) {
        answer(
                client,
                backups.restore(request.getAz(), request.getEntriesList()),
                done -> ActReply.newBuilder()
                        .setStatus(done.status())
                        .setJson(JsonNodeFactory.instance
                                .objectNode()
                                .put(done.isOk() ? "message" : "error", done.message())
                                .toString())
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

    private static <R, T> void answer(StreamObserver<T> client, CompletableFuture<R> reply, Function<R, T> shape) {
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
