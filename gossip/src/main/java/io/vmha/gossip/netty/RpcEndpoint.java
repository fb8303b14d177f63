package io.vmha.gossip.netty;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.vmha.gossip.rpc.EventCoalescer;
import io.vmha.gossip.rpc.LogLine;
import io.vmha.gossip.rpc.RpcMemberEvent;
import io.vmha.gossip.rpc.RpcOutbox;
import io.vmha.gossip.rpc.RpcPool;
import io.vmha.gossip.rpc.RpcSession;
import io.vmha.gossip.serf.GossipListener;
import io.vmha.gossip.serf.Member;
import io.vmha.gossip.serf.Query;
import io.vmha.gossip.serf.UserEvent;
import io.vmha.gossip.wire.Bytes;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Serf clients on TCP, on the gossip thread. Hears the pool's events and hands them to whoever subscribed. */
@SuppressWarnings(
        "FutureReturnValueIgnored") // a failed write closes the channel, which the handlers see; a close cannot fail
final class RpcEndpoint implements GossipListener {
    private static final Logger LOG = LoggerFactory.getLogger(RpcEndpoint.class);
    private static final int CLIENTS_MAX = 32;

    /** Above it, events are dropped for this client until it has read some. */
    private static final int RECORD_BYTES_MAX = 1024 * 1024;

    /** Above it, a client that sends requests without reading the answers is disconnected. */
    private static final int REPLY_BYTES_MAX = 16 * 1024 * 1024;

    /** Lines of the log on their way to the gossip thread. */
    private static final int LOG_LINES_MAX = 1024;

    /** Whoever connects and says nothing, or does not know the key, must not keep others out. */
    private static final long GREETING_MAX_MS = 10_000;

    private final RpcSettings settings;
    private final RpcPool pool;
    private final Consumer<Runnable> inputs;
    private final Set<RpcSession> sessions = new LinkedHashSet<>();
    private final AtomicInteger logLines = new AtomicInteger();
    private final Optional<CoalescedEvents> coalesced;
    private volatile boolean monitored;
    private long dropped;
    private long turnedAway;

    /**
     * Nobody connected yet.
     *
     * @param inputs runs what a client sent as an input of the pool, so that time and publishing follow
     */
    RpcEndpoint(RpcSettings settings, RpcPool pool, Consumer<Runnable> inputs) {
        this.settings = settings;
        this.pool = pool;
        this.inputs = inputs;
        this.coalesced =
                settings.coalesceEvents() ? Optional.of(new CoalescedEvents(new Subscribers())) : Optional.empty();
    }

    /** @param open takes every channel for as long as it is open */
    ChannelFuture bind(EventLoop loop, ChannelGroup open) {
        settings.log().follow(line -> onLogLine(loop, line));
        coalesced.ifPresent(gathering -> gathering.runOn(loop));
        ChannelFuture bound = new ServerBootstrap()
                .group(loop)
                .channel(NioServerSocketChannel.class)
                .option(ChannelOption.SO_REUSEADDR, true)
                .option(ChannelOption.SO_BACKLOG, CLIENTS_MAX)
                .childOption(ChannelOption.TCP_NODELAY, true)
                .childOption(
                        ChannelOption.WRITE_BUFFER_WATER_MARK,
                        new WriteBufferWaterMark(RECORD_BYTES_MAX / 2, RECORD_BYTES_MAX))
                .childHandler(new ChannelInitializer<SocketChannel>() {
                    @Override
                    protected void initChannel(SocketChannel accepted) {
                        open.add(accepted);
                        accepted.pipeline().addLast(new Client(accepted));
                    }
                })
                .bind(settings.address());
        open.add(bound.channel());
        return bound;
    }

    InetSocketAddress wanted() {
        return settings.address();
    }

    private void onLogLine(EventLoop loop, LogLine line) {
        if (!monitored || loop.isShuttingDown()) {
            return;
        }
        if (logLines.incrementAndGet() > LOG_LINES_MAX) {
            logLines.decrementAndGet();
            return;
        }
        loop.execute(() -> {
            logLines.decrementAndGet();
            sessions.forEach(session -> session.onLogLine(line));
        });
    }

    private final class Client extends SimpleChannelInboundHandler<ByteBuf> implements RpcOutbox {
        private final Channel channel;
        private final RpcSession session;
        private boolean accepted;

        Client(Channel channel) {
            this.channel = channel;
            this.session = new RpcSession(settings.authKey(), pool, this);
        }

        @Override
        public void channelActive(ChannelHandlerContext context) {
            if (sessions.size() >= CLIENTS_MAX) {
                turnedAway++;
                if (Long.bitCount(turnedAway) == 1) {
                    LOG.warn(
                            "Serf client refused, others must disconnect first clients={} refused_so_far={}",
                            sessions.size(),
                            turnedAway);
                }
                context.close();
                return;
            }
            accepted = true;
            sessions.add(session);
            context.executor().schedule(this::requireGreeting, GREETING_MAX_MS, TimeUnit.MILLISECONDS);
        }

        private void requireGreeting() {
            if (!session.isAdmitted()) {
                channel.close();
            }
        }

        @Override
        protected void channelRead0(ChannelHandlerContext context, ByteBuf received) {
            if (accepted) {
                byte[] chunk = ByteBufUtil.getBytes(received);
                inputs.accept(() -> session.onBytes(chunk));
                noteMonitors();
            }
        }

        @Override
        public void channelWritabilityChanged(ChannelHandlerContext context) {
            channel.config().setAutoRead(channel.isWritable());
            context.fireChannelWritabilityChanged();
        }

        @Override
        public void channelInactive(ChannelHandlerContext context) {
            session.onClosed();
            sessions.remove(session);
            noteMonitors();
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            context.close();
        }

        @Override
        public void reply(Bytes content) {
            if (channel.bytesBeforeWritable() > REPLY_BYTES_MAX) {
                channel.close();
            } else {
                channel.writeAndFlush(Unpooled.wrappedBuffer(content.toArray()));
            }
        }

        @Override
        public void record(Bytes content) {
            if (channel.isWritable()) {
                channel.writeAndFlush(Unpooled.wrappedBuffer(content.toArray()));
            } else {
                dropped++;
                if (Long.bitCount(dropped) == 1) {
                    LOG.warn("a Serf client does not keep up, events dropped dropped_so_far={}", dropped);
                }
            }
        }

        @Override
        public void close() {
            channel.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(ChannelFutureListener.CLOSE);
        }
    }

    private void noteMonitors() {
        monitored = sessions.stream().anyMatch(RpcSession::isMonitoring);
    }

    private List<RpcSession> all() {
        return new ArrayList<>(sessions);
    }

    private void onMember(RpcMemberEvent event, Member member) {
        coalesced.ifPresentOrElse(
                gathering -> gathering.onMember(event, member),
                () -> all().forEach(session -> session.onMembers(event, List.of(member))));
    }

    /** Whom gathered events are told. */
    private final class Subscribers implements EventCoalescer.Sink {
        @Override
        public void onMembers(RpcMemberEvent event, List<Member> members) {
            all().forEach(session -> session.onMembers(event, members));
        }

        @Override
        public void onUserEvent(UserEvent event) {
            all().forEach(session -> session.onUserEvent(event));
        }
    }

    @Override
    public void onJoin(Member member) {
        onMember(RpcMemberEvent.JOIN, member);
    }

    @Override
    public void onLeave(Member member) {
        onMember(RpcMemberEvent.LEAVE, member);
    }

    @Override
    public void onFailed(Member member) {
        onMember(RpcMemberEvent.FAILED, member);
    }

    @Override
    public void onReap(Member member) {
        onMember(RpcMemberEvent.REAP, member);
    }

    @Override
    public void onUpdate(Member member) {
        onMember(RpcMemberEvent.UPDATE, member);
    }

    @Override
    public void onSuspect(Member member) {
        // Serf's clients do not hear of suspicions
    }

    @Override
    public void onRefuted(Member member) {
        // Serf's clients do not hear of suspicions
    }

    @Override
    public void onUserEvent(UserEvent event) {
        coalesced.ifPresentOrElse(
                gathering -> gathering.onUserEvent(event), () -> all().forEach(session -> session.onUserEvent(event)));
    }

    @Override
    public void onQuery(Query query) {
        all().forEach(session -> session.onQuery(query));
    }
}
