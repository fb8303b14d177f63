package io.vmha.node.cli;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.ForwardingClientCall.SimpleForwardingClientCall;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.util.NetUtil;
import io.vmha.proto.v1.ActReply;
import io.vmha.proto.v1.ActRequest;
import io.vmha.proto.v1.AdminServiceGrpc;
import io.vmha.proto.v1.AdminServiceGrpc.AdminServiceBlockingStub;
import io.vmha.proto.v1.KvEntry;
import io.vmha.proto.v1.ReadReply;
import io.vmha.proto.v1.ReadRequest;
import io.vmha.proto.v1.RestoreRequest;
import io.vmha.proto.v1.SnapshotPartOf;
import io.vmha.proto.v1.SnapshotReply;
import io.vmha.proto.v1.SnapshotRequest;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/** One daemon's admin service, as this process sees it. */
final class Admin implements AutoCloseable {
    private static final int ANSWER_BYTES_MAX = 64 * 1024 * 1024;
    private static final int READ_SECONDS_MAX = 15;
    private static final int ACT_SECONDS_MAX = 75; // longer than the daemon's own limit, so that its words are seen
    private static final Metadata.Key<String> TOKEN = Metadata.Key.of("x-vmha-token", Metadata.ASCII_STRING_MARSHALLER);

    /**
     * An answer.
     *
     * @param status as in HTTP
     * @param json the document, or an object with {@code error}
     */
    record Answer(int status, String json) {}

    private final String address;
    private final EventLoopGroup sockets = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
    private final ManagedChannel channel;
    private final AdminServiceBlockingStub stub;

    /** Connects with the first call. */
    Admin(InetSocketAddress where, Optional<String> token) {
        this.address = NetUtil.toSocketAddressString(where.getHostString(), where.getPort());
        this.channel = NettyChannelBuilder.forAddress(where)
                .usePlaintext()
                .eventLoopGroup(sockets)
                .channelType(NioSocketChannel.class)
                .directExecutor()
                .maxInboundMessageSize(ANSWER_BYTES_MAX)
                .build();
        var plain = AdminServiceGrpc.newBlockingStub(channel);
        this.stub = token.map(t -> plain.withInterceptors(new Shown(t))).orElse(plain);
    }

    /** Reads the document of an HTTP path. */
    Answer read(String path) {
        return call(READ_SECONDS_MAX, stub -> {
            ReadReply reply = stub.read(ReadRequest.newBuilder().setPath(path).build());
            return new Answer(reply.getStatus(), reply.getJson());
        });
    }

    /** Asks for a change, as a PUT would. */
    Answer put(String path, String json) {
        return call(ACT_SECONDS_MAX, stub -> {
            ActReply reply = stub.act(ActRequest.newBuilder()
                    .setMethod("PUT")
                    .setPath(path)
                    .setJson(json)
                    .build());
            return new Answer(reply.getStatus(), reply.getJson());
        });
    }

    /** A part of a snapshot. */
    SnapshotReply snapshot(String voter, SnapshotPartOf part) {
        return call(
                READ_SECONDS_MAX * 2,
                stub -> stub.snapshot(SnapshotRequest.newBuilder()
                        .setVoter(voter)
                        .setPart(part)
                        .build()));
    }

    /** Keys out of a backup; without any, whether a restore may begin. */
    Answer restore(String az, List<KvEntry> entries) {
        return call(ACT_SECONDS_MAX, stub -> {
            ActReply reply = stub.restore(
                    RestoreRequest.newBuilder().setAz(az).addAllEntries(entries).build());
            return new Answer(reply.getStatus(), reply.getJson());
        });
    }

    private <T> T call(int seconds, Function<AdminServiceBlockingStub, T> call) {
        try {
            return call.apply(stub.withDeadlineAfter(seconds, TimeUnit.SECONDS));
        } catch (StatusRuntimeException e) {
            Status status = e.getStatus();
            String words = status.getDescription() == null ? status.getCode().name() : status.getDescription();
            throw switch (status.getCode()) {
                case UNAVAILABLE ->
                    new Failure(
                            ExitCode.UNREACHABLE,
                            "vmhad does not answer at " + address + " (" + reason(status, words)
                                    + "): is it running (systemctl status vmhad)? Another address: --address or"
                                    + " VMHA_ADDRESS");
                case DEADLINE_EXCEEDED ->
                    new Failure(
                            ExitCode.UNREACHABLE, "vmhad at " + address + " gave no answer within " + seconds + " s");
                case UNIMPLEMENTED ->
                    new Failure(ExitCode.UNREACHABLE, "what answers at " + address + " is no vmhad: " + words);
                case INTERNAL ->
                    new Failure(
                            ExitCode.UNREACHABLE,
                            "what answers at " + address + " does not speak vmhad's gRPC (" + words
                                    + "): is this the rpc port (8400, not http's 8500)?");
                default -> new Failure(ExitCode.REFUSED, words);
            };
        }
    }

    private static String reason(Status status, String words) {
        Throwable cause = status.getCause();
        while (cause != null && cause.getCause() != null) {
            cause = cause.getCause();
        }
        return cause == null || cause.getMessage() == null ? words : cause.getMessage();
    }

    @Override
    public void close() {
        channel.shutdownNow();
        var unused = sockets.shutdownGracefully(0, 0, TimeUnit.SECONDS);
    }

    /** Shows the token with every call. */
    private record Shown(String token) implements ClientInterceptor {
        @Override
        public <Q, A> ClientCall<Q, A> interceptCall(MethodDescriptor<Q, A> method, CallOptions options, Channel next) {
            return new SimpleForwardingClientCall<>(next.newCall(method, options)) {
                @Override
                public void start(Listener<A> listener, Metadata headers) {
                    headers.put(TOKEN, token);
                    super.start(listener, headers);
                }
            };
        }

        @Override
        public String toString() {
            return "(hidden)";
        }
    }
}
