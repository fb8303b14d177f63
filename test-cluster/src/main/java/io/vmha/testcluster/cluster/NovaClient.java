package io.vmha.testcluster.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * An administrator of the cloud, with plain HTTP, sharing no code with the daemon: what it reports is what Nova says, not what we believe.
 */
public final class NovaClient {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final int UNAUTHORIZED = 401;

    private final HttpClient http =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final CloudBackend cloud;
    private String token = "";
    private String compute = "";

    /** A server as Nova shows it. */
    public record Vm(String id, String name, String status, String host, String taskState) {
        /** True if it has settled, running, on a host that is not among these. */
        public boolean isActiveElsewhere(List<String> deadHosts) {
            return status.equals("ACTIVE") && taskState.isEmpty() && !host.isEmpty() && !deadHosts.contains(host);
        }
    }

    /** Logs in. */
    public NovaClient(CloudBackend cloud) {
        this.cloud = cloud;
        login();
    }

    private void login() {
        ObjectNode body = JSON.createObjectNode();
        ObjectNode auth = body.putObject("auth");
        ObjectNode identity = auth.putObject("identity");
        identity.putArray("methods").add("password");
        ObjectNode user = identity.putObject("password").putObject("user");
        user.put("name", cloud.username())
                .put("password", cloud.password())
                .putObject("domain")
                .put("name", "Default");
        auth.putObject("scope")
                .putObject("project")
                .put("name", cloud.project())
                .putObject("domain")
                .put("name", "Default");
        String base = cloud.authUrl().toString();
        URI tokens = URI.create((base.endsWith("/v3") ? base : base + "/v3") + "/auth/tokens");
        HttpResponse<String> reply = send(HttpRequest.newBuilder(tokens)
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(body.toString())));
        token = reply.headers()
                .firstValue("X-Subject-Token")
                .orElseThrow(() ->
                        new ClusterException("Keystone gave no token: " + reply.statusCode() + " " + reply.body()));
        compute = endpoint(parse(reply.body()));
    }

    private static String endpoint(JsonNode token) {
        for (JsonNode service : token.at("/token/catalog")) {
            if (service.path("type").asText().equals("compute")) {
                for (JsonNode endpoint : service.path("endpoints")) {
                    if (endpoint.path("interface").asText().equals("public")) {
                        return endpoint.path("url").asText();
                    }
                }
            }
        }
        throw new ClusterException("Keystone's catalog has no public compute endpoint");
    }

    /** All VMs of all projects. */
    public List<Vm> servers() {
        var vms = new ArrayList<Vm>();
        for (JsonNode server :
                call("GET", "/servers/detail?all_tenants=True", "2.60", "").path("servers")) {
            vms.add(new Vm(
                    server.path("id").asText(),
                    server.path("name").asText(),
                    server.path("status").asText(),
                    server.path("OS-EXT-SRV-ATTR:host").asText(""),
                    server.path("OS-EXT-STS:task_state").isNull()
                            ? ""
                            : server.path("OS-EXT-STS:task_state").asText("")));
        }
        return vms;
    }

    /** Nova's record of a host's nova-compute. */
    public JsonNode computeService(String host) {
        return call("GET", "/os-services?binary=nova-compute&host=" + host, "2.53", "")
                .at("/services/0");
    }

    /** Nova's records of evacuations, of all hosts. */
    public List<JsonNode> evacuations() {
        var all = new ArrayList<JsonNode>();
        call("GET", "/os-migrations?migration_type=evacuation", "2.59", "")
                .path("migrations")
                .forEach(all::add);
        return all;
    }

    /** Takes a host back: {@code openstack compute service set --up} and {@code --enable}. False while Nova refuses. */
    public boolean forceUp(String host) {
        return service("force-down", host, body -> body.put("forced_down", false)) == 200
                && service("enable", host, body -> {}) == 200;
    }

    /** Tells Nova that a host is down: {@code openstack compute service set --down}. */
    public void forceDown(String host) {
        if (service("force-down", host, body -> body.put("forced_down", true)) != 200) {
            throw new ClusterException("Nova does not hold " + host + " down");
        }
    }

    /** From now on the scheduler puts no server on this host: {@code openstack compute service set --disable}. */
    public void keepFree(String host) {
        if (service("disable", host, body -> {}) != 200) {
            throw new ClusterException("Nova does not disable " + host);
        }
    }

    /** Adds a host to an aggregate. */
    public void addToAggregate(long aggregate, String host) {
        aggregate(aggregate, "add_host", host);
    }

    /** Removes a host from an aggregate. */
    public void removeFromAggregate(long aggregate, String host) {
        aggregate(aggregate, "remove_host", host);
    }

    /** The metadata keys of all aggregates that carry this AZ. */
    public List<String> metadataKeys(String zone) {
        HttpResponse<String> reply = send(HttpRequest.newBuilder(URI.create(compute + "/os-aggregates"))
                .header("X-Auth-Token", token)
                .GET());
        var keys = new ArrayList<String>();
        for (JsonNode aggregate : parse(reply.body()).path("aggregates")) {
            if (aggregate.path("availability_zone").asText().equals(zone)) {
                aggregate.path("metadata").fieldNames().forEachRemaining(keys::add);
            }
        }
        return keys;
    }

    /** Takes all metadata but the zone itself from the aggregates that carry this AZ. */
    void forgetMetadata(String zone) {
        for (JsonNode aggregate : call("GET", "/os-aggregates", "2.1", "").path("aggregates")) {
            ObjectNode body = JSON.createObjectNode();
            ObjectNode metadata = body.putObject("set_metadata").putObject("metadata");
            aggregate.path("metadata").fieldNames().forEachRemaining(metadata::putNull);
            metadata.remove("availability_zone");
            if (aggregate.path("availability_zone").asText().equals(zone) && !metadata.isEmpty()) {
                call("POST", "/os-aggregates/" + aggregate.path("id").asText() + "/action", "2.1", body.toString());
            }
        }
    }

    /** As its owner stops a server. */
    public void stop(String server) {
        HttpResponse<String> reply = send(HttpRequest.newBuilder(URI.create(compute + "/servers/" + server + "/action"))
                .header("X-Auth-Token", token)
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString("{\"os-stop\":null}")));
        if (reply.statusCode() != 202) {
            throw new ClusterException("os-stop " + server + ": " + reply.statusCode() + " " + reply.body());
        }
    }

    /** The value of a key in an aggregate's metadata; empty if it has none. */
    public String aggregateMetadata(long aggregate, String key) {
        return call("GET", "/os-aggregates/" + aggregate, "2.1", "")
                .at("/aggregate/metadata")
                .path(key)
                .asText("");
    }

    /** Sets a key in an aggregate's metadata; {@code availability_zone} renames its AZ. */
    public void setAggregateMetadata(long aggregate, String key, String value) {
        ObjectNode body = JSON.createObjectNode();
        body.putObject("set_metadata").putObject("metadata").put(key, value);
        act(aggregate, body);
    }

    private void aggregate(long aggregate, String action, String host) {
        ObjectNode body = JSON.createObjectNode();
        body.putObject(action).put("host", host);
        act(aggregate, body);
    }

    private void act(long aggregate, ObjectNode body) {
        call("POST", "/os-aggregates/" + aggregate + "/action", "2.1", body.toString());
    }

    private int service(String action, String host, Consumer<ObjectNode> rest) {
        ObjectNode body = JSON.createObjectNode().put("binary", "nova-compute").put("host", host);
        rest.accept(body);
        return ask("PUT", "/os-services/" + action, "2.11", body.toString()).statusCode();
    }

    /**
     * Any call.
     *
     * @param version the compute microversion
     * @param body JSON, or empty
     * @return the answer's document; a missing node if it has none
     */
    public JsonNode call(String method, String path, String version, String body) {
        HttpResponse<String> reply = ask(method, path, version, body);
        if (reply.statusCode() >= 300) {
            throw new ClusterException(method + " " + path + ": " + reply.statusCode() + " " + reply.body());
        }
        return reply.body().isBlank() ? MissingNode.getInstance() : parse(reply.body());
    }

    /** Logs in again when the token has expired. */
    private HttpResponse<String> ask(String method, String path, String version, String body) {
        HttpResponse<String> reply = askOnce(method, path, version, body);
        if (reply.statusCode() != UNAUTHORIZED) {
            return reply;
        }
        login();
        return askOnce(method, path, version, body);
    }

    private HttpResponse<String> askOnce(String method, String path, String version, String body) {
        return send(HttpRequest.newBuilder(URI.create(compute + path))
                .header("X-Auth-Token", token)
                .header("OpenStack-API-Version", "compute " + version)
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
            throw new ClusterException("no answer from OpenStack: " + e, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ClusterException("interrupted", e);
        }
    }

    private static JsonNode parse(String text) {
        try {
            return JSON.readTree(text);
        } catch (IOException e) {
            throw new ClusterException("not JSON: " + text, e);
        }
    }
}
