package io.vmha.testcluster.cloud;

import com.fasterxml.jackson.databind.JsonNode;
import io.vmha.testcluster.cloud.CloudSettings.Delay;
import io.vmha.testcluster.cloud.ServerSpec.VmState;
import java.util.Optional;
import java.util.Set;

/** Actions on servers whose hosts live: hard reboot, live and cold migration. The states that Nova asks for are those of compute/api.py. */
final class LivingActions {
    private static final Set<VmState> LIVE = Set.of(VmState.ACTIVE, VmState.PAUSED);
    private static final Set<VmState> COLD = Set.of(VmState.ACTIVE, VmState.STOPPED);
    private static final Set<VmState> HARD_REBOOT =
            Set.of(VmState.ACTIVE, VmState.STOPPED, VmState.PAUSED, VmState.SUSPENDED, VmState.ERROR);

    private final Region region;

    LivingActions(Region region) {
        this.region = region;
    }

    Answer reboot(ServerRecord server, JsonNode body) {
        String type = Bodies.requiredText(body, "type");
        if (!type.equals("HARD") && !type.equals("SOFT")) {
            throw Refusal.badRequest("Invalid input for field/attribute type. Value: " + type
                    + ". It must be one of ['HARD', 'Hard', 'hard', 'SOFT', 'Soft', 'soft']");
        }
        boolean hard = type.equals("HARD");
        require(server, "reboot", hard ? HARD_REBOOT : Set.of(VmState.ACTIVE));
        server.task(hard ? "rebooting_hard" : "rebooting", region.nowMs());
        region.in(
                Delay.PHASE,
                () -> goOn(server, "reboot", () -> {
                    server.task(hard ? "reboot_started_hard" : "reboot_started", region.nowMs());
                    region.in(Delay.SPAWN, () -> goOn(server, "reboot", () -> rebooted(server)));
                }));
        return Answer.empty(202);
    }

    private void rebooted(ServerRecord server) {
        region.ledger.stopped(server.id, region.nowMs(), server.host);
        if (region.host(server.host).spawnFails) {
            server.settle(VmState.ERROR, region.nowMs());
            server.fault = Optional.of("the hypervisor of " + server.host + " failed");
        } else {
            region.ledger.started(server.id, region.nowMs(), server.host);
            server.settle(VmState.ACTIVE, region.nowMs());
        }
    }

    Answer migrateLive(ServerRecord server, JsonNode body) {
        Bodies.requireObject(body);
        require(server, "os-migrateLive", LIVE);
        VmState state = server.vmState;
        return move(server, "live-migration", "migrating", "migrating", () -> server.settle(state, region.nowMs()));
    }

    Answer migrateCold(ServerRecord server) {
        require(server, "migrate", COLD);
        boolean stopped = server.vmState == VmState.STOPPED;
        String source = server.host;
        return move(server, "migration", "resize_prep", "resize_", () -> {
            server.settle(VmState.RESIZED, region.nowMs());
            server.keptOn = Optional.of(source);
            server.stoppedBefore = stopped;
        });
    }

    /** @param arrived has the server stand on its new host as it should */
    private Answer move(ServerRecord server, String type, String task, String ourTasks, Runnable arrived) {
        if (!region.isUp(region.host(server.host))) {
            throw Refusal.badRequest("Compute service of " + server.host + " is unavailable at this time.");
        }
        MigrationRecord migration = region.newMigration(server);
        migration.type = type;
        migration.become("running", region.nowMs());
        String source = server.host;
        boolean runs = region.ledger.isRunning(server.id, source);
        server.task(task, region.nowMs());
        region.in(
                Delay.PHASE,
                () -> goOn(server, ourTasks, () -> {
                    Optional<String> target = region.schedule(server, Optional.empty());
                    migration.destination = target;
                    migration.claimed = target.isPresent();
                    region.in(
                            Delay.SPAWN,
                            () -> goOn(server, ourTasks, () -> {
                                boolean fails = target.isEmpty()
                                        || !region.host(target.get()).isAlive()
                                        || region.host(target.get()).spawnFails;
                                if (fails) {
                                    migration.become("error", region.nowMs());
                                    server.taskState = Optional.empty(); // it runs on where it was
                                    return;
                                }
                                region.ledger.stopped(server.id, region.nowMs(), source);
                                server.host = target.get();
                                arrived.run();
                                if (runs) {
                                    region.ledger.started(server.id, region.nowMs(), target.get());
                                }
                                migration.become("completed", region.nowMs());
                            }));
                }));
        return Answer.empty(202);
    }

    Answer confirm(ServerRecord server) {
        require(server, "confirmResize", Set.of(VmState.RESIZED));
        server.settle(server.stoppedBefore ? VmState.STOPPED : VmState.ACTIVE, region.nowMs());
        server.keptOn = Optional.empty();
        return Answer.empty(204);
    }

    private static void require(ServerRecord server, String action, Set<VmState> states) {
        if (!states.contains(server.vmState)) {
            throw Refusal.conflict("Cannot '" + action + "' instance " + server.id + " while it is in vm_state "
                    + server.vmState.word());
        }
        if (server.taskState.isPresent()) {
            throw Refusal.conflict("Cannot '" + action + "' instance " + server.id + " while it is in task_state "
                    + server.taskState.get());
        }
    }

    /** A host that does not listen keeps the server where it is, with its task, as a lost message does. */
    private void goOn(ServerRecord server, String task, Runnable next) {
        boolean isOurs = region.servers.containsKey(server.id)
                && server.taskState.filter(t -> t.startsWith(task)).isPresent();
        if (isOurs && region.host(server.host).isAlive()) {
            next.run();
        }
    }
}
