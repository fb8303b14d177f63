package io.vmha.sim.gossip;

import io.vmha.gossip.memberlist.MemberlistStats;
import io.vmha.gossip.serf.Member;
import io.vmha.gossip.serf.MemberStatus;
import io.vmha.sim.Dice;
import io.vmha.sim.Simulation;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A pool of nodes and the rules that it keeps. */
final class GossipPool {
    /** So long after the last trouble nobody is wrong about anybody any more: suspicion, refutation, and two rounds of reconnecting. */
    static final long TRUTH_MS = 150_000;

    /** So long after a death, and after the observer's last trouble, the observer has noticed: a round of probes and the longest suspicion. */
    private static final long DEATH_NOTICED_MS = 90_000;

    /** One piece of news about each node, and a few rounds of Serf's own intents. */
    private static final int QUEUE_PER_NODE_MAX = 4;

    private static final int SEEDED_MAX = 100;

    private final Simulation sim;
    private final GossipScenario scenario;
    private int wronglyLeaving;
    private final Dice dice;
    private final Wires wires;
    private final Letters letters = new Letters();
    private final List<PoolNode> nodes = new ArrayList<>();
    private final Map<String, PoolNode> byName = new HashMap<>(); // looked up only
    private final Detections detections;
    private long troubleAtMs;
    private int queuedMost;
    private long refutations;

    GossipPool(Simulation sim, GossipScenario scenario) {
        this.sim = sim;
        this.scenario = scenario;
        this.dice = sim.dice("pool");
        this.wires = new Wires(sim);
        for (int i = 1; i <= scenario.nodes(); i++) {
            var node = new PoolNode(sim, this, i, scenario);
            nodes.add(node);
            byName.put(node.name(), node);
        }
        this.detections = new Detections(sim, this, scenario);
        for (PoolNode node : nodes) {
            long atMs = node.number() == 1 ? 0 : dice.between(10, scenario.startsWithinMs());
            sim.at(atMs, "start", () -> node.start(node.number() == 1 ? List.of() : List.of(seed())));
        }
        sim.every(1_000, 1_000, "rules", this::check);
    }

    Wires wires() {
        return wires;
    }

    Letters letters() {
        return letters;
    }

    List<PoolNode> nodes() {
        return nodes;
    }

    Optional<PoolNode> at(InetSocketAddress address) {
        int number = PoolNode.numberAt(address);
        return number >= 1 && number <= nodes.size() ? Optional.of(nodes.get(number - 1)) : Optional.empty();
    }

    Optional<PoolNode> named(String name) {
        return Optional.ofNullable(byName.get(name));
    }

    Detections detections() {
        return detections;
    }

    /** The first node, or in a large pool somebody who runs already: one node could not take a thousand in at once. */
    private InetSocketAddress seed() {
        var running = nodes.size() > SEEDED_MAX ? running() : List.<PoolNode>of();
        return running.isEmpty() ? PoolNode.addressOf(1) : dice.pick(running).address();
    }

    /** Two others, through whom a node joins. */
    List<InetSocketAddress> peersFor(PoolNode joiner) {
        return List.of(another(joiner).address(), another(joiner).address());
    }

    private PoolNode another(PoolNode than) {
        PoolNode picked;
        do {
            picked = dice.pick(nodes);
        } while (picked == than);
        return picked;
    }

    List<PoolNode> running() {
        return nodes.stream().filter(PoolNode::isRunning).toList();
    }

    /** Something goes wrong with the network for everybody. */
    void troubled() {
        troubleAtMs = sim.nowMs();
        nodes.forEach(PoolNode::isHurt);
    }

    int queuedMost() {
        return queuedMost;
    }

    long refutations() {
        return refutations;
    }

    private void check() {
        for (PoolNode node : running()) {
            MemberlistStats stats = node.serf().memberlistStats();
            queuedMost =
                    Math.max(queuedMost, Math.max(stats.queued(), node.serf().queued()));
            refutations = Math.max(refutations, stats.refutations());
            int bound = QUEUE_PER_NODE_MAX * nodes.size() + 10;
            if (stats.queued() > bound || node.serf().queued() > bound) {
                throw sim.violation(
                        "bounded queues",
                        node.name() + " has " + stats.queued() + " and "
                                + node.serf().queued() + " messages queued, bound " + bound);
            }
            if (node.serf().undecodable() > 0) {
                throw sim.violation("decodable", node.name() + " could not read a message of its own kind");
            }
        }
        var well = nodes.stream().filter(n -> n.wellMs() >= TRUTH_MS).toList();
        for (PoolNode node : nodes) {
            if (node.wellMs() >= TRUTH_MS) {
                requireHeardBySomebody(node, well);
            }
            if (node.deadMs() >= DEATH_NOTICED_MS) {
                requireNoticed(node);
            }
        }
    }

    /** A live, well-connected node is never left declared dead by everybody. */
    private void requireHeardBySomebody(PoolNode node, List<PoolNode> well) {
        if (well.size() > 1 && well.stream().noneMatch(n -> n != node && n.takesForAlive(node.name()))) {
            throw sim.violation(
                    "never dead to all",
                    node.name() + " has been well for " + node.wellMs() + " ms and nobody takes it for alive: "
                            + views());
        }
    }

    /** A node that is dead is not taken for alive by anybody who is well. */
    private void requireNoticed(PoolNode dead) {
        for (PoolNode observer : nodes) {
            if (observer.wellMs() >= DEATH_NOTICED_MS && observer.takesForAlive(dead.name())) {
                throw sim.violation(
                        "death is noticed",
                        dead.name() + " has been dead for " + dead.deadMs() + " ms and " + observer.name()
                                + " takes it for alive: " + views());
            }
        }
    }

    /** How often a live member is called leaving at the end. */
    int wronglyLeaving() {
        return wronglyLeaving;
    }

    /** At the end, long after the last trouble, everybody knows the truth about everybody. */
    void requireTruth() {
        for (PoolNode observer : running()) {
            for (PoolNode about : nodes) {
                Optional<Member> seen = observer.sees(about.name());
                boolean right = about.isAlive()
                        ? seen.isPresent()
                                && isCalledAlive(seen.get())
                                && !seen.get().suspect()
                        : seen.isEmpty()
                                || seen.get().status() == MemberStatus.FAILED
                                || seen.get().status() == MemberStatus.LEFT;
                if (!right) {
                    throw sim.violation(
                            "convergence",
                            observer.name() + " sees " + seen + " " + (sim.nowMs() - troubleAtMs)
                                    + " ms after the last trouble, but alive=" + about.isAlive() + ": " + views());
                }
            }
        }
    }

    private boolean isCalledAlive(Member member) {
        if (member.status() == MemberStatus.LEAVING && scenario.leavingTolerated()) {
            wronglyLeaving++;
            return true;
        }
        return member.status() == MemberStatus.ALIVE;
    }

    String views() {
        var text = new StringBuilder();
        for (PoolNode node : running()) {
            text.append("\n    ")
                    .append(node.name())
                    .append(" well for ")
                    .append(node.wellMs())
                    .append(" ms:");
            for (Member member : node.serf().members()) {
                text.append(' ')
                        .append(member.name())
                        .append('=')
                        .append(member.status().text())
                        .append(member.suspect() ? "?" : "");
            }
        }
        return text.toString();
    }
}
