package io.vmha.node.raft;

import io.vmha.node.raft.RaftNodeException.Kind;
import io.vmha.node.raft.RaftStatus.Life;
import io.vmha.node.raft.RaftStatus.Role;
import io.vmha.node.raft.SnapshotFile.DamagedSnapshotException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.FileSystemException;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.regex.Pattern;
import org.apache.ratis.io.CorruptedFileException;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.protocol.exceptions.ChecksumException;
import org.apache.ratis.server.DivisionInfo;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.server.protocol.TermIndex;
import org.apache.ratis.statemachine.StateMachine;
import org.apache.ratis.util.ExitUtils;
import org.apache.ratis.util.LifeCycle;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One Ratis server from its start to its end, under one peer id; leaving a group ends it and begins another one. */
final class ServerLife implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ServerLife.class);
    /** gRPC tells every stranger's connection with a stack trace. Kept, for JUL forgets loggers nobody holds. */
    private static final java.util.logging.Logger GRPC =
            java.util.logging.Logger.getLogger("org.apache.ratis.thirdparty.io.grpc");

    private static final long CLOSE_LIMIT_S = 20;
    /** What the kernel says of a disk that cannot be read or written, which proves nothing about what lies on it. */
    private static final Pattern DEVICE_SAYS = Pattern.compile(
            "No space left|Disk quota exceeded|Read-only file system|Permission denied|Input/output error|Too many"
                    + " open");

    private final RaftServer server;
    private final Gate gate;
    private final Watch watch;
    private final AppliedMark mark;
    private final InetSocketAddress address;

    private ServerLife(RaftServer server, Gate gate, Watch watch, AppliedMark mark, InetSocketAddress address) {
        this.mark = mark;
        this.server = server;
        this.address = address;
        this.gate = gate;
        this.watch = watch;
    }

    /**
     * Starts; fails with {@code STORAGE} or {@code ADDRESS}; see {@link #isDamage}
     *
     * @param threads on which calls from peers are worked on; the node's, for the next life begins before those of this one have ended
     */
    static ServerLife start(
            RaftConfig config,
            NodeStore store,
            Optional<TlsMaterial> tls,
            Replicated machine,
            RaftListener listener,
            Watch.Neighbours neighbours,
            Executor threads) {
        // Ratis would end the process from inside a library; the watch tells the daemon instead
        ExitUtils.disableSystemExit();
        ExitUtils.clear(); // what an earlier server of this process ended with says nothing about this one
        GRPC.setLevel(java.util.logging.Level.WARNING);
        CallThreads.boundShared();
        requireFree(config.address());
        PeerInfo self = store.self();
        Gate gate = new Gate(self::id, store::group);
        Watch watch = new Watch(listener, self, neighbours, config.electionTimeout());
        RaftServer server = null;
        try {
            server = RaftServer.newBuilder()
                    .setServerId(self.ratisId())
                    .setStateMachineRegistry(group -> machineFor(group, store, machine, self, watch, threads))
                    .setProperties(Settings.properties(config, store))
                    .setParameters(Settings.parameters(gate, threads, tls))
                    .setThreadGroup(new ThreadGroup("raft-" + config.nodeName()))
                    .build();
            server.start();
            AppliedMark mark = store.mark();
            Optional<RaftServer.Division> division = division(server);
            if (division.isPresent()) {
                checkNothingIsLost(mark, division.get());
                TermIndex end = division.get().getRaftLog().getLastEntryTermIndex();
                ((LogMachine) division.get().getStateMachine())
                        .found(end == null ? LogPosition.NONE : new LogPosition(end.getTerm(), end.getIndex()));
            }
            gate.open();
            watch.begin(server);
            return new ServerLife(server, gate, watch, mark, config.address());
        } catch (IOException | RuntimeException e) {
            watch.close();
            if (server != null && !close(server, () -> false)) {
                LOG.warn("the raft server that failed to start does not close either");
            }
            throw explain(config, store, e);
        }
    }

    /** The log ends before what this peer had applied. */
    private static final class LostEntriesException extends IOException {
        private static final long serialVersionUID = 1L;

        LostEntriesException(String message) {
            super(message);
        }
    }

    private static void checkNothingIsLost(AppliedMark left, RaftServer.Division division) throws IOException {
        OptionalLong mark = left.read();
        TermIndex last = division.getRaftLog().getLastEntryTermIndex();
        long snapshot =
                ((LogMachine) division.getStateMachine()).snapshotIndex().orElse(-1);
        long end = Math.max(last == null ? -1 : last.getIndex(), snapshot);
        if (mark.isPresent() && end < mark.getAsLong()) {
            throw new LostEntriesException("the log ends at index " + end + " but this peer had applied "
                    + mark.getAsLong() + ": entries that it has acknowledged are gone");
        }
    }

    /** Leaves a mark of what has been applied, if that can be told just now. Writes a file. */
    void mark() {
        division()
                .ifPresent(d -> mark.write(((LogMachine) d.getStateMachine())
                        .getLastAppliedTermIndex()
                        .getIndex()));
    }

    private static StateMachine machineFor(
            RaftGroupId group, NodeStore store, Replicated machine, PeerInfo self, Watch watch, Executor readers) {
        store.join(new GroupId(group.getUuid()));
        return new LogMachine(machine, self::id, watch, readers);
    }

    RaftServer server() {
        return server;
    }

    Gate gate() {
        return gate;
    }

    /** This server's part in its group, if it is in one and that part is not just being made. */
    Optional<RaftServer.Division> division() {
        return division(server);
    }

    static Optional<RaftServer.Division> division(RaftServer server) {
        for (RaftGroupId group : server.getGroupIds()) {
            try {
                return Optional.of(server.getDivision(group));
            } catch (IOException | RuntimeException e) {
                LOG.trace("no division of group {}: being added or removed, or refused", group);
            }
        }
        return Optional.empty();
    }

    RaftStatus status(PeerInfo self, Optional<GroupId> group, RaftServer.Division division) {
        LogMachine machine = (LogMachine) division.getStateMachine();
        DivisionInfo info = division.getInfo();
        TermIndex applied = machine.getLastAppliedTermIndex();
        Optional<PeerInfo> leader = LogMachine.leader(division);
        return new RaftStatus(
                self,
                group,
                role(info),
                info.getCurrentTerm(),
                leader,
                LogMachine.voters(division),
                committed(division),
                new LogPosition(applied.getTerm(), applied.getIndex()),
                machine.snapshotIndex(),
                life(info.getLifeCycleState()));
    }

    static long leaderSilentMs(RaftServer.Division division) {
        var role = division.getInfo().getRoleInfoProto();
        return role.hasFollowerInfo() ? role.getFollowerInfo().getLeaderInfo().getLastRpcElapsedTimeMs() : 0;
    }

    private static long committed(RaftServer.Division division) {
        try {
            return division.getRaftLog().getLastCommittedIndex();
        } catch (IllegalStateException e) {
            return -1; // the log is not open yet
        }
    }

    private static Role role(DivisionInfo info) {
        if (info.isLeader()) {
            return info.isLeaderReady() ? Role.LEADER : Role.LEADER_NOT_READY;
        }
        return info.isCandidate() ? Role.CANDIDATE : Role.FOLLOWER;
    }

    private Life life(LifeCycle.State division) {
        if (server.getLifeCycleState() != LifeCycle.State.RUNNING) {
            return Life.CLOSED;
        }
        return switch (division) {
            case NEW, STARTING -> Life.WAITING;
            case RUNNING, PAUSING, PAUSED -> Life.RUNNING;
            case EXCEPTION, CLOSING, CLOSED -> Life.CLOSED;
        };
    }

    /**
     * Ends the server: its log is on disk and its port free when this returns. Netty's threads take two seconds more to end by
     * themselves, which a restart must not wait for.
     *
     * @throws RaftNodeException {@code CLOSED} if Ratis hangs
     */
    @Override
    public void close() {
        watch.close();
        Optional<RaftServer.Division> division = division();
        if (!close(
                server,
                () -> division.map(d -> d.getInfo().getLifeCycleState() == LifeCycle.State.CLOSED)
                                .orElse(true)
                        && isFree(address))) {
            throw new RaftNodeException(
                    Kind.CLOSED, "Ratis did not close within " + CLOSE_LIMIT_S + " s; restart the process");
        }
    }

    /** Closes the server; true as soon as that is done or {@code enough}, false if Ratis hangs. */
    private static boolean close(RaftServer server, BooleanSupplier enough) {
        CompletableFuture<Void> done = new CompletableFuture<>();
        Thread closer = new Thread(
                () -> {
                    try {
                        server.close();
                        done.complete(null);
                    } catch (IOException | RuntimeException e) {
                        LOG.warn("closing the raft server failed: {}", e.toString());
                        done.complete(null);
                    }
                },
                "raft-close");
        closer.setDaemon(true);
        closer.start();
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(CLOSE_LIMIT_S);
        while (System.nanoTime() < deadline) {
            if (done.isDone() || enough.getAsBoolean()) {
                return true;
            }
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(10));
        }
        return false;
    }

    /** Ratis would log a trace before it throws. */
    private static void requireFree(InetSocketAddress address) {
        try (ServerSocket probe = new ServerSocket()) {
            probe.bind(address);
        } catch (IOException e) {
            throw cannotListen(address, e);
        }
    }

    private static RaftNodeException cannotListen(InetSocketAddress address, Exception e) {
        Throwable root = root(e);
        String why = root.getMessage() == null ? root.toString() : root.getMessage();
        return new RaftNodeException(
                Kind.ADDRESS,
                "cannot listen on " + PeerInfo.hostAndPort(address) + ": " + why
                        + "; is the address local and the port free?",
                e);
    }

    private static boolean isFree(InetSocketAddress address) {
        try (ServerSocket probe = new ServerSocket()) {
            probe.bind(address);
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    private static RaftNodeException explain(RaftConfig config, NodeStore store, Exception e) {
        if (cause(e, RaftNodeException.class).isPresent()) {
            return cause(e, RaftNodeException.class).get();
        }
        if (cause(e, ExitUtils.ExitException.class).isPresent()) {
            ExitUtils.clear(); // told by this exception
            return cannotListen(config.address(), e);
        }
        Optional<TooNewException> tooNew = cause(e, TooNewException.class);
        if (tooNew.isPresent()) {
            return new RaftNodeException(
                    Kind.STORAGE,
                    "raft storage in " + store.groupsDir() + ": " + tooNew.get().getMessage(),
                    e);
        }
        return new RaftNodeException(
                Kind.STORAGE,
                "raft storage in " + store.groupsDir() + " cannot be opened: " + root(e)
                        + "; mend the disk and start again. If its content is lost, move " + store.groupsDir()
                        + " away first: this node then joins as a new peer",
                e);
    }

    /**
     * True only if the storage surely is not what was written. Everything else (no space, no permission, an error in our own
     * restore) must stop the node instead: if all voters set their storage aside for one mistake, the group is lost.
     */
    static boolean isDamage(RaftNodeException e) {
        if (e.kind() != Kind.STORAGE
                || cause(e, FileSystemException.class).isPresent()
                || DEVICE_SAYS.matcher(stack(e)).find()) {
            return false;
        }
        boolean metadata = String.valueOf(root(e).getMessage()).contains("not found in properties")
                || stack(e).contains("raft-meta");
        return metadata
                || cause(e, ChecksumException.class).isPresent()
                || cause(e, CorruptedFileException.class).isPresent()
                || cause(e, LostEntriesException.class).isPresent()
                || cause(e, DamagedSnapshotException.class).isPresent();
    }

    private static String stack(Throwable t) {
        StringBuilder messages = new StringBuilder();
        for (Throwable c = t; c != null; c = c.getCause()) {
            messages.append(c.getMessage()).append('\n');
        }
        return messages.toString();
    }

    static Throwable root(Throwable t) {
        return t.getCause() == null ? t : root(t.getCause());
    }

    private static <T extends Throwable> Optional<T> cause(Throwable t, Class<T> type) {
        for (Throwable c = t; c != null; c = c.getCause()) {
            if (type.isInstance(c)) {
                return Optional.of(type.cast(c));
            }
        }
        return Optional.empty();
    }
}
