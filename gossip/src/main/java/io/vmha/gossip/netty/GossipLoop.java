package io.vmha.gossip.netty;

import io.netty.channel.ChannelFuture;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
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
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
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
    private final ChannelGroup open = new DefaultChannelGroup(loop, true);
    private final long startedNanos = System.nanoTime();
    private final SecureRandom nonces = new SecureRandom();
    private final Traffic traffic = new Traffic();
    private final PoolEvents events;
    private final UdpEndpoint udp;
    private final TcpEndpoint tcp;
    private final PeerNames names = new PeerNames();
    private final OwnTags tags;
    private final Optional<PoolMemory> memory;
    private final WireSettings wire;
    private final Optional<RpcEndpoint> rpc;
    private final Map<Long, TcpEndpoint.Connection> asking = new HashMap<>();
    private final Map<Long, CompletableFuture<JoinResult>> joins = new HashMap<>();
    private final List<CompletableFuture<?>> pending = new ArrayList<>(); // at most the open queries
    private final CompletableFuture<Void> left = new CompletableFuture<>();
    private Serf serf;
    private InetSocketAddress address;
    private InetSocketAddress rpcAddress;
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
        this.rpc = config.rpc()
                .map(door -> new RpcEndpoint(
                        door,
                        new PoolDoor(this, names, door.log(), listener::onLeftByOperator),
                        work -> run(nowMs -> work.run())));
        this.memory = config.directory()
                .map(directory -> new PoolMemory(directory, flush -> after(PoolMemory.GATHER_MS, flush)));
        List<GossipListener> listeners = new ArrayList<>(List.of(listener));
        memory.ifPresent(listeners::add);
        rpc.ifPresent(listeners::add);
        this.events = new PoolEvents(listeners, traffic, this::onJoinFinished, this::onLeft, this::onKeys, this::store);
        this.tags = new OwnTags(
                config.tags(), config.rpc().map(RpcSettings::reservedTags).orElse(List.of()));
        Keyring configured = config.wireSettings().keyring();
        this.wire = config.wireSettings()
                .withKeyring(
                        memory.map(remembered -> remembered.keyring(configured)).orElse(configured));
        this.udp = new UdpEndpoint(wire, nonces, traffic, this);
        this.tcp = new TcpEndpoint(wire, config.profile().tcpTimeoutMs(), nonces, traffic, this);
    }

    private static Thread thread(Runnable work) {
        Thread thread = new FastThreadLocalThread(work, "gossip");
        thread.setDaemon(true);
        return thread;
    }

    /** Binds both sockets, then starts the protocol. */
    void start() {
        try {
            address = bind("gossip", "tcp", tcp.bind(group, open, config.bindAddress()), config.bindAddress());
            bind("gossip", "udp", udp.bind(group, open, address), address);
        } catch (GossipException unbound) {
            memory.ifPresent(PoolMemory::close);
            shutDown();
            throw unbound;
        }
        MemberlistConfig memberlist =
                new MemberlistConfig(config.name(), address, config.profile(), wire.packetOverhead());
        SplittableRandom random = new SplittableRandom(new SecureRandom().nextLong());
        CompletableFuture<Void> started = new CompletableFuture<>();
        post(nowMs -> {
            SerfConfig serfConfig = SerfConfig.of(memberlist, config.tags()).withKeyring(wire.keyring());
            serf = new Serf(serfConfig, random, this, events);
            serf.start(nowMs);
            memory.ifPresent(remembered -> {
                serf.restore(remembered.previousTimes());
                rejoin(nowMs, remembered.previous());
            });
            LOG.info(
                    "gossip started name={} address={} encrypted={}",
                    config.name(),
                    address,
                    !config.keys().isEmpty());
        });
        post(nowMs -> started.complete(null)); // the first members are published by now
        started.join();
        rpc.ifPresent(this::openDoor);
    }

    /** Tries the members of an earlier life one after the other until one answers: snapshot.go. */
    private void rejoin(long nowMs, List<InetSocketAddress> previous) {
        Deque<InetSocketAddress> peers = new ArrayDeque<>();
        List<InetSocketAddress> shuffled = new ArrayList<>(previous);
        Collections.shuffle(shuffled, nonces);
        shuffled.stream().filter(peer -> !peer.equals(address)).forEach(peers::add);
        rejoinNext(nowMs, peers);
    }

    private void rejoinNext(long nowMs, Deque<InetSocketAddress> peers) {
        boolean alone = serf.members().size() == 1;
        if (!peers.isEmpty() && alone) {
            var unused = join(nowMs, List.of(peers.remove()), true).thenAccept(result -> {
                if (result.contacted() == 0) {
                    rejoinNext(nowMs(), peers);
                }
            });
        }
    }

    private void onLeft() {
        memory.ifPresent(PoolMemory::onLeft);
        left.complete(null);
    }

    private void store(Keyring keyring, Consumer<String> onStored) {
        if (memory.isEmpty()) {
            onStored.accept("");
            return;
        }
        memory.get().store(keyring, problem -> post(nowMs -> onStored.accept(problem)));
    }

    /** Last, when there is something to be asked. */
    private void openDoor(RpcEndpoint door) {
        try {
            rpcAddress = bind("Serf RPC", "tcp", door.bind(loop, open), door.wanted());
        } catch (GossipException unbound) {
            close();
            throw unbound;
        }
    }

    private static InetSocketAddress bind(
            String what, String protocol, ChannelFuture binding, InetSocketAddress wanted) {
        ChannelFuture bound = binding.awaitUninterruptibly();
        if (!bound.isSuccess()) {
            throw new GossipException(
                    "cannot bind the " + what + " address "
                            + wanted.getAddress().getHostAddress() + ":" + wanted.getPort()
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

    /** Where Serf clients are listened to. */
    Optional<InetSocketAddress> rpcAddress() {
        return Optional.ofNullable(rpcAddress);
    }

    String name() {
        return config.name();
    }

    SortedMap<String, String> tags() {
        return tags.published();
    }

    boolean isEncrypted() {
        return !config.keys().isEmpty();
    }

    long nowMs() {
        return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - startedNanos);
    }

    /** Runs an input on the gossip thread after some time. */
    void after(long delayMs, Runnable input) {
        var unused = loop.schedule(() -> run(nowMs -> input.run()), delayMs, TimeUnit.MILLISECONDS);
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
            long nanos = System.nanoTime() - startedNanos;
            if (serf != null) {
                serf.instant(TimeUnit.NANOSECONDS.toMicros(nanos));
            }
            input.accept(TimeUnit.NANOSECONDS.toMillis(nanos));
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
        memory.ifPresent(remembered -> remembered.onTimes(serf.times()));
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
            var unused = join(nowMs, peers, false).whenComplete((result, closed) -> {
                if (closed == null) {
                    contacted.complete(result.contacted());
                } else {
                    contacted.completeExceptionally(closed);
                }
            });
        });
        return contacted;
    }

    /** On the gossip thread. */
    CompletableFuture<JoinResult> join(long nowMs, List<InetSocketAddress> peers, boolean replay) {
        CompletableFuture<JoinResult> done = new CompletableFuture<>();
        long joinId = ++lastJoinId;
        joins.put(joinId, done);
        if (replay) {
            serf.joinWithReplay(nowMs, joinId, peers);
        } else {
            serf.join(nowMs, joinId, peers);
        }
        return done;
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
        CompletableFuture<JoinResult> waiting = joins.remove(joinId);
        if (waiting != null) {
            waiting.complete(result);
        }
    }

    CompletableFuture<Void> leave() {
        post(nowMs -> serf.leave(nowMs));
        return left.copy();
    }

    void setTags(SortedMap<String, String> newTags) {
        post(nowMs -> {
            tags.setByOwner(newTags);
            serf.setTags(nowMs, tags.published());
        });
    }

    /** An operator adds to the tags; on the gossip thread. */
    void changeTags(SortedMap<String, String> set, List<String> removed) {
        tags.change(set, removed);
        serf.setTags(nowMs(), tags.published());
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
        WireSettings settings = wire.withKeyring(keyring);
        udp.use(settings);
        tcp.use(settings);
    }

    void close() {
        if (loop.isShuttingDown()) {
            return;
        }
        names.close();
        loop.execute(() -> {
            closed = true;
            memory.ifPresent(PoolMemory::close);
            GossipException reason = new GossipException("the gossip agent was closed");
            joins.values().forEach(waiting -> waiting.completeExceptionally(reason));
            left.completeExceptionally(reason);
            List.copyOf(pending).forEach(waiting -> waiting.completeExceptionally(reason));
        });
        shutDown();
    }

    /**
     * Closes every channel first: a Netty loop that is told to shut down while it runs a task may end without having closed its own, and the port
     * stays taken for as long as this process lives.
     */
    private void shutDown() {
        loop.execute(() -> {
            var unused = open.close();
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
