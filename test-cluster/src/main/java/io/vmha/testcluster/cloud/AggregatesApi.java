package io.vmha.testcluster.cloud;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** {@code /os-aggregates}, with Nova's rules for zones. */
final class AggregatesApi {
    private final Region region;

    AggregatesApi(Region region) {
        this.region = region;
    }

    Answer answer(Request request, Microversion version) {
        if (request.is("GET", 2)) {
            ObjectNode body = Json.object();
            ArrayNode list = body.putArray("aggregates");
            region.aggregates.values().forEach(aggregate -> list.add(aggregate(aggregate, version, true)));
            return Answer.ok(body);
        }
        if (request.is("POST", 2)) {
            Bodies.requireObject(request.body());
            return create(request.body().path("aggregate"), version);
        }
        AggregateRecord aggregate = find(request.segment(2));
        if (request.is("GET", 3)) {
            return show(aggregate, version);
        }
        if (request.is("PUT", 3)) {
            return update(aggregate, request.body().path("aggregate"), version);
        }
        if (request.is("DELETE", 3)) {
            return delete(aggregate);
        }
        if (request.is("POST", 4) && request.segment(3).equals("action")) {
            return act(aggregate, request.body(), version);
        }
        throw NovaApi.unknown();
    }

    private AggregateRecord find(String id) {
        Optional<AggregateRecord> found = id.matches("\\d{1,18}")
                ? Optional.ofNullable(region.aggregates.get(Long.parseLong(id)))
                : Optional.empty();
        return found.orElseThrow(() -> Refusal.notFound("Aggregate " + id + " could not be found."));
    }

    private Answer show(AggregateRecord aggregate, Microversion version) {
        return Answer.ok(Json.object().set("aggregate", aggregate(aggregate, version, true)));
    }

    private static ObjectNode aggregate(AggregateRecord aggregate, Microversion version, boolean withMembers) {
        ObjectNode node = Json.object().put("id", aggregate.id);
        if (version.atLeast(41)) {
            node.put("uuid", aggregate.uuid);
        }
        node.put("name", aggregate.name);
        if (withMembers) {
            ArrayNode hosts = node.putArray("hosts");
            aggregate.hosts.forEach(hosts::add);
            ObjectNode metadata = node.putObject("metadata");
            aggregate.metadata.forEach(metadata::put);
        }
        node.put("created_at", Timestamps.micros(aggregate.createdAtMs));
        Json.put(node, "updated_at", Timestamps.micros(aggregate.updatedAtMs));
        node.putNull("deleted_at").put("deleted", false);
        Json.put(node, "availability_zone", aggregate.az());
        return node;
    }

    private Answer create(JsonNode wanted, Microversion version) {
        Bodies.refuseOthers(wanted, Set.of("name", "availability_zone"));
        String name = Bodies.requiredText(wanted, "name");
        refuseTakenName(name);
        AggregateRecord aggregate = region.addAggregate(name, Json.text(wanted, "availability_zone"));
        return Answer.ok(Json.object().set("aggregate", aggregate(aggregate, version, false)));
    }

    private void refuseTakenName(String name) {
        if (region.aggregates.values().stream().anyMatch(other -> other.name.equals(name))) {
            throw Refusal.conflict("Aggregate " + name + " already exists.");
        }
    }

    private Answer update(AggregateRecord aggregate, JsonNode wanted, Microversion version) {
        Bodies.requireObject(wanted);
        Bodies.refuseOthers(wanted, Set.of("name", "availability_zone"));
        Optional<String> az = Json.text(wanted, "availability_zone");
        az.ifPresent(zone -> refuseZoneChange(aggregate, zone, "update aggregate"));
        Json.text(wanted, "name").filter(name -> !name.equals(aggregate.name)).ifPresent(name -> {
            refuseTakenName(name);
            aggregate.name = name;
        });
        az.ifPresent(zone -> aggregate.metadata.put(AggregateRecord.AZ_KEY, zone));
        aggregate.updatedAtMs = Optional.of(region.nowMs());
        return show(aggregate, version);
    }

    private Answer delete(AggregateRecord aggregate) {
        if (!aggregate.hosts.isEmpty()) {
            throw Refusal.badRequest(
                    "Cannot remove host from aggregate " + aggregate.id + ". Reason: Host aggregate is not empty.");
        }
        region.aggregates.remove(aggregate.id);
        return Answer.empty(200);
    }

    private Answer act(AggregateRecord aggregate, JsonNode body, Microversion version) {
        if (body.has("add_host")) {
            addHost(aggregate, Bodies.requiredText(body.path("add_host"), "host"));
        } else if (body.has("remove_host")) {
            String host = Bodies.requiredText(body.path("remove_host"), "host");
            if (!aggregate.hosts.remove(host)) {
                throw Refusal.notFound("Cannot remove host " + host + " in aggregate " + aggregate.id);
            }
        } else if (body.path("set_metadata").path("metadata").isObject()) {
            setMetadata(aggregate, body.path("set_metadata").path("metadata"));
        } else {
            throw Refusal.badRequest("There is no such action: " + body.fieldNames());
        }
        return show(aggregate, version);
    }

    private void addHost(AggregateRecord aggregate, String host) {
        if (!region.hosts.containsKey(host)) {
            throw Refusal.notFound("Compute host " + host + " could not be found.");
        }
        Optional<String> zone = region.zoneByAggregate(host);
        if (aggregate.az().isPresent() && zone.isPresent() && !zone.equals(aggregate.az())) {
            throw Refusal.conflict("Cannot add host to aggregate " + aggregate.id
                    + ". Reason: One or more hosts already in availability zone(s) ['" + zone.get() + "'].");
        }
        if (aggregate.hosts.contains(host)) {
            throw Refusal.conflict("Aggregate " + aggregate.id + " already has host " + host + ".");
        }
        aggregate.hosts.add(host);
    }

    private void setMetadata(AggregateRecord aggregate, JsonNode metadata) {
        for (Map.Entry<String, JsonNode> entry : metadata.properties()) {
            boolean isText =
                    entry.getValue().isTextual() && entry.getValue().textValue().length() <= 255;
            if (!entry.getValue().isNull() && !isText) {
                throw Refusal.badRequest("Invalid input for field/attribute " + entry.getKey() + ". Value: "
                        + entry.getValue() + ". It is not of type 'string', 'null' or is too long");
            }
        }
        Json.text(metadata, AggregateRecord.AZ_KEY)
                .ifPresent(zone -> refuseZoneChange(aggregate, zone, "update metadata of aggregate"));
        for (Map.Entry<String, JsonNode> entry : metadata.properties()) {
            if (entry.getValue().isNull()) {
                aggregate.metadata.remove(entry.getKey());
            } else {
                aggregate.metadata.put(entry.getKey(), entry.getValue().textValue());
            }
        }
        aggregate.updatedAtMs = Optional.of(region.nowMs());
    }

    private void refuseZoneChange(AggregateRecord aggregate, String zone, String what) {
        if (aggregate.az().equals(Optional.of(zone))) {
            return;
        }
        List<String> members = aggregate.hosts;
        if (region.servers.values().stream().anyMatch(server -> members.contains(server.host))) {
            throw Refusal.badRequest("Cannot " + what + " " + aggregate.id
                    + ". Reason: One or more hosts contain instances in this zone.");
        }
    }
}
