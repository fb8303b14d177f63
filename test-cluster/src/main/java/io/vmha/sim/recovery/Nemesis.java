package io.vmha.sim.recovery;

import io.vmha.recovery.core.AzCommand;
import io.vmha.recovery.core.HostName;
import io.vmha.recovery.core.Server;
import io.vmha.sim.Dice;
import io.vmha.sim.Simulation;
import java.util.List;
import java.util.function.Consumer;

/** Breaks things: at random times until the run's healing, and hosts for good. */
final class Nemesis {
    private final Simulation sim;
    private final Cluster cluster;
    private final Scenario scenario;
    private final Dice dice;
    private int deaths;
    private long faults;

    Nemesis(Simulation sim, Cluster cluster) {
        this.sim = sim;
        this.cluster = cluster;
        this.scenario = cluster.scenario();
        this.dice = sim.dice("nemesis");
        cluster.raft().setTrouble(scenario.proposalTroublePercent());
        if (scenario.faultEveryMs() > 0) {
            cluster.set(usualFault());
            next();
        }
        planDeaths();
        sim.at(Scenario.HEAL_AT_MS, "heal", cluster::heal);
    }

    long faults() {
        return faults;
    }

    int deaths() {
        return deaths;
    }

    private void planDeaths() {
        long atMs = dice.between(15_000, 120_000);
        for (int i = 0; i < scenario.deadHosts(); i++) {
            sim.at(atMs, "a host dies", this::killHost);
            // at once, during the recovery of the one before, or long after it
            atMs += dice.pick(List.of(0L, dice.between(1_000, 8_000), dice.between(8_000, 60_000), 120_000L));
        }
    }

    private void next() {
        sim.after(dice.between(scenario.faultEveryMs() / 3, scenario.faultEveryMs() * 5 / 3), "fault", () -> {
            if (sim.nowMs() < Scenario.HEAL_AT_MS) {
                faults++;
                strike();
                next();
            }
        });
    }

    private HostName anyHost() {
        return dice.chance(40)
                ? cluster.raft().leader().orElse(dice.pick(cluster.hosts()))
                : dice.pick(cluster.hosts());
    }

    private void killHost() {
        var on = cluster.hosts().stream()
                .filter(h -> cluster.machine(h).isOn() && !cluster.nova().isForcedDown(h))
                .toList();
        if (on.isEmpty()) {
            return;
        }
        HostName victim = dice.chance(30) ? cluster.raft().leader().orElse(dice.pick(on)) : dice.pick(on);
        deaths++;
        cluster.machine(victim).losePower("nemesis");
    }

    private NovaFault usualFault() {
        return scenario.leadersOnly() ? NovaFault.SLOW : NovaFault.USUAL;
    }

    private void strike() {
        if (scenario.leadersOnly()) {
            toppleLeader();
        } else {
            strikeAnywhere();
        }
    }

    private void toppleLeader() {
        cluster.raft().leader().ifPresent(leader -> {
            switch ((int) dice.between(0, 4)) {
                case 0 -> cluster.agent(leader).pause(dice.between(200, 2_500));
                case 1 -> {
                    cluster.agent(leader).kill();
                    sim.after(dice.between(300, 1_500), "the agent is restarted", () -> {
                        if (cluster.machine(leader).isUp()) {
                            cluster.startAgent(leader);
                        }
                    });
                }
                default -> cluster.raft().depose();
            }
        });
    }

    private void strikeAnywhere() {
        switch ((int) dice.between(0, 16)) {
            case 0, 1 -> cluster.agent(anyHost()).pause(dice.mostly(200, 90_000));
            case 2 -> killAgent(anyHost());
            case 3 -> isolate(anyHost());
            case 4 -> cutOneWay();
            case 5 -> split();
            case 6 -> during(20_000, "API cut", h -> cluster.network().cutFromApi(h));
            case 7 -> during(20_000, "BMC network cut", h -> cluster.network().cutFromBmcs(h));
            case 8, 9 -> breakBmc(anyHost());
            case 10, 11 -> breakNova(dice.pick(List.of(NovaFault.SLOW, NovaFault.FLAKY, NovaFault.DOWN)));
            case 12 -> spawnFailures();
            case 13 -> cluster.raft().depose();
            case 14 -> pressPowerButton();
            case 15 -> disarm();
            default -> bother();
        }
    }

    private void killAgent(HostName host) {
        if (cluster.machine(host).isUp()) {
            cluster.agent(host).kill();
            sim.after(dice.mostly(500, 60_000), "the agent is restarted", () -> {
                if (cluster.machine(host).isUp()) {
                    cluster.startAgent(host);
                }
            });
        }
    }

    private void healPathsAfter(long mostMs) {
        sim.after(dice.mostly(1_000, mostMs), "paths heal", cluster.network()::healPaths);
    }

    private void isolate(HostName host) {
        sim.tell(host + " is cut off from all others");
        for (HostName other : cluster.hosts()) {
            cluster.network().cut(host, other);
            cluster.network().cut(other, host);
        }
        if (dice.chance(50)) {
            cluster.network().cutFromApi(host);
            sim.after(30_000, "API back", cluster.network()::heal);
        }
        healPathsAfter(40_000);
    }

    private void cutOneWay() {
        HostName from = anyHost();
        HostName to = dice.pick(cluster.hosts());
        sim.tell("cut from " + from + " to " + to);
        cluster.network().cut(from, to);
        healPathsAfter(40_000);
    }

    private void split() {
        var shuffled = dice.shuffled(cluster.hosts());
        int border = (int) dice.between(1, shuffled.size() - 1L);
        sim.tell("split: " + shuffled.subList(0, border) + " from the others");
        for (HostName one : shuffled.subList(0, border)) {
            for (HostName other : shuffled.subList(border, shuffled.size())) {
                cluster.network().cut(one, other);
                cluster.network().cut(other, one);
            }
        }
        healPathsAfter(25_000);
    }

    private void during(long mostMs, String what, Consumer<HostName> fault) {
        HostName host = anyHost();
        sim.tell(what + " at " + host);
        fault.accept(host);
        sim.after(dice.mostly(1_000, mostMs), what + " ends", cluster.network()::heal);
    }

    private void breakBmc(HostName host) {
        Machine.BmcFault fault = dice.pick(List.of(
                Machine.BmcFault.MUTE, Machine.BmcFault.SLOW, Machine.BmcFault.DENIES, Machine.BmcFault.FOREIGN));
        sim.tell("the BMC of " + host + " is " + fault);
        cluster.machine(host).set(fault);
        sim.after(
                dice.between(10_000, 120_000),
                "BMC repaired",
                () -> cluster.machine(host).set(Machine.BmcFault.NONE));
    }

    private void breakNova(NovaFault fault) {
        sim.tell("nova is " + fault);
        cluster.set(fault);
        sim.after(
                dice.mostly(3_000, 60_000),
                "nova recovers",
                () -> cluster.set(sim.nowMs() < Scenario.HEAL_AT_MS ? usualFault() : NovaFault.HEALTHY));
    }

    private void spawnFailures() {
        sim.tell("spawning fails now and then");
        cluster.nova().setSpawnFailures(50);
        sim.after(30_000, "spawning works", () -> cluster.nova().setSpawnFailures(0));
    }

    /** Somebody switches a dead host on, in the middle of its recovery. */
    private void pressPowerButton() {
        cluster.hosts().stream()
                .filter(h -> !cluster.machine(h).isOn())
                .findFirst()
                .ifPresent(cluster::switchOn);
    }

    private void disarm() {
        cluster.raft().ask(new AzCommand.SetArmed(cluster.wallMs(), false));
        sim.after(
                dice.between(5_000, 40_000),
                "armed again",
                () -> cluster.raft().ask(new AzCommand.SetArmed(cluster.wallMs(), true)));
    }

    private void bother() {
        switch ((int) dice.between(0, 1)) {
            case 0 -> {
                List<Server> servers = cluster.nova().servers();
                if (servers.size() > 3) {
                    cluster.nova().delete(dice.pick(servers).id());
                }
            }
            default -> {
                HostName host = anyHost();
                cluster.raft().ask(new AzCommand.SetMaintenance(cluster.wallMs(), host, true));
                sim.after(
                        dice.between(2_000, 20_000),
                        "maintenance ends",
                        () -> cluster.raft().ask(new AzCommand.SetMaintenance(cluster.wallMs(), host, false)));
            }
        }
    }
}
