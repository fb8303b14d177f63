package io.vmha.node.rpc;

import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.vmha.proto.v1.AdminServiceGrpc;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.List;
import java.util.Optional;

/** Lets changes and backups over the network in only with the token; on loopback everybody on this host may ask for them. */
final class TokenCheck implements ServerInterceptor {
    private static final Metadata.Key<String> TOKEN = Metadata.Key.of("x-vmha-token", Metadata.ASCII_STRING_MARSHALLER);

    private static final List<String> GUARDED = List.of(
            AdminServiceGrpc.getActMethod().getFullMethodName(),
            AdminServiceGrpc.getRestoreMethod().getFullMethodName(),
            AdminServiceGrpc.getSnapshotMethod().getFullMethodName());

    private final boolean loopback;
    private final Optional<byte[]> token;

    TokenCheck(boolean loopback, Optional<String> token) {
        this.loopback = loopback;
        this.token = token.map(t -> t.getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public <Q, A> ServerCall.Listener<Q> interceptCall(
            ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
        boolean guarded = GUARDED.contains(call.getMethodDescriptor().getFullMethodName());
        if (!guarded || loopback || isShown(headers)) {
            return next.startCall(call, headers);
        }
        call.close(
                Status.PERMISSION_DENIED.withDescription(
                        token.isPresent()
                                ? "expected the token of rpc.token_file; give it with --token-file"
                                : "changes and backups over the network need a token and none is configured: set"
                                        + " rpc.token_file"),
                new Metadata());
        return new ServerCall.Listener<>() {};
    }

    private boolean isShown(Metadata headers) {
        String shown = headers.get(TOKEN);
        return shown != null
                && token.isPresent()
                && MessageDigest.isEqual(token.get(), shown.getBytes(StandardCharsets.UTF_8));
    }
}
