package io.vmha.sim.gossip;

import io.vmha.sim.Dice;
import io.vmha.sim.Simulation;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** Breaks the pool: processes and wires, at random times until the run's healing, and some nodes for good. */
final class GossipNemesis {
    private static final int SPLIT_NODES_MAX = 200;

    private final Simulation sim;
    private final GossipPool pool;
    private final GossipScenario scenario;
    private final Dice dice;
    private long faults;
    private int dead;

    GossipNemesis(Simulation sim, GossipPool pool, GossipScenario scenario) {
        this.sim = sim;
        this.pool = pool;
        this.scenario = scenario;
        this.dice = sim.dice("nemesis");
        if (scenario.faultEveryMs() > 0) {
            sim.at(scenario.faultsFromMs(), "faults begin", this::next);
        }
        for (int i = 0; i < scenario.dead(); i++) {
            long fromMs = Math.max(30_000, scenario.faultsFromMs());
            sim.at(dice.between(fromMs, scenario.healAtMs()), "dies for good", this::dieForGood);
        }
        sim.at(scenario.healAtMs(), "heal", this::heal);
    }

    long faults() {
        return faults;
    }

    private void next() {
        sim.after(dice.between(scenario.faultEveryMs() / 3, scenario.faultEveryMs() * 5 / 3), "fault", () -> {
            if (sim.nowMs() < scenario.healAtMs()) {
                faults++;
                strike();
                next();
            }
        });
    }

    private PoolNode any() {
        return dice.pick(pool.nodes());
    }

    private void dieForGood() {
        var victims = pool.running();
        if (victims.size() > 2) {
            dead++;
            PoolNode victim = dice.pick(victims);
            victim.cutPower();
            gone.add(victim);
        }
    }

    private final List<PoolNode> gone = new ArrayList<>();

    int dead() {
        return dead;
    }

    private void strike() {
        switch ((int) dice.between(0, 9)) {
            case 0, 1 -> any().pause(dice.mostly(200, 60_000));
            case 2 -> restartAfter(any(), PoolNode::kill);
            case 3 -> restartAfter(any(), PoolNode::leave);
            case 4 -> cutOneWay();
            case 5 -> isolate(any());
            case 6 -> splitOrCut();
            case 7 ->
                during(
                        "loss",
                        () -> pool.wires().setLoss((double) dice.between(5, 40)),
                        () -> pool.wires().setLoss(0));
            case 8 ->
                during(
                        "delay",
                        () -> pool.wires().setDelay(dice.between(50, 2_000)),
                        () -> pool.wires().setDelay(5));
            default ->
                during(
                        "twice",
                        () -> pool.wires().setTwice(30),
                        () -> pool.wires().setTwice(0));
        }
    }

    private void restartAfter(PoolNode node, Consumer<PoolNode> end) {
        end.accept(node);
        sim.after(dice.between(5_500, 60_000), "restart", () -> start(node));
    }

    private void start(PoolNode node) {
        if (!gone.contains(node) && !node.isAlive()) {
            node.start(pool.peersFor(node));
        }
    }

    private void cutOneWay() {
        PoolNode from = any();
        PoolNode to = any();
        sim.tell("cut from " + from.name() + " to " + to.name());
        pool.wires().cut(from.number(), to.number());
        mendAfter(40_000);
    }

    private void isolate(PoolNode node) {
        sim.tell(node.name() + " is cut off");
        pool.wires().isolate(node.number());
        mendAfter(60_000);
    }

    /** Halves of a large pool that lose each other spread news of everybody to everybody, which costs more than all else together. */
    private void splitOrCut() {
        if (pool.nodes().size() > SPLIT_NODES_MAX) {
            cutOneWay();
        } else {
            split();
        }
    }

    private void split() {
        var shuffled = dice.shuffled(pool.nodes());
        int border = (int) dice.between(1, shuffled.size() - 1L);
        sim.tell("split: "
                + shuffled.subList(0, border).stream().map(PoolNode::name).toList());
        shuffled.subList(0, border).forEach(node -> pool.wires().partition(node.number()));
        mendAfter(60_000);
    }

    private void mendAfter(long mostMs) {
        pool.troubled();
        sim.after(dice.mostly(1_000, mostMs), "mend", () -> {
            pool.wires().mend();
            pool.troubled();
        });
    }

    private void during(String what, Runnable begin, Runnable end) {
        sim.tell(what);
        pool.troubled();
        begin.run();
        sim.after(dice.between(3_000, 30_000), what + " ends", () -> {
            end.run();
            pool.troubled();
        });
    }

    private void heal() {
        sim.tell("all faults end");
        pool.wires().mend();
        pool.wires().setLoss(0);
        pool.wires().setDelay(5);
        pool.wires().setTwice(0);
        pool.nodes().forEach(this::start);
        pool.troubled();
    }
}
