package io.vmha.sim.recovery;

import io.vmha.recovery.core.Action;
import io.vmha.recovery.core.Command;
import io.vmha.recovery.core.ComputeException;
import io.vmha.recovery.core.GossipSign;
import io.vmha.recovery.core.HostName;
import io.vmha.recovery.core.Outbox;
import io.vmha.recovery.core.RecoveryConfig;
import io.vmha.recovery.core.RecoveryController;
import io.vmha.recovery.core.RecoveryState;
import io.vmha.recovery.core.Result;
import io.vmha.sim.Simulation;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.OptionalLong;
import java.util.SortedMap;

/**
 * The process {@code vmhad} of one host: it may be killed, restarted and paused. On a voter it runs a real {@link RecoveryController} and
 * real actions. While it is paused, whatever is for it waits; what was on its way to another process when it was killed still arrives.
 */
final class Agent {
    private final Simulation sim;
    private final HostName host;
    private final RecoveryConfig config;
    private final Deque<Runnable> waiting = new ArrayDeque<>();
    private Raft raft;
    private SimulatedPorts ports;
    private RecoveryController controller;
    private OptionalLong term = OptionalLong.empty();
    private boolean alive = true;
    private int life;
    private long pausedUntilMs;
    private int applied;
    private boolean timerArmed;
    private long actions;

    Agent(Simulation sim, HostName host, RecoveryConfig config) {
        this.sim = sim;
        this.host = host;
        this.config = config;
    }

    /** Makes it a voter's agent. */
    void join(Raft group, SimulatedPorts itsPorts) {
        raft = group;
        ports = itsPorts;
        begin();
    }

    private void begin() {
        int thisLife = life;
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
                        step(new ReplayedAction(action, ports, t -> term.equals(OptionalLong.of(t)), sim::nowMs));
                    }
                },
                nowMs -> 1_000_000_000L + nowMs);
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
            if (raft != null) {
                begin();
                controller.onState(sim.nowMs(), raft.state(applied));
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
        arm();
    }

    void apply(RecoveryState state) {
        applied++;
        controller.onState(sim.nowMs(), state);
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

    void onGossip(HostName about, GossipSign sign) {
        controller.onGossip(sim.nowMs(), about, sign);
    }

    private void arm() {
        if (!timerArmed && term.isPresent()) {
            timerArmed = true;
            sim.at(controller.nextDeadlineMs(), "timer", () -> {
                timerArmed = false;
                whenRunning(() -> {
                    if (term.isPresent()) {
                        controller.onTimer(sim.nowMs());
                        arm();
                    }
                });
            });
        }
    }

    private void step(ReplayedAction action) {
        var result = action.advance();
        int thisLife = life;
        if (result.isPresent()) {
            Result done = result.get();
            sim.after(1, "result", () -> live(thisLife, () -> controller.onResult(sim.nowMs(), done)));
            return;
        }
        ReplayedAction.Asked<?> call = action.waitsFor();
        long sentAtMs = sim.nowMs();
        boolean inTime = call.arrivesMs() >= 0 && call.arrivesMs() + call.answersMs() <= call.limitMs();
        if (call.arrivesMs() >= 0) {
            sim.after(call.arrivesMs(), call.what(), () -> {
                Object answer = arrive(call);
                if (inTime) {
                    sim.after(call.answersMs(), "answer", () -> answer(thisLife, action, answer));
                }
            });
        }
        if (!inTime) {
            sim.at(sentAtMs + call.limitMs(), "no answer", () -> answer(thisLife, action, call.givenUp()));
        }
    }

    private static Object arrive(ReplayedAction.Asked<?> call) {
        try {
            return call.onArrival().get();
        } catch (ComputeException e) {
            return e;
        }
    }

    private void answer(int itsLife, ReplayedAction action, Object answer) {
        live(itsLife, () -> {
            action.answer(answer);
            step(action);
        });
    }

    /** For the process of that life only, when it runs. */
    private void live(int itsLife, Runnable event) {
        if (life == itsLife) {
            whenRunning(event);
        }
    }
}
