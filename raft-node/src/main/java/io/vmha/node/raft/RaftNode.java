package io.vmha.node.raft;

import io.vmha.node.raft.PeerLink.LinkException;
import io.vmha.node.raft.RaftNodeException.Kind;
import io.vmha.node.raft.RaftStatus.Life;
import io.vmha.node.raft.RaftStatus.Role;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.apache.ratis.client.impl.ClientProtoUtils;
import org.apache.ratis.proto.RaftProtos.RaftClientReplyProto;
import org.apache.ratis.proto.RaftProtos.RaftClientRequestProto;
import org.apache.ratis.protocol.ClientId;
import org.apache.ratis.protocol.GroupManagementRequest;
import org.apache.ratis.protocol.RaftClientReply;
import org.apache.ratis.protocol.RaftClientRequest;
import org.apache.ratis.protocol.RaftGroup;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.rpc.CallId;
import org.apache.ratis.server.RaftServer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The Raft server of this host: runs from start to close, in one group or none.
 *
 * <p>A group begins with {@link #bootstrap} on one node; its leader takes in others with {@link #changeVoters}. After a restart the
 * node goes on in its group from disk. If its storage is gone, damaged or moved to another address, the node starts with a new
 * {@link PeerId} and without a group: a leader has to take it in again.
 */
public final class RaftNode implements AutoCloseable {
    /** The longest entry. Far below Ratis' limit, above which a leader steps down. */
    public static final int ENTRY_BYTES_MAX = 528 * 1024;
    /** The longest reply of a {@link Replicated}. */
    public static final int REPLY_BYTES_MAX = 3 << 20;

    private static final Logger LOG = LoggerFactory.getLogger(RaftNode.class);
    private static final Duration WITNESS_LIMIT = Duration.ofSeconds(1);
    private static final Duration GROUP_LIMIT = Duration.ofSeconds(30);
    private static final long MARK_PERIOD_MS = 1_000;

    private final RaftConfig config;
    private final Replicated machine;
    private final RaftListener listener;
    private final Optional<TlsMaterial> tls;
    private final NodeStore store;
    private final PeerLinks links;
    private final CallThreads served;
    /** Retries of clients, calls of our own server, the mark; three threads, so that a slow disk or apply does not stop the retries. */
    private final ScheduledThreadPoolExecutor calls;

    private final Object administration = new Object();
    private volatile ServerLife life;
    private volatile Optional<GroupClient> ownGroup = Optional.empty();
    private volatile boolean closed;

    private RaftNode(
            RaftConfig config, Replicated machine, RaftListener listener, Optional<TlsMaterial> tls, NodeStore store) {
        this.config = config;
        this.machine = machine;
        this.listener = listener;
        this.tls = tls;
        this.store = store;
        this.links = new PeerLinks(tls, config.nodeName());
        this.served = new CallThreads(config.nodeName());
        AtomicInteger threads = new AtomicInteger();
        this.calls = new ScheduledThreadPoolExecutor(3, runnable -> {
            Thread t = new Thread(runnable, "raft-call-" + config.nodeName() + "-" + threads.incrementAndGet());
            t.setDaemon(true);
            return t;
        });
        calls.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
    }

    /**
     * Starts the server and, if the node was in a group, its part in it.
     *
     * @throws RaftNodeException {@code STORAGE}, {@code ADDRESS} or {@code TLS}, with what to do
     */
    public static RaftNode start(RaftConfig config, Replicated machine, RaftListener listener) {
        Optional<TlsMaterial> tls = config.tls().map(TlsMaterial::load);
        NodeStore store = NodeStore.open(config);
        RaftNode node = new RaftNode(config, machine, listener, tls, store);
        try {
            node.startServer();
            node.markApplied();
            return node;
        } catch (RuntimeException e) {
            node.close();
            throw e;
        }
    }

    /** This server's identity; changes with {@link #leaveGroup}. */
    public PeerInfo self() {
        return store.self();
    }

    /** The group this node is in, or was told to be ready for. */
    public Optional<GroupId> group() {
        return store.group();
    }

    /**
     * Founds a group with this node as its first and only voter. Blocks until the group exists, some seconds at most.
     *
     * @throws RaftNodeException {@code GROUP} if the node is in a group
     */
    public void bootstrap(GroupId fresh) {
        synchronized (administration) {
            if (store.group().isPresent()) {
                throw new RaftNodeException(
                        Kind.GROUP, "this node is in group " + store.group().get() + " already, cannot found " + fresh);
            }
            PeerInfo self = self();
            RaftGroup group = RaftGroup.valueOf(RaftGroupId.valueOf(fresh.value()), self.ratisPeer());
            GroupManagementRequest request = GroupManagementRequest.newAdd(
                    ClientId.randomId(), self.ratisId(), CallId.getAndIncrement(), group, true);
            try {
                life().server()
                        .groupManagementAsync(request)
                        .orTimeout(GROUP_LIMIT.toMillis(), TimeUnit.MILLISECONDS)
                        .join();
            } catch (CompletionException e) {
                store.unjoin(fresh);
                throw new RaftNodeException(Kind.GROUP, "group " + fresh + " could not be founded: " + e.getCause(), e);
            }
            LOG.info("raft group founded group={} self={}", fresh, self);
        }
    }

    /** {@link GroupClient#propose(byte[])} to this node's group; fails with {@code GROUP} if it is in none. */
    public CompletableFuture<byte[]> propose(byte[] entry) {
        return inOwnGroup(client -> client.propose(entry));
    }

    /** {@link GroupClient#propose(byte[], Duration)} to this node's group. */
    public CompletableFuture<byte[]> propose(byte[] entry, Duration limit) {
        return inOwnGroup(client -> client.propose(entry, limit));
    }

    /** {@link GroupClient#read(byte[])} of this node's group; fails with {@code GROUP} if it is in none. */
    public CompletableFuture<byte[]> read(byte[] request) {
        return inOwnGroup(client -> client.read(request));
    }

    /** {@link GroupClient#read(byte[], Duration)} of this node's group. */
    public CompletableFuture<byte[]> read(byte[] request, Duration limit) {
        return inOwnGroup(client -> client.read(request, limit));
    }

    /**
     * The term in which this node leads at some moment after this call, as a majority of the voters says; empty if none says so within the limit.
     * Unlike {@link #read}, no other leader can answer for this one.
     */
    public CompletableFuture<OptionalLong> leads(Duration limit) {
        return division()
                .map(d -> ((LogMachine) d.getStateMachine()).stillLeads())
                .orElseGet(() -> CompletableFuture.failedFuture(new RaftNodeException(Kind.NOT_LEADER, "in no group")))
                .orTimeout(limit.toMillis(), TimeUnit.MILLISECONDS)
                .handle((term, problem) -> problem == null ? OptionalLong.of(term) : OptionalLong.empty());
    }

    Optional<RaftServer.Division> division() {
        ServerLife current = life;
        return current == null ? Optional.empty() : current.division();
    }

    /** {@link GroupClient#ask} one voter of this node's group; fails with {@code GROUP} if it is in none. */
    public CompletableFuture<byte[]> ask(PeerInfo voter, byte[] request, Duration limit) {
        return inOwnGroup(client -> client.ask(voter, request, limit));
    }

    /** A client of any group, this node's own or another one, over this node's connections. Needs no closing. */
    public GroupClient client(GroupId group, List<PeerInfo> peers) {
        return new GroupClient(group, peers, new Ways(), calls);
    }

    /**
     * Takes the group one safe step towards the wanted voters: a new voter or two, a replacement, a removal, or, if the leader
     * itself is to go, handing over the leadership. Call again with the new leader until it answers {@code NOTHING}.
     *
     * @return fails with {@code NOT_LEADER}, or with {@code CHANGE_REFUSED} if a new voter does not answer, if the next voters
     *     would have no living majority, or if Ratis gave up. A step that failed late may still complete: look at the voters
     */
    public CompletableFuture<VoterChange> changeVoters(List<PeerInfo> wanted) {
        List<PeerInfo> peers = List.copyOf(wanted);
        return onCallThread(() -> reconfiguration().towards(peers));
    }

    /** Hands the leadership to another voter; fails with {@code NOT_LEADER} or {@code CHANGE_REFUSED}. */
    public CompletableFuture<Void> transferLeadership(PeerInfo to) {
        return onCallThread(() -> reconfiguration().transfer(to));
    }

    /**
     * Ends this node's part in its group: closes the server, puts the storage aside, starts a server with a new identity and no
     * group. The group is not asked; remove this voter first if the group lives. Blocks, some seconds as a rule.
     */
    public void leaveGroup() {
        synchronized (administration) {
            Optional<GroupId> left = store.group();
            stopServer();
            store.startAnew("left");
            ownGroup = Optional.empty();
            startServer();
            LOG.info(
                    "raft group left group={} self={}",
                    left.map(GroupId::toString).orElse("none"),
                    self());
        }
    }

    /**
     * Ends this node's wait for a group that has invited it and never took it in: as {@link #leaveGroup}, unless it has been taken in
     * meanwhile. Blocks, some seconds as a rule.
     *
     * @return true if the node is in no group now
     */
    public boolean declineInvitation() {
        synchronized (administration) {
            Optional<GroupId> invitedTo = store.group();
            stopServer();
            boolean declined = store.startAnewIfNotBegun();
            ownGroup = Optional.empty();
            startServer();
            LOG.info("raft invitation declined={} group={} self={}", declined, invitedTo, self());
            return declined;
        }
    }

    /** How this node's server is doing. Any thread, does not block. */
    public RaftStatus status() {
        ServerLife current = life;
        PeerInfo self = self();
        Optional<RaftServer.Division> division = current == null ? Optional.empty() : current.division();
        if (division.isEmpty()) {
            Life state = closed || current == null ? Life.CLOSED : Life.IDLE;
            return new RaftStatus(
                    self,
                    store.group(),
                    Role.NONE,
                    0,
                    Optional.empty(),
                    VoterSet.NONE,
                    -1,
                    LogPosition.NONE,
                    OptionalLong.empty(),
                    state);
        }
        return current.status(self, store.group(), division.get());
    }

    /** How long ago this voter heard of its leader, in milliseconds; 0 on the leader itself, and without a group. */
    public long lastContactMs() {
        ServerLife current = life;
        return current == null
                ? 0
                : current.division().map(ServerLife::leaderSilentMs).orElse(0L);
    }

    /** Messages that the gate refused since the server started: misaddressed, or orders that only the leader itself may give. */
    public long refusedMessages() {
        ServerLife current = life;
        return current == null ? 0 : current.gate().refused();
    }

    /** Stops the server; the storage stays. Blocks, some seconds at most. */
    @Override
    public void close() {
        synchronized (administration) {
            if (closed) {
                return;
            }
            closed = true;
            try {
                stopServer();
            } finally {
                calls.shutdownNow();
                links.close();
                store.close();
            }
        }
    }

    private void startServer() {
        for (boolean again = false; ; again = true) {
            try {
                machine.promised(store.promises());
                life = ServerLife.start(config, store, tls, machine, listener, new Others(), served);
                return;
            } catch (RaftNodeException e) {
                if (again || !ServerLife.isDamage(e)) {
                    throw e;
                }
                LOG.error(
                        "raft storage is damaged, it is set aside and this node joins as a new peer; look at the disk"
                                + " problem=\"{}\"",
                        e.getMessage());
                store.startAnew("damaged");
            }
        }
    }

    private void markApplied() {
        var unused = calls.scheduleWithFixedDelay(
                () -> {
                    ServerLife current = life;
                    if (current != null) {
                        current.mark();
                    }
                },
                MARK_PERIOD_MS,
                MARK_PERIOD_MS,
                TimeUnit.MILLISECONDS);
    }

    /** What the watch wants to know of the other voters. */
    private final class Others implements Watch.Neighbours {
        @Override
        public CompletableFuture<VoterSet> voters(GroupId group, PeerInfo voter) {
            return client(group, List.of(voter)).standing(voter, WITNESS_LIMIT).thenApply(Replicated.Standing::voters);
        }

        @Override
        public CompletableFuture<Hearing> hearing(GroupId group, PeerInfo voter, Duration limit) {
            return client(group, List.of(voter)).hearing(voter, limit);
        }

        @Override
        public CompletableFuture<Boolean> refuses(PeerInfo voter) {
            return links.refuses(voter, WITNESS_LIMIT);
        }

        @Override
        public boolean isConnected(PeerInfo voter) {
            return links.to(voter).isConnected();
        }
    }

    private void stopServer() {
        ServerLife current = life;
        if (current != null) {
            life = null;
            current.close();
        }
    }

    private ServerLife life() {
        ServerLife current = life;
        if (current == null) {
            throw isClosed();
        }
        return current;
    }

    private Reconfiguration reconfiguration() {
        ServerLife current = life();
        RaftServer.Division division = current.division()
                .orElseThrow(() -> new RaftNodeException(Kind.NOT_LEADER, "this node is in no group"));
        return new Reconfiguration(current.server(), division, self(), links, config.electionTimeout());
    }

    private CompletableFuture<byte[]> inOwnGroup(
            java.util.function.Function<GroupClient, CompletableFuture<byte[]>> use) {
        Optional<GroupId> group = store.group();
        if (group.isEmpty()) {
            return CompletableFuture.failedFuture(
                    new RaftNodeException(Kind.GROUP, "this node is in no raft group; use a client of the group"));
        }
        GroupClient client = ownGroup.filter(c -> c.group().equals(group.get()))
                .orElseGet(() -> client(group.get(), List.of(self())));
        ownGroup = Optional.of(client);
        ServerLife current = life;
        if (current != null) {
            current.division().ifPresent(d -> client.peers(LogMachine.voters(d).voters()));
        }
        return use.apply(client);
    }

    private <T> CompletableFuture<T> onCallThread(Supplier<CompletableFuture<T>> work) {
        return CompletableFuture.completedFuture(null)
                .thenComposeAsync(v -> work.get(), calls)
                .exceptionallyCompose(problem -> {
                    Throwable cause = GroupClient.unwrap(problem);
                    return CompletableFuture.failedFuture(
                            cause instanceof RejectedExecutionException ? isClosed() : cause);
                });
    }

    private static RaftNodeException isClosed() {
        return new RaftNodeException(Kind.CLOSED, "the raft node is closed");
    }

    /** To our own server in process, to others over their links. */
    private final class Ways implements Transport {
        @Override
        public CompletableFuture<RaftClientReplyProto> send(PeerInfo to, RaftClientRequest request, Duration limit) {
            return carry(to, request, limit, PeerLink::send);
        }

        @Override
        public CompletableFuture<RaftClientReplyProto> sendOften(
                PeerInfo to, RaftClientRequest question, Duration limit) {
            return carry(to, question, limit, PeerLink::sendOften);
        }
    }

    private interface Way {
        CompletableFuture<RaftClientReplyProto> over(PeerLink link, RaftClientRequestProto request, Duration limit);
    }

    private CompletableFuture<RaftClientReplyProto> carry(
            PeerInfo to, RaftClientRequest request, Duration limit, Way way) {
        ServerLife current = life;
        if (current != null && to.id().equals(self().id())) {
            return sendHere(current.server(), to, request, limit);
        }
        try {
            return way.over(links.to(to), ClientProtoUtils.toRaftClientRequestProto(request), limit);
        } catch (RaftNodeException e) {
            return CompletableFuture.failedFuture(e);
        }
    }

    private CompletableFuture<RaftClientReplyProto> sendHere(
            RaftServer server, PeerInfo self, RaftClientRequest request, Duration limit) {
        CompletableFuture<RaftClientReply> reply =
                onCallThread(() -> submit(server, request)).orTimeout(limit.toMillis(), TimeUnit.MILLISECONDS);
        return reply.handle((r, problem) -> {
            if (problem != null) {
                Throwable cause = GroupClient.unwrap(problem);
                if (cause instanceof RaftNodeException closing) {
                    throw closing;
                }
                throw new LinkException(
                        self + ": " + cause, true, cause.getClass().getSimpleName(), cause);
            }
            return ClientProtoUtils.toRaftClientReplyProto(r);
        });
    }

    private static CompletableFuture<RaftClientReply> submit(RaftServer server, RaftClientRequest request) {
        try {
            return server.submitClientRequestAsync(request);
        } catch (IOException e) {
            return CompletableFuture.failedFuture(e);
        }
    }
}
