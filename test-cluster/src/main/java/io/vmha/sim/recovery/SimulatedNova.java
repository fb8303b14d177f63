package io.vmha.sim.recovery;

import io.vmha.recovery.core.ComputeException;
import io.vmha.recovery.core.HostName;
import io.vmha.recovery.core.Migration;
import io.vmha.recovery.core.Server;
import io.vmha.recovery.core.ServerId;
import io.vmha.sim.Dice;
import io.vmha.sim.Simulation;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Nova in virtual time, with the rules that were measured on a real one: evacuate is refused while the service is up, and for other states
 * than active, stopped and error; it does not look at the task_state, so a second call while one runs breaks the server for good; the
 * rebuild is asynchronous, may find no host, may fail on its target, and stands still when its target dies.
 */
final class SimulatedNova {
    /** A service whose last report is older than this is down. */
    private static final long SERVICE_DOWN_MS = 60_000;

    /** One nova-compute service. */
    private static final class Service {
        private long reportedAtMs;
        private boolean forcedDown;
        private boolean enabled = true;
    }

    private final Simulation sim;
    private final Dice dice;
    private final Ledger ledger;
    private final SortedMap<HostName, Machine> machines;
    private final SortedMap<HostName, Service> services = new TreeMap<>();
    private final SortedMap<ServerId, Server> servers = new TreeMap<>();
    private final SortedMap<Long, Migration> migrations = new TreeMap<>();
    private double spawnFailurePercent;
    private long evacuations;

    SimulatedNova(Simulation sim, Ledger ledger, SortedMap<HostName, Machine> machines) {
        this.sim = sim;
        this.dice = sim.dice("nova");
        this.ledger = ledger;
        this.machines = machines;
        machines.keySet().forEach(host -> services.put(host, new Service()));
        sim.every(0, 10_000, "nova-compute reports", this::report);
    }

    private void report() {
        services.forEach((host, service) -> {
            if (machines.get(host).serves()) {
                service.reportedAtMs = sim.nowMs();
            }
        });
    }

    void setSpawnFailures(double percent) {
        spawnFailurePercent = percent;
    }

    /** A server as a user made it; it runs if it is active. */
    void create(ServerId id, HostName host, String vmState, boolean volumeBacked, Map<String, String> metadata) {
        var server = new Server(
                id,
                "name-" + id,
                host,
                vmState.toUpperCase(Locale.ROOT),
                vmState,
                Optional.empty(),
                false,
                volumeBacked,
                metadata);
        servers.put(id, server);
        if (vmState.equals("active")) {
            ledger.start(id, host);
        }
    }

    /** A user deletes a server. */
    void delete(ServerId id) {
        Server server = servers.remove(id);
        if (server != null) {
            sim.tell("nova: " + id + " is deleted by its owner");
            ledger.stop(id);
        }
    }

    boolean isUp(HostName host) {
        Service service = services.get(host);
        return !service.forcedDown && sim.nowMs() - service.reportedAtMs < SERVICE_DOWN_MS;
    }

    boolean isForcedDown(HostName host) {
        return services.get(host).forcedDown;
    }

    long evacuations() {
        return evacuations;
    }

    List<Server> serversOn(HostName host) {
        return servers.values().stream().filter(s -> s.host().equals(host)).toList();
    }

    Optional<Server> server(ServerId id) {
        return Optional.ofNullable(servers.get(id));
    }

    List<Server> servers() {
        return List.copyOf(servers.values());
    }

    List<Migration> evacuationsFrom(HostName host) {
        return migrations.values().stream().filter(m -> m.source().equals(host)).toList();
    }

    List<Migration> migrationsOf(ServerId id) {
        return migrations.values().stream().filter(m -> m.server().equals(id)).toList();
    }

    void forceDown(HostName host) {
        services.get(host).forcedDown = true;
    }

    void disable(HostName host) {
        services.get(host).enabled = false;
    }

    /** The evacuate action of the compute API. */
    void evacuate(ServerId id) {
        Server server = servers.get(id);
        if (server == null) {
            throw refused(404, "no such server");
        }
        if (isUp(server.host())) {
            throw refused(400, "compute service of " + server.host() + " is still in use");
        }
        if (!List.of("active", "stopped", "error").contains(server.vmState())) {
            throw refused(409, "cannot evacuate while it is " + server.vmState());
        }
        evacuations++;
        boolean runs = migrationsOf(id).stream().anyMatch(m -> !m.isFinal());
        if (runs) {
            servers.put(id, with(server, server.host(), "error", Optional.of("rebuilding")));
            throw sim.violation(
                    "S9", "a second evacuate call for " + id + " while one runs: nova has broken the server");
        }
        long migration = migrations.size() + 1L;
        migrations.put(migration, new Migration(migration, id, server.host(), Optional.empty(), "accepted", ""));
        servers.put(id, with(server, server.host(), server.vmState(), Optional.of("rebuilding")));
        sim.after(dice.mostly(100, 3_000), "nova schedules", () -> schedule(migration));
    }

    private void schedule(long migration) {
        Migration accepted = migrations.get(migration);
        var targets = services.keySet().stream()
                .filter(h -> !h.equals(accepted.source()) && isUp(h) && services.get(h).enabled)
                .toList();
        if (targets.isEmpty()) {
            fail(migration, "no valid host");
            return;
        }
        HostName target = dice.pick(targets);
        update(migration, Optional.of(target), "pre-migrating");
        long spawnMs = dice.chance(85) ? dice.mostly(200, 4_000) : dice.between(4_000, 90_000);
        sim.after(spawnMs, "nova rebuilds", () -> rebuild(migration));
    }

    /** The target takes the message from its queue and spawns the server; a target that is dead does neither. */
    private void rebuild(long migration) {
        Migration prepared = migrations.get(migration);
        HostName target = prepared.destination().orElseThrow();
        Server server = servers.get(prepared.server());
        if (server == null) {
            update(migration, prepared.destination(), "error");
            return;
        }
        if (!machines.get(target).serves()) {
            sim.tell("nova: the rebuild of " + server.id() + " waits for " + target + ", which is dead");
            return;
        }
        if (dice.chance(spawnFailurePercent)) {
            fail(migration, "spawn failed on " + target);
            return;
        }
        if (!server.vmState().equals("stopped")) {
            ledger.start(server.id(), target);
        }
        sim.after(dice.mostly(50, 1_500), "nova records the end", () -> arrive(migration));
    }

    private void arrive(long migration) {
        Migration prepared = migrations.get(migration);
        HostName target = prepared.destination().orElseThrow();
        if (!machines.get(target).serves()) {
            return; // it died over it: neither the migration nor the server will ever change
        }
        boolean migrationFirst = dice.chance(50);
        Runnable server = () -> servers.computeIfPresent(
                prepared.server(),
                (id, s) -> with(s, target, s.vmState().equals("stopped") ? "stopped" : "active", Optional.empty()));
        Runnable record = () -> update(migration, prepared.destination(), "done");
        (migrationFirst ? record : server).run();
        sim.after(dice.between(1, 300), "nova records the end", migrationFirst ? server : record);
    }

    private void fail(long migration, String why) {
        Migration failed = migrations.get(migration);
        sim.tell("nova: migration " + migration + " of " + failed.server() + " fails: " + why);
        update(migration, failed.destination(), "failed");
        sim.after(
                dice.between(1, 300),
                "nova records the end",
                () -> servers.computeIfPresent(
                        failed.server(), (id, s) -> with(s, s.host(), "error", Optional.empty())));
    }

    /** The machine is up again: its nova-compute takes the messages that waited for it. */
    void onBoot(HostName host) {
        var waiting = new ArrayList<Long>();
        migrations.values().stream()
                .filter(m -> !m.isFinal() && m.destination().equals(Optional.of(host)))
                .filter(m -> servers.containsKey(m.server()) && !ledger.runs(m.server()))
                .forEach(m -> waiting.add(m.id()));
        waiting.forEach(this::rebuild);
    }

    private void update(long migration, Optional<HostName> destination, String status) {
        migrations.computeIfPresent(
                migration, (id, m) -> new Migration(id, m.server(), m.source(), destination, status, ""));
    }

    private static Server with(Server s, HostName host, String vmState, Optional<String> taskState) {
        return new Server(
                s.id(), s.name(), host, s.status(), vmState, taskState, s.locked(), s.volumeBacked(), s.metadata());
    }

    private static ComputeException refused(int status, String why) {
        return new ComputeException(ComputeException.Kind.REFUSED, status, why, null);
    }
}
