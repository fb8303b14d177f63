package io.vmha.testcluster.cloud;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.vmha.testcluster.cloud.CloudSettings.Delay;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/** {@code /os-services}: listing, force-down and disable, in the forms of 2.1, 2.11 and 2.53. */
final class ServicesApi {
    static final String COMPUTE = "nova-compute";
    private static final Set<String> FIELDS = Set.of("status", "disabled_reason", "forced_down");
    private static final int CONTROL_SERVICES = 3; // scheduler, conductor and one more come first

    private final Region region;

    ServicesApi(Region region) {
        this.region = region;
    }

    static int idOf(ComputeHost host) {
        return CONTROL_SERVICES + host.number;
    }

    Answer answer(Request request, Microversion version) {
        if (request.is("GET", 2)) {
            return list(request, version);
        }
        if (request.is("PUT", 3)) {
            Bodies.requireObject(request.body());
            return version.atLeast(53) ? update(request, version) : act(request, version);
        }
        throw NovaApi.unknown();
    }

    private Answer list(Request request, Microversion version) {
        ObjectNode body = Json.object();
        ArrayNode services = body.putArray("services");
        for (String binary : new String[] {"nova-scheduler", "nova-conductor"}) {
            if (isWanted(request, binary, HypervisorsApi.CONTROLLER)) {
                services.add(controlService(binary, version));
            }
        }
        region.hosts.values().stream()
                .filter(host -> isWanted(request, COMPUTE, host.name))
                .forEach(host -> services.add(service(host, version)));
        return Answer.ok(body);
    }

    private static boolean isWanted(Request request, String binary, String host) {
        return request.param("binary").filter(wanted -> !wanted.equals(binary)).isEmpty()
                && request.param("host").filter(wanted -> !wanted.equals(host)).isEmpty();
    }

    private ObjectNode controlService(String binary, Microversion version) {
        ObjectNode service = Json.object().put("binary", binary).put("host", HypervisorsApi.CONTROLLER);
        if (version.atLeast(53)) {
            service.put(
                    "id",
                    UUID.nameUUIDFromBytes(binary.getBytes(java.nio.charset.StandardCharsets.UTF_8))
                            .toString());
        } else {
            service.put("id", binary.equals("nova-scheduler") ? 1 : 2);
        }
        service.put("zone", "internal").put("status", "enabled").put("state", "up");
        service.put("updated_at", Timestamps.micros(region.nowMs())).putNull("disabled_reason");
        if (version.atLeast(11)) {
            service.put("forced_down", false);
        }
        return service;
    }

    private ObjectNode service(ComputeHost host, Microversion version) {
        ObjectNode service = Json.object().put("binary", COMPUTE).put("host", host.name);
        if (version.atLeast(53)) {
            service.put("id", host.serviceUuid);
        } else {
            service.put("id", idOf(host));
        }
        service.put("zone", region.zoneOf(host.name));
        service.put("status", host.disabled ? "disabled" : "enabled");
        service.put("state", region.isUp(host) ? "up" : "down");
        long seenMs = host.isAlive() ? region.nowMs() : host.seenAtMs;
        service.put("updated_at", Timestamps.micros(Math.max(seenMs, host.changedAtMs)));
        Json.put(service, "disabled_reason", host.disabledReason);
        if (version.atLeast(11)) {
            service.put("forced_down", host.forcedDown);
        }
        return service;
    }

    /** {@code PUT /os-services/{uuid}}, from 2.53 on. */
    private Answer update(Request request, Microversion version) {
        JsonNode body = request.body();
        Bodies.refuseOthers(body, FIELDS);
        Optional<String> status = Json.text(body, "status");
        if (status.filter(word -> !word.equals("enabled") && !word.equals("disabled"))
                .isPresent()) {
            throw Refusal.badRequest("Invalid input for field/attribute status. Value: " + status.get() + ". '"
                    + status.get() + "' is not one of ['enabled', 'disabled']");
        }
        if (status.isEmpty() && !body.has("forced_down")) {
            throw Refusal.badRequest(
                    "No updates were requested. Fields 'status' or 'forced_down' should be specified.");
        }
        if (body.has("disabled_reason") && !status.equals(Optional.of("disabled"))) {
            throw Refusal.badRequest("Specifying disabled_reason requires that status is 'disabled'.");
        }
        String id = request.segment(2);
        if (!Bodies.isUuid(id)) {
            throw Refusal.badRequest("Invalid uuid " + id);
        }
        ComputeHost host = region.hosts.values().stream()
                .filter(candidate -> candidate.serviceUuid.equals(id))
                .findFirst()
                .orElseThrow(() -> Refusal.notFound("Service " + id + " could not be found."));
        if (body.has("forced_down")) {
            forceDown(host, Bodies.bool(body, "forced_down"));
        }
        boolean waits = status.isPresent() && region.isSilentButUp(host);
        status.ifPresent(word -> able(host, word.equals("enabled"), Json.text(body, "disabled_reason")));
        Answer answer = Answer.ok(Json.object().set("service", service(host, version)));
        return waits ? answer.after(region.settings.delay(Delay.RPC_TIMEOUT)) : answer;
    }

    /** {@code PUT /os-services/{action}}, up to 2.52. */
    private Answer act(Request request, Microversion version) {
        String action = request.segment(2);
        JsonNode body = request.body();
        if (!Set.of("enable", "disable", "disable-log-reason", "force-down").contains(action)
                || (action.equals("force-down") && !version.atLeast(11))) {
            throw Refusal.notFound("Unknown action");
        }
        String binary = Bodies.requiredText(body, "binary");
        String name = Bodies.requiredText(body, "host");
        ComputeHost host = Optional.ofNullable(region.hosts.get(name))
                .filter(found -> binary.equals(COMPUTE))
                .orElseThrow(() -> Refusal.notFound("Could not find binary " + binary + " on host " + name + "."));
        ObjectNode service = Json.object().put("host", name).put("binary", binary);
        boolean waits = false;
        if (action.equals("force-down")) {
            forceDown(host, Bodies.bool(body, "forced_down"));
            service.put("forced_down", host.forcedDown);
        } else {
            waits = region.isSilentButUp(host);
            Optional<String> reason = action.equals("disable-log-reason")
                    ? Optional.of(Bodies.requiredText(body, "disabled_reason"))
                    : Optional.empty();
            able(host, action.equals("enable"), reason);
            service.put("status", host.disabled ? "disabled" : "enabled");
            reason.ifPresent(text -> service.put("disabled_reason", text));
        }
        Answer answer = Answer.ok(Json.object().set("service", service));
        return waits ? answer.after(region.settings.delay(Delay.RPC_TIMEOUT)) : answer;
    }

    private void forceDown(ComputeHost host, boolean down) {
        boolean owes = region.migrations.stream()
                .anyMatch(migration -> migration.source.equals(host.name) && migration.status.equals("done"));
        if (!down && owes) {
            throw Refusal.badRequest("Unable to force up host " + host.name + " as `done` evacuation migration records"
                    + " remain associated with the host. Ensure the compute service has been restarted, allowing these"
                    + " records to move to `completed` before retrying this request.");
        }
        host.forcedDown = down;
        host.changedAtMs = region.nowMs();
    }

    private void able(ComputeHost host, boolean enabled, Optional<String> reason) {
        host.disabled = !enabled;
        host.disabledReason = enabled ? Optional.empty() : reason;
        host.changedAtMs = region.nowMs();
    }
}
