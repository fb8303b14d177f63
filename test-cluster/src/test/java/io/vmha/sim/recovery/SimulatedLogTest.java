package io.vmha.sim.recovery;

import io.vmha.recovery.core.Applied;
import io.vmha.recovery.core.Command;
import io.vmha.recovery.core.Electorate;
import io.vmha.recovery.core.Entry;
import io.vmha.recovery.core.HostName;
import io.vmha.recovery.core.RecoveryState;
import io.vmha.sim.Run;
import io.vmha.sim.Simulation;
import io.vmha.testcluster.contract.LogContract;
import io.vmha.testcluster.contract.LogUnderTest;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;

/** The contract on the simulator's log, in virtual time. */
class SimulatedLogTest extends LogContract {
    private long seed;

    @Override
    protected LogUnderTest start() {
        return new VirtualLog(++seed);
    }

    private static final class VirtualLog implements LogUnderTest {
        private static final long LIMIT_MS = 120_000;
        private static final long STEP_MS = 10;
        private static final double TROUBLE_PERCENT = 20;

        private final Simulation sim;
        private final Cluster cluster;
        private final List<Written> committed = new ArrayList<>();

        VirtualLog(long seed) {
            sim = new Simulation(new Run("SimulatedLogTest", Scenario.CALM_5.name(), seed));
            cluster = new Cluster(sim, Scenario.CALM_5, new Mutant() {
                @Override
                public Raft.Applier applier() {
                    return VirtualLog.this::apply;
                }
            });
            cluster.raft().setTrouble(TROUBLE_PERCENT);
            cluster.hosts().forEach(host -> cluster.network().cutFromBmcs(host)); // nobody is fenced for being away
            await(
                    "the scenario's own operator has enabled the AZ",
                    () -> nodes().stream().allMatch(node -> state(node).isEnabled()));
        }

        private Applied apply(RecoveryState state, Entry entry, Command command) {
            committed.add(new Written(entry.term(), entry.index(), command));
            return state.apply(entry, command);
        }

        private Agent agent(String node) {
            return cluster.agent(new HostName(node));
        }

        @Override
        public List<String> nodes() {
            return cluster.hosts().stream().map(HostName::value).toList();
        }

        @Override
        public OptionalLong leads(String node) {
            return agent(node).term();
        }

        @Override
        public boolean provesLeadership(String node) {
            Raft raft = cluster.raft();
            return raft.leader().equals(Optional.of(new HostName(node))) && raft.reachesMajority(agent(node));
        }

        @Override
        public Proposal propose(String node, Command command) {
            var answer = new AtomicReference<Optional<OptionalLong>>(Optional.empty());
            cluster.raft().propose(agent(node), command, index -> answer.set(Optional.of(index)));
            return answer::get;
        }

        @Override
        public List<Written> log(String node) {
            long applied = state(node).applied().index();
            return committed.stream().filter(w -> w.index() <= applied).toList();
        }

        @Override
        public RecoveryState state(String node) {
            return cluster.raft().state(agent(node).applied());
        }

        @Override
        public void cutOff(String leader) {
            for (HostName host : cluster.hosts()) {
                cluster.network().cut(new HostName(leader), host);
                cluster.network().cut(host, new HostName(leader));
            }
        }

        @Override
        public void mend() {
            cluster.network().healPaths();
        }

        @Override
        public void depose() {
            cluster.raft().depose();
        }

        @Override
        public void goAway(String node) {
            agent(node).kill();
        }

        @Override
        public void comeBack(String node) {
            agent(node).restart();
        }

        @Override
        public void changeConfiguration() {
            SortedSet<String> all = cluster.raft().electorate().voters();
            var fewer = new TreeSet<>(all);
            fewer.remove(all.last());
            for (SortedSet<String> wanted : List.of(fewer, all)) {
                await("voters " + wanted, () -> {
                    cluster.raft().reconfigure(wanted);
                    Electorate now = cluster.raft().electorate();
                    return !now.isJoint() && now.voters().equals(wanted);
                });
            }
        }

        @Override
        public void await(String what, BooleanSupplier condition) {
            long until = sim.nowMs() + LIMIT_MS;
            while (!condition.getAsBoolean()) {
                if (sim.nowMs() > until) {
                    throw sim.violation("the contract", "waited in vain until " + what);
                }
                pass(STEP_MS);
            }
        }

        @Override
        public void pass(long ms) {
            sim.runUntil(sim.nowMs() + ms);
        }

        @Override
        public void close() {}
    }
}
