package io.vmha.sim.recovery;

import io.vmha.recovery.core.Drain;
import io.vmha.recovery.core.HostName;
import io.vmha.recovery.core.Server;
import io.vmha.recovery.core.ServerId;
import io.vmha.sim.Dice;
import io.vmha.sim.Simulation;
import java.util.List;
import java.util.Optional;

/**
 * Guests that die by themselves: once, or again and again; while their agent is away; just when their owner has stopped them; and, where hosts fail
 * too, right before their host dies, soon after it is back, or while it is drained.
 */
final class GuestNemesis {
    private static final double FRAIL_PERCENT = 15;
    private static final double STOPPED_PERCENT = 15;
    private static final double AGENT_AWAY_PERCENT = 20;
    private static final double HOST_DIES_PERCENT = 15;
    private static final int HOSTS_MOST = 2;
    private static final int AGAIN_MOST = 6;

    private static final Optional<String> MIGRATING = Optional.of("migrating");

    private final Simulation sim;
    private final Cluster cluster;
    private final Dice dice;
    private final GuestRules rules;
    private final boolean quiet;
    private int hostsLost;

    GuestNemesis(Simulation sim, Cluster cluster) {
        this.sim = sim;
        this.cluster = cluster;
        this.dice = sim.dice("guests die");
        this.rules = cluster.guestRules();
        this.quiet = cluster.scenario().faultEveryMs() == 0;
        if (cluster.scenario().trust().script() == Scenario.Script.GUESTS_DIE) {
            if (!quiet) {
                cluster.nova().reboots().fail();
            }
            next();
        }
    }

    private void next() {
        sim.after(dice.between(4_000, 20_000), "a guest may die", () -> {
            if (sim.nowMs() < Scenario.HEAL_AT_MS) {
                strike();
                next();
            }
        });
    }

    private List<Server> running() {
        return cluster.nova().servers().stream()
                .filter(s -> s.vmState().equals("active")
                        && (s.taskState().isEmpty() || (!quiet && s.taskState().equals(MIGRATING)))
                        && s.id().value().startsWith("vm-")
                        && cluster.ledger().running(s.host()).contains(s.id()))
                .toList();
    }

    private void strike() {
        List<Server> all = running();
        Optional<HostName> drained =
                cluster.raft().latest().upkeep().openDrain().map(Drain::host);
        List<Server> there =
                all.stream().filter(s -> drained.equals(Optional.of(s.host()))).toList();
        List<Server> some = !there.isEmpty() && dice.chance(40) ? there : all;
        if (some.isEmpty()) {
            return;
        }
        Server victim = dice.pick(some);
        boolean stopped = dice.chance(STOPPED_PERCENT);
        boolean away = dice.chance(AGENT_AWAY_PERCENT);
        die(victim, stopped || away || !quiet);
        if (stopped) {
            sim.after(dice.between(0, 2_000), "its owner stops it", () -> stop(victim.id()));
        } else if (dice.chance(FRAIL_PERCENT)) {
            dieAgain(victim, AGAIN_MOST);
        }
        if (away) {
            sim.tell("the agent of " + victim.host() + " is away");
            cluster.agent(victim.host()).kill();
            cluster.restartAgent(victim.host(), dice.between(5_000, 7_000));
        }
        if (!quiet && hostsLost < HOSTS_MOST && dice.chance(HOST_DIES_PERCENT)) {
            hostsLost++;
            sim.after(dice.between(0, 10_000), "its host dies, too", () -> loseHost(victim.host()));
        }
    }

    private void die(Server victim, boolean isDisturbed) {
        rules.onDeath(victim, isDisturbed);
        cluster.nova().reboots().crash(victim.id(), victim.host());
    }

    private void stop(ServerId id) {
        boolean idle = cluster.nova()
                .server(id)
                .map(s -> s.vmState().equals("active") && s.taskState().isEmpty())
                .orElse(false);
        if (idle) {
            cluster.nova().reboots().stop(id, "its owner");
        }
    }

    private void dieAgain(Server victim, int times) {
        sim.after(dice.between(3_000, 20_000), "a frail guest dies again", () -> {
            if (times > 0 && sim.nowMs() < Scenario.HEAL_AT_MS) {
                running().stream()
                        .filter(s -> s.id().equals(victim.id()))
                        .findFirst()
                        .ifPresent(s -> die(s, !quiet));
                dieAgain(victim, times - 1);
            }
        });
    }

    private void loseHost(HostName host) {
        cluster.machine(host).losePower("nemesis");
        sim.after(dice.between(20_000, 120_000), "it has power again", () -> cluster.switchOn(host));
    }
}
