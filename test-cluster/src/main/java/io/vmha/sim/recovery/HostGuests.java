package io.vmha.sim.recovery;

import io.vmha.node.gate.GuestWatch;
import io.vmha.recovery.core.Command;
import io.vmha.recovery.core.HostName;
import io.vmha.recovery.core.Hypervisor;
import io.vmha.recovery.core.ServerId;
import io.vmha.sim.Dice;
import io.vmha.sim.Simulation;
import java.util.List;
import java.util.Optional;

/** The watch of one host's agent over the guests there: the product's own {@link GuestWatch}, on a simulated hypervisor. */
final class HostGuests implements Hypervisor {
    private static final double ANSWER_IS_LOST_PERCENT = 5;

    private final Cluster cluster;
    private final HostName host;
    private final Agent agent;
    private final Dice dice;
    private int life = -1;
    private GuestWatch watch;

    HostGuests(Simulation sim, Cluster cluster, HostName host) {
        this.cluster = cluster;
        this.host = host;
        this.agent = cluster.agent(host);
        this.dice = sim.dice("guests " + host);
    }

    /** Once a second, as long as the agent runs. */
    void look() {
        if (!agent.isRunning()) {
            return;
        }
        if (life != agent.life()) {
            life = agent.life();
            watch = new GuestWatch(host, this, this::listed, this::commit, cluster::wallMs);
        }
        watch.advance(agent.leased().nowMs(), cluster.gate(host).known());
    }

    /** What the guard has said lately. */
    private Optional<List<ServerId>> listed() {
        return agent.leased().guardAlive()
                ? Optional.of(domains().stream().map(Domain::id).toList())
                : Optional.empty();
    }

    private Optional<String> commit(Command command) {
        Optional<String> refusal = cluster.raft().submit(host, command);
        return dice.chance(ANSWER_IS_LOST_PERCENT) ? Optional.of("the group did not answer") : refusal;
    }

    @Override
    public Fate fate(ServerId id) {
        if (cluster.ledger().hasCopy(id, host)) {
            return new Fate(Fate.Kind.LIVES, "running");
        }
        boolean crashed = cluster.ledger().crashed(host).contains(id);
        return cluster.mutant()
                .fate(new Fate(crashed ? Fate.Kind.CRASHED : Fate.Kind.ENDED, crashed ? "crashed" : "shut off"));
    }

    @Override
    public List<ServerId> withoutProcess() {
        return List.copyOf(cluster.ledger().crashed(host));
    }

    @Override
    public List<Domain> domains() {
        return cluster.ledger().domains(host);
    }

    @Override
    public void suspend(ServerId id) {
        throw new UnsupportedOperationException("a watch suspends nothing");
    }

    @Override
    public void destroy(ServerId id) {
        throw new UnsupportedOperationException("a watch destroys nothing");
    }
}
