package io.vmha.node.raft;

import java.net.ConnectException;
import java.time.Duration;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.ratis.proto.RaftProtos.GroupManagementRequestProto;
import org.apache.ratis.proto.RaftProtos.RaftClientReplyProto;
import org.apache.ratis.proto.RaftProtos.RaftClientRequestProto;
import org.apache.ratis.proto.grpc.AdminProtocolServiceGrpc;
import org.apache.ratis.proto.grpc.RaftClientProtocolServiceGrpc;
import org.apache.ratis.thirdparty.io.grpc.ConnectivityState;
import org.apache.ratis.thirdparty.io.grpc.ManagedChannel;
import org.apache.ratis.thirdparty.io.grpc.Metadata;
import org.apache.ratis.thirdparty.io.grpc.Status;
import org.apache.ratis.thirdparty.io.grpc.netty.NegotiationType;
import org.apache.ratis.thirdparty.io.grpc.netty.NettyChannelBuilder;
import org.apache.ratis.thirdparty.io.grpc.stub.StreamObserver;
import org.apache.ratis.thirdparty.io.netty.channel.ChannelOption;
import org.apache.ratis.thirdparty.io.netty.channel.EventLoopGroup;
import org.apache.ratis.thirdparty.io.netty.channel.socket.nio.NioSocketChannel;
import org.apache.ratis.thirdparty.io.netty.handler.ssl.SslContext;

/**
 * A connection to one peer that carries single requests, each with its own deadline, and makes no attempt of its own to retry.
 *
 * <p>Ratis' client is not used: it retries without a bound by default, shares the known leader between all nodes of a JVM, breaks
 * all requests of a stream with one, and sits in gRPC's connect back-off (up to two minutes) after a peer came back.
 */
final class PeerLink implements AutoCloseable {
    private static final Metadata.Key<String> EXCEPTION_TYPE =
            Metadata.Key.of("exception-type", Metadata.ASCII_STRING_MARSHALLER); // GrpcUtil.EXCEPTION_TYPE_KEY
    private static final int CONNECT_TIMEOUT_MS = 2000;
    private static final int REPLY_BYTES_MAX = 4 << 20;
    /** So many requests in a row without an answer: the TCP connection may be dead without knowing, take a new one. */
    private static final int SILENT_MAX = 2;
    /** The same where questions share a stream, which hears late answers too. */
    private static final long SILENT_MAX_NS = TimeUnit.MILLISECONDS.toNanos(1_800);
    /** This process may have been stopped itself: what has come meanwhile is read before it is missed. */
    private static final long READ_FIRST_NS = TimeUnit.MILLISECONDS.toNanos(250);
    /**
     * Each new connection that brings no answer either is given longer: a peer that is merely slow is made slower by every handshake, and
     * would never be done with those of a whole AZ.
     */
    private static final long PATIENCE_LEAST_NS = TimeUnit.SECONDS.toNanos(2);

    private static final long PATIENCE_MOST_NS = TimeUnit.SECONDS.toNanos(16);
    /**
     * A connection that is being made has so long: a voter that has just started makes one with every host of the AZ, and each that gave up and
     * began again would only lengthen the queue.
     */
    private static final long CONNECTING_MAX_NS = TimeUnit.SECONDS.toNanos(10);

    private final PeerInfo peer;
    private final EventLoopGroup loops;
    private final Optional<SslContext> tls;
    private final QuestionStream questions;
    private ManagedChannel channel;
    private long connectingSinceNs = System.nanoTime();
    private final ConnectPause pause = new ConnectPause(new SplittableRandom());
    private int silent;
    private long silentSinceNs;
    /** What a silence must last longer than usual; 0 after an answer. */
    private long patienceNs;
    /** When a silence was first found too long; 0 if it is not. */
    private long noticedNs;

    private boolean closed;

    /** A request failed. */
    static final class LinkException extends RuntimeException {
        private static final long serialVersionUID = 1L;
        /** False if the request surely never left this host or surely was not looked at. */
        private final boolean maybeProcessed;

        private final String exceptionType;

        LinkException(String message, boolean maybeProcessed, String exceptionType, Throwable cause) {
            super(message, cause);
            this.maybeProcessed = maybeProcessed;
            this.exceptionType = exceptionType;
        }

        boolean maybeProcessed() {
            return maybeProcessed;
        }

        /** Simple name of the exception on the other side, or empty. */
        String exceptionType() {
            return exceptionType;
        }
    }

    PeerLink(PeerInfo peer, EventLoopGroup loops, Optional<SslContext> tls) {
        this.peer = peer;
        this.loops = loops;
        this.tls = tls;
        this.channel = open();
        this.questions = new QuestionStream(peer, new FromQuestions());
    }

    /** As {@link #send}, for a question that is asked again and again: over a stream that stays. */
    CompletableFuture<RaftClientReplyProto> sendOften(RaftClientRequestProto question, Duration limit) {
        return questions.ask(ready(), question, limit);
    }

    CompletableFuture<RaftClientReplyProto> send(RaftClientRequestProto request, Duration limit) {
        CompletableFuture<RaftClientReplyProto> reply = new CompletableFuture<>();
        StreamObserver<RaftClientRequestProto> stream = RaftClientProtocolServiceGrpc.newStub(ready())
                .withDeadlineAfter(limit.toMillis(), TimeUnit.MILLISECONDS)
                .unordered(collect(reply));
        stream.onNext(request);
        stream.onCompleted();
        return reply;
    }

    CompletableFuture<RaftClientReplyProto> invite(GroupManagementRequestProto request, Duration limit) {
        CompletableFuture<RaftClientReplyProto> reply = new CompletableFuture<>();
        AdminProtocolServiceGrpc.newStub(ready())
                .withDeadlineAfter(limit.toMillis(), TimeUnit.MILLISECONDS)
                .groupManagement(request, collect(reply));
        return reply;
    }

    /** True while the connection stands; if it has not been made, or has ended, a new one is begun. */
    synchronized boolean isConnected() {
        return ready().getState(true) == ConnectivityState.READY;
    }

    @Override
    public void close() {
        ManagedChannel last;
        synchronized (this) {
            closed = true;
            last = channel;
        }
        last.shutdownNow();
    }

    private StreamObserver<RaftClientReplyProto> collect(CompletableFuture<RaftClientReplyProto> reply) {
        return new StreamObserver<>() {
            @Override
            public void onNext(RaftClientReplyProto value) {
                heard();
                reply.complete(value);
            }

            @Override
            public void onError(Throwable problem) {
                reply.completeExceptionally(explain(problem));
            }

            @Override
            public void onCompleted() {
                reply.completeExceptionally(
                        new LinkException(peer + " closed the stream without an answer", true, "", null));
            }
        };
    }

    private LinkException explain(Throwable problem) {
        Status status = Status.fromThrowable(problem);
        Metadata trailers = Status.trailersFromThrowable(problem);
        String type =
                Optional.ofNullable(trailers).map(t -> t.get(EXCEPTION_TYPE)).orElse("");
        if (status.getCode() == Status.Code.DEADLINE_EXCEEDED) {
            unanswered();
        } else {
            answered();
        }
        boolean neverSent = status.getCode() == Status.Code.PERMISSION_DENIED
                || causedBy(problem, ConnectException.class)
                || causedBy(problem, javax.net.ssl.SSLException.class);
        String text = Optional.ofNullable(status.getDescription()).orElse(String.valueOf(status.getCode()));
        String root = Optional.ofNullable(status.getCause())
                .map(c -> " (" + root(c) + ")")
                .orElse("");
        return new LinkException(
                peer + ": " + text + root, !neverSent, type.substring(type.lastIndexOf('.') + 1), problem);
    }

    private static Throwable root(Throwable t) {
        return t.getCause() == null || t.getCause() == t ? t : root(t.getCause());
    }

    private static boolean causedBy(Throwable t, Class<? extends Throwable> type) {
        for (Throwable c = t; c != null; c = c.getCause()) {
            if (type.isInstance(c)) {
                return true;
            }
        }
        return false;
    }

    private synchronized void heard() {
        answered();
        patienceNs = 0;
        noticedNs = 0;
        pause.heard();
    }

    private synchronized void answered() {
        silent = 0;
    }

    private void unanswered() {
        synchronized (this) {
            long now = System.nanoTime();
            if (channel.getState(false) == ConnectivityState.CONNECTING
                    && now - connectingSinceNs < CONNECTING_MAX_NS) {
                return;
            }
            silent++;
            if (silent == 1) {
                silentSinceNs = now;
            }
            if (silent < SILENT_MAX || now - silentSinceNs < patienceNs) {
                return;
            }
        }
        reconnect();
    }

    private void reconnect() {
        ManagedChannel old;
        synchronized (this) {
            silent = 0;
            noticedNs = 0;
            if (closed) {
                return;
            }
            patienceNs = Math.min(PATIENCE_MOST_NS, Math.max(PATIENCE_LEAST_NS, 2 * patienceNs));
            old = channel;
            channel = open();
            connectingSinceNs = System.nanoTime();
        }
        old.shutdownNow(); // may tell those who wait on this thread
    }

    private final class FromQuestions implements QuestionStream.Listener {
        @Override
        public void onHeard() {
            heard();
        }

        @Override
        public void onSilence(long nanos) {
            boolean isDead;
            synchronized (PeerLink.this) {
                long now = System.nanoTime();
                boolean tooLong = nanos >= SILENT_MAX_NS + patienceNs;
                if (tooLong && noticedNs == 0) {
                    noticedNs = now;
                }
                isDead = tooLong && now - noticedNs >= READ_FIRST_NS;
            }
            if (isDead) {
                reconnect();
            }
        }

        @Override
        public LinkException explain(Throwable problem) {
            return PeerLink.this.explain(problem);
        }
    }

    private synchronized ManagedChannel ready() {
        ConnectivityState state = channel.getState(false);
        if (state == ConnectivityState.TRANSIENT_FAILURE && pause.tryNow(System.nanoTime())) {
            channel.resetConnectBackoff();
        }
        if (state != ConnectivityState.CONNECTING) {
            connectingSinceNs = System.nanoTime();
        }
        return channel;
    }

    private ManagedChannel open() {
        NettyChannelBuilder builder = NettyChannelBuilder.forTarget(peer.hostAndPort())
                .proxyDetector(address -> null)
                .eventLoopGroup(loops)
                .channelType(NioSocketChannel.class)
                .withOption(ChannelOption.CONNECT_TIMEOUT_MILLIS, CONNECT_TIMEOUT_MS)
                .maxInboundMessageSize(REPLY_BYTES_MAX)
                .directExecutor(); // nothing here blocks
        tls.ifPresentOrElse(
                context -> builder.useTransportSecurity().sslContext(context),
                () -> builder.negotiationType(NegotiationType.PLAINTEXT));
        return builder.build();
    }
}
