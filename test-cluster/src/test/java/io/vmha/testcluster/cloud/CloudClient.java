package io.vmha.testcluster.cloud;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.NullNode;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.Optional;

/** Asks a cloud over real HTTP, as a plain client without any knowledge of it would. */
final class CloudClient {
    /** An answer; the body is JSON null where there was none or it is not JSON. */
    record Reply(int status, JsonNode body, HttpResponse<String> raw) {}

    private static final ObjectMapper MAPPER = new ObjectMapper();
    private final HttpClient http =
            HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(5)).build();
    private final URI base;
    private String token = "none";

    CloudClient(SimulatedCloud cloud) {
        this.base = cloud.base();
    }

    CloudClient login(String password) {
        String body = ("{'auth':{'identity':{'methods':['password'],'password':{'user':{'name':'admin','password':'"
                        + password + "','domain':{'id':'default'}}}},"
                        + "'scope':{'project':{'name':'admin','domain':{'id':'default'}}}}}")
                .replace('\'', '"');
        Reply reply = ask("POST", "/v3/auth/tokens", "", Optional.of(body));
        token = reply.raw().headers().firstValue("X-Subject-Token").orElse("none");
        return this;
    }

    Reply get(String path, String microversion) {
        return ask("GET", path, microversion, Optional.empty());
    }

    Reply put(String path, String microversion, String body) {
        return ask("PUT", path, microversion, Optional.of(body.replace('\'', '"')));
    }

    Reply post(String path, String microversion, String body) {
        return ask("POST", path, microversion, Optional.of(body.replace('\'', '"')));
    }

    Reply evacuate(String server, String microversion, String details) {
        return post("/v2.1/servers/" + server + "/action", microversion, "{'evacuate':" + details + "}");
    }

    JsonNode server(String id) {
        return get("/v2.1/servers/" + id, "2.73").body().path("server");
    }

    String serviceId(String host) {
        return get("/v2.1/os-services?binary=nova-compute&host=" + host, "2.53")
                .body()
                .at("/services/0/id")
                .asText();
    }

    Reply forceDown(String host, boolean down) {
        return put("/v2.1/os-services/" + serviceId(host), "2.53", "{'forced_down':" + down + "}");
    }

    Reply ask(String method, String path, String microversion, Optional<String> body) {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(base + path))
                .timeout(Duration.ofSeconds(30))
                .header("Accept", "application/json")
                .header("X-Auth-Token", token);
        if (!microversion.isEmpty()) {
            request.header("OpenStack-API-Version", "compute " + microversion);
        }
        body.ifPresent(ignored -> request.header("Content-Type", "application/json"));
        request.method(method, body.map(BodyPublishers::ofString).orElse(BodyPublishers.noBody()));
        try {
            HttpResponse<String> response = http.send(request.build(), BodyHandlers.ofString());
            boolean isJson = response.headers()
                    .firstValue("Content-Type")
                    .filter(type -> type.startsWith("application/json"))
                    .isPresent();
            JsonNode json =
                    isJson && !response.body().isEmpty() ? MAPPER.readTree(response.body()) : NullNode.getInstance();
            return new Reply(response.statusCode(), json, response);
        } catch (IOException e) {
            return new Reply(0, NullNode.getInstance(), null); // the connection was closed without an answer
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while asking " + path, e);
        }
    }
}
