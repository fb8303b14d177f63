package io.vmha.sim.gossip;

import static org.assertj.core.api.Assertions.assertThat;

import io.vmha.gossip.memberlist.MemberlistStats;
import io.vmha.sim.Dice;
import io.vmha.sim.Run;
import io.vmha.sim.Simulation;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What agents that wait for a CPU cost the others: nothing, until one of them is silent for so long that it is suspected. */
@Tag("sim")
final class StarvedAgentsTest {
    private static final Logger LOG = LoggerFactory.getLogger(StarvedAgentsTest.class);
    private static final int NODES = 50;
    private static final long FORMED_MS = 200_000;
    private static final long MEASURED_MS = 60_000;

    /** What the pool did in the measured minute. */
    private record Work(double packetsPerSecond, long suspicions, long refutations) {}

    @Test
    void shortPausesCostNothingAndLongOnesTheNewsOfSuspicions() {
        Work calm = work(0, 1, 1);
        Work shortPauses = work(6, 300, 700);
        Work longPauses = work(6, 700, 1_500);

        LOG.info("starved agents: calm={} short={} long={}", calm, shortPauses, longPauses);
        assertThat(calm.packetsPerSecond()).isBetween(1.9, 2.1);
        assertThat(shortPauses.suspicions()).isZero();
        assertThat(shortPauses.packetsPerSecond()).isLessThan(1.2 * calm.packetsPerSecond());
        assertThat(longPauses.refutations()).isPositive();
        assertThat(longPauses.packetsPerSecond()).isGreaterThan(1.5 * calm.packetsPerSecond());
    }

    private static Work work(int pausesPerNode, long leastMs, long mostMs) {
        var sim = new Simulation(new Run("StarvedAgentsTest", "gossip-quiet-" + NODES, 1));
        var pool = new GossipPool(sim, GossipScenario.quiet(NODES));
        sim.runUntil(FORMED_MS);
        long packets = pool.wires().packets();
        Dice dice = sim.dice("starved");
        for (PoolNode node : pool.nodes()) {
            for (int i = 0; i < pausesPerNode; i++) {
                long durationMs = dice.between(leastMs, mostMs);
                sim.at(FORMED_MS + dice.between(0, MEASURED_MS - 1), "starve", () -> node.pause(durationMs));
            }
        }

        sim.runUntil(FORMED_MS + MEASURED_MS);

        long suspicions = 0;
        long refutations = 0;
        for (PoolNode node : pool.nodes()) {
            MemberlistStats stats = node.serf().memberlistStats();
            suspicions += stats.suspicions();
            refutations += stats.refutations();
        }
        double nodeSeconds = NODES * MEASURED_MS / 1000.0;
        return new Work((pool.wires().packets() - packets) / nodeSeconds, suspicions, refutations);
    }
}
