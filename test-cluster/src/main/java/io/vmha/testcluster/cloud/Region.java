package io.vmha.testcluster.cloud;

import io.vmha.testcluster.cloud.CloudSettings.Delay;
import io.vmha.testcluster.cloud.ServerSpec.VmState;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/**
 * Everything that Nova records and everything that is true on the hosts. Its owner takes the region as the lock around every use, and
 * calls {@link #runDue} first.
 */
final class Region {
    static final String ADMIN_PROJECT = "a33d3e4688544f56830c3f4680c67300";
    static final String USER_PROJECT = "7b1f0a5de54c4bd9a3f6c9fce8d10c2e";
    static final String ADMIN_USER = "256ce93cf50b42409088405d921b5254";
    private static final int SERVERS_MAX = 20_000;
    private static final int MIGRATIONS_MAX = 100_000;

    final CloudSettings settings;
    final GuestLedger ledger = new GuestLedger();
    final Map<String, ComputeHost> hosts = new LinkedHashMap<>();
    final Map<Long, AggregateRecord> aggregates = new LinkedHashMap<>();
    final Map<String, ServerRecord> servers = new LinkedHashMap<>();
    final List<MigrationRecord> migrations = new ArrayList<>();
    final long startedAtMs;
    private final DueQueue due;
    private long nextServer = 1;
    private long nextAggregate = 1;

    Region(CloudSettings settings, InstantSource clock) {
        this.settings = settings;
        this.due = new DueQueue(clock);
        this.startedAtMs = due.nowMs();
    }

    long nowMs() {
        return due.nowMs();
    }

    void runDue() {
        due.runDue();
    }

    void in(Delay delay, Runnable action) {
        due.in(settings.ms(delay), action);
    }

    ComputeHost host(String name) {
        ComputeHost host = hosts.get(name);
        if (host == null) {
            throw new IllegalArgumentException("no host " + name + " in this cloud; it has " + hosts.keySet());
        }
        return host;
    }

    void addHost(String name) {
        if (hosts.containsKey(name)) {
            throw new IllegalArgumentException("host " + name + " exists already");
        }
        hosts.put(name, new ComputeHost(hosts.size() + 1, name, nowMs()));
    }

    AggregateRecord addAggregate(String name, Optional<String> az) {
        AggregateRecord aggregate = new AggregateRecord(nextAggregate++, name, nowMs());
        az.ifPresent(zone -> aggregate.metadata.put(AggregateRecord.AZ_KEY, zone));
        aggregates.put(aggregate.id, aggregate);
        return aggregate;
    }

    ServerRecord addServer(ServerSpec spec, String projectId) {
        if (servers.size() >= SERVERS_MAX) {
            throw Refusal.conflict("Quota exceeded for instances: the simulated cloud has " + SERVERS_MAX);
        }
        if (servers.containsKey(spec.id())) {
            throw new IllegalArgumentException("server " + spec.id() + " exists already");
        }
        ServerRecord server = new ServerRecord(nextServer++, spec, projectId, nowMs());
        server.note("create", "req-" + UUID.randomUUID(), nowMs());
        servers.put(server.id, server);
        if (server.vmState.hasGuest()) {
            ledger.started(server.id, nowMs(), host(server.host).name);
        }
        return server;
    }

    /** Lets a new server become ACTIVE on its host after the time that a boot takes. */
    void build(ServerRecord server) {
        in(Delay.SPAWN, () -> {
            if (servers.containsKey(server.id) && host(server.host).isAlive()) {
                server.settle(VmState.ACTIVE, nowMs());
                server.launchedAtMs = Optional.of(nowMs());
                ledger.started(server.id, nowMs(), server.host);
            }
        });
    }

    MigrationRecord newMigration(ServerRecord server) {
        if (migrations.size() >= MIGRATIONS_MAX) {
            throw new IllegalStateException("the simulated cloud has " + MIGRATIONS_MAX + " migrations; use a new one");
        }
        MigrationRecord migration = new MigrationRecord(migrations.size() + 1, server, nowMs());
        migrations.add(migration);
        return migration;
    }

    /** Under which record the conductor files an evacuation: the first that is accepted, be it one that nobody has taken up. */
    MigrationRecord firstAccepted(ServerRecord server) {
        return migrations.stream()
                .filter(m -> m.server == server && m.status.equals("accepted"))
                .findFirst()
                .orElseThrow();
    }

    /** The zone that Nova reports for a host: its aggregate's, or Nova's default. */
    String zoneOf(String host) {
        return zoneByAggregate(host).orElse("nova");
    }

    Optional<String> zoneByAggregate(String host) {
        return aggregates.values().stream()
                .filter(aggregate -> aggregate.hosts.contains(host))
                .flatMap(aggregate -> aggregate.az().stream())
                .findFirst();
    }

    /** What Nova believes: its own heartbeat within service_down_time, and nobody forced the service down. */
    boolean isUp(ComputeHost host) {
        return !host.forcedDown && (host.isAlive() || nowMs() - host.seenAtMs < settings.ms(Delay.SERVICE_DOWN));
    }

    /** True if a call that needs this nova-compute waits in vain: it is dead and Nova does not know. */
    boolean isSilentButUp(ComputeHost host) {
        return !host.isAlive() && isUp(host);
    }

    /** The host the scheduler chooses for a rebuild: up (as Nova believes), enabled, of the zone, least loaded; or the wanted one if it is such. */
    Optional<String> schedule(ServerRecord server, Optional<String> wanted) {
        String zone = server.requestedAz.orElse(zoneOf(server.host));
        return hosts.values().stream()
                .filter(host -> !host.name.equals(server.host) && isUp(host) && !host.disabled)
                .filter(host -> zoneOf(host.name).equals(zone))
                .filter(host -> wanted.isEmpty() || wanted.get().equals(host.name))
                .min(Comparator.<ComputeHost>comparingLong(host -> load(host.name))
                        .thenComparing(host -> host.name))
                .map(host -> host.name);
    }

    private long load(String host) {
        return servers.values().stream()
                .filter(server -> server.rebuild
                        .flatMap(Rebuild::target)
                        .orElse(server.host)
                        .equals(host))
                .count();
    }

    /** Cuts or restores a host's power. Cutting ends its guests and its nova-compute at once; restoring starts nova-compute after a while. */
    void power(ComputeHost host, boolean on) {
        if (host.powered == on) {
            return;
        }
        if (on) {
            host.powered = true;
            if (!host.gated) {
                startCompute(host);
            }
        } else {
            noteSeen(host);
            host.powered = false;
            host.computeRunning = false;
            host.life++;
            ledger.allStopped(host.name, nowMs());
        }
    }

    /** Kills nova-compute; the guests of the host go on. */
    void stopCompute(ComputeHost host) {
        noteSeen(host);
        host.computeRunning = false;
        host.life++;
    }

    /** Starts nova-compute; when it has come up it completes the evacuations from its host and destroys the guests that moved away. */
    void startCompute(ComputeHost host) {
        if (!host.powered) {
            throw new IllegalStateException("nova-compute cannot start on " + host.name + ": the host has no power");
        }
        host.life++;
        long life = host.life;
        in(Delay.COMPUTE_START, () -> {
            if (host.life == life) {
                host.computeRunning = true;
                host.owesCleanUp = true;
                reportAfterAbsence(host);
            }
        });
    }

    /** Cuts the host's network, or restores it: nova-compute does not notice, so nothing is cleaned up on return. */
    void connect(ComputeHost host, boolean connected) {
        noteSeen(host);
        host.connected = connected;
        reportAfterAbsence(host);
    }

    /** nova compute/manager.py, _sync_instance_power_state: a guest that should run and does not is stopped in the record as well. */
    void endGuest(String id) {
        ServerRecord server = servers.get(id);
        ledger.stopped(id, nowMs(), server.host);
        String host = server.host;
        in(Delay.LIFECYCLE, () -> {
            boolean isIdle = servers.containsKey(id) && server.taskState.isEmpty() && server.host.equals(host);
            if (isIdle && server.vmState == VmState.ACTIVE && host(host).isAlive() && !ledger.isRunning(id, host)) {
                server.settle(VmState.STOPPED, nowMs());
            }
        });
    }

    private void reportAfterAbsence(ComputeHost host) {
        noteSeen(host);
        if (host.isAlive() && host.owesCleanUp) {
            host.owesCleanUp = false;
            cleanUp(host);
        }
    }

    private void noteSeen(ComputeHost host) {
        if (host.isAlive()) {
            host.seenAtMs = nowMs();
        }
    }

    private void cleanUp(ComputeHost host) {
        for (MigrationRecord migration : migrations) {
            if (migration.source.equals(host.name) && migration.waitsForSource()) {
                ledger.stopped(migration.server.id, nowMs(), host.name);
                migration.become("completed", nowMs());
            }
        }
        for (ServerRecord server : servers.values()) {
            boolean isHere = server.host.equals(host.name) && server.taskState.isEmpty();
            if (isHere && server.vmState.hasGuest() && !ledger.isRunning(server.id, host.name)) {
                server.settle(VmState.STOPPED, nowMs()); // the host booted and resume_guests_state_on_host_boot is off
            }
        }
    }
}
