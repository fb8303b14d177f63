package io.vmha.gossip.netty;

import io.netty.channel.ChannelFuture;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.util.concurrent.FastThreadLocalThread;
import io.vmha.gossip.memberlist.JoinResult;
import io.vmha.gossip.memberlist.MemberlistConfig;
import io.vmha.gossip.memberlist.MemberlistStats;
import io.vmha.gossip.memberlist.Outbox;
import io.vmha.gossip.serf.GossipListener;
import io.vmha.gossip.serf.Member;
import io.vmha.gossip.serf.Serf;
import io.vmha.gossip.serf.SerfConfig;
import io.vmha.gossip.wire.Bytes;
import io.vmha.gossip.wire.Keyring;
import io.vmha.gossip.wire.Message;
import io.vmha.gossip.wire.WireSettings;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import java.util.function.LongConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one thread that owns {@link Serf}: feeds it packets, streams and time, keeps one timer armed, publishes what changed. All fields but
 * the published ones belong to that thread.
 */
final class GossipLoop implements Outbox, UdpEndpoint.Receiver, TcpEndpoint.Receiver {
    private static final Logger LOG = LoggerFactory.getLogger(GossipLoop.class);
    private static final long SHUTDOWN_MAX_MS = 2_000;

    private final GossipConfig config;
    private final EventLoopGroup group =
            new MultiThreadIoEventLoopGroup(1, GossipLoop::thread, NioIoHandler.newFactory());
    private final EventLoop loop = group.next();
    private final long startedNanos = System.nanoTime();
    private final Traffic traffic = new Traffic();
    private final PoolEvents events;
    private final UdpEndpoint udp;
    private final TcpEndpoint tcp;
    private final Map<Long, TcpEndpoint.Connection> asking = new HashMap<>();
    private final Map<Long, CompletableFuture<Integer>> joins = new HashMap<>();
    private final List<CompletableFuture<?>> pending = new ArrayList<>(); // at most the open queries
    private final CompletableFuture<Void> left = new CompletableFuture<>();
    private Serf serf;
    private InetSocketAddress address;
    private ScheduledFuture<?> timer;
    private long armedMs = Long.MAX_VALUE;
    private long lastConnectionId;
    private long lastJoinId;
    private long joinsInVain;
    private long publishedVersion = -1;
    private boolean closed;

    private volatile List<Member> members = List.of();
    private volatile GossipStats stats;

    GossipLoop(GossipConfig config, GossipListener listener) {
        this.config = config;
        this.events = new PoolEvents(listener, traffic, this::onJoinFinished, () -> left.complete(null), this::onKeys);
        SecureRandom nonces = new SecureRandom();
        WireSettings settings = config.wireSettings();
        this.udp = new UdpEndpoint(settings, nonces, traffic, this);
        this.tcp = new TcpEndpoint(settings, config.profile().tcpTimeoutMs(), nonces, traffic, this);
    }

    private static Thread thread(Runnable work) {
        Thread thread = new FastThreadLocalThread(work, "gossip");
        thread.setDaemon(true);
        return thread;
    }

    /** Binds both sockets, then starts the protocol. */
    void start() {
        try {
            address = bind("tcp", tcp.bind(group, config.bindAddress()), config.bindAddress());
            bind("udp", udp.bind(group, address), address);
        } catch (GossipException unbound) {
            group.shutdownGracefully(0, SHUTDOWN_MAX_MS, TimeUnit.MILLISECONDS).awaitUninterruptibly(SHUTDOWN_MAX_MS);
            throw unbound;
        }
        MemberlistConfig memberlist = new MemberlistConfig(
                config.name(), address, config.profile(), config.wireSettings().packetOverhead());
        SplittableRandom random = new SplittableRandom(new SecureRandom().nextLong());
        CompletableFuture<Void> started = new CompletableFuture<>();
        post(nowMs -> {
            SerfConfig serfConfig = SerfConfig.of(memberlist, config.tags())
                    .withKeyring(config.wireSettings().keyring());
            serf = new Serf(serfConfig, random, this, events);
            serf.start(nowMs);
            LOG.info(
                    "gossip started name={} address={} encrypted={}",
                    config.name(),
                    address,
                    !config.keys().isEmpty());
        });
        post(nowMs -> started.complete(null)); // the first members are published by now
        started.join();
    }

    private static InetSocketAddress bind(String protocol, ChannelFuture binding, InetSocketAddress wanted) {
        ChannelFuture bound = binding.awaitUninterruptibly();
        if (!bound.isSuccess()) {
            throw new GossipException(
                    "cannot bind the gossip address " + wanted.getAddress().getHostAddress() + ":" + wanted.getPort()
                            + "/"
                            + protocol + ": " + bound.cause().getMessage()
                            + "; is it an address of this host, and does no other agent use the port?",
                    bound.cause());
        }
        return (InetSocketAddress) bound.channel().localAddress();
    }

    InetSocketAddress address() {
        return address;
    }

    List<Member> members() {
        return members;
    }

    GossipStats stats() {
        return stats;
    }

    private long nowMs() {
        return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - startedNanos);
    }

    /** Runs an input on the gossip thread, from any thread. */
    void post(LongConsumer input) {
        loop.execute(() -> run(input));
    }

    /** The outermost frame of every input: a defect costs one input, not the membership of this node. */
    private void run(LongConsumer input) {
        if (closed) {
            return;
        }
        try {
            input.accept(nowMs());
        } catch (RuntimeException defect) {
            traffic.internalError(defect);
        }
        publish();
        arm();
    }

    private void publish() {
        if (serf == null) {
            return;
        }
        if (serf.membersVersion() != publishedVersion) {
            publishedVersion = serf.membersVersion();
            members = serf.members();
        }
        MemberlistStats below = serf.memberlistStats();
        stats = new GossipStats(
                traffic.packetsIn,
                traffic.packetsOut,
                traffic.bytesIn,
                traffic.bytesOut,
                traffic.decodeErrors() + serf.undecodable(),
                traffic.sendErrors,
                traffic.streamsIn,
                traffic.streamsOut,
                traffic.streamErrors,
                traffic.internalErrors,
                below.queued() + serf.queued(),
                below.healthScore(),
                below);
    }

    private void arm() {
        if (serf == null) {
            return;
        }
        long deadlineMs = serf.nextDeadlineMs();
        if (timer != null && armedMs <= deadlineMs) {
            return; // it fires early enough, and then looks again
        }
        if (timer != null) {
            timer.cancel(false);
        }
        armedMs = deadlineMs;
        long nowMs = nowMs();
        long delayMs = deadlineMs <= nowMs ? 0 : deadlineMs - nowMs; // compared first: a difference could overflow
        timer = loop.schedule(this::onTimer, delayMs, TimeUnit.MILLISECONDS);
    }

    private void onTimer() {
        timer = null;
        armedMs = Long.MAX_VALUE;
        run(serf::onTimer);
    }

    CompletableFuture<Integer> join(List<InetSocketAddress> peers) {
        CompletableFuture<Integer> contacted = new CompletableFuture<>();
        post(nowMs -> {
            long joinId = ++lastJoinId;
            joins.put(joinId, contacted);
            serf.join(nowMs, joinId, peers);
        });
        return contacted;
    }

    private void onJoinFinished(long joinId, JoinResult result) {
        if (result.contacted() == 0) {
            joinsInVain++;
            if (Long.bitCount(joinsInVain) == 1) { // our user tries again every few seconds
                LOG.warn("nobody could be joined tries={} failures={}", joinsInVain, result.failures());
            }
        } else {
            LOG.info(
                    "joined the pool contacted={} tries={} failures={}",
                    result.contacted(),
                    joinsInVain + 1,
                    result.failures());
            joinsInVain = 0;
        }
        CompletableFuture<Integer> waiting = joins.remove(joinId);
        if (waiting != null) {
            waiting.complete(result.contacted());
        }
    }

    CompletableFuture<Void> leave() {
        post(nowMs -> serf.leave(nowMs));
        return left.copy();
    }

    void setTags(SortedMap<String, String> tags) {
        post(nowMs -> serf.setTags(nowMs, tags));
    }

    void userEvent(String name, Bytes payload, boolean coalesce) {
        post(nowMs -> serf.userEvent(nowMs, name, payload, coalesce));
    }

    /** Runs an operation whose result comes later; done exceptionally if it cannot begin, or if the agent is closed before. */
    <T> CompletableFuture<T> ask(BiConsumer<Long, CompletableFuture<T>> operation) {
        CompletableFuture<T> result = new CompletableFuture<>();
        post(nowMs -> {
            pending.removeIf(CompletableFuture::isDone);
            pending.add(result);
            try {
                operation.accept(nowMs, result);
            } catch (IllegalArgumentException | IllegalStateException refused) {
                result.completeExceptionally(refused);
            }
        });
        return result;
    }

    Serf serf() {
        return serf;
    }

    private void onKeys(Keyring keyring) {
        WireSettings settings = config.wireSettings().withKeyring(keyring);
        udp.use(settings);
        tcp.use(settings);
    }

    void close() {
        if (loop.isShuttingDown()) {
            return;
        }
        loop.execute(() -> {
            closed = true;
            GossipException reason = new GossipException("the gossip agent was closed");
            joins.values().forEach(waiting -> waiting.completeExceptionally(reason));
            left.completeExceptionally(reason);
            List.copyOf(pending).forEach(waiting -> waiting.completeExceptionally(reason));
        });
        var ended = group.shutdownGracefully(0, SHUTDOWN_MAX_MS, TimeUnit.MILLISECONDS);
        if (!loop.inEventLoop()) {
            ended.awaitUninterruptibly(2 * SHUTDOWN_MAX_MS);
        }
    }

    @Override
    public void sendPacket(InetSocketAddress to, List<Bytes> parts, boolean checksum) {
        udp.send(to, parts, checksum);
    }

    @Override
    public void openStream(long streamId, InetSocketAddress to, Message request, long timeoutMs) {
        tcp.open(streamId, to, request, timeoutMs);
    }

    @Override
    public void replyStream(long streamId, Message reply) {
        asking.get(streamId).reply(reply);
    }

    @Override
    public void onMessages(InetSocketAddress from, List<Message> messages) {
        if (serf == null) {
            return; // bound but not started yet: who talks to us already will talk again
        }
        for (Message message : messages) {
            run(nowMs -> serf.onMessage(nowMs, from, message));
        }
    }

    @Override
    public void onSendFailed(InetSocketAddress to) {
        run(nowMs -> serf.onSendFailed(nowMs, to));
    }

    @Override
    public void onRequest(TcpEndpoint.Connection connection, Message request) {
        if (serf == null) {
            return; // bound but not started yet: the peer's time limit ends the stream
        }
        long id = ++lastConnectionId;
        asking.put(id, connection);
        run(nowMs -> serf.onStreamRequest(nowMs, id, request));
        asking.remove(id);
    }

    @Override
    public void onReply(long streamId, Message reply) {
        run(nowMs -> serf.onStreamReply(nowMs, streamId, reply));
    }

    @Override
    public void onFailed(long streamId, String reason) {
        run(nowMs -> serf.onStreamFailed(nowMs, streamId, reason));
    }
}
