package io.vmha.testcluster.cloud;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.net.URI;
import java.util.Map;

/** Nova's version documents, and which part of Nova answers which path. Guarded by the {@link Region}. */
final class NovaApi {
    private final ServicesApi services;
    private final AggregatesApi aggregates;
    private final ServersApi servers;
    private final ServerActionsApi actions;
    private final MigrationsApi migrations;
    private final HypervisorsApi hypervisors;

    NovaApi(Region region) {
        this.services = new ServicesApi(region);
        this.aggregates = new AggregatesApi(region);
        this.servers = new ServersApi(region);
        this.actions = new ServerActionsApi(region);
        this.migrations = new MigrationsApi(region);
        this.hypervisors = new HypervisorsApi(region);
    }

    /** {@code GET /}: no token, no microversion. */
    static Answer versions(Request request) {
        ObjectNode body = Json.object();
        ArrayNode versions = body.putArray("versions");
        ObjectNode old = versions.addObject();
        old.put("id", "v2.0").put("status", "SUPPORTED").put("version", "").put("min_version", "");
        old.put("updated", "2011-01-21T11:33:21Z");
        old.putArray("links").addObject().put("rel", "self").put("href", request.base() + "/v2/");
        versions.add(current(request.base()));
        return Answer.ok(body);
    }

    /** {@code GET /v2.1/}: no token. */
    static Answer version(Request request) {
        ObjectNode version = current(request.base());
        version.withArray("links")
                .addObject()
                .put("rel", "describedby")
                .put("type", "text/html")
                .put("href", "http://docs.openstack.org/");
        version.putArray("media-types")
                .addObject()
                .put("base", "application/json")
                .put("type", "application/vnd.openstack.compute+json;version=2.1");
        return Answer.ok(Json.object().set("version", version));
    }

    private static ObjectNode current(URI base) {
        ObjectNode version = Json.object();
        version.put("id", "v2.1").put("status", "CURRENT").put("version", Microversion.MAX.toString());
        version.put("min_version", Microversion.MIN.toString()).put("updated", "2013-07-23T11:33:21Z");
        version.putArray("links").addObject().put("rel", "self").put("href", base + "/v2.1/");
        return version;
    }

    /** @throws Refusal where Nova refuses */
    Answer answer(Request request, Microversion version, String requestId) {
        boolean isAction = request.is("POST", 4) && request.segment(3).equals("action");
        return switch (request.segment(1)) {
            case "os-services" -> services.answer(request, version);
            case "os-aggregates" -> aggregates.answer(request, version);
            case "os-migrations" -> migrations.answer(request, version);
            case "os-hypervisors", "os-availability-zone" -> hypervisors.answer(request, version);
            case "servers" -> isAction ? actions.answer(request, version, requestId) : servers.answer(request, version);
            default -> throw unknown();
        };
    }

    static Refusal unknown() {
        return Refusal.notFound("The resource could not be found.");
    }

    static Map<String, String> headers(String asked, String requestId) {
        return Map.of(
                "Openstack-Api-Version",
                "compute " + asked,
                "X-Openstack-Nova-Api-Version",
                asked,
                "Vary",
                "X-OpenStack-Nova-API-Version",
                "X-Openstack-Request-Id",
                requestId,
                "X-Compute-Request-Id",
                requestId);
    }
}
