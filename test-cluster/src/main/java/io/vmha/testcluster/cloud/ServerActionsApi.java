package io.vmha.testcluster.cloud;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.vmha.testcluster.cloud.ServerSpec.VmState;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;

/** {@code POST /servers/{id}/action}: evacuate with all of Nova's rules, and the plain actions that prepare a test's servers. */
final class ServerActionsApi {
    private static final Set<VmState> EVACUABLE = Set.of(VmState.ACTIVE, VmState.STOPPED, VmState.ERROR);

    private final Region region;
    private final LivingActions living;

    ServerActionsApi(Region region) {
        this.region = region;
        this.living = new LivingActions(region);
    }

    Answer answer(Request request, Microversion version, String requestId) {
        JsonNode body = request.body();
        if (!body.isObject() || body.size() != 1) {
            throw Refusal.badRequest("There is no such action: the body must have one key");
        }
        String action = body.fieldNames().next();
        if (action.equals("evacuate")) {
            return evacuate(request, body.path(action), version, requestId);
        }
        ServerRecord server = ServersApi.find(region, request.segment(2));
        server.note(action, requestId, region.nowMs());
        return switch (action) {
            case "lock" -> {
                server.locked = true;
                server.lockedReason =
                        Json.text(body.path(action), "locked_reason").filter(reason -> version.atLeast(73));
                yield Answer.empty(202);
            }
            case "unlock" -> {
                server.locked = false;
                server.lockedReason = Optional.empty();
                yield Answer.empty(202);
            }
            case "os-start" -> change(server, "start", VmState.ACTIVE, Set.of(VmState.STOPPED));
            case "os-stop" -> change(server, "stop", VmState.STOPPED, Set.of(VmState.ACTIVE, VmState.ERROR));
            case "pause" -> change(server, "pause", VmState.PAUSED, Set.of(VmState.ACTIVE));
            case "unpause" -> change(server, "unpause", VmState.ACTIVE, Set.of(VmState.PAUSED));
            case "suspend" -> change(server, "suspend", VmState.SUSPENDED, Set.of(VmState.ACTIVE));
            case "reboot" -> living.reboot(server, body.path(action));
            case "os-migrateLive" -> living.migrateLive(server, body.path(action));
            case "migrate" -> living.migrateCold(server);
            case "confirmResize" -> living.confirm(server);
            case "os-resetState" -> reset(server, Bodies.requiredText(body.path(action), "state"));
            default -> throw Refusal.badRequest("There is no such action: " + action);
        };
    }

    private Answer change(ServerRecord server, String action, VmState to, Set<VmState> from) {
        if (!from.contains(server.vmState)) {
            throw Refusal.conflict("Cannot '" + action + "' instance " + server.id + " while it is in vm_state "
                    + server.vmState.word());
        }
        if (server.taskState.isPresent()) {
            throw Refusal.conflict("Cannot '" + action + "' instance " + server.id + " while it is in task_state "
                    + server.taskState.get());
        }
        if (!region.isUp(region.host(server.host))) {
            throw Refusal.conflict("Service is unavailable at this time.");
        }
        boolean ran = region.ledger.isRunning(server.id, server.host);
        if (to.hasGuest() && !ran && region.host(server.host).isAlive()) {
            region.ledger.started(server.id, region.nowMs(), server.host);
        } else if (!to.hasGuest()) {
            region.ledger.stopped(server.id, region.nowMs(), server.host);
        }
        server.settle(to, region.nowMs());
        return Answer.empty(202);
    }

    private Answer reset(ServerRecord server, String state) {
        if (!state.equals("active") && !state.equals("error")) {
            throw Refusal.badRequest("Invalid input for field/attribute state. Value: " + state + ". '" + state
                    + "' is not one of ['active', 'error']");
        }
        server.vmState = state.equals("active") ? VmState.ACTIVE : VmState.ERROR; // the record only, not the guest
        server.taskState = Optional.empty();
        server.rebuild = Optional.empty();
        server.updatedAtMs = region.nowMs();
        return Answer.empty(202);
    }

    /** The order of the checks is that of nova api/openstack/compute/evacuate.py, then compute/api.py. */
    private Answer evacuate(Request request, JsonNode wanted, Microversion version, String requestId) {
        Bodies.requireObject(wanted);
        Bodies.refuseOthers(wanted, fieldsOf(version));
        Optional<Boolean> shared =
                version.atLeast(14) ? Optional.empty() : Optional.of(Bodies.bool(wanted, "onSharedStorage"));
        boolean force = Bodies.optionalBool(wanted, "force").orElse(false);
        Optional<String> target = Json.text(wanted, "host");
        ServerRecord server = ServersApi.find(region, request.segment(2));
        if (force && target.isEmpty()) {
            throw Refusal.badRequest("Can't force to a non-provided destination");
        }
        if (target.isPresent() && !region.hosts.containsKey(target.get())) {
            throw Refusal.notFound("Compute host " + target.get() + " not found.");
        }
        if (target.orElse("").equals(server.host)) { // also a server without a host, asked for without a target
            throw Refusal.badRequest("The target host can't be the same one.");
        }
        if (!EVACUABLE.contains(server.vmState)) {
            throw Refusal.conflict(
                    "Cannot 'evacuate' instance " + server.id + " while it is in vm_state " + server.vmState.word());
        }
        if (server.host.isEmpty()) {
            throw Refusal.notFound("Compute host None could not be found.");
        }
        if (region.isUp(region.host(server.host))) {
            throw Refusal.badRequest("Compute service of " + server.host + " is still in use.");
        }
        // Nova looks at no task_state here: that is why a second call breaks the server
        server.note("evacuate", requestId, region.nowMs());
        boolean bypassesScheduler = target.isPresent() && (force || !version.atLeast(29));
        Rebuild.begin(region, server, new Rebuild.EvacuateCall(target, bypassesScheduler, shared));
        if (version.atLeast(14)) {
            return Answer.empty(200);
        }
        ObjectNode password =
                Json.object().put("adminPass", Json.text(wanted, "adminPass").orElse("YqB8YdYoqpqn"));
        return Answer.ok(password);
    }

    private static Set<String> fieldsOf(Microversion version) {
        Set<String> fields = new HashSet<>(Set.of("host", "adminPass"));
        if (!version.atLeast(14)) {
            fields.add("onSharedStorage");
        }
        if (version.atLeast(29) && !version.atLeast(68)) {
            fields.add("force");
        }
        return fields;
    }
}
