package io.vmha.node.raft;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.apache.ratis.thirdparty.io.grpc.netty.GrpcHttp2ConnectionHandler;
import org.apache.ratis.thirdparty.io.grpc.netty.InternalProtocolNegotiator;
import org.apache.ratis.thirdparty.io.grpc.netty.InternalProtocolNegotiators;
import org.apache.ratis.thirdparty.io.netty.buffer.ByteBuf;
import org.apache.ratis.thirdparty.io.netty.channel.ChannelHandler;
import org.apache.ratis.thirdparty.io.netty.channel.ChannelHandlerContext;
import org.apache.ratis.thirdparty.io.netty.channel.ChannelInboundHandlerAdapter;
import org.apache.ratis.thirdparty.io.netty.handler.ssl.SslContext;
import org.apache.ratis.thirdparty.io.netty.handler.ssl.SslHandler;
import org.apache.ratis.thirdparty.io.netty.util.AsciiString;
import org.apache.ratis.thirdparty.io.netty.util.concurrent.Future;

/**
 * Lets a few newcomers at a time make their TLS handshake on the Raft port; the others wait in order. A voter that has restarted gets one from
 * every host of the AZ at once, some milliseconds of CPU each. Without an order all of them are begun and none is ready before its client
 * gives up, and renewals, votes and entries wait behind them.
 *
 * <p>A newcomer waits from its first bytes on, so one that says nothing costs no turn. A turn ends with the handshake, or after {@link #TURN_MS}:
 * who is slow goes on, and lets others begin.
 */
final class Turnstile implements InternalProtocolNegotiator.ProtocolNegotiator {
    /** The handshakes that a renewal, which shares their threads, may have before it. */
    static final int TURNS = 8;

    static final long TURN_MS = 500;
    /** More connections than the hosts of any AZ; each keeps its first message only. */
    static final int WAITING_MAX = 4096;

    /** Who has waited longer is about to give up, and a handshake with it would be in vain: it comes again, with all of its time. */
    private static final long WAIT_MAX_NS = TimeUnit.SECONDS.toNanos(5);

    private static final int FIRST_BYTES_MAX = 32 * 1024;
    /** As long as netty gives a handshake. */
    private static final long SILENT_MAX_MS = 10_000;

    private final InternalProtocolNegotiator.ProtocolNegotiator tls;
    private final Deque<Newcomer> waiting = new ArrayDeque<>();
    private int turns;

    Turnstile(SslContext context) {
        // without threads of its own: a handshake is worked on where the connection is read, so nobody queues for a
        // thread behind it
        this.tls = InternalProtocolNegotiators.serverTls(context);
    }

    @Override
    public AsciiString scheme() {
        return tls.scheme();
    }

    @Override
    public ChannelHandler newHandler(GrpcHttp2ConnectionHandler connection) {
        return new Newcomer(tls.newHandler(connection));
    }

    @Override
    public void close() {
        tls.close();
    }

    /** Newcomers that have spoken and whose turn has not come. */
    synchronized int waiting() {
        return waiting.size();
    }

    private boolean queue(Newcomer newcomer) {
        synchronized (this) {
            if (waiting.size() >= WAITING_MAX) {
                return false;
            }
            waiting.add(newcomer);
        }
        next();
        return true;
    }

    private synchronized void leave(Newcomer newcomer) {
        waiting.remove(newcomer);
    }

    private void turnIsOver() {
        synchronized (this) {
            turns--;
        }
        next();
    }

    private void next() {
        var late = new ArrayList<Newcomer>();
        Optional<Newcomer> first = Optional.empty();
        synchronized (this) {
            while (first.isEmpty() && turns < TURNS && !waiting.isEmpty()) {
                Newcomer next = waiting.remove();
                if (next.isLate()) {
                    late.add(next);
                } else {
                    first = Optional.of(next);
                    turns++;
                }
            }
        }
        late.forEach(Newcomer::sendAway);
        first.ifPresent(Newcomer::enter);
    }

    /** One connection before its handshake; leaves the pipeline when its turn comes. */
    private final class Newcomer extends ChannelInboundHandlerAdapter {
        private final ChannelHandler handshake;
        private final Deque<ByteBuf> first = new ArrayDeque<>(1);
        private ChannelHandlerContext context;
        private Object begun;
        private int bytes;
        private volatile long spokeNs;
        private Future<?> silence;
        private Future<?> turn;

        Newcomer(ChannelHandler handshake) {
            this.handshake = handshake;
        }

        @Override
        public void handlerAdded(ChannelHandlerContext itsContext) {
            context = itsContext;
            silence = context.executor().schedule(this::close, SILENT_MAX_MS, TimeUnit.MILLISECONDS);
        }

        @Override
        public void handlerRemoved(ChannelHandlerContext itsContext) {
            silence.cancel(false);
            first.forEach(ByteBuf::release);
            first.clear();
        }

        /** gRPC's word that the negotiation may begin. */
        @Override
        public void userEventTriggered(ChannelHandlerContext itsContext, Object event) {
            if (begun == null) {
                begun = event;
            } else {
                itsContext.fireUserEventTriggered(event);
            }
        }

        @Override
        public void channelRead(ChannelHandlerContext itsContext, Object message) {
            ByteBuf some = (ByteBuf) message;
            bytes += some.readableBytes();
            first.add(some);
            if (first.size() == 1) {
                spokeNs = System.nanoTime();
            }
            boolean taken = bytes <= FIRST_BYTES_MAX && (first.size() > 1 || queue(this));
            if (!taken) {
                close();
            } else {
                silence.cancel(false);
            }
        }

        @Override
        public void channelReadComplete(ChannelHandlerContext itsContext) {
            // told again with the bytes that are kept
        }

        @Override
        public void channelInactive(ChannelHandlerContext itsContext) {
            leave(this);
            itsContext.fireChannelInactive();
        }

        boolean isLate() {
            return System.nanoTime() - spokeNs > WAIT_MAX_NS;
        }

        void sendAway() {
            context.executor().execute(this::close);
        }

        private void close() {
            var unused = context.channel().close();
        }

        /** Its turn: any thread. */
        void enter() {
            context.executor().execute(() -> {
                if (!context.channel().isActive() || context.isRemoved()) {
                    turnIsOver();
                    return;
                }
                shakeHands();
            });
        }

        private void shakeHands() {
            var pipeline = context.pipeline();
            Deque<ByteBuf> kept = new ArrayDeque<>(first);
            first.clear();
            turn = context.executor().schedule(this::endTurn, TURN_MS, TimeUnit.MILLISECONDS);
            pipeline.replace(this, null, handshake);
            pipeline.fireUserEventTriggered(begun);
            SslHandler ssl = pipeline.get(SslHandler.class);
            if (ssl == null) {
                kept.forEach(ByteBuf::release);
                endTurn();
                close();
                return;
            }
            var unused = ssl.handshakeFuture().addListener(done -> endTurn());
            kept.forEach(pipeline::fireChannelRead);
            pipeline.fireChannelReadComplete();
        }

        /** On the connection's own thread. */
        private void endTurn() {
            if (turn != null) {
                turn.cancel(false);
                turn = null;
                turnIsOver();
            }
        }
    }
}
