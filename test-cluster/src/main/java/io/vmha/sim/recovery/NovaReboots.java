package io.vmha.sim.recovery;

import io.vmha.recovery.core.ComputeException;
import io.vmha.recovery.core.HostName;
import io.vmha.recovery.core.Server;
import io.vmha.recovery.core.ServerId;
import io.vmha.sim.Dice;
import io.vmha.sim.Simulation;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * What this Nova does about guests whose process has died: a while later it stops their servers, unless somebody has them rebooted. A hard reboot is
 * taken by the nova-compute of the host, which looks at the task of the record and at nothing else; for one that is down it waits.
 */
final class NovaReboots {
    /** How long a stopped domain is given until Nova believes it (libvirt's host.py, _lifecycle_delay). */
    private static final long NOVA_STOPS_MS = 15_000;

    private static final double FAILS_PERCENT = 4;
    private static final List<String> MAY_REBOOT = List.of("active", "stopped", "paused", "suspended", "error");
    private static final Optional<String> REBOOTING = Optional.of("rebooting_hard");

    private final Simulation sim;
    private final Dice dice;
    private final SimulatedNova nova;
    private final Ledger ledger;
    private final SortedMap<HostName, Machine> machines;
    private final Map<HostName, SortedSet<ServerId>> waiting = new TreeMap<>();
    /** When a server was stopped, by its owner or by Nova. */
    private final Map<ServerId, Long> stoppedAtMs = new TreeMap<>();

    /** By server, how often it has died: what libvirt tells of an earlier death is dropped when it was started since. */
    private final Map<ServerId, Long> deaths = new TreeMap<>();

    private boolean mayFail;
    private long done;

    NovaReboots(Simulation sim, SimulatedNova nova, Ledger ledger, SortedMap<HostName, Machine> machines) {
        this.sim = sim;
        this.dice = sim.dice("nova reboots");
        this.nova = nova;
        this.ledger = ledger;
        this.machines = machines;
    }

    /** From now on some of them fail. */
    void fail() {
        mayFail = true;
    }

    /** Guests that were started by a reboot. */
    long done() {
        return done;
    }

    boolean isStopped(ServerId id) {
        return nova.server(id).map(s -> s.vmState().equals("stopped")).orElse(false);
    }

    /** For how long the server has been stopped; very short if it is not. */
    long stoppedForMs(ServerId id) {
        return isStopped(id) ? sim.nowMs() - stoppedAtMs.getOrDefault(id, sim.nowMs()) : 0;
    }

    /** A guest's process dies. */
    void crash(ServerId id, HostName host) {
        sim.tell(host + ": the guest of " + id + " dies by itself");
        ledger.crash(id, host);
        long death = deaths.merge(id, 1L, Long::sum);
        sim.after(NOVA_STOPS_MS, "nova looks at a guest that is gone", () -> {
            if (machines.get(host).serves() && deaths.get(id) == death && isGone(id, host)) {
                stop(id, "nova, because its guest is gone");
            }
        });
    }

    private boolean isGone(ServerId id, HostName host) {
        return !ledger.hasCopy(id, host)
                && nova.server(id)
                        .filter(s -> s.host().equals(host)
                                && s.vmState().equals("active")
                                && s.taskState().isEmpty())
                        .isPresent();
    }

    /** Its owner has it stopped. */
    void stop(ServerId id, String who) {
        sim.tell("nova: " + id + " is stopped by " + who);
        stoppedAtMs.put(id, sim.nowMs());
        ledger.stop(id);
        nova.change(id, s -> ServerRecords.with(s, s.host(), "stopped", Optional.empty()));
    }

    /** The reboot action of the compute API, type HARD. */
    void reboot(ServerId id) {
        Server server = nova.server(id)
                .orElseThrow(
                        () -> new ComputeException(ComputeException.Kind.REFUSED, 404, "no such server " + id, null));
        if (server.taskState().isPresent() || !MAY_REBOOT.contains(server.vmState())) {
            throw new ComputeException(
                    ComputeException.Kind.REFUSED,
                    409,
                    "cannot reboot it while it is " + server.vmState() + " " + server.taskState(),
                    null);
        }
        nova.change(id, s -> ServerRecords.with(s, s.host(), s.vmState(), REBOOTING));
        sim.after(dice.mostly(20, 1_500), "nova-compute hears of a reboot", () -> take(id, server.host()));
    }

    private boolean isWanted(ServerId id) {
        return nova.server(id).filter(s -> s.taskState().equals(REBOOTING)).isPresent();
    }

    private void take(ServerId id, HostName host) {
        Machine machine = machines.get(host);
        if (!machine.serves()) {
            sim.tell("nova: a reboot of " + id + " waits for " + host + ", which is dead");
            waiting.computeIfAbsent(host, h -> new TreeSet<>()).add(id);
            return;
        }
        String boot = machine.bootId();
        sim.after(dice.mostly(100, 5_000), "nova-compute reboots", () -> {
            boolean livesOn = machine.serves() && machine.bootId().equals(boot);
            if (!livesOn || !isWanted(id)) {
                return; // what it was at when it died is taken up when it starts
            }
            boolean works = nova.mayStart(host) && !(mayFail && dice.chance(FAILS_PERCENT));
            if (works) {
                ledger.destroy(id, host);
                ledger.start(id, host);
                done++;
            }
            sim.tell("nova: the reboot of " + id + " on " + host + (works ? " is done" : " fails"));
            nova.change(id, s -> ServerRecords.with(s, s.host(), works ? "active" : "error", Optional.empty()));
        });
    }

    /** Takes what has waited in its queue, and what it was at when it died (manager.py, _init_instance). */
    void onComputeStart(HostName host) {
        var wanted = new TreeSet<ServerId>();
        Optional.ofNullable(waiting.remove(host)).ifPresent(wanted::addAll);
        nova.serversOn(host).stream()
                .filter(s -> s.taskState().equals(REBOOTING))
                .forEach(s -> wanted.add(s.id()));
        wanted.forEach(id -> take(id, host));
    }
}
