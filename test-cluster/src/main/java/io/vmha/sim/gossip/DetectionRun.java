package io.vmha.sim.gossip;

import io.vmha.sim.Dice;
import io.vmha.sim.Run;
import io.vmha.sim.Simulation;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * The same experiment as {@code gossip-bench} makes with real agents, in virtual time: a quiet ring on one machine, of which one member
 * after the other is killed, noticed by all others, and started again.
 */
public final class DetectionRun {
    /** The kernel carries a packet to the next process in far less than a millisecond; a busy machine needs a moment to wake it. */
    private static final long LOOPBACK_MOST_MS = 2;

    private static final long FORMING_MS = 30_000;
    private static final long SETTLING_MS = 4_000;
    private static final long STEP_MS = 50;
    private static final long NOTICED_MAX_MS = 120_000;

    private final Simulation sim;
    private final GossipPool pool;
    private final Dice dice;
    private final List<Long> first = new ArrayList<>();
    private final List<Long> last = new ArrayList<>();

    /**
     * How long deaths took to be noticed, by the first and by the last of the others; medians in milliseconds.
     */
    public record Medians(int nodes, int deaths, long firstMs, long lastMs, long falseFailures) {}

    private DetectionRun(int nodes, long seed) {
        var scenario = GossipScenario.quiet(nodes);
        this.sim = new Simulation(new Run("GossipDetectionTest", scenario.name(), seed));
        this.pool = new GossipPool(sim, scenario);
        this.dice = sim.dice("deaths");
        pool.wires().setDelay(LOOPBACK_MOST_MS);
    }

    /** Lets members die one by one and says how long that took to be noticed. */
    public static Medians run(int nodes, int deaths, long seed) {
        var run = new DetectionRun(nodes, seed);
        run.sim.runUntil(FORMING_MS);
        for (int i = 0; i < deaths; i++) {
            run.killOne(run.pool.nodes().get(i % nodes));
        }
        return new Medians(
                nodes,
                deaths,
                median(run.first),
                median(run.last),
                run.pool.detections().falseFailures());
    }

    private void killOne(PoolNode victim) {
        sim.runUntil(sim.nowMs() + SETTLING_MS + dice.between(0, 999));
        victim.kill();
        var death = pool.detections().deaths().get(pool.detections().deaths().size() - 1);
        await(
                "all notice the death of " + victim.name(),
                () -> death.observers() == pool.nodes().size() - 1);
        first.add(death.firstMs());
        last.add(death.lastMs());
        victim.start(
                List.of(pool.nodes().get(victim.number() % pool.nodes().size()).address()));
        await(
                "all see " + victim.name() + " again",
                () -> pool.nodes().stream().allMatch(node -> node.takesForAlive(victim.name())));
    }

    private interface Condition {
        boolean isMet();
    }

    private void await(String what, Condition condition) {
        long endMs = sim.nowMs() + NOTICED_MAX_MS;
        while (!condition.isMet()) {
            if (sim.nowMs() > endMs) {
                throw sim.violation("detection", what + ": not within " + NOTICED_MAX_MS + " ms: " + pool.views());
            }
            sim.runUntil(sim.nowMs() + STEP_MS);
        }
    }

    private static long median(List<Long> values) {
        var sorted = new ArrayList<>(values);
        Collections.sort(sorted);
        int half = sorted.size() / 2;
        return sorted.size() % 2 == 1 ? sorted.get(half) : (sorted.get(half - 1) + sorted.get(half)) / 2;
    }
}
