package io.vmha.sim.recovery;

import io.vmha.node.gate.Gate;
import io.vmha.node.gate.Newest;
import io.vmha.node.gate.ReturnAgent;
import io.vmha.recovery.core.Command;
import io.vmha.recovery.core.ComputeService;
import io.vmha.recovery.core.HostName;
import io.vmha.recovery.core.HostRecord;
import io.vmha.recovery.core.Hypervisor;
import io.vmha.recovery.core.RecoveryState;
import io.vmha.recovery.core.ServerId;
import io.vmha.sim.Dice;
import io.vmha.sim.Simulation;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * A host's gate and its way back (S11): the product's own decisions, {@link Gate}, {@link Newest} and {@link ReturnAgent}, on a simulated machine. What its
 * agent knows of the group is what a voter in its reach has applied.
 */
final class HostGate {
    private static final long LOCAL_LIMIT_MS = 5_000;
    private static final long COMMIT_LIMIT_MS = 20_000;
    private static final String NOTHING = "its effect";

    private final Simulation sim;
    private final Cluster cluster;
    private final HostName host;
    private final Machine machine;
    private final Agent agent;
    private final Dice dice;
    private RecoveryState view = RecoveryState.empty();
    private boolean everProtected;
    private int life = -1;
    private boolean busy;
    private ReturnAgent returns;
    private Newest newest = new Newest(() -> view);
    private Replay<String> replay;

    HostGate(Simulation sim, Cluster cluster, HostName host) {
        this.sim = sim;
        this.cluster = cluster;
        this.host = host;
        this.machine = cluster.machine(host);
        this.agent = cluster.agent(host);
        this.dice = sim.dice("gate " + host);
    }

    /** Once a second, as long as the agent runs. */
    void look() {
        if (!agent.isRunning()) {
            return;
        }
        if (life != agent.life()) {
            life = agent.life();
            busy = false;
            newest = new Newest(() -> view);
            returns = new ReturnAgent(
                    host, new Guests(), id -> cluster.homes(agent, replay).homeOf(id), new Outside(), cluster::wallMs);
            returns.wantedBy(cluster.mutant().returnsOverMigrations() ? Optional.of("a mutant") : Optional.empty());
        }
        cluster.stateKnownAt(agent).ifPresent(applied -> view = applied);
        RecoveryState known = newest.state();
        everProtected |= known.isEnabled() && known.hosts().containsKey(host);
        Gate.Verdict verdict = cluster.mutant()
                .gate(Gate.judge(host, known, everProtected, agent.leased().isHeld()));
        if (verdict.open() && machine.isUp() && !machine.serves()) {
            open(verdict.reason());
        }
        if (cluster.returnsByItself() && !busy) {
            comeBack(verdict.open());
        }
    }

    /** What its agent knows of the group. */
    RecoveryState known() {
        return newest.state();
    }

    /** What waited behind the gate starts: guests and nova-compute. */
    private void open(String why) {
        sim.tell(host + ": the gate opens: " + why);
        cluster.returnRules().beforeGateOpens(host);
        machine.openGate();
        cluster.nova().resumeGuests(host);
        cluster.nova().startCompute(host);
    }

    private void comeBack(boolean gateOpen) {
        busy = true;
        RecoveryState seen = newest.state();
        HostRecord record = seen.hosts().get(host);
        LeasedHost lease = agent.leased();
        boolean outOfDate = record != null && Newest.isOutOfDate(record, lease.epoch(), lease.isSealed());
        var outside = new Outside();
        long nowMs = agent.leased().nowMs();
        agent.step(
                new Replay<String>(code -> () -> {
                    replay = code;
                    RecoveryState known = outOfDate ? outside.confirmed(seen).orElse(seen) : seen;
                    returns.advance(nowMs, known, gateOpen);
                    return returns.waitingFor();
                }),
                waiting -> busy = false);
    }

    private <T> T local(String what, Supplier<T> onArrival) {
        return replay.ask(() -> new Replay.Asked<>(what, dice.mostly(5, 400), onArrival, 1, LOCAL_LIMIT_MS, NOTHING));
    }

    private final class Guests implements Hypervisor {
        @Override
        public Fate fate(ServerId id) {
            throw new UnsupportedOperationException("a sweep asks for no fate");
        }

        @Override
        public List<ServerId> withoutProcess() {
            throw new UnsupportedOperationException("a sweep asks only for what has a process");
        }

        @Override
        public List<Domain> domains() {
            return local(
                    "guests of " + host,
                    () -> cluster.mutant().swept(cluster.ledger().domains(host)));
        }

        @Override
        public void suspend(ServerId id) {
            throw new UnsupportedOperationException("a sweep suspends nothing");
        }

        @Override
        public void destroy(ServerId id) {
            local("destroy " + id, () -> {
                sim.tell(host + ": the old copy of " + id + " is destroyed");
                cluster.returnRules().beforeDestroyed(host, id);
                cluster.ledger().destroy(id, host);
                return NOTHING;
            });
        }
    }

    private final class Outside implements ReturnAgent.Outside {
        @Override
        public Optional<RecoveryState> confirmed(RecoveryState known) {
            Optional<RecoveryState> said = replay.ask(() -> new Replay.Asked<>(
                    "the state as a majority confirms it",
                    dice.mostly(2, 100),
                    () -> cluster.raft().confirmed(host),
                    dice.mostly(2, 100),
                    LOCAL_LIMIT_MS,
                    Optional.empty()));
            said.ifPresent(newest::onConfirmed);
            return said;
        }

        @Override
        public Optional<String> commit(Command command) {
            return replay.ask(() -> {
                boolean answerIsLost = dice.chance(5);
                return new Replay.Asked<>(
                        "commit",
                        dice.mostly(3, 300),
                        () -> cluster.raft().submit(host, command),
                        answerIsLost ? COMMIT_LIMIT_MS : dice.mostly(2, 100),
                        COMMIT_LIMIT_MS,
                        Optional.of("the group did not answer"));
            });
        }

        @Override
        public void restartCompute() {
            local("restart nova-compute", () -> {
                sim.tell(host + ": nova-compute is restarted");
                cluster.nova().startCompute(host);
                cluster.point();
                return NOTHING;
            });
        }

        @Override
        public Optional<ComputeService> computeService() {
            return local(
                    "nova-compute of " + host,
                    () -> cluster.nova().computeServices().stream()
                            .filter(service -> service.host().equals(host))
                            .findFirst());
        }
    }
}
