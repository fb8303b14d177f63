package io.vmha.node.raft;

import io.vmha.node.raft.RaftListener.Closure;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.apache.ratis.server.DivisionInfo;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.util.ExitUtils;
import org.apache.ratis.util.LifeCycle;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks after the server several times a second, because Ratis closes a division or the whole server without telling anybody, and
 * delivers all events to the listener from this one thread.
 */
final class Watch implements LogMachine.Events, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Watch.class);
    private static final long PERIOD_MS = 200;
    /** After the configuration without us: long enough for the others to have it, and for a second thought. */
    private static final int REMOVED_PERIODS = 10;

    /** How long a division may be closed before it counts as failed, if no voter says that we were removed. */
    private static final int CONFIRM_PERIODS = 50;

    private static final long SUCCESSION_PERIOD_MS = 50;

    /** The other voters, as this node reaches them. */
    interface Neighbours {
        /** The newest configuration in a voter's log. */
        CompletableFuture<VoterSet> voters(GroupId group, PeerInfo voter);

        /** What a voter has heard of its leader. */
        CompletableFuture<Hearing> hearing(GroupId group, PeerInfo voter, Duration limit);

        /** True if the voter's host answers a new connection with a refusal: nothing listens on its port. */
        CompletableFuture<Boolean> refuses(PeerInfo voter);

        /** True while this node's connection to the voter stands; if there is none, one is begun. */
        boolean isConnected(PeerInfo voter);
    }

    private final RaftListener listener;
    private final PeerInfo self;
    private final Neighbours neighbours;
    private final ScheduledExecutorService thread;
    private final Succession succession;
    private final Laggards laggards;
    private final LeadershipRounds rounds = new LeadershipRounds();
    private volatile Optional<String> broken = Optional.empty();
    private volatile boolean stopped;

    // on the thread only
    private RaftServer server;
    private RaftServer.Division division;
    private long leading;
    private Optional<PeerInfo> leader = Optional.empty();
    private boolean wasVoter;
    private int absentPeriods;
    private int closedPeriods;
    private boolean closedTold;

    Watch(RaftListener listener, PeerInfo self, Neighbours neighbours, Duration electionTimeout) {
        this.neighbours = neighbours;
        this.listener = listener;
        this.self = self;
        this.thread = Executors.newSingleThreadScheduledExecutor(runnable -> {
            Thread t = new Thread(runnable, "raft-watch-" + self.id().nodeName());
            t.setDaemon(true);
            return t;
        });
        this.succession = new Succession(self, neighbours, electionTimeout, this::post);
        this.laggards = new Laggards(neighbours, this::post);
    }

    void begin(RaftServer watched) {
        thread.execute(() -> server = watched);
        var unused = thread.scheduleWithFixedDelay(this::guardedLook, PERIOD_MS, PERIOD_MS, TimeUnit.MILLISECONDS);
        var unusedToo = thread.scheduleWithFixedDelay(
                () -> guarded(this::lookAtSuccession),
                SUCCESSION_PERIOD_MS,
                SUCCESSION_PERIOD_MS,
                TimeUnit.MILLISECONDS);
    }

    @Override
    public Hearing hearing(RaftServer.Division asked) {
        return succession.hearing(asked);
    }

    @Override
    public CompletableFuture<Long> stillLeads(RaftServer.Division asked) {
        GroupId group = new GroupId(asked.getMemberId().getGroupId().getUuid());
        return rounds.confirm(new LeadershipRounds.Leader() {
            @Override
            public PeerInfo self() {
                return self;
            }

            @Override
            public OptionalLong term() {
                // Ratis takes the role away before it raises the term: never a newer term than the one that it leads in
                DivisionInfo info = asked.getInfo();
                boolean leads = info.isLeader() && info.isLeaderReady();
                return leads ? OptionalLong.of(info.getCurrentTerm()) : OptionalLong.empty();
            }

            @Override
            public VoterSet voters() {
                return LogMachine.voters(asked);
            }

            @Override
            public CompletableFuture<Hearing> hearing(PeerInfo voter, Duration limit) {
                return neighbours.hearing(group, voter, limit);
            }
        });
    }

    @Override
    public void ready(long term) {
        post(() -> {
            look(); // tells of an earlier leadership's end first
            leading = term;
            LOG.info("raft leader ready term={} self={}", term, self);
            listener.onLeadership(term, true);
            look(); // and of this one's, should it be over already
        });
    }

    @Override
    public void notLeader() {
        post(this::look);
    }

    @Override
    public void leaderChanged() {
        post(this::look);
    }

    @Override
    public void configured(VoterSet voters) {
        post(() -> {
            wasVoter |= voters.contains(self.id());
            listener.onConfiguration(voters);
        });
    }

    @Override
    public void broken(String what, Throwable cause) {
        if (broken.isEmpty()) { // every write that was waiting fails as well
            LOG.error("raft node is broken and stops what=\"{}\"", what, cause);
        }
        broken = Optional.of(what + ": " + words(cause));
        post(this::look);
    }

    /** What failed, and what the kernel or the disk said of it in the end. */
    private static String words(Throwable failure) {
        Throwable root = ServerLife.root(failure);
        return root == failure ? failure.toString() : failure + " (" + root + ")";
    }

    @Override
    public void close() {
        stopped = true;
        thread.shutdownNow();
    }

    private void post(Runnable event) {
        try {
            thread.execute(() -> {
                if (!stopped) {
                    guarded(event);
                }
            });
        } catch (RejectedExecutionException e) {
            LOG.debug("raft event after the end dropped self={}", self);
        }
    }

    private void guardedLook() {
        guarded(this::look);
    }

    /** The outermost loop of this thread: a listener that throws is a programmer's error and must not end the watch. */
    private void guarded(Runnable event) {
        try {
            event.run();
        } catch (RuntimeException e) {
            if (!stopped) {
                LOG.error("raft listener or watch failed self={}", self, e);
            }
        }
    }

    private void look() {
        if (server == null || closedTold) {
            return;
        }
        division = ServerLife.division(server).orElse(null); // null while it is being added or removed
        if (division != null) {
            lookAtLeader();
            lookAtMembership();
            laggards.look(server, division, LogMachine.voters(division));
        }
        lookAtLife();
    }

    private void lookAtLeader() {
        long term = division.getInfo().getCurrentTerm();
        boolean leads = division.getInfo().isLeader() && division.getInfo().isAlive();
        if (leading > 0 && (!leads || term != leading)) {
            long lost = leading;
            leading = 0;
            LOG.info("raft leadership lost term={} self={}", lost, self);
            listener.onLeadership(lost, false);
        }
        Optional<PeerInfo> now = LogMachine.leader(division);
        if (!Objects.equals(now, leader)) {
            leader = now;
            LOG.info(
                    "raft leader changed leader={} term={} self={}",
                    now.map(PeerInfo::toString).orElse("none"),
                    term,
                    self);
            listener.onLeaderChanged(now, term);
        }
    }

    private void lookAtMembership() {
        VoterSet newest = LogMachine.voters(division);
        wasVoter |= newest.contains(self.id());
        boolean gone = wasVoter
                && !newest.contains(self.id())
                && newest.index() <= division.getInfo().getLastAppliedIndex();
        absentPeriods = gone ? absentPeriods + 1 : 0;
        if (absentPeriods > REMOVED_PERIODS) {
            closed(Closure.REMOVED, "the group's voters are " + newest.voters());
        }
    }

    private void lookAtSuccession() {
        if (division != null && !closedTold && division.getInfo().getLifeCycleState() == LifeCycle.State.RUNNING) {
            succession.look(server, division, LogMachine.voters(division));
        }
    }

    private void lookAtLife() {
        if (broken.isPresent()) {
            closed(Closure.FAILED, broken.get());
        } else if (ExitUtils.isTerminated()) {
            closed(Closure.FAILED, "Ratis wanted to end the process: " + words(ExitUtils.getFirstExitException()));
        } else if (isOver(server.getLifeCycleState())) {
            closed(Closure.FAILED, "Ratis closed the server: a pause of the JVM above 5 min or an internal error");
        } else if (division != null && isOver(division.getInfo().getLifeCycleState())) {
            divisionClosed();
        }
    }

    /**
     * A voter that was removed often never gets the entry that says so: it asks for votes, is told to shut down and closes. So
     * does a division that fails. The others know which it was.
     */
    private void divisionClosed() {
        VoterSet own = LogMachine.voters(division);
        if (!own.contains(self.id())) {
            closed(Closure.REMOVED, "the group's voters are " + own.voters());
        } else if (++closedPeriods > CONFIRM_PERIODS) {
            closed(Closure.FAILED, "Ratis closed the group's division and no voter says that this one was removed");
        } else if (closedPeriods % 5 == 1) {
            GroupId group = new GroupId(division.getMemberId().getGroupId().getUuid());
            own.voters().stream().filter(v -> !v.id().equals(self.id())).forEach(v -> confirm(own, group, v));
        }
    }

    private void confirm(VoterSet own, GroupId group, PeerInfo voter) {
        var unused = neighbours.voters(group, voter).thenAccept(theirs -> {
            if (theirs.index() > own.index() && !theirs.joint() && !theirs.contains(self.id())) {
                post(() -> closed(Closure.REMOVED, voter + " says the group's voters are " + theirs.voters()));
            }
        });
    }

    private static boolean isOver(LifeCycle.State state) {
        return state.isClosingOrClosed() || state == LifeCycle.State.EXCEPTION;
    }

    private void closed(Closure reason, String explanation) {
        if (closedTold) {
            return;
        }
        closedTold = true;
        if (leading > 0) {
            listener.onLeadership(leading, false);
            leading = 0;
        }
        LOG.warn("raft server closed reason={} explanation=\"{}\" self={}", reason, explanation, self);
        listener.onClosed(reason, explanation);
    }
}
