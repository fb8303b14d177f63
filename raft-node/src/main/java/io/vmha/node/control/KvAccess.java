package io.vmha.node.control;

import com.google.protobuf.InvalidProtocolBufferException;
import io.vmha.node.group.KvCodec;
import io.vmha.node.group.KvMachine;
import io.vmha.node.group.StateCodec;
import io.vmha.node.kv.KvCommand;
import io.vmha.node.kv.KvCommand.Outcome;
import io.vmha.node.kv.KvQuestion;
import io.vmha.node.kv.KvSession;
import io.vmha.node.kv.SessionClock.Renewal;
import io.vmha.node.raft.GroupClient;
import io.vmha.node.raft.GroupId;
import io.vmha.node.raft.PeerInfo;
import io.vmha.node.raft.RaftNode;
import io.vmha.node.raft.RaftNodeException;
import io.vmha.node.raft.RaftStatus;
import io.vmha.node.view.Backups;
import io.vmha.node.view.Keys;
import io.vmha.node.view.KeysException;
import io.vmha.node.view.NodeView;
import io.vmha.proto.v1.KvAnswer;
import io.vmha.proto.v1.KvOutcome;
import io.vmha.proto.v1.PeerReply;
import io.vmha.proto.v1.PeerRequest;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * This host's way to the keys and sessions: to its own copy and its own server where it votes, as a client of the voters where it does
 * not. Also keeps the sessions' time while this host leads.
 */
public final class KvAccess implements Keys {
    private static final Logger LOG = LoggerFactory.getLogger(KvAccess.class);
    private static final Duration ASK_LIMIT = Duration.ofSeconds(2);
    private static final long RENEW_AGAIN_MS = 100;
    private static final int RENEW_TIMES_MAX = 100;

    private final RaftNode raft;
    private final Renewals renewals;
    private final StateCodec codec;
    private final KvMachine machine;
    private final KvWatchers watchers;
    private final ScheduledExecutorService timer;
    private final ChangesUnderWay underWay = new ChangesUnderWay();
    private Optional<GroupClient> client = Optional.empty();
    private volatile boolean asking;

    public KvAccess(
            RaftNode raft,
            Renewals renewals,
            StateCodec codec,
            KvMachine machine,
            KvWatchers watchers,
            ScheduledExecutorService timer) {
        this.raft = raft;
        this.renewals = renewals;
        this.codec = codec;
        this.machine = machine;
        this.watchers = watchers;
        this.timer = timer;
    }

    /** Backups of the group that these keys are in. */
    public Backups backups(Supplier<NodeView> view) {
        return new GroupBackups(raft, renewals, this, view);
    }

    @Override
    public CompletableFuture<Outcome> change(KvCommand command) {
        byte[] entry = codec.encode(new KvCommand.Request(UUID.randomUUID().toString(), command));
        if (!underWay.begin(entry.length)) {
            return CompletableFuture.failedFuture(new KeysException(
                    KeysException.Kind.TOO_MANY,
                    "changes of " + ChangesUnderWay.BYTES_MAX
                            + " bytes are under way from this host and not committed yet; nothing was done, try again"
                            + " later",
                    null));
        }
        CompletableFuture<byte[]> reply = votesHere()
                ? raft.propose(entry)
                : client().map(c -> c.propose(entry)).orElseGet(KvAccess::noGroup);
        return explained(reply.whenComplete((done, failure) -> underWay.end(entry.length))
                .thenApply(KvAccess::outcome));
    }

    @Override
    public CompletableFuture<Reading> read(KvQuestion question, Consistency consistency) {
        if (consistency == Consistency.LINEARIZABLE) {
            return explained(ask(KvCodec.encode(question)))
                    .thenApply(answer -> new Reading(KvCodec.decode(answer), true, 0));
        }
        if (votesHere()) {
            RaftStatus status = raft.status();
            return CompletableFuture.completedFuture(
                    new Reading(machine.answer(question), status.leader().isPresent(), raft.lastContactMs()));
        }
        return explained(askAVoter(KvCodec.encode(question)))
                .thenApply(reply -> new Reading(
                        KvCodec.decode(reply.getKv()),
                        !reply.getLeaderHost().isEmpty(),
                        reply.getKv().getLastContactMs()));
    }

    @Override
    public CompletableFuture<Reading> readAfter(KvQuestion question, Consistency consistency, long index, long waitMs) {
        KvWatchers.Watcher watcher;
        try {
            watcher = watchers.watch(question); // before the first reading: what it does not show is told later
        } catch (KeysException e) {
            return CompletableFuture.failedFuture(e);
        }
        var result = new CompletableFuture<Reading>();
        new BlockingRead(question, consistency, index, Clocks.nowMs() + waitMs, watcher, result).attempt();
        return result.whenComplete((reading, failure) -> watcher.close());
    }

    @Override
    public CompletableFuture<Optional<KvSession>> renew(String id) {
        var result = new CompletableFuture<Optional<KvSession>>();
        renew(id, 1, result);
        return result;
    }

    /** A leader that does not know yet that it is one, or a session that is being ended: both are settled within moments. */
    private void renew(String id, int times, CompletableFuture<Optional<KvSession>> result) {
        var question = io.vmha.proto.v1.KvQuestion.newBuilder().setRenew(id).build();
        var unused = explained(ask(question)).whenComplete((answer, failure) -> {
            if (failure != null) {
                result.completeExceptionally(failure);
                return;
            }
            switch (Renewal.valueOf(answer.getRenewal())) {
                case RENEWED ->
                    result.complete(KvCodec.decode(answer).sessions().stream().findFirst());
                case NO_SESSION -> result.complete(Optional.empty());
                case ENDING, NOT_LEADER -> {
                    if (times == RENEW_TIMES_MAX) {
                        result.completeExceptionally(new KeysException(
                                KeysException.Kind.NO_LEADER, "no leader renewed the session in time", null));
                    } else {
                        later(RENEW_AGAIN_MS, () -> renew(id, times + 1, result), result);
                    }
                }
            }
        });
    }

    /**
     * Keeps the sessions' time if this host leads, and hears of changes if it does not vote and somebody waits. To be called several times
     * a second.
     *
     * @param lostNodes members that the pool holds for dead
     */
    public void tick(Set<String> lostNodes) {
        for (KvCommand command : machine.due(lostNodes)) {
            LOG.info("sessions or lock delays end command={}", command);
            var unused = change(command).whenComplete((outcome, failure) -> {
                if (failure != null || outcome.refusal().isPresent()) {
                    LOG.warn(
                            "sessions or lock delays not ended yet why=\"{}\"",
                            failure == null ? outcome.refusal().orElse("") : failure.toString());
                    machine.onFailed(command);
                }
            });
        }
        if (!watchers.isEmpty() && !votesHere() && !asking) {
            hearOfChanges();
        }
    }

    private void hearOfChanges() {
        Optional<GroupId> group = client().map(GroupClient::group);
        if (group.isEmpty()) {
            return;
        }
        asking = true;
        var question = io.vmha.proto.v1.KvQuestion.newBuilder()
                .setTouchedAfter(watchers.toldIn(group.get()))
                .build();
        var unused = askAVoter(question).whenComplete((reply, failure) -> {
            asking = false;
            if (failure != null) {
                LOG.debug("changes not heard of why=\"{}\"", failure.toString());
                return;
            }
            KvAnswer told = reply.getKv();
            watchers.onTold(
                    group.get(),
                    told.getIndex(),
                    told.getTouchedList().stream().map(KvCodec::decode).toList());
        });
    }

    /** The extent of this host's copy, and who waits, for the metrics. */
    public static Map<String, Double> gauges(KvMachine machine, KvWatchers watchers) {
        KvMachine.Size size = machine.size();
        return Map.of(
                "kv_keys", (double) size.keys(),
                "kv_bytes", (double) size.bytes(),
                "kv_sessions", (double) size.sessions(),
                "kv_watchers", (double) watchers.size());
    }

    /** A linearizable read, wherever the leader is. */
    private CompletableFuture<KvAnswer> ask(io.vmha.proto.v1.KvQuestion question) {
        byte[] request = question.toByteArray();
        CompletableFuture<byte[]> reply = votesHere()
                ? raft.read(request)
                : client().map(c -> c.read(request)).orElseGet(KvAccess::noGroup);
        return reply.thenApply(KvAccess::answer);
    }

    /** One voter after the other, until one answers. */
    private CompletableFuture<PeerReply> askAVoter(io.vmha.proto.v1.KvQuestion question) {
        byte[] request = PeerRequest.newBuilder().setKv(question).build().toByteArray();
        Optional<GroupClient> group = client();
        CompletableFuture<byte[]> reply = noGroup();
        for (PeerInfo voter : group.map(GroupClient::peers).orElse(List.of())) {
            reply = reply.exceptionallyCompose(failure -> group.get().ask(voter, request, ASK_LIMIT));
        }
        return reply.thenApply(bytes -> VoterPanel.parse(bytes).orElseThrow());
    }

    private synchronized Optional<GroupClient> client() {
        Optional<Renewals.Standing> standing = renewals.standing();
        standing.ifPresent(s -> {
            if (client.isEmpty() || !client.get().group().equals(s.group())) {
                client = Optional.of(raft.client(s.group(), s.voters()));
            }
        });
        return standing.isPresent() ? client : Optional.empty();
    }

    private boolean votesHere() {
        return raft.status().voters().contains(raft.self().id());
    }

    private void later(long delayMs, Runnable work, CompletableFuture<?> result) {
        try {
            var unused = timer.schedule(work, delayMs, TimeUnit.MILLISECONDS);
        } catch (RejectedExecutionException e) {
            result.completeExceptionally(new KeysException(KeysException.Kind.NO_LEADER, "this daemon stops", e));
        }
    }

    private static Outcome outcome(byte[] reply) {
        try {
            return KvCodec.decode(KvOutcome.parseFrom(reply));
        } catch (InvalidProtocolBufferException e) {
            throw new IllegalStateException("the log's reply is not one of ours", e);
        }
    }

    private static KvAnswer answer(byte[] reply) {
        try {
            return KvAnswer.parseFrom(reply);
        } catch (InvalidProtocolBufferException e) {
            throw new IllegalStateException("the leader's answer is not one of ours", e);
        }
    }

    private static <T> CompletableFuture<T> noGroup() {
        return CompletableFuture.failedFuture(new RaftNodeException(
                RaftNodeException.Kind.GROUP,
                "this host is in no group: no AZ that contains it is enabled (vmha az enable NAME)"));
    }

    private static <T> CompletableFuture<T> explained(CompletableFuture<T> future) {
        return future.handle((value, failure) -> {
            if (failure == null) {
                return value;
            }
            Throwable cause =
                    failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
            throw cause instanceof RaftNodeException e
                    ? new KeysException(kind(e.kind()), e.getMessage(), e)
                    : new CompletionException(cause);
        });
    }

    private static KeysException.Kind kind(RaftNodeException.Kind kind) {
        return switch (kind) {
            case NOT_COMMITTED, UNAVAILABLE, NOT_LEADER, GROUP -> KeysException.Kind.NO_LEADER;
            case TOO_LARGE -> KeysException.Kind.TOO_LARGE;
            case REFUSED -> KeysException.Kind.REFUSED;
            case UNKNOWN_OUTCOME, CLOSED, CHANGE_REFUSED, STORAGE, TLS, ADDRESS -> KeysException.Kind.UNKNOWN;
        };
    }

    /** Reads, and reads again after each change that may matter, until the index has passed or the time is over. */
    private final class BlockingRead {
        private final KvQuestion question;
        private final Consistency consistency;
        private final long index;
        private final long untilMs;
        private final KvWatchers.Watcher watcher;
        private final CompletableFuture<Reading> result;

        BlockingRead(
                KvQuestion question,
                Consistency consistency,
                long index,
                long untilMs,
                KvWatchers.Watcher watcher,
                CompletableFuture<Reading> result) {
            this.question = question;
            this.consistency = consistency;
            this.index = index;
            this.untilMs = untilMs;
            this.watcher = watcher;
            this.result = result;
        }

        void attempt() {
            CompletableFuture<Void> change = watcher.next();
            var unused = read(question, consistency).whenComplete((reading, failure) -> {
                if (failure != null) {
                    result.completeExceptionally(failure);
                } else if (isEnough(reading)) {
                    result.complete(reading);
                } else {
                    await(change);
                }
            });
        }

        private boolean isEnough(Reading reading) {
            return reading.answer().index() > index
                    || reading.answer().refusal().isPresent()
                    || Clocks.nowMs() >= untilMs;
        }

        private void await(CompletableFuture<Void> change) {
            // a copy ends at the time limit, so that nothing hangs on the watcher's own future afterwards
            var unused = change.copy()
                    .completeOnTimeout(null, Math.max(1, untilMs - Clocks.nowMs()), TimeUnit.MILLISECONDS)
                    .whenCompleteAsync((done, failure) -> attempt(), timer);
        }
    }
}
