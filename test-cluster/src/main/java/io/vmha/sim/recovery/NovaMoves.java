package io.vmha.sim.recovery;

import io.vmha.recovery.core.HostName;
import io.vmha.recovery.core.Server;
import io.vmha.recovery.core.ServerId;
import io.vmha.sim.Dice;
import io.vmha.sim.Simulation;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.function.Predicate;

/**
 * Live and cold migrations of this Nova. A guest that is migrated live runs on the source until one moment and on the target from then on;
 * Nova's record follows later, and only if the source's nova-compute is there to write it. A cold one stands still meanwhile.
 */
final class NovaMoves {
    private static final Optional<String> MIGRATING = Optional.of("migrating");
    private static final Optional<String> RESIZE_MIGRATING = Optional.of("resize_migrating");
    private static final Optional<String> RESIZE_FINISH = Optional.of("resize_finish");

    private final Simulation sim;
    private final Dice dice;
    private final SimulatedNova nova;
    private final Network network;
    private final Ledger ledger;
    private final SortedMap<HostName, Machine> machines;
    private long begun;

    NovaMoves(
            Simulation sim, SimulatedNova nova, Network network, Ledger ledger, SortedMap<HostName, Machine> machines) {
        this.sim = sim;
        this.dice = sim.dice("nova moves");
        this.nova = nova;
        this.network = network;
        this.ledger = ledger;
        this.machines = machines;
    }

    /** How many migrations were begun. */
    long begun() {
        return begun;
    }

    void live(ServerId id) {
        Server server = nova.movable(id, List.of("active", "paused"));
        begun++;
        nova.change(id, s -> ServerRecords.with(s, s.host(), s.vmState(), MIGRATING));
        sim.after(dice.mostly(100, 3_000), "nova schedules a move", () -> {
            List<HostName> targets = nova.targets(server.host());
            if (targets.isEmpty()) {
                giveUp(id, server.host(), MIGRATING, "no valid host");
                return;
            }
            HostName target = dice.pick(targets);
            sim.after(
                    dice.mostly(500, 15_000), "a guest changes its host", () -> changeHost(id, server.host(), target));
        });
    }

    /** One moment: before it the guest runs on the source, after it on the target. */
    private void changeHost(ServerId id, HostName source, HostName target) {
        if (!isStill(id, source, MIGRATING)) {
            return;
        }
        Server server = nova.server(id).orElseThrow();
        boolean runs = ledger.hostsOf(id).equals(List.of(source));
        boolean should = server.vmState().equals("active");
        boolean works = machines.get(source).serves()
                && machines.get(target).serves()
                && network.connects(source, target)
                && nova.mayStart(target)
                && runs == should
                && !dice.chance(5);
        if (!works) {
            giveUp(id, source, MIGRATING, "it cannot go from " + source + " to " + target);
            return;
        }
        if (runs) {
            ledger.move(id, source, target);
        }
        sim.tell("nova: " + id + " has gone from " + source + " to " + target);
        sim.after(dice.mostly(50, 4_000), "nova records a move", () -> {
            // it is the source that writes it; where that one is gone, nobody ever does
            if (isStill(id, source, MIGRATING) && machines.get(source).serves()) {
                nova.change(id, s -> ServerRecords.with(s, target, s.vmState(), Optional.empty()));
            }
        });
    }

    /** The source's nova-compute finds out that it has failed; if it is not there, the record stays as it is. */
    private void giveUp(ServerId id, HostName source, Optional<String> task, String why) {
        sim.tell("nova: the move of " + id + " fails: " + why);
        sim.after(dice.between(50, 2_000), "nova records a move", () -> {
            if (isStill(id, source, task) && machines.get(source).serves()) {
                nova.change(id, s -> ServerRecords.with(s, source, s.vmState(), Optional.empty()));
            }
        });
    }

    private boolean isStill(ServerId id, HostName host, Optional<String> task) {
        return nova.server(id)
                .filter(s -> s.host().equals(host) && s.taskState().equals(task))
                .isPresent();
    }

    void cold(ServerId id) {
        Server server = nova.movable(id, List.of("active", "stopped"));
        begun++;
        nova.change(id, s -> ServerRecords.with(s, s.host(), s.vmState(), RESIZE_MIGRATING));
        sim.after(dice.mostly(100, 3_000), "nova schedules a move", () -> {
            List<HostName> targets = nova.targets(server.host());
            if (targets.isEmpty()) {
                giveUp(id, server.host(), RESIZE_MIGRATING, "no valid host");
                return;
            }
            HostName target = dice.pick(targets);
            if (machines.get(server.host()).serves() && isStill(id, server.host(), RESIZE_MIGRATING)) {
                ledger.destroy(id, server.host());
                sim.after(dice.mostly(500, 10_000), "a disk is moved", () -> handOver(id, server, target));
            }
        });
    }

    private void handOver(ServerId id, Server before, HostName target) {
        if (!isStill(id, before.host(), RESIZE_MIGRATING)
                || !machines.get(before.host()).serves()) {
            return;
        }
        nova.change(id, s -> ServerRecords.with(s, target, s.vmState(), RESIZE_FINISH));
        sim.after(dice.mostly(100, 4_000), "nova finishes a move", () -> {
            if (isStill(id, target, RESIZE_FINISH) && machines.get(target).serves() && nova.mayStart(target)) {
                if (before.vmState().equals("active")) {
                    ledger.start(id, target);
                }
                nova.change(id, s -> ServerRecords.with(s, target, "resized", Optional.empty()));
            }
        });
    }

    /** The cold migration is over for good. */
    void confirm(ServerId id) {
        Server server = nova.movable(id, List.of("resized"));
        String after = ledger.runs(id) ? "active" : "stopped";
        nova.change(id, s -> ServerRecords.with(s, server.host(), after, Optional.empty()));
    }

    /** What a person does about servers whose live migration was under way when their host died: their records are set to where they are. */
    void mend(Predicate<HostName> isDown) {
        for (Server server : nova.servers()) {
            List<HostName> where = List.copyOf(ledger.copiesOf(server.id()));
            boolean lost = server.taskState().equals(MIGRATING) && isDown.test(server.host());
            if (lost && where.size() == 1 && !where.get(0).equals(server.host())) {
                sim.tell("a person says that " + server.id() + " is on " + where.get(0));
                nova.change(server.id(), s -> ServerRecords.with(s, where.get(0), s.vmState(), Optional.empty()));
            } else if (lost && where.isEmpty()) {
                sim.tell("a person resets " + server.id() + ", which runs nowhere, and gives it to another host");
                nova.targets(server.host()).stream()
                        .findFirst()
                        .ifPresent(to ->
                                nova.change(server.id(), s -> ServerRecords.with(s, to, "stopped", Optional.empty())));
            }
        }
    }

    /** A nova-compute that starts takes back the live migrations of guests that have not left its host (manager.py, _init_instance). */
    void onComputeStart(HostName host) {
        nova.serversOn(host).stream()
                .filter(s -> s.taskState().equals(MIGRATING))
                .filter(s ->
                        ledger.hasCopy(s.id(), host) || ledger.copiesOf(s.id()).isEmpty())
                .forEach(s -> nova.change(s.id(), it -> ServerRecords.with(it, host, it.vmState(), Optional.empty())));
    }
}
