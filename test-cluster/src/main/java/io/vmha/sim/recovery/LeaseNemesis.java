package io.vmha.sim.recovery;

import io.vmha.recovery.core.HostName;
import io.vmha.recovery.core.TurnCommand;
import io.vmha.sim.Dice;
import io.vmha.sim.Simulation;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;

/** Changes the voters, wipes their disks, kills guards, and restarts daemons for upgrades. */
final class LeaseNemesis {
    private static final long UPGRADE_AT_MS = 60_000;
    /** Longer than the protocol wants (2 s), and as long as a host's own lease allows. */
    private static final long RESTART_MOST_MS = 4_400;

    private final Simulation sim;
    private final Cluster cluster;
    private final Dice dice;

    LeaseNemesis(Simulation sim, Cluster cluster) {
        this.sim = sim;
        this.cluster = cluster;
        this.dice = sim.dice("lease nemesis");
    }

    void begin() {
        Scenario scenario = cluster.scenario();
        if (is(Scenario.Script.VOTERS_CHANGE)) {
            next();
            sim.every(5_000, 5_000, "lost voters are replaced", this::replaceLost);
        }
        if (scenario.trust().proofs().lease() && scenario.faultEveryMs() > 0) {
            sim.every(20_000, 20_000, "a guard dies", this::killGuard);
        }
        if (is(Scenario.Script.VOTERS_LEAVE)) {
            sim.at(dice.between(20_000, 60_000), "voters leave", this::leaveWithTheLastAnswers);
        }
        if (is(Scenario.Script.UPGRADE)) {
            cluster.hosts().forEach(host -> sim.at(UPGRADE_AT_MS, "upgrade", () -> upgrade(host)));
        }
    }

    private boolean is(Scenario.Script script) {
        return cluster.scenario().trust().script() == script;
    }

    /**
     * Two voters do not hear a host for longer than a certificate takes, the others do. Then the host is cut off from all, and of those
     * others all but one leave the voters, so that the two are a majority.
     */
    private void leaveWithTheLastAnswers() {
        List<Agent> voters = cluster.raft().votersNow();
        HostName first = cluster.raft().leader().orElse(null);
        if (first == null || voters.size() < 5) {
            sim.after(1_000, "voters leave", this::leaveWithTheLastAnswers);
            return;
        }
        List<Agent> others = dice.shuffled(
                voters.stream().filter(a -> !a.host().equals(first)).toList());
        HostName lost = dice.pick(cluster.agents().stream()
                        .filter(a -> !voters.contains(a))
                        .toList())
                .host();
        cut(lost, first);
        cut(lost, others.get(0).host());
        sim.after(12_000, "the host is lost", () -> {
            cluster.hosts().stream().filter(h -> !h.equals(lost)).forEach(h -> cut(lost, h));
            change(List.of(cluster.agent(first), others.get(0), others.get(1)));
        });
        sim.after(60_000, "paths heal", cluster.network()::healPaths);
    }

    private void cut(HostName one, HostName other) {
        sim.tell(one + " and " + other + " do not hear each other");
        cluster.network().cut(one, other);
        cluster.network().cut(other, one);
    }

    private void next() {
        sim.after(dice.between(8_000, 40_000), "voters change", () -> {
            if (sim.nowMs() < Scenario.HEAL_AT_MS) {
                switch ((int) dice.between(0, 3)) {
                    case 0, 1 -> resize();
                    case 2 -> replaceOne();
                    default -> wipe();
                }
                next();
            }
        });
    }

    private void killGuard() {
        if (sim.nowMs() < Scenario.HEAL_AT_MS) {
            cluster.leased(dice.pick(cluster.hosts())).killGuard(dice.between(2_000, 40_000));
        }
    }

    /** 5 to 3, 3 to 5: whoever lives may stay. */
    private void resize() {
        List<Agent> alive = cluster.agents().stream().filter(Agent::isRunning).toList();
        int size = dice.pick(List.of(3, 3, 5));
        if (alive.size() >= size) {
            change(new ArrayList<>(dice.shuffled(alive).subList(0, size)));
        }
    }

    private void replaceOne() {
        var voters = new ArrayList<>(cluster.raft().votersNow());
        List<Agent> others = cluster.agents().stream()
                .filter(a -> a.isRunning() && !voters.contains(a))
                .toList();
        if (!others.isEmpty() && !voters.isEmpty()) {
            voters.remove(dice.pick(voters));
            voters.add(dice.pick(others));
            change(voters);
        }
    }

    private void change(List<Agent> wanted) {
        var ids = new TreeSet<String>();
        wanted.forEach(a -> ids.add(a.peerId()));
        cluster.raft().reconfigure(ids);
    }

    /** A disk is lost, while all others live: the peer never comes back under its old name. */
    private void wipe() {
        List<Agent> voters = cluster.raft().votersNow();
        boolean allLive = voters.size() >= 3 && voters.stream().allMatch(Agent::isRunning);
        if (allLive && !cluster.raft().electorate().isJoint()) {
            Agent victim = dice.pick(voters);
            victim.wipe();
            sim.after(dice.between(500, 5_000), "the agent starts with an empty disk", () -> {
                if (cluster.machine(victim.host()).isUp()) {
                    cluster.startAgent(victim.host());
                }
            });
        }
    }

    /** A voter whose disk is gone is replaced by the peer that its host has become. */
    private void replaceLost() {
        var wanted = new TreeSet<String>();
        boolean lost = false;
        for (String id : cluster.raft().electorate().voters()) {
            var host = new HostName(id.substring(0, id.indexOf('@')));
            Agent now = cluster.agent(host);
            lost |= !now.peerId().equals(id);
            wanted.add(now.isRunning() ? now.peerId() : id);
        }
        if (lost) {
            cluster.raft().reconfigure(wanted);
        }
    }

    /** All hosts want to restart at once and ask for their turn until they get it; slow machines take long. */
    private void upgrade(HostName host) {
        boolean mine = cluster.raft().ask(new TurnCommand.TakeTurn(cluster.wallMs(), host));
        if (!mine) {
            sim.after(1_000, "asks for its turn again", () -> upgrade(host));
            return;
        }
        cluster.agent(host).sayGoodbye();
        cluster.agent(host).kill();
        sim.after(dice.between(700, RESTART_MOST_MS), "the upgraded agent starts", () -> cluster.startAgent(host));
        sim.after(RESTART_MOST_MS + 2_000, "gives its turn back", () -> endTurn(host));
    }

    private void endTurn(HostName host) {
        boolean mine = cluster.raft()
                .latest()
                .group()
                .turn()
                .filter(t -> t.host().equals(host))
                .isPresent();
        if (mine && !cluster.raft().ask(new TurnCommand.EndTurn(cluster.wallMs(), host))) {
            sim.after(1_000, "gives its turn back", () -> endTurn(host));
        }
    }
}
