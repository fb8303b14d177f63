package io.vmha.sim.gossip;

import java.util.List;

/**
 * What kind of run: how many nodes, and how often something goes wrong until {@link #HEAL_AT_MS}.
 *
 * @param faultEveryMs 0 for never
 * @param leavingTolerated whether a live member may be shown as leaving at the end: Serf orders a leave and the rejoin after it by Lamport
 *     times that a node forgets when it restarts without a snapshot, so in a large pool an unlucky observer keeps the leave
 * @param dead nodes that die for good
 */
public record GossipScenario(String name, int nodes, long faultEveryMs, int dead, boolean leavingTolerated) {
    /** When all faults end. */
    public static final long HEAL_AT_MS = 390_000;

    /** How long a run lasts: ten virtual minutes. */
    public static final long RUN_MS = 600_000;

    public static final GossipScenario STORM_5 = new GossipScenario("gossip-storm-5", 5, 9_000, 1, false);

    public static final GossipScenario STORM_20 = new GossipScenario("gossip-storm-20", 20, 6_000, 3, true);

    /** Nothing goes wrong but that a node dies. */
    public static final GossipScenario CALM_5 = new GossipScenario("gossip-calm-5", 5, 0, 1, false);

    private static final List<GossipScenario> ALL = List.of(STORM_5, STORM_20, CALM_5);

    /** The scenario of this name. */
    public static GossipScenario named(String name) {
        return ALL.stream()
                .filter(s -> s.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("sim.scenario is one of "
                        + ALL.stream().map(GossipScenario::name).toList() + " but is " + name));
    }
}
