package io.vmha.recovery.core;

import static io.vmha.recovery.core.CommittedLog.hv;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;

/**
 * One group of three hosts with hand-driven time. {@link #step} does the next thing that the leader asked for: commits a proposal or runs
 * an action. {@link #failover} lets the leader die between two of them and starts another one from the committed state.
 */
final class ControllerBench implements Outbox {
    static final HostName DEAD = hv(3);

    private record Asked(String key, Optional<Command> command, Optional<Action> action) {}

    long nowMs = 1_000_000;
    final CommittedLog log;
    final FakeNova nova = new FakeNova(() -> nowMs, hv(2));
    final FakeGroup group = new FakeGroup();
    /** How often each intent was handed out to be called for, over all leaders. */
    final Map<String, Integer> evacuateActions = new HashMap<>();

    private final List<HostName> dead;
    private final ActionRunner runner;
    private final Deque<Asked> asked = new ArrayDeque<>();
    private RecoveryController leader;
    private int steps;
    private Optional<HostName> doubted = Optional.empty();

    ControllerBench(Limits limits) {
        this(3, limits, DEAD);
    }

    ControllerBench(int hosts, Limits limits, HostName... dead) {
        this.log = CommittedLog.of(hosts, limits);
        log.configure("a", "b", "c");
        this.dead = List.of(dead);
        this.runner = new ActionRunner(nova, group, group, Doorbell.NONE, term -> term == log.term(), () -> nowMs);
        elect();
    }

    private void elect() {
        leader = new RecoveryController(RecoveryConfig.DEFAULT, hv(1), this, now -> now);
        leader.onState(nowMs, log.state());
        leader.onLeadership(nowMs, OptionalLong.of(log.term()));
        leader.onGossip(nowMs, hv(2), GossipSign.ALIVE);
        var ages = new TreeMap<HostName, Long>();
        for (HostName host : dead) {
            leader.onGossip(nowMs, host, GossipSign.FAILED);
            ages.put(host, 10_000L);
        }
        leader.onRenewalAges(nowMs, ages);
    }

    /** The host's renewals arrive again, at the leader and at the other voters. */
    void hears(HostName host) {
        group.ageMs = 200;
        group.kernelsAnswer = true;
        leader.onGossip(nowMs, host, GossipSign.ALIVE);
        leader.onRenewalAges(nowMs, new TreeMap<>(Map.of(host, 200L)));
    }

    /** Observers hear nothing of the host, and not enough of them to say what that means. */
    void isDoubted(HostName host) {
        doubted = Optional.of(host);
        group.unseen.add(host);
        leader.onGossip(nowMs, host, GossipSign.ALIVE);
    }

    @Override
    public void propose(String key, Command command) {
        asked.add(new Asked(key, Optional.of(command), Optional.empty()));
    }

    @Override
    public void execute(Action action) {
        asked.add(new Asked(action.key(), Optional.empty(), Optional.of(action)));
    }

    int steps() {
        return steps;
    }

    /** The leader dies; what it had asked for is lost; the next one starts from the committed state. */
    void failover() {
        asked.clear();
        log.newTerm();
        nowMs += 3_000;
        elect();
    }

    /** The next thing that was asked for happens, or time passes. The leader hears of it unless it dies first. */
    void step(boolean leaderHears) {
        steps++;
        nowMs += 50;
        doubted.ifPresent(host -> {
            var ages = new TreeMap<HostName, Long>(Map.of(host, 2_000L));
            dead.forEach(d -> ages.put(d, 10_000L));
            leader.onRenewalAges(nowMs, ages);
            leader.onSightings(nowMs, List.of(new Sighting(hv(2), host, 2_000, "refused", 1_000, 2, 7)));
        });
        Asked next = asked.poll();
        if (next == null) {
            nowMs = Math.max(nowMs, leader.nextDeadlineMs());
            leader.onTimer(nowMs);
        } else if (next.command().isPresent()) {
            log.apply(next.command().get());
            if (leaderHears) {
                leader.onProposed(nowMs, next.key(), OptionalLong.of(log.index()));
                leader.onState(nowMs, log.state());
            }
        } else {
            Action action = next.action().orElseThrow();
            if (action instanceof Action.Evacuate) {
                evacuateActions.merge(next.key(), 1, Integer::sum);
            }
            Result result = runner.run(action);
            if (leaderHears) {
                leader.onResult(nowMs, result);
            }
        }
    }

    /** The proposal at the head of the queue is lost: the leader is told that it did not commit, as far as is known. */
    Optional<Command> loseProposal() {
        Asked next = asked.peek();
        if (next == null || next.command().isEmpty()) {
            return Optional.empty();
        }
        asked.poll();
        leader.onProposed(nowMs, next.key(), OptionalLong.empty());
        return next.command();
    }

    /** True once an incident has been closed. */
    boolean isOver() {
        return !log.state().incidents().isEmpty() && log.state().openIncidents().isEmpty();
    }

    void stepsFor(long ms) {
        for (long until = nowMs + ms; nowMs < until; ) {
            step(true);
        }
    }

    void runToTheEnd() {
        int limit = steps + 20_000;
        while (!isOver()) {
            if (steps > limit) {
                throw new AssertionError(
                        "no end after 20000 steps: " + log.state().incidents());
            }
            step(true);
        }
    }

    Incident incident() {
        return log.state().incidents().values().iterator().next();
    }
}
