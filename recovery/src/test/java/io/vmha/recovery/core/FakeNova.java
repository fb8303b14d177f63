package io.vmha.recovery.core;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.LongSupplier;

/**
 * Nova as a unit test needs it: evacuations take {@link #REBUILD_MS} and succeed, a second call while one runs breaks the server, and a
 * test may put an answer in its way. Time is the test's.
 */
final class FakeNova implements Compute {
    static final long REBUILD_MS = 3_000;

    private record Running(long migration, long endsAtMs) {}

    private final LongSupplier nowMs;
    private final HostName target;
    private final SortedMap<ServerId, Server> servers = new TreeMap<>();
    private final SortedMap<ServerId, Running> running = new TreeMap<>();
    private final List<Migration> migrations = new ArrayList<>();
    private List<ComputeService> services = List.of();
    private List<Aggregate> aggregates = List.of();
    /** Servers whose newest evacuation was given up before a host took it up. */
    final SortedSet<ServerId> givenUp = new TreeSet<>();

    final SortedSet<ServerId> untouched = new TreeSet<>();
    final SortedSet<ServerId> handedOn = new TreeSet<>();
    /** Hosts whose nova-compute reports. */
    final SortedSet<HostName> up = new TreeSet<>();
    /** Servers whose next evacuation is given up by the conductor, before a host takes it up. */
    final SortedSet<ServerId> dropOnce = new TreeSet<>();
    /** Servers whose next evacuation gets lost between nova-api and the conductor. */
    final SortedSet<ServerId> loseOnce = new TreeSet<>();
    /** Every change that was asked for, oldest first. */
    final List<String> effects = new ArrayList<>();

    final Map<HostName, String> disabledBefore = new TreeMap<>();
    /** Thrown, once, by the next call whose name it is under. */
    final Map<String, ComputeException> failOnce = new TreeMap<>();

    /** Thrown by every call whose name it is under. */
    final Map<String, ComputeException> failAlways = new TreeMap<>();

    FakeNova(LongSupplier nowMs, HostName target) {
        this.nowMs = nowMs;
        this.target = target;
    }

    void put(Server server) {
        servers.put(server.id(), server);
    }

    void services(ComputeService... all) {
        services = List.of(all);
    }

    void aggregates(Aggregate... all) {
        aggregates = List.of(all);
    }

    void put(Migration migration) {
        migrations.add(migration);
    }

    void delete(ServerId id) {
        servers.remove(id);
    }

    Server current(ServerId id) {
        settle();
        return servers.get(id);
    }

    static Server active(ServerId id, HostName host) {
        return new Server(id, "name-" + id, host, "ACTIVE", "active", Optional.empty(), false, true, Map.of());
    }

    static Server with(Server server, HostName host, String vmState, Optional<String> taskState) {
        return new Server(
                server.id(),
                server.name(),
                host,
                vmState.equals("error") ? "ERROR" : "ACTIVE",
                vmState,
                taskState,
                server.locked(),
                server.volumeBacked(),
                server.metadata(),
                server.traits());
    }

    private static Server locked(Server s, Optional<String> reason) {
        Traits t = s.traits();
        return new Server(
                s.id(),
                s.name(),
                s.host(),
                s.status(),
                s.vmState(),
                s.taskState(),
                reason.isPresent(),
                s.volumeBacked(),
                s.metadata(),
                new Traits(
                        t.project(),
                        t.image(),
                        t.imageProperties(),
                        t.imageTags(),
                        t.flavorSpecs(),
                        t.vcpus(),
                        t.memoryMb(),
                        reason,
                        t.addresses(),
                        Optional.empty()));
    }

    private void settle() {
        running.entrySet().removeIf(entry -> {
            boolean over = entry.getValue().endsAtMs() <= nowMs.getAsLong();
            if (over) {
                servers.computeIfPresent(
                        entry.getKey(),
                        (id, s) -> with(
                                s, target, s.vmState().equals("stopped") ? "stopped" : "active", Optional.empty()));
                migrations.replaceAll(m -> m.id() == entry.getValue().migration()
                        ? new Migration(m.id(), m.server(), m.source(), Optional.of(target), "done", "")
                        : m);
            }
            return over;
        });
    }

    private void failIfAsked(String call) {
        ComputeException always = failAlways.get(call);
        ComputeException failure = always != null ? always : failOnce.remove(call);
        if (failure != null) {
            throw failure;
        }
    }

    @Override
    public List<Aggregate> aggregates() {
        failIfAsked("aggregates");
        return aggregates;
    }

    @Override
    public List<ComputeService> computeServices() {
        failIfAsked("computeServices");
        return !services.isEmpty()
                ? services
                : up.stream()
                        .map(host -> new ComputeService("id", host, true, true, false, Optional.empty()))
                        .toList();
    }

    @Override
    public List<Server> serversOn(HostName host) {
        settle();
        failIfAsked("serversOn");
        return servers.values().stream().filter(s -> s.host().equals(host)).toList();
    }

    @Override
    public Optional<Server> server(ServerId id) {
        settle();
        failIfAsked("server");
        return Optional.ofNullable(servers.get(id));
    }

    @Override
    public List<Migration> evacuationsFrom(HostName host) {
        settle();
        failIfAsked("evacuationsFrom");
        return migrations.stream().filter(m -> m.source().equals(host)).toList();
    }

    @Override
    public Handling handlingOf(ServerId id) {
        return givenUp.contains(id)
                ? Handling.GIVEN_UP
                : untouched.contains(id)
                        ? Handling.UNTOUCHED
                        : handedOn.contains(id) ? Handling.HANDED_ON : Handling.IN_HAND;
    }

    @Override
    public ComputeService holdDown(HostName host, String reason) {
        failIfAsked("holdDown");
        effects.add("hold down " + host);
        return new ComputeService("", host, false, false, true, Optional.of(disabledBefore.getOrDefault(host, reason)));
    }

    @Override
    public void evacuate(ServerId id, Optional<HostName> target) {
        settle();
        failIfAsked("evacuate");
        effects.add("evacuate " + id + target.map(host -> " to " + host).orElse(""));
        Server server = servers.get(id);
        if (running.remove(id) != null) {
            servers.put(id, with(server, server.host(), "error", Optional.of("rebuilding")));
            return;
        }
        long migration = 100L + migrations.size();
        migrations.add(new Migration(migration, id, server.host(), Optional.empty(), "accepted", ""));
        servers.put(id, with(server, server.host(), server.vmState(), Optional.of("rebuilding")));
        givenUp.remove(id);
        untouched.remove(id);
        if (loseOnce.remove(id)) {
            untouched.add(id);
            return;
        }
        if (dropOnce.remove(id)) {
            givenUp.add(id);
            return;
        }
        // Nova's conductor takes the first record that is accepted, be it an older one
        long taken = migrations.stream()
                .filter(m -> m.server().equals(id) && m.status().equals("accepted"))
                .mapToLong(Migration::id)
                .min()
                .orElseThrow();
        running.put(id, new Running(taken, nowMs.getAsLong() + REBUILD_MS));
        failIfAsked("evacuate, after it took effect");
    }

    @Override
    public List<Server> withImages(List<Server> listed) {
        effects.add("images");
        return listed;
    }

    @Override
    public void lock(ServerId id, String reason) {
        failIfAsked("lock");
        effects.add("lock " + id);
        servers.computeIfPresent(id, (key, s) -> locked(s, Optional.of(reason)));
    }

    @Override
    public void unlock(ServerId id, String reason) {
        failIfAsked("unlock");
        servers.computeIfPresent(id, (key, s) -> {
            boolean ours = s.traits().lockedReason().equals(Optional.of(reason));
            if (ours) {
                effects.add("unlock " + id);
            }
            return ours ? locked(s, Optional.empty()) : s;
        });
    }

    @Override
    public void resetState(ServerId id) {
        failIfAsked("resetState");
        effects.add("reset " + id);
        servers.computeIfPresent(id, (key, s) -> with(s, s.host(), "error", Optional.empty()));
    }

    @Override
    public void rest(ServerId id, Rest how) {
        settle();
        failIfAsked("rest");
        effects.add(how + " " + id);
        servers.computeIfPresent(id, (key, s) -> with(s, s.host(), how.vmState().orElseThrow(), Optional.empty()));
    }

    @Override
    public void setAggregateMetadata(long aggregateId, String key, Optional<String> value) {
        throw new AssertionError("recovery of a host does not touch aggregates");
    }
}
