package io.vmha.sim.recovery;

import io.vmha.recovery.core.Action;
import io.vmha.recovery.core.Arming;
import io.vmha.recovery.core.Command;
import io.vmha.recovery.core.ComputeException;
import io.vmha.recovery.core.GossipSign;
import io.vmha.recovery.core.HostName;
import io.vmha.recovery.core.LeaseVoter;
import io.vmha.recovery.core.Outbox;
import io.vmha.recovery.core.RecoveryConfig;
import io.vmha.recovery.core.RecoveryController;
import io.vmha.recovery.core.RecoveryState;
import io.vmha.recovery.core.Sighting;
import io.vmha.sim.Dice;
import io.vmha.sim.Simulation;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.OptionalLong;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;

/**
 * The process {@code vmhad} of one host: it may be killed, restarted and paused. On a voter it runs a real {@link RecoveryController} and
 * real actions. While it is paused, whatever is for it waits; what was on its way to another process when it was killed still arrives.
 */
final class Agent {
    static final long WALL_MS = 1_000_000_000L;
    private static final long GUARD_LOOKS_MS = 500;

    private final Simulation sim;
    private final HostName host;
    private final RecoveryConfig config;
    private final Deque<Runnable> waiting = new ArrayDeque<>();
    private Raft raft;
    private SimulatedPorts ports;
    private RecoveryController controller;
    private LeaderDuties duties;
    private OptionalLong term = OptionalLong.empty();
    private boolean alive = true;
    private int life;
    private long pausedUntilMs;
    private int applied;
    private boolean timerArmed;
    private long actions;
    private final LeasedHost leased;
    private final Mutant mutant;
    private final Dice dice;
    private final List<Long> diedAtMs = new ArrayList<>();
    private LeaseVoter voter = new LeaseVoter();
    private SortedMap<HostName, Long> promises = new TreeMap<>();
    private int disk = 1;
    private String peerId;
    private int logged;
    private final TreeMap<Long, Long> provenAtMs = new TreeMap<>();
    private long runsSinceMs;
    private boolean hasLeft;
    private final TreeMap<Long, Integer> openCalls = new TreeMap<>();
    private boolean watched;

    Agent(Simulation sim, HostName host, Mutant mutant, LeasedHost leased) {
        this.sim = sim;
        this.host = host;
        this.peerId = host + "@" + disk;
        this.mutant = mutant;
        this.config = mutant.config();
        this.leased = leased;
        this.dice = sim.dice("agent " + host);
    }

    /** Names this life of its storage. */
    String peerId() {
        return peerId;
    }

    LeasedHost leased() {
        return leased;
    }

    SimulatedPorts ports() {
        return ports;
    }

    /** Its part as a voter. */
    LeaseVoter voter() {
        return voter;
    }

    /** The newest index in its log, applied or not. */
    int logged() {
        return logged;
    }

    void log(int index) {
        logged = Math.max(logged, index);
    }

    /** A majority has just confirmed that it leads. */
    void onLeadershipProven(long itsTerm) {
        provenAtMs.put(itsTerm, sim.nowMs());
    }

    /** When a majority has last confirmed that it leads in this term; long ago, if it never did. */
    long provenAtMs(long itsTerm) {
        return provenAtMs.getOrDefault(itsTerm, Long.MIN_VALUE / 2);
    }

    /** It tells the pool that it goes: a host whose agent has left is not taken for dead. */
    void sayGoodbye() {
        hasLeft = true;
    }

    boolean hasLeft() {
        return hasLeft;
    }

    /** Its disk is lost: it is killed, and will be another peer. */
    void wipe() {
        sim.tell(host + ": the disk is lost");
        kill();
        disk++;
        peerId = host + "@" + disk;
        logged = 0;
        applied = 0;
        promises = new TreeMap<>();
        raft.onWiped();
    }

    /** Whether a process of that life was there to send something at that time. */
    boolean sent(int itsLife, long atMs) {
        return life == itsLife || diedAtMs.get(itsLife) >= atMs;
    }

    /** A call is open for a decision of this term: the guard kills the process when that leadership is not proven for L meanwhile (S9). */
    void beginCall(long itsTerm) {
        openCalls.merge(itsTerm, 1, Integer::sum);
        if (!watched) {
            watched = true;
            watchCalls();
        }
    }

    void endCall(long itsTerm) {
        openCalls.computeIfPresent(itsTerm, (key, count) -> count > 1 ? count - 1 : null);
    }

    private void watchCalls() {
        int thisLife = life;
        sim.after(GUARD_LOOKS_MS, "the guard looks at the calls", () -> {
            if (life != thisLife) {
                return;
            }
            watched = !openCalls.isEmpty();
            boolean late = openCalls.keySet().stream()
                    .anyMatch(itsTerm -> sim.nowMs() - provenAtMs(itsTerm) > config.leaseMs());
            if (late && mutant.guardKillsCallers()) {
                sim.tell(host + ": the guard kills the caller");
                kill();
                ports.upkeep().restartAfter(2_000);
            } else if (watched) {
                watchCalls();
            }
        });
    }

    /** Makes it a voter's agent. */
    void join(Raft group, SimulatedPorts itsPorts) {
        raft = group;
        ports = itsPorts;
        begin();
    }

    private void begin() {
        int thisLife = life;
        openCalls.clear();
        watched = false;
        voter = new LeaseVoter();
        if (mutant.keepsSeals()) {
            voter.promised(promises);
        }
        leased.onAgentStart();
        controller = new RecoveryController(
                config,
                host,
                new Outbox() {
                    @Override
                    public void propose(String key, Command command) {
                        if (life == thisLife) {
                            raft.propose(Agent.this, key, command);
                        }
                    }

                    @Override
                    public void execute(Action action) {
                        actions++;
                        if (action.hasEffect()) {
                            beginCall(action.term());
                        }
                        step(new ReplayedAction(action, ports, Agent.this::termStands, sim::nowMs), result -> {
                            if (action.hasEffect()) {
                                endCall(action.term());
                            }
                            controller.onResult(sim.nowMs(), result);
                        });
                    }
                },
                nowMs -> WALL_MS + nowMs);
        duties = new LeaderDuties(sim, this, config);
    }

    /** As far as this process knows, it still leads in this term. */
    boolean termStands(long itsTerm) {
        boolean stands = term.equals(OptionalLong.of(itsTerm)) && sim.nowMs() - provenAtMs(itsTerm) < config.leaseMs();
        return mutant.termStands(stands);
    }

    /** A request for a decision of this term may leave at a moment at which a majority had last confirmed that term so long ago (S9). */
    long sendsAtMostAfterMs() {
        return config.leaseMs() + GUARD_LOOKS_MS;
    }

    /** Has a command committed for the process of that life, which hears of the outcome. */
    void propose(int itsLife, Command command, Consumer<OptionalLong> answered) {
        if (life == itsLife) {
            raft.propose(this, command, index -> live(itsLife, () -> answered.accept(index)));
        }
    }

    HostName host() {
        return host;
    }

    OptionalLong term() {
        return term;
    }

    int applied() {
        return applied;
    }

    long actions() {
        return actions;
    }

    /** Which life of the process this is. */
    int life() {
        return life;
    }

    /** Since when it has run without standing still. */
    long runsSinceMs() {
        return runsSinceMs;
    }

    boolean isAlive() {
        return alive;
    }

    boolean isRunning() {
        return alive && pausedUntilMs <= sim.nowMs();
    }

    /** It is killed; its log stays on its disk. */
    void kill() {
        if (alive) {
            sim.tell(host + ": the agent dies");
            alive = false;
            diedAtMs.add(sim.nowMs());
            life++;
            term = OptionalLong.empty();
            waiting.clear();
            pausedUntilMs = 0;
        }
    }

    void restart() {
        if (!alive) {
            sim.tell(host + ": the agent starts");
            alive = true;
            runsSinceMs = sim.nowMs();
            hasLeft = false;
            if (raft != null) {
                // what it had applied is in its log, but which of it is committed it may have to hear again
                applied = (int) Math.max(0, applied - dice.between(0, 12));
                begin();
                voter.onState(leased.nowMs(), raft.state(applied));
                controller.onState(sim.nowMs(), raft.state(applied));
                duties.onState(sim.nowMs(), raft.state(applied));
            }
        }
    }

    void pause(long durationMs) {
        if (isRunning()) {
            sim.tell(host + ": the agent is paused for " + durationMs + " ms");
            pausedUntilMs = sim.nowMs() + durationMs;
            int thisLife = life;
            sim.after(durationMs, "resume", () -> {
                if (life == thisLife && isRunning()) {
                    sim.tell(host + ": the agent runs on");
                    runsSinceMs = sim.nowMs();
                    while (isRunning() && !waiting.isEmpty()) {
                        waiting.poll().run();
                    }
                }
            });
        }
    }

    /** Now, or when it runs again; never if it dies first. */
    void whenRunning(Runnable event) {
        if (isRunning()) {
            event.run();
        } else if (alive) {
            waiting.add(event);
        }
    }

    void onLeadership(OptionalLong leaderOfTerm) {
        if (!term.equals(leaderOfTerm)) {
            sim.tell(host + (leaderOfTerm.isPresent() ? " leads term " + leaderOfTerm.getAsLong() : " leads no more"));
        }
        term = leaderOfTerm;
        controller.onLeadership(sim.nowMs(), leaderOfTerm);
        duties.onLeadership(sim.nowMs(), leaderOfTerm);
        arm();
    }

    void apply(int index, RecoveryState state) {
        applied = index;
        log(index);
        voter.onState(leased.nowMs(), state).ifPresent(seals -> promises = seals);
        controller.onState(sim.nowMs(), state);
        duties.onState(sim.nowMs(), state);
    }

    void onProposed(String key, OptionalLong index) {
        int thisLife = life;
        whenRunning(() -> {
            if (life == thisLife) {
                controller.onProposed(sim.nowMs(), key, index);
            }
        });
    }

    void onRenewalAges(SortedMap<HostName, Long> agesMs) {
        controller.onRenewalAges(sim.nowMs(), agesMs);
    }

    void onClaims(SortedMap<HostName, Arming> claims) {
        controller.onArmings(sim.nowMs(), claims);
    }

    void onSightings(List<Sighting> sightings) {
        controller.onSightings(sim.nowMs(), sightings);
    }

    void onGossip(HostName about, GossipSign sign) {
        controller.onGossip(sim.nowMs(), about, sign);
    }

    private void arm() {
        if (!timerArmed && term.isPresent()) {
            timerArmed = true;
            long nextMs = Math.min(controller.nextDeadlineMs(), duties.nextDeadlineMs());
            sim.at(nextMs, "timer", () -> {
                timerArmed = false;
                whenRunning(() -> {
                    if (term.isPresent()) {
                        controller.onTimer(sim.nowMs());
                        duties.onTimer(sim.nowMs());
                        arm();
                    }
                });
            });
        }
    }

    /** Has blocking code run on as far as its answers go, and hands over its result when it is through. */
    <R> void step(Replay<R> code, Consumer<R> whenDone) {
        var result = code.advance();
        int thisLife = life;
        if (result.isPresent()) {
            sim.after(1, "result", () -> live(thisLife, () -> whenDone.accept(result.get())));
            return;
        }
        Replay.Asked<?> call = code.waitsFor();
        long sentAtMs = sim.nowMs();
        boolean inTime = call.arrivesMs() >= 0 && call.arrivesMs() + call.answersMs() <= call.limitMs();
        if (call.arrivesMs() >= 0) {
            sim.after(call.arrivesMs(), call.what(), () -> {
                Object answer = arrive(call);
                if (inTime) {
                    sim.after(call.answersMs(), "answer", () -> answer(thisLife, code, answer, whenDone));
                }
            });
        }
        if (!inTime) {
            sim.at(sentAtMs + call.limitMs(), "no answer", () -> answer(thisLife, code, call.givenUp(), whenDone));
        }
    }

    private static Object arrive(Replay.Asked<?> call) {
        try {
            return call.onArrival().get();
        } catch (ComputeException e) {
            return e;
        }
    }

    private <R> void answer(int itsLife, Replay<R> code, Object answer, Consumer<R> whenDone) {
        live(itsLife, () -> {
            code.answer(answer);
            step(code, whenDone);
        });
    }

    /** For the process of that life only, when it runs. */
    private void live(int itsLife, Runnable event) {
        if (life == itsLife) {
            whenRunning(event);
        }
    }
}
