package io.vmha.sim.recovery;

import static io.vmha.sim.recovery.ServerRecords.with;

import io.vmha.recovery.core.Aggregate;
import io.vmha.recovery.core.ComputeException;
import io.vmha.recovery.core.ComputeService;
import io.vmha.recovery.core.Handling;
import io.vmha.recovery.core.HostName;
import io.vmha.recovery.core.Migration;
import io.vmha.recovery.core.Rest;
import io.vmha.recovery.core.Server;
import io.vmha.recovery.core.ServerId;
import io.vmha.sim.Dice;
import io.vmha.sim.Simulation;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.function.ToLongFunction;
import java.util.function.UnaryOperator;

/**
 * Nova in virtual time, with the rules that were measured on a real one: evacuate is refused while the service is up, and for other states
 * than active, stopped and error; it does not look at the task_state, so a second call while one runs breaks the server for good; the
 * rebuild is asynchronous, may find no host, may fail on its target, and stands still when its target dies.
 */
final class SimulatedNova {
    /** A service whose last report is older than this is down. */
    private static final long SERVICE_DOWN_MS = 60_000;

    /** From the conductor's end of it to the first that nova-compute notes. */
    private static final long BEGINS_MS = 20;

    /** One nova-compute service. */
    private static final class Service {
        private long reportedAtMs;
        private boolean forcedDown;
        private Optional<String> disabledFor = Optional.empty();

        boolean isEnabled() {
            return disabledFor.isEmpty();
        }
    }

    private final Simulation sim;
    private final Dice dice;
    private final Ledger ledger;
    private final SortedMap<HostName, Machine> machines;
    private final SortedMap<HostName, Service> services = new TreeMap<>();
    private final SortedMap<ServerId, Server> servers = new TreeMap<>();
    private final SortedMap<Long, Migration> migrations = new TreeMap<>();
    /** Whom the scheduler has chosen: told in the migration only once that host has begun. */
    private final SortedMap<Long, HostName> chosen = new TreeMap<>();

    private final SortedMap<Long, Long> chosenIn = new TreeMap<>();
    /** Those that a nova-compute has noted that it begins with. */
    private final Set<Long> begun = new TreeSet<>();

    private ToLongFunction<HostName> epochs = host -> 1;
    private final SortedMap<ServerId, String> lockedBefore = new TreeMap<>();
    /** Migrations whose servers a person has reset. */
    private final TreeSet<Long> givenUp = new TreeSet<>();

    private final SortedSet<ServerId> busyFromBirth = new TreeSet<>();
    /** What a rebuild that came too late has broken, with the host that it came from; until it is mended. */
    private final SortedMap<ServerId, HostName> broken = new TreeMap<>();

    private final Predicate<HostName> mayStart;
    private final NovaMoves moves;
    private final NovaReboots reboots;
    private final SortedSet<HostName> aggregate = new TreeSet<>();
    private double spawnFailurePercent;
    private long evacuations;

    SimulatedNova(
            Simulation sim,
            Network network,
            Ledger ledger,
            SortedMap<HostName, Machine> machines,
            Predicate<HostName> mayStart) {
        this.mayStart = mayStart;
        this.moves = new NovaMoves(sim, this, network, ledger, machines);
        this.reboots = new NovaReboots(sim, this, ledger, machines);
        this.sim = sim;
        this.dice = sim.dice("nova");
        this.ledger = ledger;
        this.machines = machines;
        machines.keySet().forEach(host -> services.put(host, new Service()));
        sim.every(0, 10_000, "nova-compute reports", this::report);
    }

    /** Which life of a host the group is at; Nova does not know it, the rules want it. */
    void lives(ToLongFunction<HostName> epochOf) {
        epochs = epochOf;
    }

    NovaMoves moves() {
        return moves;
    }

    NovaReboots reboots() {
        return reboots;
    }

    /** The one aggregate, which a person and the product may change. */
    Aggregate aggregate() {
        return new Aggregate(1, "az1", Optional.of("az1"), List.copyOf(aggregate), Map.of());
    }

    void join(HostName host) {
        aggregate.add(host);
    }

    void leave(HostName host) {
        aggregate.remove(host);
    }

    /** Changes a record that is there. */
    void change(ServerId id, UnaryOperator<Server> change) {
        servers.computeIfPresent(id, (key, server) -> change.apply(server));
    }

    boolean mayStart(HostName host) {
        return mayStart.test(host);
    }

    /** A server in one of these states that nothing is done to, on a host whose nova-compute is up. */
    Server movable(ServerId id, List<String> states) {
        Server server = servers.get(id);
        if (server == null) {
            throw refused(404, "no such server");
        }
        if (server.taskState().isPresent() || !states.contains(server.vmState())) {
            throw refused(409, "cannot move it while it is " + server.vmState() + " " + server.taskState());
        }
        if (!isUp(server.host())) {
            throw refused(409, "the nova-compute of " + server.host() + " is down");
        }
        return server;
    }

    /** The hosts that the scheduler may choose for what leaves this one. */
    List<HostName> targets(HostName source) {
        return services.keySet().stream()
                .filter(h -> !h.equals(source) && isUp(h) && services.get(h).isEnabled())
                .toList();
    }

    /** The records that a late rebuild has broken, and nobody has mended; with the host from which it came. */
    SortedMap<ServerId, HostName> broken() {
        broken.keySet()
                .removeIf(id -> !servers.containsKey(id)
                        || !servers.get(id).taskState().equals(Optional.of("rebuilding"))
                        || !servers.get(id).vmState().equals("error"));
        return broken;
    }

    /** Only the record changes: active, and no task. */
    void callActive(ServerId id) {
        change(id, s -> with(s, s.host(), "active", Optional.empty()));
    }

    /** What servers had been busy with when they were made comes to its end, where their hosts are up. */
    void finishTasks() {
        for (Server server : List.copyOf(servers.values())) {
            boolean idle = busyFromBirth.contains(server.id())
                    && server.taskState().isPresent()
                    && isUp(server.host())
                    && migrationsOf(server.id()).isEmpty();
            if (idle && server.taskState().equals(Optional.of("deleting"))) {
                delete(server.id());
            } else if (idle) {
                change(server.id(), s -> with(s, s.host(), s.vmState(), Optional.empty()));
            }
        }
    }

    /** Where it has these servers. */
    SortedMap<ServerId, HostName> homes(Collection<ServerId> ids) {
        var homes = new TreeMap<ServerId, HostName>();
        ids.forEach(id -> server(id).ifPresent(s -> homes.put(id, s.host())));
        return homes;
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

    /** A server as a user made it, and as its host left it; it runs if it is active. */
    void create(Server server) {
        servers.put(server.id(), server);
        lockedBefore.put(server.id(), lockOf(server));
        server.taskState().ifPresent(task -> busyFromBirth.add(server.id()));
        if (server.vmState().equals("active")) {
            ledger.start(server.id(), server.host());
        }
    }

    /** Whether the server has the lock, and for the reason, that it had when it was made. */
    boolean isLockedAsBefore(ServerId id) {
        Server server = servers.get(id);
        return server == null || lockOf(server).equals(lockedBefore.get(id));
    }

    private static String lockOf(Server server) {
        return server.locked() ? "locked " + server.traits().lockedReason().orElse("") : "";
    }

    void lock(ServerId id, String reason) {
        servers.computeIfPresent(id, (key, s) -> with(s, true, Optional.of(reason)));
    }

    void unlock(ServerId id, String reason) {
        servers.computeIfPresent(
                id,
                (key, s) ->
                        s.traits().lockedReason().equals(Optional.of(reason)) ? with(s, false, Optional.empty()) : s);
    }

    /** Nothing is being done to the server. */
    boolean isIdle(ServerId id) {
        return servers.get(id).taskState().isEmpty();
    }

    boolean isGivenUp(long migration) {
        return givenUp.contains(migration);
    }

    /**
     * What a person does about rebuilds that their target has forgotten over a reboot: Nova would show them as under way for ever. Their
     * records are reset.
     */
    void resetForgotten() {
        for (Migration m : List.copyOf(migrations.values())) {
            Server server = servers.get(m.server());
            boolean forgotten = !m.isFinal()
                    && server != null
                    && server.host().equals(m.source())
                    && server.taskState().equals(Optional.of("rebuild_spawning"))
                    && machines.get(chosen.get(m.id())).serves()
                    && !ledger.runs(m.server());
            if (forgotten) {
                sim.tell("a person resets " + m.server() + ", whose rebuild " + chosen.get(m.id()) + " has forgotten");
                givenUp.add(m.id());
                resetState(m.server());
            }
        }
    }

    /** Only the record changes: error, and no task. */
    void resetState(ServerId id) {
        servers.computeIfPresent(id, (key, s) -> with(s, s.host(), "error", Optional.empty()));
    }

    /** Pauses, suspends or stops a server that runs; its compute service does it when it comes to it. */
    void rest(ServerId id, Rest how) {
        Server server = servers.get(id);
        if (server == null) {
            throw refused(404, "no such server");
        }
        if (!isUp(server.host())
                || server.taskState().isPresent()
                || !server.vmState().equals("active")) {
            throw refused(409, "cannot bring it to rest while it is " + server.vmState() + " " + server.taskState());
        }
        servers.put(id, with(server, server.host(), server.vmState(), Optional.of("pausing")));
        sim.after(
                dice.mostly(50, 2_000),
                "nova brings to rest",
                () -> servers.computeIfPresent(id, (key, s) -> {
                    if (!s.taskState().equals(Optional.of("pausing"))
                            || !machines.get(s.host()).serves()) {
                        return s;
                    }
                    if (how == Rest.PAUSED) {
                        ledger.pause(id, s.host());
                    } else {
                        ledger.stop(id);
                    }
                    return with(s, s.host(), how.vmState().orElseThrow(), Optional.empty());
                }));
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

    /** The record of the compute services. */
    List<ComputeService> computeServices() {
        var records = new ArrayList<ComputeService>();
        services.forEach((host, service) -> records.add(new ComputeService(
                "service of " + host,
                host,
                isUp(host),
                service.isEnabled(),
                service.forcedDown,
                service.disabledFor,
                Optional.of("at " + service.reportedAtMs))));
        return records;
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

    /** True if a rebuild of the server waits in the queue of this host, and the server is marked for one. */
    boolean waitsFor(HostName host, ServerId id) {
        boolean marked = server(id)
                .flatMap(Server::taskState)
                .filter(task -> task.equals("rebuilding"))
                .isPresent();
        return marked
                && migrationsOf(id).stream()
                        .anyMatch(m ->
                                m.status().equals("accepted") && chosenFor(m).equals(Optional.of(host)));
    }

    /** The host that the scheduler has chosen for a migration, known to nobody but the simulation until that host has begun. */
    Optional<HostName> chosenFor(Migration migration) {
        return Optional.ofNullable(chosen.get(migration.id()));
    }

    /** Which life of that host it was. */
    long chosenInEpoch(Migration migration) {
        return chosenIn.get(migration.id());
    }

    ComputeService forceDown(HostName host) {
        services.get(host).forcedDown = true;
        return computeServices().stream()
                .filter(s -> s.host().equals(host))
                .findFirst()
                .orElseThrow();
    }

    void disable(HostName host, String reason) {
        Service service = services.get(host);
        if (service.isEnabled()) {
            service.disabledFor = Optional.of(reason);
        }
    }

    /** The same for a host that lives; one that does not would block Nova for a minute. */
    void disableLiving(HostName host, String reason) {
        if (!isUp(host)) {
            throw refused(409, "the nova-compute of " + host + " does not report");
        }
        disable(host, reason);
    }

    /** Why Nova does not schedule to the host; empty if it does. */
    Optional<String> disabledFor(HostName host) {
        return services.get(host).disabledFor;
    }

    void enable(HostName host) {
        services.get(host).disabledFor = Optional.empty();
    }

    /** Refused while evacuations from the host are not completed, which they become when its nova-compute starts. */
    void forceUp(HostName host) {
        if (evacuationsFrom(host).stream().anyMatch(m -> m.status().equals("done"))) {
            throw refused(400, "`done` evacuation migration records remain associated with " + host);
        }
        services.get(host).forcedDown = false;
    }

    /**
     * A nova-compute starts on a host, for the first time after a boot or again: it cleans up what was evacuated from there, starts the
     * guests that should run, and takes the messages that waited for it. A rebuild that it was at is forgotten.
     */
    void startCompute(HostName host) {
        sim.after(dice.between(3_000, 12_000), "nova-compute starts", () -> {
            if (!machines.get(host).serves()) {
                return;
            }
            services.get(host).reportedAtMs = sim.nowMs();
            for (Migration m : evacuationsFrom(host)) {
                if (m.status().equals("done")) {
                    ledger.destroy(m.server(), host);
                    update(m.id(), m.destination(), "completed");
                }
            }
            moves.onComputeStart(host);
            resumeGuests(host);
            reboots.onComputeStart(host);
            onBoot(host);
        });
    }

    /** What libvirt and nova-compute start on a host by themselves. */
    void resumeGuests(HostName host) {
        for (Server server : serversOn(host)) {
            boolean wanted =
                    server.vmState().equals("active") && server.taskState().isEmpty();
            if (wanted && !ledger.runs(server.id()) && !ledger.hasCopy(server.id(), host) && mayStart.test(host)) {
                ledger.start(server.id(), host);
            }
        }
    }

    /** The evacuate action of the compute API. */
    void evacuate(ServerId id, Optional<HostName> wanted) {
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
        boolean wasReset = server.taskState().isEmpty();
        if (runs && !wasReset) {
            servers.put(id, with(server, server.host(), "error", Optional.of("rebuilding")));
            throw sim.violation(
                    "S9", "a second evacuate call for " + id + " while one runs: nova has broken the server");
        }
        long migration = migrations.size() + 1L;
        migrations.put(migration, new Migration(migration, id, server.host(), Optional.empty(), "accepted", ""));
        servers.put(id, with(server, server.host(), server.vmState(), Optional.of("rebuilding")));
        sim.after(dice.mostly(100, 3_000), "nova schedules", () -> schedule(migration, wanted));
    }

    private void schedule(long migration, Optional<HostName> wanted) {
        Migration accepted = migrations.get(migration);
        List<HostName> targets = targets(accepted.source()).stream()
                .filter(host -> wanted.map(host::equals).orElse(true))
                .toList();
        if (targets.isEmpty()) {
            fail(migration, "no valid host");
            return;
        }
        HostName target = dice.pick(targets);
        chosen.put(migration, target);
        chosenIn.put(migration, epochs.applyAsLong(target));
        sim.after(BEGINS_MS, "nova-compute begins", () -> begin(migration));
        long spawnMs = dice.chance(85) ? dice.mostly(200, 4_000) : dice.between(4_000, 90_000);
        sim.after(spawnMs, "nova rebuilds", () -> rebuild(migration));
    }

    private void begin(long migration) {
        if (machines.get(chosen.get(migration)).serves()) {
            begun.add(migration);
        }
    }

    /** How far the newest evacuation of a server has come, by the events of its action. */
    Handling handlingOf(ServerId id) {
        return migrationsOf(id).stream()
                .max(Comparator.comparingLong(Migration::id))
                .filter(m -> chosen.containsKey(m.id()) && !begun.contains(m.id()))
                .map(m -> Handling.HANDED_ON)
                .orElse(Handling.IN_HAND);
    }

    /**
     * The target takes the message from its queue and spawns the server; a target that is dead does neither. It begins only if the server
     * still waits for a rebuild: of two that were asked for, the database lets one through.
     */
    private void rebuild(long migration) {
        HostName target = chosen.get(migration);
        Migration accepted = migrations.get(migration);
        Server server = servers.get(accepted.server());
        if (server == null) {
            update(migration, Optional.of(target), "error");
            return;
        }
        if (!machines.get(target).serves()) {
            sim.tell("nova: the rebuild of " + server.id() + " waits for " + target + ", which is dead");
            return;
        }
        update(migration, Optional.of(target), "pre-migrating");
        if (!server.taskState().equals(Optional.of("rebuilding"))) {
            sim.tell("nova: migration " + migration + " of " + server.id() + " comes too late");
            update(migration, Optional.of(target), "failed");
            boolean livesElsewhere =
                    !server.host().equals(accepted.source()) && !server.host().equals(target);
            if (livesElsewhere && server.taskState().isEmpty()) {
                // manager.py, rebuild_instance: what it was to save is preempted, and only the error is saved
                broken.put(server.id(), accepted.source());
                change(server.id(), s -> with(s, s.host(), "error", Optional.of("rebuilding")));
            }
            return;
        }
        if (dice.chance(spawnFailurePercent)) {
            fail(migration, "spawn failed on " + target);
            return;
        }
        if (!mayStart.test(target)) {
            fail(migration, "the guard of " + target + " lets nothing start");
            return;
        }
        servers.put(server.id(), with(server, server.host(), server.vmState(), Optional.of("rebuild_spawning")));
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

    private void onBoot(HostName host) {
        var waiting = new ArrayList<Long>();
        migrations.values().stream()
                .filter(m -> !m.isFinal() && host.equals(chosen.get(m.id())))
                .filter(m -> servers.containsKey(m.server()))
                .filter(m -> m.status().equals("accepted")) // what had begun is forgotten
                .forEach(m -> waiting.add(m.id()));
        begun.addAll(waiting);
        waiting.forEach(this::rebuild);
    }

    private void update(long migration, Optional<HostName> destination, String status) {
        migrations.computeIfPresent(
                migration, (id, m) -> new Migration(id, m.server(), m.source(), destination, status, ""));
    }

    private static ComputeException refused(int status, String why) {
        return new ComputeException(ComputeException.Kind.REFUSED, status, why, null);
    }
}
