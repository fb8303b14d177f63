package io.vmha.node.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.vmha.node.consul.ConsulApi;
import io.vmha.node.consul.LocalKeys;
import io.vmha.node.documents.RecordedRequests;
import io.vmha.node.documents.Samples;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Every request that was recorded with a real Consul 1.8.7, sent to this server: what is the same, and what is not and why. */
class ConsulFramesTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Pattern ADDRESS = Pattern.compile("http://127\\.31\\.1\\.[0-9]+:8500(\\S+)");
    private static final String NOT_HERE = "vmhad has no such path";

    /** How our answer relates to the recorded one. */
    private enum As {
        /** Byte for byte, for the same content. */
        SAME,
        /** The same status, kind and names of fields; the pool is another. */
        SHAPE,
        /** Another answer, on purpose. */
        DIFFERENT
    }

    private record Wanted(As as, int status, String why) {}

    private static final Wanted SAME = new Wanted(As.SAME, 0, "");
    private static final Wanted SHAPE = new Wanted(As.SHAPE, 0, "");
    private static final Wanted NONE = new Wanted(As.DIFFERENT, 404, NOT_HERE);

    private static final Map<String, Wanted> FRAMES = new TreeMap<>(Map.ofEntries(
            Map.entry("status_peers", SHAPE),
            Map.entry("catalog_datacenters", SAME),
            Map.entry("catalog_nodes_stale", SHAPE),
            Map.entry("catalog_nodes_cached", SAME),
            Map.entry("catalog_node", new Wanted(As.DIFFERENT, 200, "\"Services\":{}")),
            Map.entry("health_node", SHAPE),
            Map.entry("health_node_missing", SAME),
            Map.entry("health_state_any", SHAPE),
            Map.entry("health_service", new Wanted(As.DIFFERENT, 200, "[]")),
            Map.entry("health_service_passing", new Wanted(As.DIFFERENT, 200, "[]")),
            Map.entry("health_service_missing", SAME),
            Map.entry("health_client", SHAPE),
            Map.entry("kv_get", SAME),
            Map.entry("kv_get_raw", SAME),
            Map.entry("kv_recurse", SAME),
            Map.entry("kv_keys", SAME),
            Map.entry("kv_keys_sep", SAME),
            Map.entry("session_create", SHAPE),
            Map.entry("kv_acquire", SAME),
            Map.entry("kv_acquire2", SAME),
            Map.entry("kv_delete", SAME),
            Map.entry("kv_delete_recurse", SAME),
            Map.entry("kv_get_dc", SAME),
            Map.entry("block_wait", SHAPE),
            Map.entry("badmethod", SAME),
            Map.entry("notfound", SAME),
            Map.entry("agent_self", new Wanted(As.DIFFERENT, 200, "\"NodeName\":\"hv-1\"")),
            Map.entry("agent_checks", SAME),
            Map.entry("agent_services", SAME),
            Map.entry("agent_join", NONE),
            Map.entry("agent_join_bad", NONE),
            Map.entry("force_leave", NONE),
            Map.entry("event_fire", NONE),
            Map.entry("event_list", NONE),
            Map.entry("event_list_name", NONE),
            Map.entry("autopilot_health", NONE),
            Map.entry("autopilot_state", NONE),
            Map.entry("catalog_nodes_filter", new Wanted(As.DIFFERENT, 400, "cannot select with ?filter"))));

    private final LocalKeys keys = new LocalKeys();
    private final HttpClient client = HttpClient.newHttpClient();
    private HttpApi api;
    private String session = "";

    @BeforeEach
    void start() throws IOException {
        api = new HttpApi(
                InetAddress.getLoopbackAddress(),
                0,
                Samples::quiet,
                new RecordedRequests(),
                new ConsulApi(keys, Samples::quiet, "hv-1", new SplittableRandom(1)),
                Map::of,
                Optional.empty());
        api.start();
    }

    @AfterEach
    void stop() {
        api.close();
    }

    private static List<JsonNode> recorded() throws IOException {
        try (InputStream in = ConsulFramesTest.class.getResourceAsStream("/consul/recorded.json")) {
            var frames = new ArrayList<JsonNode>();
            JSON.readTree(in).forEach(frames::add);
            return frames;
        }
    }

    /** Repeats what the recorded command line did. */
    private HttpResponse<String> repeat(JsonNode frame) throws Exception {
        String command = frame.path("request").asText();
        Matcher found = ADDRESS.matcher(command);
        assertThat(found.find()).as(command).isTrue();
        String path = found.group(1).replace("$SID", session).replace("/srv1", "/hv-1");
        if (command.contains("--data-urlencode")) {
            path += "?filter=Node+%3D%3D+srv1";
        }
        Matcher data = Pattern.compile("--data-binary '([^']*)'").matcher(command);
        String body = data.find() ? data.group(1) : "";
        if (body.startsWith("{Name:")) { // the recorder's shell has eaten the quotes
            body = "{\"Name\":\"lock\",\"TTL\":\"15s\",\"LockDelay\":\"1s\",\"Behavior\":\"delete\"}";
        }
        Matcher method = Pattern.compile("-X ([A-Z]+)").matcher(command);
        return client.send(
                HttpRequest.newBuilder(
                                URI.create("http://127.0.0.1:" + api.address().getPort() + path))
                        .timeout(Duration.ofSeconds(30))
                        .method(method.find() ? method.group(1) : "GET", HttpRequest.BodyPublishers.ofString(body))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
    }

    @Test
    void everyRecordedFrameIsAnsweredAsIsSaidHere() throws Exception {
        client.send(
                HttpRequest.newBuilder(
                                URI.create("http://127.0.0.1:" + api.address().getPort() + "/v1/kv/a/b?flags=42"))
                        .PUT(HttpRequest.BodyPublishers.ofString("hello"))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
        var walked = new ArrayList<String>();
        for (JsonNode frame : recorded()) {
            String name = frame.path("name").asText();
            Wanted wanted = FRAMES.get(name);
            assertThat(wanted).as("nobody has said how %s is answered", name).isNotNull();
            HttpResponse<String> answer = repeat(frame);
            switch (wanted.as()) {
                case SAME -> assertSame(name, frame, answer);
                case SHAPE -> assertShape(name, frame, answer);
                case DIFFERENT -> {
                    assertThat(answer.statusCode()).as(name).isEqualTo(wanted.status());
                    assertThat(answer.body()).as(name).contains(wanted.why());
                }
            }
            if (name.equals("session_create")) {
                session = JSON.readTree(answer.body()).path("ID").asText();
            }
            walked.add(name);
        }
        assertThat(walked).containsExactlyInAnyOrderElementsOf(FRAMES.keySet());
    }

    private static void assertSame(String name, JsonNode frame, HttpResponse<String> answer) {
        JsonNode body = frame.path("body");
        assertHeaders(name, frame, answer);
        assertThat(answer.body()).as(name).isEqualTo(body.isTextual() ? body.asText() : body.toString());
    }

    private static void assertShape(String name, JsonNode frame, HttpResponse<String> answer) throws IOException {
        assertHeaders(name, frame, answer);
        assertThat(names(JSON.readTree(answer.body()))).as(name).isEqualTo(names(frame.path("body")));
    }

    /** The names of the fields of an object, or of a list's first object. */
    private static List<String> names(JsonNode body) {
        var names = new ArrayList<String>();
        (body.isArray() ? body.path(0) : body).fieldNames().forEachRemaining(names::add);
        return names;
    }

    /** The status, and each header of Consul's own; an index is that of another log. */
    private static void assertHeaders(String name, JsonNode frame, HttpResponse<String> answer) {
        assertThat(answer.statusCode()).as(name).isEqualTo(frame.path("status").asInt());
        frame.path("headers").properties().forEach(header -> {
            Optional<String> ours = answer.headers().firstValue(header.getKey());
            if (header.getKey().equals("X-Consul-Index")) {
                assertThat(ours.map(Long::parseLong).orElse(0L)).as(name).isPositive();
            } else {
                assertThat(ours)
                        .as("%s of %s", header.getKey(), name)
                        .contains(header.getValue().asText());
            }
        });
    }

    @Test
    void theVotersAreToldAsRaftServers() throws Exception {
        HttpResponse<String> answer = client.send(
                HttpRequest.newBuilder(URI.create(
                                "http://127.0.0.1:" + api.address().getPort() + "/v1/operator/raft/configuration"))
                        .build(),
                HttpResponse.BodyHandlers.ofString());

        JsonNode servers = JSON.readTree(answer.body()).path("Servers");
        assertThat(servers.findValuesAsText("Address"))
                .containsExactly("10.0.0.1:8300", "10.0.0.2:8300", "10.0.0.3:8300");
        assertThat(servers.findValuesAsText("Leader")).containsExactly("false", "true", "false");
        assertThat(names(servers)).containsExactly("ID", "Node", "Address", "Leader", "ProtocolVersion", "Voter");
    }
}
