package io.vmha.sim.recovery;

import io.vmha.recovery.core.HostName;
import io.vmha.recovery.core.HostRecord;
import io.vmha.recovery.core.Incident;
import io.vmha.recovery.core.Server;
import io.vmha.recovery.core.ServerId;
import io.vmha.sim.Dice;
import io.vmha.sim.Simulation;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;

/** What happens in the scenarios that are about one thing each, and what must come of it. */
final class ScriptNemesis {
    private static final long RETURNS_MS = 150_000;

    private final Simulation sim;
    private final Cluster cluster;
    private final Dice dice;
    private final SortedSet<HostName> struck = new TreeSet<>();
    private Optional<RunningGuests> guests = Optional.empty();
    private final List<ServerId> lived = new ArrayList<>();
    private long strays;

    ScriptNemesis(Simulation sim, Cluster cluster) {
        this.sim = sim;
        this.cluster = cluster;
        this.dice = sim.dice("script");
        long atMs = dice.between(20_000, 120_000);
        switch (cluster.scenario().trust().script()) {
            case NONE, VOTERS_CHANGE, UPGRADE, VOTERS_LEAVE, UPKEEP, RESERVES, LATE_REBUILDS -> {}
            case RESTS_ARE_LOST, MOVES_ARE_CUT, GUESTS_DIE -> {}
            case STRAY_COPIES -> {
                guests = Optional.of(new RunningGuests(sim, cluster));
                sim.at(
                        RETURNS_MS,
                        "hosts have power again",
                        () -> cluster.hosts().forEach(cluster::switchOn));
                sim.every(RETURNS_MS, 25_000, "somebody starts an old copy", this::startStray);
            }
            case RACK_IS_LOST -> sim.at(atMs, "a rack is lost", () -> loseRack(dice.between(2, 3)));
            case DISASTER -> sim.at(atMs, "racks are lost", () -> loseRack(dice.between(3, 4)));
            case SWITCH_FAILS -> sim.at(atMs, "a switch fails", this::failSwitch);
            case CUT_HEALS -> sim.at(atMs, "a host is cut off", this::cutForAMoment);
            case REPLICAS_LAG -> sim.every(10_000, 500, "a replica may fall behind", this::letOneLag);
            case HOST_FLAPS -> sim.at(atMs, "a network flaps", this::flap);
        }
    }

    /** By hand, on a host of which nobody knows that it lives, or on one that serves. */
    private void startStray() {
        List<HostName> ended = cluster.hosts().stream()
                .filter(host -> cluster.machine(host).isUp() && status(host) == HostRecord.Status.DOWN)
                .toList();
        List<Server> running = cluster.nova().servers().stream()
                .filter(s -> cluster.ledger().hostsOf(s.id()).size() == 1)
                .toList();
        if (sim.nowMs() > Scenario.HEAL_AT_MS || running.isEmpty()) {
            return;
        }
        HostName where = ended.isEmpty() ? dice.pick(cluster.hosts()) : dice.pick(ended);
        Server vm = dice.pick(running);
        boolean elsewhere = !cluster.ledger().hostsOf(vm.id()).contains(where);
        if (elsewhere && cluster.machine(where).isUp()) {
            sim.tell("somebody starts a copy of " + vm.id() + " on " + where);
            strays++;
            cluster.ledger().startStray(vm.id(), where);
            if (ended.isEmpty()) {
                sim.after(
                        20_000,
                        "the person that was told stops it",
                        () -> cluster.ledger().destroy(vm.id(), where));
            }
        }
    }

    /** One whose host has something to learn, if there is such a one. */
    private void letOneLag() {
        List<HostName> running = cluster.raft().members().stream()
                .filter(Agent::isRunning)
                .map(Agent::host)
                .toList();
        List<HostName> comingBack = running.stream()
                .filter(host -> status(host) != HostRecord.Status.IN_SERVICE)
                .toList();
        if (sim.nowMs() < Scenario.HEAL_AT_MS && !running.isEmpty() && dice.chance(comingBack.isEmpty() ? 1 : 50)) {
            cluster.raft().lag(dice.pick(comingBack.isEmpty() ? running : comingBack), dice.between(5_000, 70_000));
        }
    }

    private HostRecord.Status status(HostName host) {
        return cluster.raft().latest().hosts().get(host).status();
    }

    /** Not the leader, and two of the voters at most: the others must be able to go on. */
    private List<HostName> some(long count) {
        var chosen = new ArrayList<HostName>();
        long voters = 0;
        for (HostName host : dice.shuffled(cluster.hosts())) {
            boolean votes = cluster.raft().isMember(cluster.agent(host));
            boolean leads = cluster.raft().leader().equals(Optional.of(host));
            if (chosen.size() < count && !leads && (!votes || voters < 2)) {
                chosen.add(host);
                voters += votes ? 1 : 0;
            }
        }
        return chosen;
    }

    /** Their supplies do not fail in the same millisecond. */
    private void loseRack(long count) {
        for (HostName host : some(count)) {
            struck.add(host);
            sim.after(
                    dice.between(0, 300),
                    "its rack is lost",
                    () -> cluster.machine(host).losePower("its rack"));
        }
    }

    private void failSwitch() {
        struck.addAll(some(4));
        sim.tell("a switch fails before " + struck);
        cut(struck);
        sim.after(dice.between(10_000, 60_000), "the switch works", cluster.network()::healPaths);
    }

    private void cut(SortedSet<HostName> off) {
        for (HostName one : off) {
            for (HostName other : cluster.hosts()) {
                if (!off.contains(other)) {
                    cluster.network().cut(one, other);
                    cluster.network().cut(other, one);
                }
            }
        }
    }

    /** Twice for a moment, and then for longer than a host with power is given the first time. */
    private void flap() {
        struck.addAll(some(1));
        long atMs = 0;
        for (long cutMs : List.of(4_000L, 4_000L, dice.between(8_000, 11_000))) {
            sim.after(atMs, "its network fails", () -> cut(struck));
            sim.after(atMs + cutMs, "its network works", cluster.network()::healPaths);
            atMs += cutMs + dice.between(20_000, 60_000);
        }
    }

    /** With the second that a renewal may be old, and the one until the next, less than a seal waits for. */
    private void cutForAMoment() {
        struck.addAll(some(1));
        struck.forEach(host -> lived.addAll(cluster.ledger().running(host)));
        long cutMs = dice.between(2_500, 5_500);
        sim.tell(struck + " is cut off for " + cutMs + " ms");
        cut(struck);
        sim.after(cutMs, "its network works", cluster.network()::healPaths);
    }

    void atTheEnd() {
        List<Incident> incidents =
                List.copyOf(cluster.raft().latest().incidents().values());
        switch (cluster.scenario().trust().script()) {
            case NONE, VOTERS_CHANGE, UPGRADE, VOTERS_LEAVE, UPKEEP, RESERVES, LATE_REBUILDS, REPLICAS_LAG -> {}
            case MOVES_ARE_CUT -> {}
            case RESTS_ARE_LOST -> cluster.guestRules().requireRests();
            case GUESTS_DIE ->
                require(
                        incidents.isEmpty() || cluster.scenario().faultEveryMs() > 0,
                        "instances",
                        "nothing but guests has died, and hosts are declared dead: " + hosts(incidents));
            case STRAY_COPIES ->
                require(guests.orElseThrow().alarms() > 0 || strays == 0, "S12", strays + " strays and no alarm");
            case RACK_IS_LOST -> {
                require(
                        incidents.size() == 1
                                && incidents.get(0).hosts().keySet().equals(struck),
                        "settling",
                        struck + " were lost at once, and the incidents are " + hosts(incidents));
            }
            case SWITCH_FAILS ->
                require(
                        cluster.nova().evacuations() == 0,
                        "brake",
                        "a switch has failed before " + struck + ", and VMs were evacuated: " + hosts(incidents));
            case DISASTER ->
                require(
                        incidents.stream().anyMatch(i -> i.heldBecause().isPresent()),
                        "brake",
                        struck + " were lost at once, and nobody was asked: " + hosts(incidents));
            case CUT_HEALS ->
                struck.forEach(host -> require(
                        cluster.ledger().running(host).containsAll(lived)
                                && cluster.raft().latest().hosts().get(host).epoch() == 1,
                        "healed in time",
                        host + " was cut off for a moment, and has lost what ran on it: "
                                + cluster.ledger().running(host) + " of " + lived));
            case HOST_FLAPS ->
                require(
                        incidents.isEmpty(),
                        "quarantine",
                        struck + " has flapped, and is declared: " + hosts(incidents));
        }
    }

    private static List<SortedSet<HostName>> hosts(List<Incident> incidents) {
        return incidents.stream()
                .<SortedSet<HostName>>map(i -> new TreeSet<>(i.hosts().keySet()))
                .toList();
    }

    private void require(boolean holds, String rule, String what) {
        if (!holds) {
            throw sim.violation(rule, what);
        }
    }
}
