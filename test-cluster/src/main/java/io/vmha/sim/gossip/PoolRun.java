package io.vmha.sim.gossip;

import io.vmha.sim.Run;
import io.vmha.sim.Simulation;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** A large pool with faults of all kinds, in two parts: it forms; then it lives. */
public final class PoolRun {
    private final GossipScenario scenario;
    private final Simulation sim;
    private final GossipPool pool;
    private final GossipNemesis nemesis;

    /**
     * What happened, in numbers.
     *
     * @param hash of all events: two runs of one seed have the same
     * @param powerCuts hosts that lost their power
     * @param declaredP50Ms half of their deaths were declared by everybody who ran after this long
     * @param silentP50Ms half of them were found silent by all their direct observers after this long
     * @param falseFailures how often a healthy node declared a healthy one dead
     * @param falseSilences how often all observers of a healthy host found it silent
     */
    public record Summary(
            long virtualMs,
            long events,
            long packets,
            long faults,
            long hash,
            int powerCuts,
            long declaredP50Ms,
            long declaredMostMs,
            long silentP50Ms,
            long silentMostMs,
            long falseFailures,
            long falseSilences) {}

    /**
     * What happens in the pool, beside its gossip.
     *
     * @param faults faults of all kinds, and deaths
     * @param observed hosts observe each other directly
     */
    public record Company(boolean faults, boolean observed) {
        /** Everything. */
        public static final Company ALL = new Company(true, true);

        private GossipScenario of(GossipScenario pool) {
            GossipScenario calm = faults ? pool : pool.atRest();
            return observed ? calm : calm.unobserved();
        }
    }

    public PoolRun(int nodes, long seed) {
        this(nodes, seed, Company.ALL);
    }

    public PoolRun(int nodes, long seed, Company company) {
        this.scenario = company.of(GossipScenario.pool(nodes));
        this.sim = new Simulation(new Run("GossipSimulationTest", scenario.name(), seed));
        this.pool = new GossipPool(sim, scenario);
        this.nemesis = new GossipNemesis(sim, pool, scenario);
    }

    /** How much virtual time the pool gets to form. */
    public long formingMs() {
        return scenario.faultsFromMs();
    }

    /** How much virtual time it then lives at most. */
    public long livingMs() {
        return scenario.runMs() - scenario.faultsFromMs();
    }

    /** Lets everybody start and join. */
    public void form() {
        sim.runUntil(scenario.faultsFromMs());
    }

    /** Lets the pool live for so long after its forming. */
    public void live(long ms) {
        sim.runUntil(scenario.faultsFromMs() + ms);
    }

    /** After the whole life: everybody knows the truth about everybody. */
    public void requireTruth() {
        pool.requireTruth();
    }

    /** What has happened so far. */
    public Summary summary() {
        var declared = new ArrayList<Long>();
        var silent = new ArrayList<Long>();
        int powerCuts = 0;
        for (Detections.Death death : pool.detections().deaths()) {
            if (death.isPowerCut()) {
                powerCuts++;
                if (death.isDeclared()) {
                    declared.add(death.lastMs());
                }
                if (death.silentMs() > 0) {
                    silent.add(death.silentMs());
                }
            }
        }
        return new Summary(
                sim.nowMs(),
                sim.events(),
                pool.wires().packets(),
                nemesis.faults(),
                sim.hash(),
                powerCuts,
                share(declared, 0.5),
                share(declared, 1),
                share(silent, 0.5),
                share(silent, 1),
                pool.detections().falseFailures(),
                pool.detections().falseSilences());
    }

    private static long share(List<Long> values, double share) {
        Collections.sort(values);
        return values.isEmpty() ? 0 : values.get((int) Math.min(values.size() - 1L, (long) (values.size() * share)));
    }
}
