package io.vmha.node.rpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.MetadataUtils;
import io.vmha.node.documents.RecordedRequests;
import io.vmha.node.documents.Samples;
import io.vmha.node.view.Backups;
import io.vmha.node.view.NodeView;
import io.vmha.proto.v1.ActReply;
import io.vmha.proto.v1.ActRequest;
import io.vmha.proto.v1.AdminServiceGrpc;
import io.vmha.proto.v1.AdminServiceGrpc.AdminServiceBlockingStub;
import io.vmha.proto.v1.ReadReply;
import io.vmha.proto.v1.ReadRequest;
import io.vmha.proto.v1.RestoreRequest;
import io.vmha.proto.v1.SnapshotRequest;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The gRPC server over real sockets. */
class AdminServerTest {
    private final RecordedRequests requests = new RecordedRequests();
    private volatile NodeView view = Samples.quiet();
    private AdminServer server;
    private ManagedChannel channel;

    @BeforeEach
    void start() throws IOException {
        serve(InetAddress.getLoopbackAddress(), Optional.empty());
    }

    @AfterEach
    void stop() {
        channel.shutdownNow();
        server.close();
    }

    private void serve(InetAddress address, Optional<String> token) throws IOException {
        server = new AdminServer(address, 0, () -> view, requests, Backups.NONE, token);
        server.start();
        channel = NettyChannelBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), server.port()))
                .usePlaintext()
                .build();
    }

    private AdminServiceBlockingStub stub() {
        return AdminServiceGrpc.newBlockingStub(channel).withDeadlineAfter(20, TimeUnit.SECONDS);
    }

    private ReadReply read(String path) {
        return stub().read(ReadRequest.newBuilder().setPath(path).build());
    }

    private ActReply put(String path, String json) {
        return stub().act(request(path, json));
    }

    private static ActRequest request(String path, String json) {
        return ActRequest.newBuilder()
                .setMethod("PUT")
                .setPath(path)
                .setJson(json)
                .build();
    }

    @Test
    void readsGiveTheDocumentsOfTheHttpApi() throws IOException {
        ReadReply reply = read("/v1/leader");

        assertThat(reply.getStatus()).isEqualTo(200);
        assertThat(new ObjectMapper()
                        .readTree(reply.getJson())
                        .at("/leader/host")
                        .textValue())
                .isEqualTo("hv-2");
        assertThat(read("/v1/status/leader").getJson()).isEqualTo("\"10.0.0.2:8300\"");
        assertThat(read("/v1/leader?consistent").getStatus()).isEqualTo(200);
        assertThat(requests.asked()).containsExactly("consistent view");
    }

    @Test
    void changesArePostedToTheNodeAndItsRefusalsHandedOn() {
        assertThat(put("/v1/ha/az1/enable", "").getJson()).isEqualTo("{\"message\":\"done\"}");
        assertThat(put("/v1/incidents/7/approve", "{\"person\":\"ada\"}").getStatus())
                .isEqualTo(200);

        requests.answerWith(409, "host hv-4 has no fence device; add it to fencing.hosts");
        ActReply refused = put("/v1/ha/az1/enable", "");

        assertThat(requests.asked()).containsExactly("enable az1", "approve 7 by ada", "enable az1");
        assertThat(refused.getStatus()).isEqualTo(409);
        assertThat(refused.getJson())
                .isEqualTo("{\"error\":\"host hv-4 has no fence device; add it to fencing.hosts\"}");
    }

    @Test
    void badInputIsRefusedBeforeItReachesTheNode() {
        assertThat(read("").getStatus()).isEqualTo(400);
        assertThat(read("/v1/../x").getStatus()).isEqualTo(400);
        assertThat(read("/v1/nothing").getStatus()).isEqualTo(404);
        assertThat(read("/v1/ha/az1/enable").getStatus()).isEqualTo(405);
        assertThat(put("/v1/ha/az1/enable", "{").getStatus()).isEqualTo(400);
        assertThat(put("/v1/ha/az1/enable", "[1]").getStatus()).isEqualTo(400);
        assertThat(stub().act(request("/v1/ha/az1/enable", "").toBuilder()
                                .setMethod("DELETE")
                                .build())
                        .getStatus())
                .isEqualTo(405);
        assertThat(requests.asked()).isEmpty();
    }

    @Test
    void aHugeRequestIsRefused() {
        StatusRuntimeException e = catchThrowableOfType(
                StatusRuntimeException.class,
                () -> put("/v1/ha/az1/enable", "x".repeat(AdminServer.REQUEST_BYTES_MAX + 1)));

        assertThat(e.getStatus().getCode()).isIn(Status.Code.RESOURCE_EXHAUSTED, Status.Code.CANCELLED);
        assertThat(requests.asked()).isEmpty();
    }

    @Test
    void overTheNetworkChangesNeedTheToken() throws IOException {
        stop();
        serve(InetAddress.getByName("0.0.0.0"), Optional.of("0123456789abcdef"));
        var headers = new Metadata();
        headers.put(Metadata.Key.of("x-vmha-token", Metadata.ASCII_STRING_MARSHALLER), "0123456789abcdef");

        StatusRuntimeException e = catchThrowableOfType(StatusRuntimeException.class, () -> put("/v1/ha/az1/arm", ""));

        StatusRuntimeException backup = catchThrowableOfType(
                StatusRuntimeException.class, () -> stub().snapshot(SnapshotRequest.getDefaultInstance()));
        StatusRuntimeException restore = catchThrowableOfType(
                StatusRuntimeException.class, () -> stub().restore(RestoreRequest.getDefaultInstance()));

        assertThat(read("/v1/leader").getStatus()).isEqualTo(200);
        assertThat(List.of(e, backup, restore))
                .allMatch(refused -> refused.getStatus().getCode() == Status.Code.PERMISSION_DENIED);
        assertThat(requests.asked()).isEmpty();
        assertThat(stub().withInterceptors(MetadataUtils.newAttachHeadersInterceptor(headers))
                        .act(request("/v1/ha/az1/arm", ""))
                        .getStatus())
                .isEqualTo(200);
    }
}
