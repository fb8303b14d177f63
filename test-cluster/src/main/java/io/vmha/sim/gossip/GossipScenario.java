package io.vmha.sim.gossip;

import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What kind of run: how many nodes, and how often something goes wrong.
 *
 * @param startsWithinMs nodes are started at random moments of this time
 * @param faultsFromMs when the first fault may come
 * @param faultEveryMs 0 for never
 * @param healAtMs when all faults end
 * @param runMs how long a run lasts
 * @param dead nodes that die for good
 * @param leavingTolerated whether a live member may be shown as leaving at the end: Serf orders a leave and the rejoin after it by Lamport
 *     times that a node forgets when it restarts without a snapshot, so in a large pool an unlucky observer keeps the leave
 * @param clockSpreadPpm how much faster or slower than true time a node's clock may run, in millionths
 * @param observed whether hosts observe each other directly too
 */
public record GossipScenario(
        String name,
        int nodes,
        long startsWithinMs,
        long faultsFromMs,
        long faultEveryMs,
        long healAtMs,
        long runMs,
        int dead,
        boolean leavingTolerated,
        int clockSpreadPpm,
        boolean observed) {
    private static final Pattern POOL = Pattern.compile("gossip-pool-(\\d{1,5})");
    /** More than this no run has been tried with. */
    public static final int NODES_MAX = 20_000;

    private static final int LARGE = 200;

    public static final GossipScenario STORM_5 = storm("gossip-storm-5", 5, 9_000, 1, false);

    public static final GossipScenario STORM_20 = storm("gossip-storm-20", 20, 6_000, 3, true);

    /** Nothing goes wrong but that a node dies. */
    public static final GossipScenario CALM_5 = storm("gossip-calm-5", 5, 0, 1, false);

    private static final List<GossipScenario> ALL = List.of(STORM_5, STORM_20, CALM_5);

    public GossipScenario {
        if (nodes < 2 || nodes > NODES_MAX) {
            throw new IllegalArgumentException("a pool has 2 to " + NODES_MAX + " nodes but " + name + " has " + nodes);
        }
    }

    /** Ten virtual minutes, the last three and a half without faults; clocks may be wrong by five in a thousand. */
    private static GossipScenario storm(String name, int nodes, long faultEveryMs, int dead, boolean leaving) {
        return new GossipScenario(name, nodes, 2_000, 0, faultEveryMs, 390_000, 600_000, dead, leaving, 5_000, false);
    }

    /** A pool of any size: it forms, then faults of all kinds come for a minute and a half, and a hundredth of the hosts die. */
    public static GossipScenario pool(int nodes) {
        long startsWithinMs = 5_000 + 20L * nodes;
        long formedMs = startsWithinMs
                + (nodes > LARGE ? 120_000 : 40_000); // until the last news of a thousand joins has died away
        return new GossipScenario(
                "gossip-pool-" + nodes,
                nodes,
                startsWithinMs,
                formedMs,
                5_000,
                formedMs + 90_000,
                formedMs + 300_000,
                Math.max(1, nodes / 100),
                true,
                5_000,
                true);
    }

    /** The same pool, and nothing goes wrong in it. */
    GossipScenario atRest() {
        return new GossipScenario(
                name + "-at-rest",
                nodes,
                startsWithinMs,
                faultsFromMs,
                0,
                healAtMs,
                runMs,
                0,
                leavingTolerated,
                clockSpreadPpm,
                observed);
    }

    /** The same pool, whose hosts do not observe each other directly. */
    GossipScenario unobserved() {
        return new GossipScenario(
                name + "-unobserved",
                nodes,
                startsWithinMs,
                faultsFromMs,
                faultEveryMs,
                healAtMs,
                runMs,
                dead,
                leavingTolerated,
                clockSpreadPpm,
                false);
    }

    /** Agents on one machine whose clocks are right, and nothing goes wrong by itself. */
    static GossipScenario quiet(int nodes) {
        return new GossipScenario(
                "gossip-quiet-" + nodes, nodes, 2_000, 0, 0, Long.MAX_VALUE, Long.MAX_VALUE, 0, false, 0, false);
    }

    /** The scenario of this name. */
    public static GossipScenario named(String name) {
        Matcher pool = POOL.matcher(name);
        if (pool.matches()) {
            return pool(Integer.parseInt(pool.group(1)));
        }
        return ALL.stream()
                .filter(s -> s.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("sim.scenario is gossip-pool-N or one of "
                        + ALL.stream().map(GossipScenario::name).toList() + " but is " + name));
    }
}
