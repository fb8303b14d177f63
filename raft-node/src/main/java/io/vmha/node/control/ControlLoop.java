package io.vmha.node.control;

import com.google.protobuf.InvalidProtocolBufferException;
import io.vmha.node.group.StateCodec;
import io.vmha.node.lease.HostLease;
import io.vmha.node.raft.RaftNode;
import io.vmha.node.raft.VoterChange;
import io.vmha.node.raft.VoterSet;
import io.vmha.proto.v1.LogReply;
import io.vmha.recovery.core.Action;
import io.vmha.recovery.core.ActionRunner;
import io.vmha.recovery.core.Aggregate;
import io.vmha.recovery.core.Arming;
import io.vmha.recovery.core.Command;
import io.vmha.recovery.core.Doorbell;
import io.vmha.recovery.core.FeatureLevel;
import io.vmha.recovery.core.Finding;
import io.vmha.recovery.core.GossipSign;
import io.vmha.recovery.core.HostName;
import io.vmha.recovery.core.InstanceCommand;
import io.vmha.recovery.core.LeaderDuty;
import io.vmha.recovery.core.Outbox;
import io.vmha.recovery.core.Readmission;
import io.vmha.recovery.core.RecoveryConfig;
import io.vmha.recovery.core.RecoveryController;
import io.vmha.recovery.core.RecoveryState;
import io.vmha.recovery.core.ReserveController;
import io.vmha.recovery.core.ReserveUse;
import io.vmha.recovery.core.ReserveWork;
import io.vmha.recovery.core.Result;
import io.vmha.recovery.core.ReturnController;
import io.vmha.recovery.core.Sighting;
import io.vmha.recovery.core.UpkeepAction;
import io.vmha.recovery.core.UpkeepController;
import io.vmha.recovery.core.UpkeepResult;
import io.vmha.recovery.core.UpkeepRunner;
import io.vmha.recovery.membership.Candidate;
import io.vmha.recovery.membership.MembershipController;
import io.vmha.recovery.membership.MembershipOutbox;
import io.vmha.recovery.membership.Voter;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * The thread that owns the recovery and membership controllers, and the action threads that do what they decide. Everything from outside is
 * posted in; nothing is asked for.
 */
public final class ControlLoop implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ControlLoop.class);
    private static final int ACTION_THREADS = 8;
    /** At most one of each kind of question to the voters is under way. */
    private static final int QUESTION_THREADS = 2;

    private static final int ACTIONS_WAITING_MAX = 10_000;
    private static final long TICK_MS = 100;

    private final RaftNode raft;
    private final HostLease lease;
    private final StateCodec codec;
    private final PeerBook peers;
    private final RecoveryController recovery;
    private final MembershipController membership;
    private final ReturnController returning;
    private final UpkeepController upkeep;
    private final ReserveController reserve;
    private final List<LeaderDuty> duties;
    private final Outside outside;
    private final Doorbell doorbell = new TcpDoorbell();
    private final ScheduledThreadPoolExecutor control;
    private final ThreadPoolExecutor actions;
    private final ThreadPoolExecutor questions;
    private final Consumer<Throwable> fatal;
    private final Map<HostName, GossipSign> signs = new TreeMap<>();
    private volatile int groupLevel = FeatureLevel.FIRST;
    private volatile OptionalLong leaderOfTerm = OptionalLong.empty();
    private volatile Consumer<SortedMap<HostName, Finding>> findings = now -> {};

    /** @param fatal called with a programmer's error: the process must stop, because its picture cannot be trusted any more */
    public ControlLoop(
            RecoveryConfig config,
            HostName self,
            Duration replaceVotersAfter,
            RaftNode raft,
            StateCodec codec,
            Outside outside,
            PeerBook peers,
            HostLease lease,
            Consumer<Throwable> fatal) {
        this.raft = raft;
        this.lease = lease;
        this.peers = peers;
        this.codec = codec;
        this.fatal = fatal;
        this.outside = outside;
        this.recovery = new RecoveryController(config, self, new LogOutbox(), Clocks.wall());
        this.membership =
                new MembershipController(self, replaceVotersAfter.toMillis(), new GroupOutbox(), Clocks.wall());
        this.returning = new ReturnController(new ReturnOutbox(), Clocks.wall());
        this.upkeep = new UpkeepController(config, self, new UpkeepOutbox(), Clocks.wall());
        this.reserve = new ReserveController(new ReserveOutbox(), Clocks.wall());
        this.duties = List.of(returning, upkeep, reserve);
        this.control = new ScheduledThreadPoolExecutor(1, runnable -> daemon(runnable, "control"));
        control.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
        var count = new AtomicInteger();
        this.actions = new ThreadPoolExecutor(
                ACTION_THREADS,
                ACTION_THREADS,
                30,
                TimeUnit.SECONDS,
                new LinkedBlockingQueue<>(ACTIONS_WAITING_MAX),
                runnable -> daemon(runnable, "action-" + count.incrementAndGet()));
        actions.allowCoreThreadTimeOut(true);
        this.questions = new ThreadPoolExecutor(
                QUESTION_THREADS,
                QUESTION_THREADS,
                30,
                TimeUnit.SECONDS,
                new LinkedBlockingQueue<>(ACTIONS_WAITING_MAX),
                runnable -> daemon(runnable, "question"));
        questions.allowCoreThreadTimeOut(true);
    }

    /** Starts the timer. */
    public void start() {
        var unused = control.scheduleWithFixedDelay(
                guarded(() -> {
                    recovery.onTimer(Clocks.nowMs());
                    membership.onTimer(Clocks.nowMs());
                    duties.forEach(duty -> duty.onTimer(Clocks.nowMs()));
                }),
                TICK_MS,
                TICK_MS,
                TimeUnit.MILLISECONDS);
    }

    /** This node leads in this term, or (empty) leads no more. */
    public void onLeadership(OptionalLong term) {
        leaderOfTerm = term;
        post(() -> {
            // what an earlier leader has read may be over: this one acts once it has read the aggregate itself
            believe(false);
            recovery.onLeadership(Clocks.nowMs(), term);
            membership.onLeadership(Clocks.nowMs(), term);
            duties.forEach(duty -> duty.onLeadership(Clocks.nowMs(), term));
        });
    }

    /** A new state was applied. */
    public void onState(RecoveryState state) {
        groupLevel = state.group().level();
        post(() -> {
            recovery.onState(Clocks.nowMs(), state);
            membership.onState(Clocks.nowMs(), state);
            duties.forEach(duty -> duty.onState(Clocks.nowMs(), state));
        });
    }

    /** The configuration in force. */
    public void onVoters(VoterSet set) {
        List<Voter> voters = voters(set);
        post(() -> membership.onVoters(Clocks.nowMs(), voters));
    }

    private static List<Voter> voters(VoterSet set) {
        return set.voters().stream()
                .map(peer ->
                        new Voter(new HostName(peer.id().nodeName()), peer.id().value()))
                .toList();
    }

    /** The pool as gossip shows it now. */
    public void onPool(PeerBook book) {
        List<Candidate> agents = book.candidates(raft.group(), groupLevel);
        SortedMap<HostName, GossipSign> newSigns = book.signs();
        post(() -> {
            newSigns.forEach((host, sign) -> {
                if (signs.put(host, sign) != sign) {
                    recovery.onGossip(Clocks.nowMs(), host, sign);
                }
            });
            membership.onPool(Clocks.nowMs(), agents);
        });
    }

    /** How long each host has not renewed with this voter. */
    public void onRenewalAges(SortedMap<HostName, Long> agesMs) {
        post(() -> recovery.onRenewalAges(Clocks.nowMs(), agesMs));
    }

    /** What the hosts said of their guards when this voter last answered them. */
    public void onClaims(SortedMap<HostName, Arming> claims) {
        post(() -> recovery.onArmings(Clocks.nowMs(), claims));
    }

    /** Observers have told what they see. */
    public void onSightings(List<Sighting> sightings) {
        if (leaderOfTerm.isPresent()) {
            post(() -> recovery.onSightings(Clocks.nowMs(), sightings));
        }
    }

    /** Who is told what the leader makes of silent hosts; called on the control thread, must not block. */
    public void onFindings(Consumer<SortedMap<HostName, Finding>> listener) {
        findings = listener;
    }

    /** Whether the aggregate's metadata names this group, as Nova said just now to the leader of this term. */
    public void onAuthority(OptionalLong readInTerm, boolean ours) {
        post(() -> {
            // a reading that was begun under an earlier leadership proves nothing
            if (readInTerm.equals(leaderOfTerm)) {
                believe(ours);
            }
        });
    }

    private void believe(boolean ours) {
        recovery.onAuthority(Clocks.nowMs(), ours);
        membership.onAuthority(Clocks.nowMs(), ours);
        duties.forEach(duty -> duty.onAuthority(Clocks.nowMs(), ours));
    }

    /** The aggregate as Nova lists it. */
    public void onAggregate(OptionalLong readInTerm, Aggregate aggregate) {
        post(() -> {
            if (readInTerm.equals(leaderOfTerm)) {
                membership.onAggregate(Clocks.nowMs(), aggregate);
            }
        });
    }

    /** Runs something blocking on an action thread. */
    public void background(Runnable work) {
        actions.execute(guarded(work));
    }

    /** The term that this node leads in, as far as it knows. */
    public OptionalLong leading() {
        return leaderOfTerm;
    }

    /** Commits a command and tells what became of it. */
    public CompletableFuture<LogReply> commit(Command command) {
        return raft.propose(codec.encode(command)).thenApply(ControlLoop::reply);
    }

    private boolean termStands(long term) {
        return leaderOfTerm.isPresent()
                && leaderOfTerm.getAsLong() == term
                && raft.status().term() == term
                && lease.isLeadershipProven(term);
    }

    private Result run(Action action) {
        BooleanSupplier stands = () -> termStands(action.term());
        var runner = new ActionRunner(
                outside.compute(stands),
                outside.fencer(stands),
                new VoterPanel(raft),
                doorbell,
                this::termStands,
                Clocks::nowMs);
        return action.hasEffect() ? asCaller(action.term(), () -> runner.run(action)) : runner.run(action);
    }

    private UpkeepResult run(UpkeepAction action) {
        BooleanSupplier stands = () -> termStands(action.term());
        var runner = new UpkeepRunner(
                outside.operations(stands), outside.fencer(stands), new VoterPanel(raft), this::termStands);
        return action.hasEffect() ? asCaller(action.term(), () -> runner.run(action)) : runner.run(action);
    }

    private void post(Runnable event) {
        if (!control.isShutdown()) {
            control.execute(guarded(event));
        }
    }

    private Runnable guarded(Runnable work) {
        return () -> {
            try {
                work.run();
            } catch (RuntimeException | Error e) {
                LOG.error("programming error, the node stops: its picture cannot be trusted any more", e);
                fatal.accept(e);
            }
        };
    }

    private static LogReply reply(byte[] bytes) {
        try {
            return LogReply.parseFrom(bytes);
        } catch (InvalidProtocolBufferException e) {
            throw new IllegalStateException("the log's reply is not one of ours", e);
        }
    }

    private static Thread daemon(Runnable runnable, String name) {
        var thread = new Thread(runnable, name);
        thread.setDaemon(true);
        return thread;
    }

    @Override
    public void close() {
        control.shutdownNow();
        actions.shutdownNow();
        questions.shutdownNow();
    }

    private final class LogOutbox implements Outbox {
        @Override
        public void propose(String key, Command command) {
            var unused = commit(command).whenComplete((reply, failure) -> {
                if (failure != null) {
                    LOG.warn("proposal not confirmed key=\"{}\" why=\"{}\"", key, failure.toString());
                }
                var index = failure == null ? OptionalLong.of(reply.getIndex()) : OptionalLong.empty();
                post(() -> recovery.onProposed(Clocks.nowMs(), key, index));
            });
        }

        @Override
        public void report(SortedMap<HostName, Finding> now) {
            findings.accept(now);
        }

        @Override
        public void execute(Action action) {
            // the BMCs of a dead rack may all be slow: what decides whether it is dead must not wait behind them
            boolean isQuick = action instanceof Action.AskVoters || action instanceof Action.Observe;
            (isQuick ? questions : actions).execute(guarded(() -> {
                Result result = ControlLoop.this.run(action);
                LOG.debug("action done action={} result={}", action, result);
                post(() -> recovery.onResult(Clocks.nowMs(), result));
            }));
        }
    }

    private void proposeFor(LeaderDuty duty, String key, Command command) {
        var unused = commit(command).whenComplete((reply, failure) -> {
            if (failure == null && !reply.getRefusal().isEmpty()) {
                LOG.warn("proposal refused key=\"{}\" why=\"{}\"", key, reply.getRefusal());
            }
            var index = failure == null ? OptionalLong.of(reply.getIndex()) : OptionalLong.empty();
            post(() -> duty.onProposed(Clocks.nowMs(), key, index));
        });
    }

    /** While it runs, the guard kills this process as soon as its leadership in this term is proven no more (S9). */
    private <T> T asCaller(long term, Supplier<T> call) {
        lease.beginCall(term);
        try {
            return call.get();
        } finally {
            lease.endCall(term);
        }
    }

    private final class ReturnOutbox implements ReturnController.Outbox {
        @Override
        public void propose(String key, Command command) {
            proposeFor(returning, key, command);
        }

        @Override
        public void readmit(long term, HostName host) {
            actions.execute(guarded(() -> {
                BooleanSupplier stands = () -> termStands(term);
                Readmission result =
                        asCaller(term, () -> Readmission.advance(outside.operations(stands), host, stands));
                LOG.info("host returns host={} done={} detail=\"{}\"", host, result.done(), result.detail());
                post(() -> returning.onReadmission(Clocks.nowMs(), term, result));
            }));
        }
    }

    private final class UpkeepOutbox implements UpkeepController.Outbox {
        @Override
        public void propose(String key, Command command) {
            if (command instanceof InstanceCommand.NoteLateRebuild late) {
                LOG.atLevel(late.needsPerson() ? Level.ERROR : Level.WARN)
                        .log("late rebuild server={} from={} words=\"{}\"", late.server(), late.source(), late.words());
            }
            proposeFor(upkeep, key, command);
        }

        @Override
        public void execute(UpkeepAction action) {
            actions.execute(guarded(() -> {
                UpkeepResult result = ControlLoop.this.run(action);
                LOG.debug("action done action={} result={}", action, result);
                post(() -> upkeep.onResult(Clocks.nowMs(), result));
            }));
        }
    }

    private final class ReserveOutbox implements ReserveController.Outbox {
        @Override
        public void propose(String key, Command command) {
            proposeFor(reserve, key, command);
        }

        @Override
        public void work(long term, ReserveUse use, long aggregateId) {
            actions.execute(guarded(() -> {
                BooleanSupplier stands = () -> termStands(term);
                ReserveWork result =
                        asCaller(term, () -> ReserveWork.advance(outside.reserves(stands), use, aggregateId, stands));
                LOG.info(
                        "reserved host host={} step={} result={} detail=\"{}\"",
                        use.host(),
                        use.step(),
                        result.kind(),
                        result.detail());
                post(() -> reserve.onWork(Clocks.nowMs(), term, use.step(), result));
            }));
        }
    }

    private final class GroupOutbox implements MembershipOutbox {
        @Override
        public void propose(String key, Command command) {
            var unused = commit(command).whenComplete((reply, failure) -> {
                if (failure != null) {
                    LOG.warn("proposal not confirmed key=\"{}\" why=\"{}\"", key, failure.toString());
                } else if (!reply.getRefusal().isEmpty()) {
                    LOG.warn("proposal refused key=\"{}\" why=\"{}\"", key, reply.getRefusal());
                }
            });
        }

        @Override
        public void changeVoters(List<String> peerIds) {
            peers.find(peerIds).ifPresent(wanted -> {
                LOG.info("changing voters wanted={}", peerIds);
                var unused = raft.changeVoters(wanted).whenComplete((step, failure) -> {
                    if (failure != null) {
                        LOG.warn("voters not changed why=\"{}\"", failure.toString());
                    }
                    boolean further = failure == null && step != VoterChange.NOTHING;
                    List<Voter> now = voters(raft.status().voters());
                    post(() -> {
                        membership.onVoters(Clocks.nowMs(), now);
                        membership.onChangeOver(Clocks.nowMs(), further);
                    });
                });
            });
        }

        @Override
        public void transferLeadership(String peerId) {
            peers.find(List.of(peerId)).ifPresent(to -> {
                LOG.info("handing over leadership to={}", peerId);
                var unused = raft.transferLeadership(to.get(0)).whenComplete((done, failure) -> {
                    if (failure != null) {
                        LOG.warn("leadership not handed over why=\"{}\"", failure.toString());
                    }
                });
            });
        }
    }
}
