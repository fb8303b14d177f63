package io.vmha.sim.gossip;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.vmha.sim.SimulationFailure;
import io.vmha.sim.SimulationFlags;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gossip with faults, ten virtual minutes a run: nobody well is dead to all, deaths are noticed, queues stay bounded, and after the faults
 * all agree on the truth.
 *
 * <p>{@code -Dsim.seeds=N} for more runs; {@code -Dsim.scenario=… -Dsim.seed=…} for one.
 */
@Tag("sim")
class GossipSimulationTest {
    private static final Logger LOG = LoggerFactory.getLogger(GossipSimulationTest.class);
    private static final long SEEDS = 180;

    private static List<GossipRun.Summary> runAll(GossipScenario scenario, List<Long> seeds) {
        var runs = new ArrayList<GossipRun.Summary>();
        var failures = new ArrayList<String>();
        for (long seed : seeds) {
            try {
                runs.add(GossipRun.run(scenario, seed));
            } catch (SimulationFailure e) {
                failures.add(e.getMessage());
            }
        }
        LOG.info(
                "simulated scenario={} seeds={} failed={} events={} packets={} faults={} deaths={} queued_most={}"
                        + " wrongly_leaving={}",
                scenario.name(),
                seeds.size(),
                failures.size(),
                runs.stream().mapToLong(GossipRun.Summary::events).sum(),
                runs.stream().mapToLong(GossipRun.Summary::packets).sum(),
                runs.stream().mapToLong(GossipRun.Summary::faults).sum(),
                runs.stream().mapToLong(GossipRun.Summary::dead).sum(),
                runs.stream().mapToLong(GossipRun.Summary::queuedMost).max().orElse(0),
                runs.stream().mapToLong(GossipRun.Summary::wronglyLeaving).sum());
        if (!failures.isEmpty()) {
            throw new AssertionError(
                    failures.size() + " of " + seeds.size() + " runs failed, the first:\n" + failures.get(0));
        }
        return runs;
    }

    @Test
    void oneRunAsItIsAskedFor() {
        assumeTrue(SimulationFlags.oneRunIsAskedFor(), "only with -Dsim.scenario or -Dsim.seed");
        runAll(GossipScenario.named(SimulationFlags.scenario("gossip-storm-5")), SimulationFlags.seeds(SEEDS));
    }

    @Test
    void fiveNodesAgreeAfterAStorm() {
        assumeFalse(SimulationFlags.oneRunIsAskedFor());
        runAll(GossipScenario.STORM_5, SimulationFlags.seeds(SEEDS));
    }

    @Test
    void twentyNodesAgreeAfterAStorm() {
        assumeFalse(SimulationFlags.oneRunIsAskedFor());
        runAll(GossipScenario.STORM_20, SimulationFlags.seeds(SEEDS / 9));
    }

    @Test
    void nobodyIsAccusedOnAHealthyNetwork() {
        assumeFalse(SimulationFlags.oneRunIsAskedFor());

        var runs = runAll(GossipScenario.CALM_5, SimulationFlags.seeds(SEEDS / 9));

        assertThat(runs).allSatisfy(run -> assertThat(run.refutations()).isZero());
    }

    @Test
    void sameSeedGivesTheSameRun() {
        assumeFalse(SimulationFlags.oneRunIsAskedFor());

        GossipRun.Summary one = GossipRun.run(GossipScenario.STORM_20, 1);

        assertThat(GossipRun.run(GossipScenario.STORM_20, 1)).isEqualTo(one);
        assertThat(GossipRun.run(GossipScenario.STORM_20, 2).hash()).isNotEqualTo(one.hash());
    }
}
