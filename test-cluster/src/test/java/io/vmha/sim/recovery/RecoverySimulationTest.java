package io.vmha.sim.recovery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.vmha.sim.SimulationFailure;
import io.vmha.sim.SimulationFlags;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Recovery with faults, ten virtual minutes a run: the rules hold after every event, and all comes to its end after the faults.
 *
 * <p>{@code -Dsim.seeds=N} for more runs; {@code -Dsim.scenario=… -Dsim.seed=…} for one.
 */
@Tag("sim")
class RecoverySimulationTest {
    private static final Logger LOG = LoggerFactory.getLogger(RecoverySimulationTest.class);
    /** With the eight storms 33 hours of clusters; {@code test-cluster/bin/sweep} runs as many as there is time for. */
    private static final long STORM_SEEDS = 25;

    private static final long SEEDS = 40;
    private static final long CRASH_SEED = 1;

    private static void runAll(Scenario scenario, List<Long> seeds) {
        long virtualMs = 0;
        long events = 0;
        long faults = 0;
        long deaths = 0;
        long elections = 0;
        long incidents = 0;
        long evacuations = 0;
        long returns = 0;
        var failures = new ArrayList<String>();
        for (long seed : seeds) {
            try {
                RecoveryRun.Summary run = RecoveryRun.run(scenario, seed);
                virtualMs += run.virtualMs();
                events += run.events();
                faults += run.faults();
                deaths += run.deaths();
                elections += run.elections();
                incidents += run.incidents();
                evacuations += run.evacuations();
                returns += run.returns();
            } catch (SimulationFailure e) {
                failures.add(e.getMessage());
            }
        }
        LOG.info(
                "simulated scenario={} seeds={} failed={} virtual_s={} events={} faults={} deaths={} elections={}"
                        + " incidents={} evacuations={} returns={}",
                scenario.name(),
                seeds.size(),
                failures.size(),
                virtualMs / 1_000,
                events,
                faults,
                deaths,
                elections,
                incidents,
                evacuations,
                returns);
        if (!failures.isEmpty()) {
            throw new AssertionError(
                    failures.size() + " of " + seeds.size() + " runs failed, the first:\n" + failures.get(0));
        }
    }

    @Test
    void oneRunAsItIsAskedFor() {
        assumeTrue(SimulationFlags.oneRunIsAskedFor(), "only with -Dsim.scenario or -Dsim.seed");
        runAll(Scenario.named(SimulationFlags.scenario("storm-5")), SimulationFlags.seeds(SEEDS));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "storm-3",
                "storm-5",
                "storm-9",
                "falling-leaders",
                "lease-5",
                "voters-change",
                "voters-leave",
                "sleeping-caller",
                "stale-replica",
                "rising-level"
            })
    void rulesHoldInAStorm(String scenario) {
        assumeFalse(SimulationFlags.oneRunIsAskedFor());
        runAll(Scenario.named(scenario), SimulationFlags.seeds(STORM_SEEDS));
    }

    /** One thing each: what must come of it is judged at the end of the run as well. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "stray-copy",
                "rack-lost",
                "switch-failed",
                "disaster",
                "flapping",
                "cut-healed",
                "old-late-rebuilds"
            })
    void oneMisfortuneEndsAsItShould(String scenario) {
        assumeFalse(SimulationFlags.oneRunIsAskedFor());
        runAll(Scenario.named(scenario), SimulationFlags.seeds(SEEDS / 4));
    }

    /** Hosts of one rack, of which one renewed right before it died, became two incidents. */
    @Test
    void rackWhoseHostsDieOneAfterTheOtherIsOneIncident() {
        assumeFalse(SimulationFlags.oneRunIsAskedFor());
        runAll(Scenario.RACK_LOST, List.of(46L, 70L, 116L));
    }

    @Test
    void rulesHoldWhenHostsJustDie() {
        assumeFalse(SimulationFlags.oneRunIsAskedFor());
        runAll(Scenario.CALM_5, SimulationFlags.seeds(SEEDS / 2));
    }

    /** Every commit and every effect outside, one after the other, is the last thing that the leader does. */
    @Test
    void nextLeaderFinishesWhereverTheLeaderDies() {
        assumeFalse(SimulationFlags.oneRunIsAskedFor());
        var whole = new RecoveryRun(Scenario.CALM_5, CRASH_SEED, Mutant.NONE);
        whole.toTheEnd();
        long points = whole.cluster().points();

        for (long death = 1; death <= points; death++) {
            var run = new RecoveryRun(Scenario.CALM_5, CRASH_SEED, Mutant.NONE);
            dieAt(run, death);
            run.toTheEnd();
        }

        LOG.info("leaders died at each of points={}", points);
        assertThat(points).isGreaterThan(30);
    }

    private static void dieAt(RecoveryRun run, long death) {
        Cluster cluster = run.cluster();
        cluster.onPoint(point -> {
            if (point == death) {
                cluster.raft().leader().ifPresent(leader -> {
                    cluster.agent(leader).kill();
                    run.simulation().after(20_000, "the agent is restarted", () -> {
                        if (cluster.machine(leader).isUp()) {
                            cluster.startAgent(leader);
                        }
                    });
                });
            }
        });
    }

    /** S7: all daemons are restarted, one after the other, and no VM is paused for it. */
    @Test
    void upgradePausesNobody() {
        assumeFalse(SimulationFlags.oneRunIsAskedFor());
        runAll(Scenario.UPGRADE, SimulationFlags.seeds(SEEDS / 4));
    }

    @Test
    void sameSeedGivesTheSameRun() {
        assumeFalse(SimulationFlags.oneRunIsAskedFor());

        RecoveryRun.Summary one = RecoveryRun.run(Scenario.STORM_5, 1);
        RecoveryRun.Summary again = RecoveryRun.run(Scenario.STORM_5, 1);

        assertThat(again).isEqualTo(one);
        assertThat(RecoveryRun.run(Scenario.STORM_5, 2).hash()).isNotEqualTo(one.hash());
    }
}
