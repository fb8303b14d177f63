package io.vmha.testcluster.faults.lab;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/** An administrator of the cloud, past the proxy: what it reads is Nova's own word, and its calls are never troubled. */
public final class CloudAdmin {
    private static final Duration LIMIT = Duration.ofSeconds(20);
    private static final Set<String> ENDED = Set.of("done", "completed", "failed", "error", "cancelled");
    private static final int READS_MAX = 3;
    private static final long READ_AGAIN_MS = 500;
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

    private final HttpClient http =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final CloudAccess access;
    private String token = "";

    CloudAdmin(CloudAccess access) {
        this.access = access;
    }

    /** Logs in; old tokens may have been expired by a fault. */
    private void login() {
        String body = "{\"auth\":{\"identity\":{\"methods\":[\"password\"],\"password\":{\"user\":{\"name\":\""
                + CloudAccess.USER + "\",\"password\":\"" + access.password() + "\","
                + "\"domain\":{\"name\":\"Default\"}}}},\"scope\":{\"project\":{\"name\":\""
                + CloudAccess.PROJECT + "\"," + "\"domain\":{\"name\":\"Default\"}}}}}";
        HttpResponse<String> reply = send(HttpRequest.newBuilder(URI.create(access.keystone() + "/auth/tokens"))
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(body)));
        token = reply.headers()
                .firstValue("X-Subject-Token")
                .orElseThrow(() -> new LabException("Keystone gives the operator no token: " + reply.statusCode()));
    }

    private synchronized HttpResponse<String> call(String method, String path, String body) {
        if (token.isEmpty()) {
            login();
        }
        HttpResponse<String> reply = once(method, path, body);
        if (reply.statusCode() == 401) {
            login();
            reply = once(method, path, body);
        }
        return reply;
    }

    /** What a busy Nova fails to answer is asked again; an error is never taken for an empty list. */
    private JsonNode read(String path) {
        int status = 0;
        for (int i = 0; i < READS_MAX; i++) {
            HttpResponse<String> reply = call("GET", path, "");
            status = reply.statusCode();
            if (status == 200) {
                return NovaProxy.parse(reply.body());
            }
            Shell.pause(READ_AGAIN_MS);
        }
        throw new LabException("the operator expected 200 from Nova but found " + status + " for " + path + ", "
                + READS_MAX + " times; see openstack/log in --logs if it is a real one");
    }

    private HttpResponse<String> once(String method, String path, String body) {
        return send(HttpRequest.newBuilder(URI.create(access.nova() + path))
                .header("X-Auth-Token", token)
                .header("OpenStack-API-Version", "compute 2.60")
                .header("Content-Type", "application/json")
                .method(
                        method,
                        body.isEmpty()
                                ? HttpRequest.BodyPublishers.noBody()
                                : HttpRequest.BodyPublishers.ofString(body)));
    }

    private HttpResponse<String> send(HttpRequest.Builder request) {
        try {
            return http.send(request.timeout(LIMIT).build(), HttpResponse.BodyHandlers.ofString());
        } catch (IOException e) {
            throw new LabException("the cloud does not answer the operator: " + e, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new LabException("interrupted", e);
        }
    }

    /** All servers: id, name, status, host, task, and whether it has ever been launched. */
    public ArrayNode servers() {
        ArrayNode servers = NODES.arrayNode();
        JsonNode body = read("/servers/detail?all_tenants=True");
        for (JsonNode server : body.path("servers")) {
            servers.addObject()
                    .put("id", server.path("id").asText())
                    .put("name", server.path("name").asText())
                    .put("status", server.path("status").asText())
                    .put("host", server.path("OS-EXT-SRV-ATTR:host").asText("").replace("null", ""))
                    .put("launched", !server.path("OS-SRV-USG:launched_at").isNull())
                    .put("task", server.path("OS-EXT-STS:task_state").asText("").replace("null", ""));
        }
        return servers;
    }

    /** Boots a server on this host. True if Nova took it. */
    public boolean create(String name, String host) {
        ObjectNode body = NODES.objectNode();
        body.putObject("server")
                .put("name", name)
                .put("flavorRef", access.flavor())
                .put("imageRef", CloudAccess.IMAGE)
                .put("networks", "none")
                .put("availability_zone", TestBed.AZ + ":" + host);
        return call("POST", "/servers", text(body)).statusCode() == 202;
    }

    /** Does one of Nova's plain actions, such as {@code os-start}. */
    public boolean act(String server, String action) {
        ObjectNode body = NODES.objectNode().putNull(action);
        return call("POST", "/servers/" + server + "/action", text(body)).statusCode() == 202;
    }

    public boolean delete(String server) {
        return call("DELETE", "/servers/" + server, "").statusCode() == 204;
    }

    /** Takes a host back: up, and enabled. False while Nova refuses. */
    public boolean forceUp(String host) {
        return service("force-down", host, body -> body.put("forced_down", false)) == 200
                && service("enable", host, body -> {}) == 200;
    }

    /** Nova's own list of its nova-computes. */
    JsonNode computeServices() {
        return read("/os-services?binary=nova-compute").path("services");
    }

    /** The host that has taken the newest evacuation of a server upon itself and has not ended it. */
    Optional<String> evacuationTarget(String server) {
        JsonNode migrations = read("/os-migrations?migration_type=evacuation&instance_uuid=" + server)
                .path("migrations");
        String newest = "";
        Optional<String> target = Optional.empty();
        for (JsonNode migration : migrations) {
            String at = migration.path("created_at").asText();
            if (at.compareTo(newest) > 0) {
                newest = at;
                target = Optional.of(migration.path("dest_compute").asText(""))
                        .filter(host -> !host.isEmpty() && !host.equals("null"))
                        .filter(host -> !ENDED.contains(migration.path("status").asText()));
            }
        }
        return target;
    }

    private int service(String action, String host, Consumer<ObjectNode> rest) {
        ObjectNode body = NODES.objectNode().put("binary", "nova-compute").put("host", host);
        rest.accept(body);
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(access.nova() + "/os-services/" + action))
                .header("X-Auth-Token", token)
                .header("OpenStack-API-Version", "compute 2.11")
                .header("Content-Type", "application/json")
                .PUT(HttpRequest.BodyPublishers.ofString(text(body)));
        if (token.isEmpty()) {
            login();
        }
        int status = send(request.copy().setHeader("X-Auth-Token", token)).statusCode();
        if (status == 401) {
            login();
            status = send(request.copy().setHeader("X-Auth-Token", token)).statusCode();
        }
        return status;
    }

    /** Adds a host to the zone's aggregate, or removes it. The status of the answer. */
    public int aggregate(String action, String host) {
        JsonNode list = read("/os-aggregates");
        for (JsonNode aggregate : list.path("aggregates")) {
            if (aggregate.path("availability_zone").asText().equals(TestBed.AZ)) {
                ObjectNode body = NODES.objectNode();
                body.putObject(action).put("host", host);
                return call("POST", "/os-aggregates/" + aggregate.path("id").asText() + "/action", text(body))
                        .statusCode();
            }
        }
        return 404;
    }

    private static String text(ObjectNode body) {
        try {
            return JSON.writeValueAsString(body);
        } catch (IOException e) {
            throw new LabException("cannot write JSON", e);
        }
    }
}
