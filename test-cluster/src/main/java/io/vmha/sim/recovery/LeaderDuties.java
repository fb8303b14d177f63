package io.vmha.sim.recovery;

import io.vmha.recovery.core.Command;
import io.vmha.recovery.core.HostName;
import io.vmha.recovery.core.LeaderDuty;
import io.vmha.recovery.core.Readmission;
import io.vmha.recovery.core.RecoveryConfig;
import io.vmha.recovery.core.RecoveryState;
import io.vmha.recovery.core.ReserveController;
import io.vmha.recovery.core.ReserveRecords;
import io.vmha.recovery.core.ReserveUse;
import io.vmha.recovery.core.ReserveWork;
import io.vmha.recovery.core.ReturnController;
import io.vmha.recovery.core.ServiceRecords;
import io.vmha.recovery.core.UpkeepAction;
import io.vmha.recovery.core.UpkeepController;
import io.vmha.recovery.core.UpkeepResult;
import io.vmha.recovery.core.UpkeepRunner;
import io.vmha.recovery.core.WallClock;
import io.vmha.sim.Simulation;
import java.util.List;
import java.util.OptionalLong;
import java.util.function.Supplier;

/**
 * What the agent of a leader looks after beside its incidents, in one life of its process: hosts that return, upkeep, and reserved hosts. The
 * controllers and what they have run are the product's own.
 */
final class LeaderDuties {
    private final Simulation sim;
    private final Agent agent;
    private final int life;
    private final ReturnController returns;
    private final UpkeepController upkeep;
    private final ReserveController reserves;
    private final List<LeaderDuty> all;

    LeaderDuties(Simulation sim, Agent agent, RecoveryConfig config) {
        this.sim = sim;
        this.agent = agent;
        this.life = agent.life();
        WallClock clock = nowMs -> Agent.WALL_MS + nowMs;
        this.returns = new ReturnController(new ReturnOutbox(), clock);
        this.upkeep = new UpkeepController(config, agent.host(), new UpkeepOutbox(), clock);
        this.reserves = new ReserveController(new ReserveOutbox(), clock);
        this.all = List.of(returns, upkeep, reserves);
    }

    void onState(long nowMs, RecoveryState state) {
        all.forEach(duty -> duty.onState(nowMs, state));
    }

    void onLeadership(long nowMs, OptionalLong leaderOfTerm) {
        all.forEach(duty -> duty.onLeadership(nowMs, leaderOfTerm));
    }

    void onTimer(long nowMs) {
        all.forEach(duty -> duty.onTimer(nowMs));
    }

    long nextDeadlineMs() {
        return Math.min(returns.nextDeadlineMs(), Math.min(upkeep.nextDeadlineMs(), reserves.nextDeadlineMs()));
    }

    private void propose(String key, Command command, Supplier<LeaderDuty> duty) {
        agent.propose(life, command, index -> duty.get().onProposed(sim.nowMs(), key, index));
    }

    private final class ReturnOutbox implements ReturnController.Outbox {
        @Override
        public void propose(String key, Command command) {
            LeaderDuties.this.propose(key, command, () -> returns);
        }

        @Override
        public void readmit(long term, HostName returned) {
            agent.beginCall(term);
            agent.step(
                    new Replay<Readmission>(replay -> {
                        ServiceRecords nova = agent.ports().services(replay, term, returned);
                        return () ->
                                Readmission.advance(nova, returned, () -> replay.read(() -> agent.termStands(term)));
                    }),
                    readmission -> {
                        agent.endCall(term);
                        returns.onReadmission(sim.nowMs(), term, readmission);
                    });
        }
    }

    private final class UpkeepOutbox implements UpkeepController.Outbox {
        @Override
        public void propose(String key, Command command) {
            LeaderDuties.this.propose(key, command, () -> upkeep);
        }

        @Override
        public void execute(UpkeepAction action) {
            UpkeepPorts ports = agent.ports().upkeep();
            if (action.hasEffect()) {
                agent.beginCall(action.term());
            }
            agent.step(
                    new Replay<UpkeepResult>(replay -> {
                        var runner = new UpkeepRunner(
                                ports.operations(replay, action),
                                ports.fencer(replay, action),
                                ports.guests(replay),
                                term -> replay.read(() -> agent.termStands(term)));
                        return () -> runner.run(action);
                    }),
                    result -> {
                        if (action.hasEffect()) {
                            agent.endCall(action.term());
                        }
                        upkeep.onResult(sim.nowMs(), result);
                    });
        }
    }

    private final class ReserveOutbox implements ReserveController.Outbox {
        @Override
        public void propose(String key, Command command) {
            LeaderDuties.this.propose(key, command, () -> reserves);
        }

        @Override
        public void work(long term, ReserveUse use, long aggregateId) {
            UpkeepPorts ports = agent.ports().upkeep();
            agent.beginCall(term);
            agent.step(
                    new Replay<ReserveWork>(replay -> {
                        ReserveRecords nova = ports.reserves(replay, term, use);
                        return () -> ReserveWork.advance(
                                nova, use, aggregateId, () -> replay.read(() -> agent.termStands(term)));
                    }),
                    work -> {
                        agent.endCall(term);
                        reserves.onWork(sim.nowMs(), term, use.step(), work);
                    });
        }
    }
}
