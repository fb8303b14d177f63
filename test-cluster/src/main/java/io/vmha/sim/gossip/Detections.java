package io.vmha.sim.gossip;

import io.vmha.gossip.observe.ObserverRing;
import io.vmha.sim.Simulation;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** When deaths were noticed, by gossip and by direct observation, and who was accused wrongly. */
final class Detections {
    /** Whoever was well for so long, and is accused by somebody who was, is accused wrongly. */
    private static final long WELL_MS = 60_000;

    private final Simulation sim;
    private final GossipPool pool;
    private final ObserverRing ring;
    private final Map<String, Death> open = new HashMap<>(); // looked up only
    private final List<Death> deaths = new ArrayList<>();
    private long falseFailures;
    private long falseSilences;

    /** One death, and when it was noticed; 0 for not yet. */
    static final class Death {
        private final PoolNode victim;
        private final long atMs;
        private final boolean powerCut;
        private long firstMs;
        private long lastMs;
        private int observers;
        private long silentMs;

        Death(PoolNode victim, long atMs) {
            this.victim = victim;
            this.atMs = atMs;
            this.powerCut = !victim.isPowered();
        }

        PoolNode victim() {
            return victim;
        }

        /** How many nodes have declared it. */
        int observers() {
            return observers;
        }

        boolean isPowerCut() {
            return powerCut;
        }

        /** How long after the death the first node declared it. */
        long firstMs() {
            return firstMs - atMs;
        }

        /** How long after the death the last node so far declared it. */
        long lastMs() {
            return lastMs - atMs;
        }

        boolean isDeclared() {
            return observers > 0;
        }

        /** How long after the death all its direct observers had found it silent; negative if they have not. */
        long silentMs() {
            return silentMs - atMs;
        }
    }

    Detections(Simulation sim, GossipPool pool, GossipScenario scenario) {
        this.sim = sim;
        this.pool = pool;
        this.ring = ObserverRing.of(pool.nodes().stream().map(PoolNode::name).toList());
        if (scenario.observed()) {
            pool.nodes().forEach(node -> node.observer().orElseThrow().observe(ring.targetsOf(node.name())));
        }
    }

    void onDeath(PoolNode victim) {
        var death = new Death(victim, sim.nowMs());
        deaths.add(death);
        open.put(victim.name(), death);
    }

    void onJoined(PoolNode observer, String member) {
        if (observer.name().equals(member)) {
            open.remove(member); // it lives again: what is still said of its death is not counted
        }
    }

    void onFailed(PoolNode observer, String member) {
        Death death = open.get(member);
        if (death != null) {
            death.firstMs = death.observers == 0 ? sim.nowMs() : death.firstMs;
            death.lastMs = sim.nowMs();
            death.observers++;
        } else if (observer.wellMs() > WELL_MS
                && pool.named(member).map(node -> node.wellMs() > WELL_MS).orElse(false)) {
            falseFailures++;
        }
    }

    /** An observer has changed its mind about a host. */
    void onObserved(PoolNode observer, String about) {
        boolean silent = ring.observersOf(about).stream()
                .allMatch(name -> pool.named(name)
                        .flatMap(PoolNode::observer)
                        .orElseThrow()
                        .isSilent(about));
        if (!silent) {
            return;
        }
        Death death = open.get(about);
        if (death != null && death.powerCut) {
            death.silentMs = death.silentMs == 0 ? sim.nowMs() : death.silentMs;
        } else if (observer.wellMs() > WELL_MS
                && pool.named(about).orElseThrow().isPowered()
                && isWell(about)) {
            falseSilences++;
        }
    }

    private boolean isWell(String host) {
        return pool.named(host).orElseThrow().wellMs() > WELL_MS;
    }

    List<Death> deaths() {
        return deaths;
    }

    /** How often a node that was well declared one dead that was well too. */
    long falseFailures() {
        return falseFailures;
    }

    /** How often all observers of a host that was well found it silent. */
    long falseSilences() {
        return falseSilences;
    }
}
