package io.vmha.recovery.openstack;

import com.fasterxml.jackson.databind.JsonNode;
import io.vmha.recovery.core.Aggregate;
import io.vmha.recovery.core.ComputeException;
import io.vmha.recovery.core.ComputeException.Kind;
import io.vmha.recovery.core.ComputeService;
import io.vmha.recovery.core.Handling;
import io.vmha.recovery.core.HostName;
import io.vmha.recovery.core.Migration;
import io.vmha.recovery.core.Server;
import io.vmha.recovery.core.ServerId;
import io.vmha.recovery.core.Traits;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import org.openstack4j.core.transport.ObjectMapperSingleton;
import org.openstack4j.openstack.compute.domain.NovaHostAggregate;
import org.openstack4j.openstack.compute.domain.NovaHostAggregate.NovaHostAggregates;

/** What Nova's JSON means. Every field that recovery relies on must be there: a missing one is an exception, never a default. */
final class NovaRecords {
    private static final String HOST = "OS-EXT-SRV-ATTR:host";

    private static final int ADDRESSES_MAX = 16;
    private static final int FAULT_LENGTH_MAX = 200;

    private NovaRecords() {}

    /** By openstack4j's model, after a look whether the list is there at all: the model takes any object for an empty list. */
    static List<Aggregate> aggregates(NovaLink.Reply reply) {
        list(reply, reply.json(), "aggregates");
        try {
            var parsed = ObjectMapperSingleton.getContext(NovaHostAggregates.class)
                    .readValue(reply.answer().body(), NovaHostAggregates.class);
            var aggregates = new ArrayList<Aggregate>();
            for (NovaHostAggregate aggregate : parsed.getList()) {
                aggregates.add(aggregate(aggregate));
            }
            return List.copyOf(aggregates);
        } catch (IOException | IllegalArgumentException e) {
            throw reply.garbled("an aggregate makes no sense: " + e.getMessage());
        }
    }

    private static Aggregate aggregate(NovaHostAggregate aggregate) {
        if (aggregate.getId() == null || aggregate.getName() == null || aggregate.getHosts() == null) {
            throw new IllegalArgumentException("id, name or hosts is missing");
        }
        var metadata = new TreeMap<String, String>();
        if (aggregate.getMetadata() != null) {
            aggregate.getMetadata().forEach((key, value) -> metadata.put(key, String.valueOf(value)));
        }
        return new Aggregate(
                Long.parseLong(aggregate.getId()),
                aggregate.getName(),
                Optional.ofNullable(aggregate.getAvailabilityZone()),
                aggregate.getHosts().stream().map(HostName::new).toList(),
                metadata);
    }

    static List<ComputeService> services(NovaLink.Reply reply) {
        var services = new ArrayList<ComputeService>();
        for (JsonNode node : list(reply, reply.json(), "services")) {
            if (text(reply, node, "binary").equals("nova-compute")) {
                services.add(service(reply, node));
            }
        }
        return List.copyOf(services);
    }

    static ComputeService service(NovaLink.Reply reply, JsonNode node) {
        if (!node.path("forced_down").isBoolean()) {
            throw reply.garbled("a service has no forced_down");
        }
        return new ComputeService(
                text(reply, node, "id"),
                host(reply, text(reply, node, "host")),
                text(reply, node, "state").equals("up"),
                text(reply, node, "status").equals("enabled"),
                node.path("forced_down").booleanValue(),
                optional(node, "disabled_reason"),
                optional(node, "updated_at"));
    }

    static List<Server> servers(NovaLink.Reply reply, JsonNode page) {
        var servers = new ArrayList<Server>();
        for (JsonNode node : list(reply, page, "servers")) {
            servers.add(server(reply, node));
        }
        return servers;
    }

    static Server server(NovaLink.Reply reply, JsonNode node) {
        if (!node.has(HOST)) {
            throw new ComputeException(
                    Kind.UNAUTHORIZED,
                    reply.answer().status(),
                    reply.call().uri() + " does not show " + HOST + ": the user needs Nova's admin role (policy"
                            + " os_compute_api:os-extended-server-attributes)",
                    null);
        }
        var id = text(reply, node, "id");
        var metadata = new TreeMap<String, String>();
        node.path("metadata")
                .properties()
                .forEach(entry -> metadata.put(entry.getKey(), entry.getValue().asText()));
        return new Server(
                serverId(reply, id),
                node.path("name").asText(),
                optional(node, HOST).map(name -> host(reply, name)).orElse(Server.NO_HOST),
                text(reply, node, "status"),
                text(reply, node, "OS-EXT-STS:vm_state"),
                optional(node, "OS-EXT-STS:task_state"),
                node.path("locked").asBoolean(false),
                isVolumeBacked(reply, node),
                metadata,
                traits(node));
    }

    /** One line of bounded length: it goes into the story of an incident. */
    private static Optional<String> fault(JsonNode node) {
        var message = node.path("fault").path("message").asText("").strip();
        var line = message.replaceAll("\\s+", " ");
        return line.isEmpty()
                ? Optional.empty()
                : Optional.of(line.length() <= FAULT_LENGTH_MAX ? line : line.substring(0, FAULT_LENGTH_MAX) + "…");
    }

    /** Nothing here is relied on for safety: what is missing is unknown. */
    private static Traits traits(JsonNode node) {
        var flavor = node.path("flavor");
        var specs = new TreeMap<String, String>();
        flavor.path("extra_specs")
                .properties()
                .forEach(entry -> specs.put(entry.getKey(), entry.getValue().asText()));
        var addresses = new ArrayList<String>();
        for (JsonNode network : node.path("addresses")) {
            for (JsonNode address : network) {
                if (addresses.size() < ADDRESSES_MAX) {
                    addresses.add(address.path("addr").asText());
                }
            }
        }
        return new Traits(
                node.path("tenant_id").asText(),
                optional(node.path("image"), "id"),
                new TreeMap<>(),
                List.of(),
                specs,
                flavor.path("vcpus").asInt(),
                flavor.path("ram").asInt(),
                optional(node, "locked_reason"),
                addresses,
                fault(node));
    }

    /** Nova writes an empty text, not an object, in place of the image of a server that boots from a volume. */
    private static boolean isVolumeBacked(NovaLink.Reply reply, JsonNode node) {
        var image = node.get("image");
        if (image == null
                || !(image.isObject() || image.isNull() || image.asText().isEmpty())) {
            throw reply.garbled("a server has no image field");
        }
        return !image.isObject();
    }

    /** The evacuations in a list of migrations, whatever else Nova may have put into it. */
    static List<Migration> evacuations(NovaLink.Reply reply, JsonNode page) {
        var migrations = new ArrayList<Migration>();
        for (JsonNode node : list(reply, page, "migrations")) {
            if (text(reply, node, "migration_type").equals("evacuation")) {
                if (!node.path("id").isIntegralNumber()) {
                    throw reply.garbled("a migration has no id");
                }
                migrations.add(new Migration(
                        node.path("id").longValue(),
                        serverId(reply, text(reply, node, "instance_uuid")),
                        host(reply, text(reply, node, "source_compute")),
                        optional(node, "dest_compute").map(name -> host(reply, name)),
                        text(reply, node, "status"),
                        text(reply, node, "created_at")));
            }
        }
        return migrations;
    }

    static JsonNode list(NovaLink.Reply reply, JsonNode node, String field) {
        var list = node.path(field);
        if (!list.isArray()) {
            throw reply.garbled("it has no list '" + field + "'");
        }
        return list;
    }

    static String text(NovaLink.Reply reply, JsonNode node, String field) {
        return optional(node, field).orElseThrow(() -> reply.garbled("a record has no '" + field + "'"));
    }

    private static Optional<String> optional(JsonNode node, String field) {
        var value = node.path(field);
        return value.isTextual() && !value.textValue().isEmpty() ? Optional.of(value.textValue()) : Optional.empty();
    }

    private static HostName host(NovaLink.Reply reply, String name) {
        try {
            return new HostName(name);
        } catch (IllegalArgumentException e) {
            throw reply.garbled(e.getMessage());
        }
    }

    private static ServerId serverId(NovaLink.Reply reply, String id) {
        try {
            return new ServerId(id);
        } catch (IllegalArgumentException e) {
            throw reply.garbled(e.getMessage());
        }
    }

    /** The request that asked for the newest evacuation of a server. Nova lists its actions newest first. */
    static Optional<String> newestEvacuation(JsonNode actions) {
        for (JsonNode action : actions.path("instanceActions")) {
            if (action.path("action").asText().equals("evacuate")) {
                return Optional.of(action.path("request_id").asText());
            }
        }
        return Optional.empty();
    }

    /**
     * Given up is what is over, something of it with an error, and no nova-compute has had; what is over without one is handed on. The conductor's
     * work begins with an event, and a nova-compute's as well, before it does anything.
     */
    static Handling handling(JsonNode answer) {
        JsonNode events = answer.path("instanceAction").path("events");
        if (events.isArray() && events.isEmpty()) {
            return Handling.UNTOUCHED;
        }
        boolean failed = false;
        for (JsonNode event : events) {
            if (event.path("finish_time").isNull()
                    || event.path("event").asText().startsWith("compute")) {
                return Handling.IN_HAND;
            }
            failed |= event.path("result").asText().equals("Error");
        }
        return !events.isArray() ? Handling.IN_HAND : failed ? Handling.GIVEN_UP : Handling.HANDED_ON;
    }
}
