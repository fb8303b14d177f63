package io.vmha.testcluster.cloud;

import io.vmha.testcluster.cloud.CloudSettings.Delay;
import io.vmha.testcluster.cloud.ServerSpec.VmState;
import java.util.Optional;

/**
 * One evacuation on its way. States, moved by the passing of time: scheduling, claimed (migration {@code pre-migrating}), block devices,
 * spawning, and at the end the server is on its new host. It stops for good, leaving the records as they are, when its target dies; it
 * breaks the server when a second evacuation is asked for meanwhile (measured on Zed, twice of two).
 */
final class Rebuild {
    private final Region region;
    private final ServerRecord server;
    private final MigrationRecord migration;
    private final EvacuateCall call;
    private final VmState formerState;

    /**
     * @param target the host the caller asked for
     * @param forced true if the scheduler is not asked whether the target will do
     * @param sharedStorage what the caller said about the disks; empty from 2.14 on, where Nova finds out itself
     */
    record EvacuateCall(Optional<String> target, boolean forced, Optional<Boolean> sharedStorage) {}

    private Rebuild(Region region, ServerRecord server, MigrationRecord migration, EvacuateCall call) {
        this.region = region;
        this.server = server;
        this.migration = migration;
        this.call = call;
        this.formerState = server.vmState;
    }

    /** Accepts an evacuation whose conditions the API has checked. */
    static void begin(Region region, ServerRecord server, EvacuateCall call) {
        Optional<Rebuild> running = server.rebuild;
        MigrationRecord asked = region.newMigration(server);
        MigrationRecord migration = running.isPresent() ? asked : region.firstAccepted(server);
        migration.destination = call.target();
        server.task("rebuilding", region.nowMs());
        Rebuild rebuild = new Rebuild(region, server, migration, call);
        server.rebuild = Optional.of(rebuild);
        if (running.isPresent()) {
            region.in(Delay.PHASE, () -> rebuild.collideWith(running.get()));
        } else {
            region.in(Delay.PHASE, rebuild::schedule);
        }
    }

    /** The target that was chosen, for the scheduler's count of what a host has to carry. */
    Optional<String> target() {
        return migration.destination;
    }

    private boolean isCurrent() {
        return region.servers.containsKey(server.id)
                && server.rebuild.filter(this::equals).isPresent();
    }

    private void schedule() {
        if (!isCurrent()) {
            return;
        }
        Optional<String> target = call.forced() ? call.target() : region.schedule(server, call.target());
        if (target.isEmpty()) {
            migration.become("error", region.nowMs());
            fail("No valid host was found. There are not enough hosts available.");
            return;
        }
        if (!isListening(target.get())) {
            return;
        }
        migration.destination = target;
        migration.claimed = true;
        migration.become("pre-migrating", region.nowMs());
        server.powerState = 0;
        server.updatedAtMs = region.nowMs();
        region.in(Delay.PHASE, this::attachBlockDevices);
    }

    private void attachBlockDevices() {
        if (isCurrent() && isListening(migration.destination.orElseThrow())) {
            server.task("rebuild_block_device_mapping", region.nowMs());
            region.in(Delay.PHASE, this::spawn);
        }
    }

    private void spawn() {
        String target = migration.destination.orElseThrow();
        if (!isCurrent() || !isListening(target)) {
            return;
        }
        if (call.sharedStorage()
                .filter(said -> said != region.settings.sharedStorage())
                .isPresent()) {
            migration.become("failed", region.nowMs());
            fail("Invalid state of instance files on shared storage");
            return;
        }
        if (server.keptOn.equals(migration.destination)) {
            migration.become("failed", region.nowMs());
            fail("Instance " + server.name + " already exists.");
            return;
        }
        server.task("rebuild_spawning", region.nowMs());
        region.in(Delay.SPAWN, this::finish);
    }

    private void finish() {
        String target = migration.destination.orElseThrow();
        if (!isCurrent() || !isListening(target)) {
            return;
        }
        long now = region.nowMs();
        if (region.host(target).spawnFails) {
            migration.become("failed", now);
            fail("Build of instance " + server.id + " aborted: the hypervisor of " + target + " failed");
            return;
        }
        server.rebuild = Optional.empty();
        server.host = target;
        server.launchedAtMs = Optional.of(now);
        server.fault = Optional.empty();
        server.settle(formerState == VmState.STOPPED ? VmState.STOPPED : VmState.ACTIVE, now);
        if (server.vmState == VmState.ACTIVE) {
            region.ledger.started(server.id, now, target);
        }
        migration.become("done", now);
    }

    /** The cast to a dead target is lost: Nova's records stay as they are, for good. */
    private boolean isListening(String target) {
        if (region.host(target).isAlive()) {
            return true;
        }
        server.rebuild = Optional.empty();
        return false;
    }

    private void fail(String fault) {
        server.rebuild = Optional.empty();
        server.settle(VmState.ERROR, region.nowMs());
        server.fault = Optional.of(fault);
    }

    /** The end that was recorded: first migration failed, second accepted for ever, server in error and rebuilding, on no host truly. */
    private void collideWith(Rebuild first) {
        if (!isCurrent()) {
            return;
        }
        long now = region.nowMs();
        Optional<String> second = region.schedule(server, Optional.empty());
        if (first.migration.destination.isEmpty()) {
            first.migration.destination = second;
            first.migration.claimed = second.isPresent();
        }
        first.migration.become("failed", now);
        server.rebuild = Optional.empty();
        server.vmState = VmState.ERROR;
        server.powerState = 0;
        server.host = second.orElse(server.host);
        server.task("rebuilding", now);
    }
}
