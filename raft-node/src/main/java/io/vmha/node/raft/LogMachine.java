package io.vmha.node.raft;

import io.vmha.node.raft.Replicated.Standing;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.apache.ratis.proto.RaftProtos.LogEntryProto;
import org.apache.ratis.proto.RaftProtos.RaftConfigurationProto;
import org.apache.ratis.protocol.Message;
import org.apache.ratis.protocol.RaftClientRequest;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.protocol.exceptions.ReadIndexException;
import org.apache.ratis.protocol.exceptions.StateMachineException;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.server.protocol.TermIndex;
import org.apache.ratis.server.raftlog.RaftLog;
import org.apache.ratis.server.storage.RaftStorage;
import org.apache.ratis.statemachine.TransactionContext;
import org.apache.ratis.statemachine.impl.BaseStateMachine;
import org.apache.ratis.statemachine.impl.SimpleStateMachineStorage;
import org.apache.ratis.statemachine.impl.SingleFileSnapshotInfo;
import org.apache.ratis.thirdparty.com.google.protobuf.ByteString;
import org.apache.ratis.thirdparty.com.google.protobuf.UnsafeByteOperations;
import org.apache.ratis.util.LifeCycle;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Connects Ratis' state machine interface to {@link Replicated}: one lock around every call, snapshots on disk, and the
 * configuration as the log has it.
 *
 * <p>Ratis moves it NEW → RUNNING ({@link #initialize}) → PAUSED while a snapshot from the leader replaces the state
 * ({@link #pause}) → RUNNING ({@link #reinitialize}) → closed with the server.
 */
final class LogMachine extends BaseStateMachine {
    /** What the node wants to know; called on Ratis' threads, must not block. */
    interface Events {
        void ready(long term);

        void notLeader();

        void leaderChanged();

        void configured(VoterSet voters);

        /** What this server has heard of its leader. */
        Hearing hearing(RaftServer.Division division);

        /** {@link LeadershipRounds#confirm} */
        CompletableFuture<Long> stillLeads(RaftServer.Division division);

        /** The machine or the log can go no further. */
        void broken(String what, Throwable cause);
    }

    private static final Logger LOGGER = LoggerFactory.getLogger(LogMachine.class);
    private static final long SNAPSHOT_PAUSE_NANOS = TimeUnit.SECONDS.toNanos(30);

    private final Replicated machine;
    private final Supplier<PeerId> self;
    private final Events events;
    private final Executor readers;
    private final SimpleStateMachineStorage storage = new SimpleStateMachineStorage();
    /** Serialises all calls of {@link #machine}; guards the four fields below. */
    private final Object lock = new Object();

    private LogPosition applied = LogPosition.NONE;
    private VoterSet configured = VoterSet.NONE;
    private boolean loaded;
    /** The end of the log when the server started. */
    private LogPosition found = LogPosition.NONE;

    // written and read on the apply thread only
    private VoterSet announced = VoterSet.NONE;
    private boolean ready;
    private boolean snapshotFailed;
    private long snapshotFailedNanos;

    /** @param readers where reads wait for the lock and are answered: what tells them to is the event loop of the links to the voters */
    LogMachine(Replicated machine, Supplier<PeerId> self, Events events, Executor readers) {
        this.machine = machine;
        this.self = self;
        this.events = events;
        this.readers = readers;
    }

    @Override
    public SimpleStateMachineStorage getStateMachineStorage() {
        return storage;
    }

    @Override
    public void initialize(RaftServer server, RaftGroupId group, RaftStorage raftStorage) throws IOException {
        getLifeCycle().startAndTransition(() -> {
            super.initialize(server, group, raftStorage);
            storage.init(raftStorage);
            load();
        });
    }

    @Override
    public void pause() {
        if (getLifeCycleState() == LifeCycle.State.RUNNING) {
            synchronized (lock) {
                loaded = false; // until reinitialize, the state is not the log's
            }
            getLifeCycle().transition(LifeCycle.State.PAUSING);
            getLifeCycle().transition(LifeCycle.State.PAUSED);
        }
    }

    @Override
    public void reinitialize() throws IOException {
        storage.loadLatestSnapshot();
        load();
        if (getLifeCycleState() == LifeCycle.State.PAUSED) {
            getLifeCycle().transition(LifeCycle.State.STARTING);
            getLifeCycle().transition(LifeCycle.State.RUNNING);
        }
    }

    private void load() throws IOException {
        SingleFileSnapshotInfo latest = storage.getLatestSnapshot();
        Optional<SnapshotFile> snapshot = latest == null ? Optional.empty() : Optional.of(SnapshotFile.read(latest));
        synchronized (lock) {
            try {
                snapshot.ifPresentOrElse(s -> machine.restore(s.at(), s.state()), machine::reset);
            } catch (RuntimeException | Error e) {
                events.broken("restoring the state failed", e);
                throw e;
            }
            applied = snapshot.map(SnapshotFile::at).orElse(LogPosition.NONE);
            configured = snapshot.map(SnapshotFile::configured).orElse(VoterSet.NONE);
            loaded = true;
        }
        setLastAppliedTermIndex(TermIndex.valueOf(applied.term(), applied.index()));
    }

    @Override
    public TransactionContext startTransaction(RaftClientRequest request) throws IOException {
        ByteString content = request.getMessage().getContent();
        TransactionContext transaction = super.startTransaction(request);
        if (content.size() > RaftNode.ENTRY_BYTES_MAX) {
            transaction.setException(new StateMachineException(
                    "entry of " + content.size() + " bytes, allowed are " + RaftNode.ENTRY_BYTES_MAX));
            return transaction;
        }
        synchronized (lock) {
            machine.objection(content.toByteArray())
                    .ifPresent(why -> transaction.setException(new StateMachineException(why)));
        }
        return transaction;
    }

    @Override
    public CompletableFuture<Message> applyTransaction(TransactionContext transaction) {
        LogEntryProto entry = transaction.getLogEntry();
        LogPosition at = new LogPosition(entry.getTerm(), entry.getIndex());
        byte[] content = entry.getStateMachineLogEntry().getLogData().toByteArray();
        byte[] reply;
        synchronized (lock) {
            try {
                reply = limited(machine.apply(at, content));
            } catch (RuntimeException | Error e) {
                events.broken("applying entry " + at + " failed", e);
                throw e; // Ratis closes the division
            }
            applied = at;
        }
        updateLastAppliedTermIndex(at.term(), at.index());
        return CompletableFuture.completedFuture(message(reply));
    }

    @Override
    public void notifyConfigurationChanged(long term, long index, RaftConfigurationProto proto) {
        // Also called out of log order when a snapshot is installed: counts only if notifyTermIndexUpdated follows.
        announced = new VoterSet(
                proto.getPeersList().stream().map(PeerInfo::of).toList(),
                proto.getOldPeersList().stream().map(PeerInfo::of).toList(),
                index);
    }

    @Override
    public void notifyTermIndexUpdated(long term, long index) {
        LogPosition at = new LogPosition(term, index);
        VoterSet now = announced;
        boolean configuration = now.index() == index;
        synchronized (lock) {
            if (configuration) {
                try {
                    machine.configured(at, now);
                } catch (RuntimeException | Error e) {
                    events.broken("applying configuration " + at + " failed", e);
                    throw e;
                }
                configured = now;
            }
            applied = at;
        }
        updateLastAppliedTermIndex(term, index);
        if (configuration) {
            events.configured(now);
        }
        if (ready) {
            ready = false;
            events.ready(term); // the entry just applied is the first of the leader's own term
        }
    }

    @Override
    public void notifyLeaderReady() {
        ready = true;
    }

    @Override
    public void notifyNotLeader(java.util.Collection<TransactionContext> pending) {
        events.notLeader();
    }

    @Override
    public void notifyLeaderChanged(
            org.apache.ratis.protocol.RaftGroupMemberId member, org.apache.ratis.protocol.RaftPeerId leader) {
        events.leaderChanged();
    }

    @Override
    public void notifyLogFailed(Throwable cause, LogEntryProto failed) {
        events.broken("writing the raft log failed, see to the disk of data_dir and start again", cause);
    }

    /** Ratis asks after every entry once the log is long enough: a full disk is told and tried twice a minute only. */
    @Override
    public long takeSnapshot() {
        if (snapshotFailed && System.nanoTime() - snapshotFailedNanos < SNAPSHOT_PAUSE_NANOS) {
            return RaftLog.INVALID_LOG_INDEX;
        }
        try {
            long index = writeSnapshot();
            snapshotFailed = false;
            return index;
        } catch (IOException e) {
            LOGGER.warn(
                    "raft snapshot not written, the log grows until it can be; is the disk full? why=\"{}\"",
                    e.toString());
            snapshotFailed = true;
            snapshotFailedNanos = System.nanoTime();
            return RaftLog.INVALID_LOG_INDEX;
        }
    }

    private long writeSnapshot() throws IOException {
        SnapshotFile snapshot;
        synchronized (lock) {
            if (!loaded || applied.index() < 0) {
                return RaftLog.INVALID_LOG_INDEX;
            }
            snapshot = new SnapshotFile(applied, configured, machine.snapshot());
        }
        storage.updateLatestSnapshot(snapshot.write(storage));
        return snapshot.at().index();
    }

    /** Ratis has waited until its read index is applied here; whether that index is the newest is asked of a majority. */
    @Override
    public CompletableFuture<Message> query(Message request) {
        return stillLeads()
                .thenComposeAsync(
                        term -> answer(() -> {
                            synchronized (lock) {
                                checkLoaded();
                                return limited(
                                        machine.query(request.getContent().toByteArray()));
                            }
                        }),
                        readers);
    }

    /** {@link LeadershipRounds#confirm} */
    CompletableFuture<Long> stillLeads() {
        try {
            return events.stillLeads(division());
        } catch (IllegalArgumentException e) {
            return CompletableFuture.failedFuture(new ReadIndexException(e.getMessage(), e));
        }
    }

    /** Questions to this server; other stale reads are not served. */
    @Override
    public CompletableFuture<Message> queryStale(Message request, long minIndex) {
        return answer(() -> {
            Question.Frame frame = Question.decode(request.getContent().toByteArray());
            PeerId here = self.get();
            if (!frame.to().equals(here)) {
                throw new IllegalArgumentException("the question is for peer " + frame.to() + " but this is " + here);
            }
            return switch (frame.kind()) {
                case STANDING -> Question.encode(word());
                case DIGEST -> Question.encode(digest());
                case HEARING -> Question.encode(events.hearing(division()));
                case MACHINE -> {
                    synchronized (lock) {
                        yield limited(machine.peerQuery(frame.body(), standing()));
                    }
                }
            };
        });
    }

    /** The server has started with this log, and hears nobody yet. */
    void found(LogPosition end) {
        synchronized (lock) {
            found = end;
        }
    }

    /**
     * What a server had applied before it restarted is somewhere in its log, but how far it had come is not known to the last entry. It
     * bears no witness before it has applied all of it, or what a newer leader has put in its place: it might give a life to a host whose
     * certificate it has forgotten (RECOVERY-PROTOCOL S11).
     *
     * @throws IllegalArgumentException if this server does not know its state or its configuration well enough to answer
     */
    private Standing standing() {
        checkLoaded();
        if (applied.index() < found.index() && applied.term() <= found.term()) {
            throw new IllegalArgumentException("this server has restarted and not yet applied its log up to " + found
                    + ", only up to " + applied + "; ask again when it has heard a leader");
        }
        return new Standing(self.get(), applied, votersInLog());
    }

    private StateDigest digest() {
        LogPosition at;
        byte[] state;
        synchronized (lock) {
            checkLoaded();
            at = applied;
            state = machine.snapshot();
        }
        return StateDigest.of(at, state);
    }

    private Question.Standing word() {
        RaftServer.Division division = division();
        synchronized (lock) {
            checkLoaded();
            Optional<PeerInfo> leader = leader(division);
            boolean leads = division.getInfo().isLeader() && division.getInfo().isLeaderReady();
            return new Question.Standing(leads, division.getInfo().getCurrentTerm(), leader, applied, votersInLog());
        }
    }

    /** The newest configuration in the log; joint with the one before it until it is applied here (RECOVERY-PROTOCOL S3). */
    private VoterSet votersInLog() {
        VoterSet newest = voters(division());
        if (newest.joint() || newest.index() <= applied.index()) {
            return newest;
        }
        if (configured.voters().isEmpty()) {
            throw new IllegalArgumentException("this server has not applied its configuration yet; ask again");
        }
        List<PeerInfo> outgoing = configured.joint() ? configured.outgoing() : configured.voters();
        boolean unchanged = !configured.joint() && outgoing.equals(newest.voters());
        return unchanged ? newest : new VoterSet(newest.voters(), outgoing, newest.index());
    }

    static VoterSet voters(RaftServer.Division division) {
        org.apache.ratis.server.RaftConfiguration conf = division.getRaftConf();
        return new VoterSet(
                conf.getCurrentPeers().stream().map(PeerInfo::of).toList(),
                conf.getPreviousPeers().stream().map(PeerInfo::of).toList(),
                conf.getLogEntryIndex());
    }

    /** The leader that a server follows or is; empty while it knows none. */
    static Optional<PeerInfo> leader(RaftServer.Division division) {
        return Optional.ofNullable(division.getInfo().getLeaderId())
                .map(id -> division.getRaftConf().getPeer(id))
                .map(PeerInfo::of);
    }

    LogPosition applied() {
        synchronized (lock) {
            return applied;
        }
    }

    OptionalLong snapshotIndex() {
        SingleFileSnapshotInfo latest = storage.getLatestSnapshot();
        return latest == null ? OptionalLong.empty() : OptionalLong.of(latest.getIndex());
    }

    private RaftServer.Division division() {
        try {
            return getServer().join().getDivision(getGroupId());
        } catch (IOException e) {
            throw new IllegalArgumentException("this server has left the group", e);
        }
    }

    private void checkLoaded() {
        if (!loaded) {
            throw new IllegalArgumentException("this server is loading a snapshot; ask again");
        }
    }

    private static CompletableFuture<Message> answer(Supplier<byte[]> question) {
        try {
            return CompletableFuture.completedFuture(message(question.get()));
        } catch (RuntimeException e) {
            return CompletableFuture.failedFuture(
                    new CompletionException(new StateMachineException(String.valueOf(e.getMessage()))));
        }
    }

    private static byte[] limited(byte[] reply) {
        if (reply.length > RaftNode.REPLY_BYTES_MAX) {
            throw new IllegalStateException(
                    "a reply has at most " + RaftNode.REPLY_BYTES_MAX + " bytes but this one has " + reply.length);
        }
        return reply;
    }

    private static Message message(byte[] bytes) {
        return Message.valueOf(UnsafeByteOperations.unsafeWrap(bytes));
    }
}
