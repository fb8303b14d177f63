package io.vmha.testcluster.cloud;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.vmha.testcluster.cloud.ServerSpec.VmState;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;

/** {@code /servers}: list, show, create, delete, and what was done to each. */
final class ServersApi {
    private final Region region;
    private final ServerView view;

    ServersApi(Region region) {
        this.region = region;
        this.view = new ServerView(region);
    }

    Answer answer(Request request, Microversion version) {
        if (request.is("GET", 2)) {
            return list(request, version, false);
        }
        if (request.is("GET", 3) && request.segment(2).equals("detail")) {
            return list(request, version, true);
        }
        if (request.is("POST", 2)) {
            return create(request);
        }
        ServerRecord server = find(region, request.segment(2));
        if (request.is("GET", 3)) {
            return Answer.ok(Json.object().set("server", view.show(server, request.base(), version, true)));
        }
        if (request.is("DELETE", 3)) {
            region.ledger.stopped(server.id, region.nowMs(), server.host);
            region.servers.remove(server.id);
            return Answer.empty(204);
        }
        if (request.is("GET", 4) && request.segment(3).equals("os-instance-actions")) {
            return actions(server, version);
        }
        if (request.is("GET", 5) && request.segment(3).equals("os-instance-actions")) {
            return action(server, request.segment(4));
        }
        throw NovaApi.unknown();
    }

    static ServerRecord find(Region region, String id) {
        return Optional.ofNullable(region.servers.get(id))
                .orElseThrow(() -> Refusal.notFound("Instance " + id + " could not be found."));
    }

    private Answer list(Request request, Microversion version, boolean detail) {
        List<ServerRecord> newestFirst = new ArrayList<>(region.servers.values());
        Collections.reverse(newestFirst);
        List<ServerRecord> chosen =
                newestFirst.stream().filter(server -> isWanted(server, request)).toList();
        List<ServerRecord> page = Paging.page(
                chosen,
                request,
                server -> server.id,
                marker -> Refusal.badRequest("marker [" + marker + "] not found"));
        ObjectNode body = Json.object();
        ArrayNode list = body.putArray("servers");
        for (ServerRecord server : page) {
            if (detail) {
                list.add(view.show(server, request.base(), version, false));
            } else {
                ObjectNode brief = list.addObject().put("id", server.id).put("name", server.name);
                brief.set("links", ServerView.links(server, request.base()).path("links"));
            }
        }
        // Nova links on whenever the page is full, even if the next one will be empty: views/__init__.py,
        // _get_collection_links
        boolean isFull = page.size() == Paging.limit(request);
        if (isFull && !page.isEmpty()) {
            Paging.addNext(body.putArray("servers_links"), request, page.get(page.size() - 1).id);
        }
        return Answer.ok(body);
    }

    private static boolean isWanted(ServerRecord server, Request request) {
        String all = request.param("all_tenants").orElse("false").toLowerCase(Locale.ROOT);
        boolean isAll = Set.of("true", "1", "yes", "on", "").contains(all);
        return (isAll || server.projectId.equals(Region.ADMIN_PROJECT))
                && equalOrNotAsked(request, "host", server.host)
                && equalOrNotAsked(request, "status", server.status())
                && equalOrNotAsked(request, "uuid", server.id)
                && request.param("name")
                        .filter(name -> !server.name.contains(name))
                        .isEmpty();
    }

    private static boolean equalOrNotAsked(Request request, String name, String value) {
        return request.param(name)
                .filter(asked -> !asked.equalsIgnoreCase(value))
                .isEmpty();
    }

    private Answer create(Request request) {
        Bodies.requireObject(request.body());
        JsonNode wanted = request.body().path("server");
        String name = Bodies.requiredText(wanted, "name");
        Bodies.requiredText(wanted, "flavorRef");
        String zone = Json.text(wanted, "availability_zone").orElse("nova");
        String[] pin = zone.split(":", 2);
        Map<String, String> metadata = new TreeMap<>();
        wanted.path("metadata")
                .properties()
                .forEach(entry -> metadata.put(entry.getKey(), entry.getValue().asText()));
        ServerSpec spec = new ServerSpec(
                UUID.randomUUID().toString(),
                VmState.BUILDING,
                name,
                false,
                pin.length == 2 ? pin[1] : "",
                Json.text(wanted, "imageRef").filter(ref -> !ref.isEmpty()).isEmpty(),
                Optional.of(pin[0]),
                metadata);
        if (pin.length == 2 && !region.hosts.containsKey(pin[1])) {
            throw Refusal.badRequest("No valid host was found. No such host - host: " + pin[1] + " node: None ");
        }
        ServerRecord server = region.addServer(spec, Region.ADMIN_PROJECT);
        if (server.host.isEmpty()) {
            Optional<String> chosen = region.schedule(server, Optional.empty());
            server.host = chosen.orElse("");
        }
        if (server.host.isEmpty()) {
            server.settle(VmState.ERROR, region.nowMs());
            server.fault = Optional.of("No valid host was found. There are not enough hosts available.");
        } else {
            region.build(server);
        }
        ObjectNode node = Json.object().put("id", server.id);
        node.set("links", ServerView.links(server, request.base()).path("links"));
        node.put("OS-DCF:diskConfig", "MANUAL");
        node.putArray("security_groups").addObject().put("name", "default");
        node.put("adminPass", "YqB8YdYoqpqn");
        return new Answer(202, Json.object().set("server", node));
    }

    private static Answer actions(ServerRecord server, Microversion version) {
        ObjectNode body = Json.object();
        ArrayNode list = body.putArray("instanceActions");
        for (ServerRecord.Action action : server.actions) {
            ObjectNode node = list.addObject().put("action", action.action()).put("instance_uuid", server.id);
            node.put("request_id", action.requestId()).put("user_id", Region.ADMIN_USER);
            node.put("project_id", Region.ADMIN_PROJECT).put("start_time", Timestamps.micros(action.startMs()));
            node.putNull("message");
            if (version.atLeast(58)) {
                node.put("updated_at", Timestamps.micros(server.updatedAtMs));
            }
        }
        return Answer.ok(body);
    }

    /** One action in full. Of what is done for it only this is recorded, that the conductor has begun: nothing of it ever fails. */
    private static Answer action(ServerRecord server, String requestId) {
        ServerRecord.Action found = server.actions.stream()
                .filter(a -> a.requestId().equals(requestId))
                .findFirst()
                .orElseThrow(() -> Refusal.notFound(
                        "Action for request_id " + requestId + " on instance " + server.id + " not found"));
        ObjectNode body = Json.object();
        ObjectNode node = body.putObject("instanceAction")
                .put("action", found.action())
                .put("instance_uuid", server.id)
                .put("request_id", found.requestId())
                .putNull("message");
        node.put("start_time", Timestamps.micros(found.startMs()));
        ArrayNode events = node.putArray("events");
        if (found.action().equals("evacuate")) {
            events.addObject()
                    .put("event", "rebuild_server")
                    .put("start_time", Timestamps.micros(found.startMs()))
                    .putNull("finish_time")
                    .putNull("result");
        }
        return Answer.ok(body);
    }
}
