package io.vmha.sim.gossip;

import io.vmha.sim.Run;
import io.vmha.sim.Simulation;

/** One run of one scenario with one seed: ten virtual minutes, the last three and a half without faults. */
public final class GossipRun {
    /** What happened in a run, in numbers. */
    public record Summary(
            long virtualMs,
            long events,
            long hash,
            long faults,
            int dead,
            long packets,
            int queuedMost,
            long refutations,
            int wronglyLeaving) {}

    private GossipRun() {}

    /** Runs it to its end. */
    public static Summary run(GossipScenario scenario, long seed) {
        var sim = new Simulation(new Run("GossipSimulationTest", scenario.name(), seed));
        var pool = new GossipPool(sim, scenario);
        var nemesis = new GossipNemesis(sim, pool, scenario);
        sim.runUntil(scenario.runMs());
        pool.requireTruth();
        return new Summary(
                sim.nowMs(),
                sim.events(),
                sim.hash(),
                nemesis.faults(),
                nemesis.dead(),
                pool.wires().packets(),
                pool.queuedMost(),
                pool.refutations(),
                pool.wronglyLeaving());
    }
}
