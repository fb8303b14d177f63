package io.vmha.sim.recovery;

import io.vmha.recovery.core.AzCommand;
import io.vmha.recovery.core.Drain;
import io.vmha.recovery.core.DrainCommand;
import io.vmha.recovery.core.Drill;
import io.vmha.recovery.core.DrillCommand;
import io.vmha.recovery.core.HostName;
import io.vmha.recovery.core.HostRecord;
import io.vmha.recovery.core.Incident;
import io.vmha.recovery.core.Migration;
import io.vmha.recovery.core.ProofCommand;
import io.vmha.recovery.core.RecoveryState;
import io.vmha.recovery.core.Server;
import io.vmha.recovery.core.ServerId;
import io.vmha.recovery.core.TurnCommand;
import io.vmha.sim.Dice;
import io.vmha.sim.Simulation;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * People at work on hosts that live: they drain one, take it back, work on it or rehearse its death, restart daemons in turn, and give their
 * word on hosts that are dead. And what makes rebuilds late.
 */
final class UpkeepNemesis {
    private static final long LOOKS_MS = 30_000;
    private static final long POLL_MS = 3_000;
    private static final long RESTART_MOST_MS = 4_400;
    private static final long TASKS_END_MS = 18_000;
    private static final int LATE_MOST = 2;

    private final Simulation sim;
    private final Cluster cluster;
    private final Dice dice;
    private boolean busy;
    private int canaries;
    private int lates;

    UpkeepNemesis(Simulation sim, Cluster cluster) {
        this.sim = sim;
        this.cluster = cluster;
        this.dice = sim.dice("upkeep");
        Scenario.Script script = cluster.scenario().trust().script();
        boolean guestsDieInAStorm =
                script == Scenario.Script.GUESTS_DIE && cluster.scenario().faultEveryMs() > 0;
        if (script == Scenario.Script.RESTS_ARE_LOST) {
            sim.at(dice.between(20_000, 60_000), "a host dies", this::killOne);
            sim.every(100, 100, "the target dies", () -> killWhere(this::isGoingToRest));
        } else if (script == Scenario.Script.MOVES_ARE_CUT) {
            next();
            sim.every(25, 25, "the source dies", () -> killWhere(this::hasJustGone));
        } else if (script == Scenario.Script.UPKEEP || guestsDieInAStorm) {
            if (dice.chance(70)) {
                sim.at(TASKS_END_MS, "nova ends its tasks", () -> cluster.nova().finishTasks());
            }
            next();
            sim.every(7_000, 7_000, "a person goes to a dead host", this::giveWord);
        } else if (script == Scenario.Script.LATE_REBUILDS) {
            sim.at(dice.between(20_000, 60_000), "a host dies", this::killOne);
            sim.every(100, 100, "the target dies", this::killTarget);
        }
        sim.every(LOOKS_MS, LOOKS_MS, "a person looks at what is told", this::takeForceDownsBack);
    }

    /** A person who is told that Nova holds a host down, and that nobody knows why, does what the words say. */
    private void takeForceDownsBack() {
        cluster.raft().latest().upkeep().outages().values().stream()
                .filter(outage -> outage.detail().contains("service set --up " + outage.host())
                        && cluster.nova().isForcedDown(outage.host()))
                .forEach(outage -> {
                    sim.tell("a person has nova take the force-down of " + outage.host() + " back");
                    cluster.nova().forceUp(outage.host());
                });
    }

    private RecoveryState state() {
        return cluster.raft().latest();
    }

    private boolean ask(io.vmha.recovery.core.Command command) {
        return cluster.raft().ask(command);
    }

    private void next() {
        sim.after(dice.between(4_000, 25_000), "somebody works on a host", () -> {
            if (sim.nowMs() < Scenario.HEAL_AT_MS) {
                work();
                next();
            }
        });
    }

    private void work() {
        if (dice.chance(40)) {
            restartInTurn(dice.pick(cluster.hosts()));
        } else if (!busy && state().isEnabled()) {
            HostName host = dice.pick(cluster.hosts());
            var order = new Drain.Order("ada", dice.chance(40), (int) dice.between(1, 3));
            if (ask(new DrainCommand.BeginDrain(cluster.wallMs(), host, order))) {
                busy = true;
                follow(host);
            }
        }
    }

    // --- a drain, and what it was for

    private void follow(HostName host) {
        sim.after(POLL_MS, "the person looks at the drain", () -> {
            Drain drain = state().upkeep().drains().get(host);
            switch (drain.phase()) {
                case DRAINING -> {
                    if (dice.chance(4)) {
                        ask(new DrainCommand.UndoDrain(cluster.wallMs(), host, "ada"));
                    }
                    follow(host);
                }
                case DRAINED -> use(host);
                case UNDOING -> follow(host);
                case UNDONE -> busy = false;
            }
        });
    }

    private void use(HostName host) {
        boolean empty = cluster.nova().serversOn(host).isEmpty();
        int choice = (int) dice.between(0, 3);
        if (!isInService(host) || choice == 0 || (choice == 1 && !empty)) {
            takeBack(host);
        } else if (!ask(new AzCommand.SetMaintenance(cluster.wallMs(), host, true))) {
            sim.after(POLL_MS, "the person tries again", () -> use(host));
        } else if (choice == 1) {
            repair(host);
        } else {
            rehearse(host); // where something else is left on the host, it must be refused
        }
    }

    private boolean isInService(HostName host) {
        HostRecord record = state().hosts().get(host);
        return record != null && record.status() == HostRecord.Status.IN_SERVICE;
    }

    private void repair(HostName host) {
        cluster.machine(host).losePower("a person works on it");
        sim.after(dice.between(5_000, 30_000), "the work is done", () -> {
            cluster.switchOn(host);
            endMaintenance(host);
        });
    }

    private void endMaintenance(HostName host) {
        sim.after(POLL_MS, "the person ends the maintenance", () -> {
            boolean ended =
                    cluster.machine(host).serves() && ask(new AzCommand.SetMaintenance(cluster.wallMs(), host, false));
            if (ended) {
                takeBack(host);
            } else {
                cluster.switchOn(host);
                endMaintenance(host);
            }
        });
    }

    private void takeBack(HostName host) {
        sim.after(POLL_MS, "the person takes the drain back", () -> {
            Drain drain = state().upkeep().drains().get(host);
            boolean drained = drain != null && drain.phase() == Drain.Phase.DRAINED;
            if (drained && isInService(host) && ask(new DrainCommand.UndoDrain(cluster.wallMs(), host, "ada"))) {
                follow(host);
            } else if (drained) {
                takeBack(host); // it is dead meanwhile, or the group does not answer
            } else {
                busy = false;
            }
        });
    }

    private void rehearse(HostName host) {
        if (!cluster.machine(host).serves()) {
            endMaintenance(host);
            return;
        }
        canaries++;
        var canary = new ServerId("canary-" + canaries);
        place(canary, host);
        var other = new ServerId("other-" + canaries);
        boolean isShared = dice.chance(25); // somebody else's is there too: no drill may touch it
        if (isShared) {
            place(other, host);
        }
        List<ServerId> there =
                cluster.nova().serversOn(host).stream().map(Server::id).toList();
        boolean begins = ask(new DrillCommand.BeginDrill(cluster.wallMs(), host, canary, "ada", there));
        if (begins) {
            watch(host, canary);
            return;
        }
        cluster.nova().delete(canary);
        if (isShared) {
            cluster.nova().delete(other);
        }
        endMaintenance(host);
    }

    private void place(ServerId id, HostName host) {
        cluster.upkeepRules().onPlaced(id);
        cluster.nova()
                .create(new Server(
                        id, "name-" + id, host, "ACTIVE", "active", Optional.empty(), false, true, Map.of()));
    }

    private void watch(HostName host, ServerId canary) {
        sim.after(POLL_MS, "the person looks at the drill", () -> {
            Optional<Drill> open = state().upkeep().openDrill();
            if (open.isPresent()) {
                watch(host, canary);
            } else {
                cluster.nova().delete(canary);
                endMaintenance(host);
            }
        });
    }

    // --- restarts in turn

    private void restartInTurn(HostName host) {
        if (!cluster.agent(host).isRunning() || !ask(new TurnCommand.TakeTurn(cluster.wallMs(), host))) {
            return;
        }
        cluster.agent(host).sayGoodbye();
        cluster.agent(host).kill();
        cluster.restartAgent(host, dice.between(700, RESTART_MOST_MS));
        if (!dice.chance(15)) { // else it is forgotten, and runs out by itself
            endTurn(host);
        }
    }

    private void endTurn(HostName host) {
        sim.after(RESTART_MOST_MS + 2_000, "gives its turn back", () -> {
            boolean stillHas = state().group()
                    .turn()
                    .filter(turn -> turn.host().equals(host))
                    .isPresent();
            if (stillHas && !ask(new TurnCommand.EndTurn(cluster.wallMs(), host))) {
                endTurn(host);
            }
        });
    }

    // --- a person's word

    /** Orders the seal, pulls the plug, and says so, whether the group is that far or not: it must refuse a word that comes too early. */
    private void giveWord() {
        for (Incident incident : state().openIncidents()) {
            incident.hosts().values().stream()
                    .filter(h -> h.certificate().isEmpty() && dice.chance(30))
                    .map(h -> h.host())
                    .forEach(host -> {
                        ask(new ProofCommand.SealForWord(cluster.wallMs(), host, "bob"));
                        cluster.machine(host).losePower("a person pulled the plug");
                        ask(new ProofCommand.ConfirmDown(cluster.wallMs(), host, "bob"));
                    });
        }
    }

    // --- late rebuilds

    private List<HostName> mayDie() {
        var may = new ArrayList<HostName>();
        for (HostName host : cluster.hosts()) {
            boolean leads = cluster.raft().leader().equals(Optional.of(host));
            if (!leads && cluster.machine(host).isOn() && isInService(host)) {
                may.add(host);
            }
        }
        return may;
    }

    private void killOne() {
        if (cluster.raft().leader().isEmpty()) {
            sim.after(1_000, "a host dies", this::killOne);
            return;
        }
        die(dice.pick(mayDie()));
    }

    /** With a rebuild in its queue that it has not begun. */
    private void killTarget() {
        if (lates >= LATE_MOST || sim.nowMs() > Scenario.HEAL_AT_MS) {
            return;
        }
        List<HostName> may = mayDie();
        for (Server server : cluster.nova().servers()) {
            Optional<HostName> target = cluster.nova().migrationsOf(server.id()).stream()
                    .filter(m -> m.status().equals("accepted"))
                    .reduce((older, newer) -> newer)
                    .flatMap(this::chosenFor)
                    .filter(may::contains);
            if (target.isPresent() && may.size() > 2) {
                lates++;
                die(target.get());
                return;
            }
        }
    }

    private boolean isGoingToRest(Server server) {
        return server.taskState().equals(Optional.of("pausing"));
    }

    /** Nova does not have its record yet where its guest is. */
    private boolean hasJustGone(Server server) {
        return server.taskState().equals(Optional.of("migrating"))
                && cluster.ledger().runs(server.id())
                && !cluster.ledger().hasCopy(server.id(), server.host());
    }

    private void killWhere(Predicate<Server> isSought) {
        if (lates >= LATE_MOST || sim.nowMs() > Scenario.HEAL_AT_MS) {
            return;
        }
        List<HostName> may = mayDie();
        cluster.nova().servers().stream()
                .filter(isSought)
                .map(Server::host)
                .filter(may::contains)
                .findFirst()
                .filter(host -> may.size() > 2)
                .ifPresent(host -> {
                    lates++;
                    die(host);
                });
    }

    private Optional<HostName> chosenFor(Migration migration) {
        return cluster.nova().chosenFor(migration);
    }

    private void die(HostName host) {
        cluster.machine(host).losePower("nemesis");
        sim.after(dice.between(40_000, 150_000), "it has power again", () -> cluster.switchOn(host));
    }
}
