package io.vmha.node.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.vmha.node.consul.ConsulApi;
import io.vmha.node.consul.LocalKeys;
import io.vmha.node.documents.RecordedRequests;
import io.vmha.node.documents.Samples;
import io.vmha.node.view.NodeView;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The HTTP API over real sockets: shapes, changes, and input that means no good. */
class HttpApiTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final RecordedRequests requests = new RecordedRequests();
    private final LocalKeys keys = new LocalKeys();
    private final HttpClient client =
            HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(10)).build();
    private volatile NodeView view = Samples.quiet();
    private HttpApi api;

    @BeforeEach
    void start() throws IOException {
        api = serve(InetAddress.getLoopbackAddress(), Optional.empty());
    }

    @AfterEach
    void stop() {
        api.close();
    }

    private HttpApi serve(InetAddress address, Optional<String> token) throws IOException {
        var server = new HttpApi(
                address,
                0,
                () -> view,
                requests,
                new ConsulApi(keys, () -> view, "hv-1", new SplittableRandom(1)),
                () -> Map.of("gossip_packets_in", 42.0),
                token);
        server.start();
        return server;
    }

    private HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(
                        URI.create("http://127.0.0.1:" + api.address().getPort() + path))
                .timeout(Duration.ofSeconds(20));
    }

    private HttpResponse<String> send(HttpRequest request) throws Exception {
        return client.send(request, HttpResponse.BodyHandlers.ofString());
    }

    private HttpResponse<String> get(String path) throws Exception {
        return send(request(path).build());
    }

    private HttpResponse<String> put(String path, String body) throws Exception {
        return send(request(path).PUT(HttpRequest.BodyPublishers.ofString(body)).build());
    }

    private JsonNode json(String path) throws Exception {
        HttpResponse<String> response = get(path);
        assertThat(response.statusCode()).as(path + ": " + response.body()).isEqualTo(200);
        assertThat(response.headers().firstValue("content-type")).contains("application/json");
        return JSON.readTree(response.body());
    }

    /** Sends bytes as they are and returns the answer's beginning. */
    private String raw(String text) throws IOException {
        try (var socket = new Socket(api.address().getAddress(), api.address().getPort())) {
            socket.setSoTimeout(20_000);
            socket.getOutputStream().write(text.getBytes(StandardCharsets.ISO_8859_1));
            socket.getOutputStream().flush();
            InputStream in = socket.getInputStream();
            return new String(in.readNBytes(12), StandardCharsets.ISO_8859_1);
        }
    }

    @Test
    void consulsLeaderAndPeersHaveConsulsShape() throws Exception {
        assertThat(get("/v1/status/leader").body()).isEqualTo("\"10.0.0.2:8300\"");
        assertThat(get("/v1/status/peers").body()).isEqualTo("[\"10.0.0.1:8300\",\"10.0.0.2:8300\",\"10.0.0.3:8300\"]");

        view = Samples.alone();

        assertThat(get("/v1/status/leader").body()).isEqualTo("\"\"");
        assertThat(get("/v1/status/peers").body()).isEqualTo("[]");
        assertThat(get("/v1/status/leader").headers().firstValue("content-type"))
                .contains("application/json");
    }

    @Test
    void consulsMembersHaveConsulsShape() throws Exception {
        view = Samples.alone();

        assertThat(get("/v1/agent/members").body())
                .isEqualTo("[{\"Name\":\"hv-1\",\"Addr\":\"10.0.0.1\",\"Port\":8301,"
                        + "\"Tags\":{\"az\":\"az1\",\"dc\":\"dc1\",\"host\":\"hv-1\"},\"Status\":1,"
                        + "\"ProtocolMin\":1,\"ProtocolMax\":5,\"ProtocolCur\":2,"
                        + "\"DelegateMin\":2,\"DelegateMax\":5,\"DelegateCur\":4}]");
        assertThat(get("/v1/agent/members?pretty").body()).startsWith("[\n    {\n        \"Name\": \"hv-1\"");
    }

    @Test
    void consulsSelfTellsWhoThisIs() throws Exception {
        JsonNode self = json("/v1/agent/self");

        assertThat(self.at("/Config/Datacenter").textValue()).isEqualTo("dc1");
        assertThat(self.at("/Config/NodeName").textValue()).isEqualTo("hv-1");
        assertThat(self.at("/Config/Server").booleanValue()).isTrue();
        assertThat(self.at("/Member/Status").intValue()).isEqualTo(1);
        assertThat(self.at("/Stats/raft/state").textValue()).isEqualTo("Follower");
        assertThat(self.at("/Stats/raft/term").textValue()).isEqualTo("7");
    }

    @Test
    void theLeaderDocumentSaysWhoLeadsOrWhyNobodyDoes() throws Exception {
        JsonNode led = json("/v1/leader");
        view = Samples.leaderless();
        JsonNode unled = json("/v1/leader");
        view = Samples.alone();
        JsonNode alone = json("/v1/leader");

        assertThat(led.at("/leader/host").textValue()).isEqualTo("hv-2");
        assertThat(led.at("/leader/address").textValue()).isEqualTo("10.0.0.2:8300");
        assertThat(led.path("term").intValue()).isEqualTo(7);
        assertThat(led.path("role").textValue()).isEqualTo("follower");
        assertThat(led.has("reason")).isFalse();
        assertThat(unled.path("leader").isNull()).isTrue();
        assertThat(unled.path("reason").textValue())
                .isEqualTo("only 1 of 3 voters are alive in the pool and 2 are needed: bring back hv-2, hv-3");
        assertThat(alone.path("reason").textValue()).contains("belongs to no group");
    }

    @Test
    void consistentReadsAskTheCluster() throws Exception {
        view = Samples.leaderless();

        assertThat(json("/v1/leader?consistent").at("/leader/host").textValue()).isEqualTo("hv-2");
        assertThat(requests.asked()).containsExactly("consistent view");
        assertThat(get("/v1/leader?consistent&stale").statusCode()).isEqualTo(400);

        requests.consistentlySee(CompletableFuture.failedFuture(new IllegalStateException("nobody leads")));

        assertThat(get("/v1/leader?consistent").statusCode()).isEqualTo(503);
        assertThat(get("/v1/leader?consistent").body()).isEqualTo("No cluster leader: nobody leads");
    }

    @Test
    void anAzIsShownWithItsHosts() throws Exception {
        view = Samples.recovering();

        JsonNode az = json("/v1/ha/az1");

        assertThat(json("/v1/ha").get(0)).isEqualTo(az);
        assertThat(az.path("armed").booleanValue()).isTrue();
        assertThat(az.at("/limits/max_share_percent").intValue()).isEqualTo(49);
        assertThat(az.at("/hosts/1").toString())
                .isEqualTo(
                        "{\"host\":\"hv-2\",\"status\":\"in_service\",\"epoch\":1,\"maintenance\":false,\"drain\":null,"
                                + "\"voter\":true,\"leader\":true,\"agent\":\"alive\",\"address\":\"10.0.0.2\",\"instances_on\":null,\"instances_not_shared_because\":\"hv-2"
                                + " has never said what its instances lie on\",\"armed\":false,\"arming\":\"it has not"
                                + " reported a guard yet\"}");
        assertThat(az.at("/hosts/2/status").textValue()).isEqualTo("in_recovery");
        assertThat(az.at("/hosts/2/agent").textValue()).isEqualTo("failed");
        assertThat(az.at("/open_incidents/0/id").intValue()).isEqualTo(7);
        assertThat(get("/v1/ha/az2").statusCode()).isEqualTo(404);
        assertThat(get("/v1/ha/az2").body()).isEqualTo("there is no AZ az2 here; see /v1/ha, or vmha az");
    }

    @Test
    void anIncidentIsShownInShortInFullAndExplained() throws Exception {
        view = Samples.recovering();

        JsonNode summary = json("/v1/incidents").get(0);
        JsonNode full = json("/v1/incidents/7");
        JsonNode explained = json("/v1/incidents/7/explain");

        assertThat(summary.at("/vms/total").intValue()).isEqualTo(6);
        assertThat(summary.at("/times/certificate_ms").intValue()).isEqualTo(1900);
        assertThat(summary.path("opened_at").textValue()).isEqualTo("2026-11-22T10:00:00Z");
        assertThat(full.at("/recoveries/0/certificate/proof").textValue()).isEqualTo("POWER_OFF");
        assertThat(full.at("/recoveries/0/vms/0/detail").textValue()).isEqualTo("hv-1");
        assertThat(full.path("story")).hasSize(7);
        assertThat(explained.at("/hosts/0/waits_for").textValue()).isEqualTo("3 of 6 VMs have their ending");
        assertThat(explained.at("/hosts/0/steps/3/rule").textValue()).isEqualTo("S2");
        assertThat(explained.at("/hosts/0/steps/3/why").textValue()).contains("Chassis Power is off");
        assertThat(get("/v1/incidents/8").statusCode()).isEqualTo(404);
        assertThat(get("/v1/incidents/0").statusCode()).isEqualTo(404);
        assertThat(get("/v1/incidents/99999999999999999999").statusCode()).isEqualTo(404);
    }

    @Test
    void aHeldIncidentSaysWhichRuleHoldsIt() throws Exception {
        view = Samples.held();

        JsonNode explained = json("/v1/incidents/7/explain");
        JsonNode host = json("/v1/hosts/hv-3/explain");

        assertThat(explained.at("/hosts/0/waits_for").textValue()).contains("a person must approve");
        assertThat(explained.at("/hosts/0/steps/1/rule").textValue()).isEqualTo("S8");
        assertThat(explained.at("/hosts/0/steps/1/state").textValue()).isEqualTo("held");
        assertThat(host.at("/why/0").textValue()).isEqualTo("in recovery: incident 7 is about it");
        assertThat(host.at("/incidents/0/incident").intValue()).isEqualTo(7);
        assertThat(get("/v1/hosts/hv-9/explain").statusCode()).isEqualTo(404);
    }

    @Test
    void theViewHoldsEverythingAPageNeeds() throws Exception {
        view = Samples.recovered();

        JsonNode all = json("/v1/view");

        assertThat(all.path("members")).hasSize(5);
        assertThat(all.path("voters")).hasSize(3);
        assertThat(all.at("/azs/0/hosts/2/status").textValue()).isEqualTo("down");
        assertThat(all.at("/incidents/0/recoveries/0/vms")).hasSize(6);
        assertThat(all.at("/incidents/0/times/last_ended_ms").intValue()).isEqualTo(16_500);
    }

    @Test
    void changesArePostedToTheNode() throws Exception {
        assertThat(put("/v1/ha/az1/enable", "").body()).isEqualTo("{\"message\":\"done\"}");
        put("/v1/ha/az%201/disable", "");
        put("/v1/ha/az1/arm", "");
        put("/v1/ha/az1/disarm", "{}");
        put("/v1/hosts/hv-1/maintenance?on=true", "");
        put("/v1/hosts/hv-3/seal", "{\"person\": \"ada\"}");
        put("/v1/hosts/hv-3/confirm-down", "{\"person\": \"ada\"}");
        put("/v1/turn/take", "");
        put("/v1/incidents/7/hold", "{\"person\": \"ada\"}");
        put("/v1/incidents/7/approve", "{\"person\": \"ada\"}");
        send(request("/v1/incidents/7/cancel")
                .header("X-Vmha-Person", "grace")
                .PUT(HttpRequest.BodyPublishers.noBody())
                .build());

        assertThat(requests.asked())
                .containsExactly(
                        "enable az1",
                        "disable az 1",
                        "arm az1",
                        "disarm az1",
                        "maintenance hv-1 true",
                        "seal hv-3 by ada",
                        "confirm-down hv-3 by ada",
                        "take turn",
                        "hold 7 by ada",
                        "approve 7 by ada",
                        "cancel 7 by grace");
    }

    @Test
    void whatIsAskedForLivingHostsNeedsAPersonAndMakesSense() throws Exception {
        String ada = "{\"person\": \"ada\"}";
        put("/v1/hosts/hv-1/drain?fallback=cold&parallel=4&force=true", ada);
        put("/v1/hosts/hv-1/drain", ada);
        put("/v1/hosts/hv-1/undrain", ada);
        put("/v1/vms/vm-7/release", ada);
        put("/v1/hosts/hv-1/drill?canary=vm-9", ada);

        assertThat(requests.asked())
                .containsExactly(
                        "drain hv-1 by ada, 4 at a time, cold, forced",
                        "drain hv-1 by ada, 2 at a time",
                        "undrain hv-1 by ada",
                        "release vm-7 by ada",
                        "drill hv-1 with vm-9 by ada");
        for (String wrong : new String[] {
            "hosts/hv-1/drain?parallel=0",
            "hosts/hv-1/drain?parallel=21",
            "hosts/hv-1/drain?fallback=warm",
            "hosts/hv-1/drill",
            "vms/" + "x".repeat(65) + "/release"
        }) {
            assertThat(put("/v1/" + wrong, ada).statusCode()).as(wrong).isEqualTo(400);
        }
        assertThat(put("/v1/hosts/hv-1/drain", "").body()).contains("name of the person");
    }

    @Test
    void refusalsOfTheNodeAreHandedOnAsPlainText() throws Exception {
        requests.answerWith(400, "AZ az1 has 2 hosts and at least 3 are needed; add hosts to its aggregate");

        HttpResponse<String> response = put("/v1/ha/az1/enable", "");

        assertThat(response.statusCode()).isEqualTo(400);
        assertThat(response.body())
                .isEqualTo("AZ az1 has 2 hosts and at least 3 are needed; add hosts to its aggregate");
        assertThat(response.headers().firstValue("content-type")).contains("text/plain; charset=utf-8");
    }

    @Test
    void incompleteChangesAreRefusedBeforeTheyReachTheNode() throws Exception {
        assertThat(put("/v1/incidents/7/approve", "").statusCode()).isEqualTo(400);
        assertThat(put("/v1/incidents/7/approve", "{\"person\": 7}").statusCode())
                .isEqualTo(400);
        assertThat(put("/v1/incidents/7/approve", "{\"person\": \"a\\nb\"}").statusCode())
                .isEqualTo(400);
        assertThat(put("/v1/incidents/x/approve", "{\"person\": \"ada\"}").statusCode())
                .isEqualTo(404);
        assertThat(put("/v1/hosts/hv-1/maintenance", "").statusCode()).isEqualTo(400);
        assertThat(put("/v1/hosts/hv-1/maintenance?on=maybe", "").body()).contains("found 'maybe'");
        assertThat(put("/v1/ha/az1/enable", "{\"person\": ").statusCode()).isEqualTo(400);
        assertThat(put("/v1/ha/az1/enable", "[1]").statusCode()).isEqualTo(400);
        assertThat(put("/v1/ha/az1/enable", "[".repeat(60_000)).statusCode()).isEqualTo(400);
        assertThat(requests.asked()).isEmpty();
    }

    @Test
    void aHugeBodyIsRefused() throws Exception {
        assertThat(put("/v1/ha/az1/enable", "x".repeat(RequestBody.BYTES_MAX + 1))
                        .statusCode())
                .isEqualTo(413);
        assertThat(raw("PUT /v1/ha/az1/enable HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999\r\n\r\n"))
                .isEqualTo("HTTP/1.1 413");
        assertThat(requests.asked()).isEmpty();
    }

    @Test
    void wrongMethodsAndUnknownPathsAnswerLikeConsul() throws Exception {
        HttpResponse<String> post = send(request("/v1/status/leader")
                .POST(HttpRequest.BodyPublishers.ofString("x"))
                .build());

        assertThat(post.statusCode()).isEqualTo(405);
        assertThat(post.body()).isEqualTo("method POST not allowed");
        assertThat(post.headers().firstValue("allow")).contains("OPTIONS,GET");
        assertThat(get("/v1/ha/az1/enable").headers().firstValue("allow")).contains("OPTIONS,PUT");
        assertThat(get("/v1/nothing").statusCode()).isEqualTo(404);
        assertThat(get("/v1/nothing").body()).isEmpty();
        assertThat(send(request("/ui").DELETE().build()).statusCode()).isEqualTo(405);
    }

    @Test
    void pathsThatClimbOrAreMalformedAreRefused() throws Exception {
        for (String path : new String[] {
            "/v1/../etc/passwd",
            "/v1/%2e%2e/x",
            "/v1/ha/%2E%2E",
            "/v1/ha/a%2fb",
            "/v1/ha/%00",
            "/v1/ha/%ff%fe",
            "/v1/ha/a%0d%0aSet-Cookie:x",
            "/v1//leader",
            "/ui/../v1/leader",
            "/" + "a/".repeat(50),
            "/v1/ha/" + "a".repeat(300)
        }) {
            assertThat(get(path).statusCode()).as(path).isEqualTo(400);
        }
        assertThat(get("/v1/ha/%c3%bc").statusCode()).isEqualTo(404);
        assertThat(get("/v1/leader/").statusCode()).isEqualTo(200);
        assertThat(raw("GET /v1/ha/%zz HTTP/1.1\r\nHost: localhost\r\n\r\n")).isEqualTo("HTTP/1.1 400");
    }

    @Test
    void pagesOfOtherSitesAreKeptOut() throws Exception {
        assertThat(raw("GET /v1/view HTTP/1.1\r\nHost: evil.example\r\n\r\n")).isEqualTo("HTTP/1.1 403");
        assertThat(raw("GET /v1/view HTTP/1.1\r\n\r\n")).isEqualTo("HTTP/1.1 403");
        assertThat(raw("GET /v1/leader HTTP/1.1\r\nHost: 127.0.0.9:8500\r\n\r\n"))
                .isEqualTo("HTTP/1.1 200");
        String put = "PUT /v1/ha/az1/disable HTTP/1.1\r\nHost: localhost:8500\r\nContent-Length: 0\r\n";
        assertThat(raw(put + "Origin: http://evil.example\r\n\r\n")).isEqualTo("HTTP/1.1 403");
        assertThat(raw(put + "Origin: null\r\n\r\n")).isEqualTo("HTTP/1.1 403");
        assertThat(raw(put + "Sec-Fetch-Site: cross-site\r\n\r\n")).isEqualTo("HTTP/1.1 403");
        assertThat(requests.asked()).isEmpty();
        assertThat(raw(put + "Origin: http://localhost:8500\r\n\r\n")).isEqualTo("HTTP/1.1 200");
        assertThat(requests.asked()).containsExactly("disable az1");
    }

    @Test
    void overTheNetworkChangesNeedTheToken() throws Exception {
        api.close();
        api = serve(InetAddress.getByName("0.0.0.0"), Optional.of("0123456789abcdef"));

        assertThat(get("/v1/leader").statusCode()).isEqualTo(200);
        assertThat(put("/v1/ha/az1/arm", "").statusCode()).isEqualTo(403);
        assertThat(send(request("/v1/ha/az1/arm")
                                .header("X-Vmha-Token", "0123456789abcdeX")
                                .PUT(HttpRequest.BodyPublishers.noBody())
                                .build())
                        .body())
                .contains("but found another one")
                .doesNotContain("0123456789abcdef");
        assertThat(requests.asked()).isEmpty();
        for (String[] header :
                new String[][] {{"X-Vmha-Token", "0123456789abcdef"}, {"Authorization", "Bearer 0123456789abcdef"}}) {
            assertThat(send(request("/v1/ha/az1/arm")
                                    .header(header[0], header[1])
                                    .PUT(HttpRequest.BodyPublishers.noBody())
                                    .build())
                            .statusCode())
                    .isEqualTo(200);
        }
    }

    @Test
    void withoutATokenNothingChangesOverTheNetwork() throws Exception {
        api.close();
        api = serve(InetAddress.getByName("0.0.0.0"), Optional.empty());

        assertThat(put("/v1/ha/az1/arm", "").statusCode()).isEqualTo(403);
        assertThat(requests.asked()).isEmpty();
    }

    @Test
    void metricsAreInPrometheusFormat() throws Exception {
        view = Samples.recovering();

        HttpResponse<String> response = get("/metrics");

        assertThat(response.headers().firstValue("content-type").orElseThrow()).startsWith("text/plain; version=0.0.4");
        assertThat(response.body().lines())
                .contains(
                        "vmha_leader_known 1.0",
                        "vmha_is_leader 0.0",
                        "vmha_raft_term 7.0",
                        "vmha_members{status=\"alive\"} 4.0",
                        "vmha_members{status=\"failed\"} 1.0",
                        "vmha_hosts{status=\"in_recovery\"} 1.0",
                        "vmha_incidents{phase=\"open\"} 1.0",
                        "vmha_vms{ending=\"recovered\"} 1.0",
                        "vmha_vms{ending=\"under_way\"} 3.0",
                        "vmha_last_incident_stage_seconds{stage=\"certificate\"} 1.9",
                        "vmha_last_incident_stage_seconds{stage=\"confirmed\"} 2.1",
                        "vmha_last_incident_stage_seconds{stage=\"forced_down\"} 2.4",
                        "vmha_last_incident_stage_seconds{stage=\"planned\"} 2.6",
                        "vmha_last_incident_vm_seconds_bucket{stage=\"called\",le=\"5.0\"} 5",
                        "vmha_gossip_packets_in 42.0");
    }

    @Test
    void everyMetricIsExplained() throws Exception {
        view = Samples.recovering();

        String explained = Files.readString(Path.of("..", "docs", "metrics.md"));

        assertThat(get("/metrics").body().lines().filter(line -> line.startsWith("# TYPE ")))
                .isNotEmpty()
                .allSatisfy(line -> assertThat(explained)
                        .contains("`" + line.split(" ", -1)[2].replaceFirst("_g(count|sum)$", "")));
    }

    @Test
    void thePageIsSelfContainedAndRunsItsOwnScriptOnly() throws Exception {
        HttpResponse<String> page = get("/ui");

        assertThat(page.statusCode()).isEqualTo(200);
        assertThat(page.headers().firstValue("content-security-policy").orElseThrow())
                .contains("default-src 'none'")
                .contains("script-src 'sha256-")
                .doesNotContain("unsafe");
        assertThat(page.body())
                .contains("/v1/view")
                .doesNotContain("http://")
                .doesNotContain("https://")
                .doesNotContain("innerHTML");
        assertThat(get("/").body()).startsWith("vmhad");
        HttpResponse<String> browser =
                send(request("/").header("Accept", "text/html,*/*").build());
        assertThat(browser.statusCode()).isEqualTo(302);
        assertThat(browser.headers().firstValue("location")).contains("/ui");
    }

    @Test
    void manyClientsAtOnceAreAllAnswered() {
        var answers = Stream.generate(
                        () -> client.sendAsync(request("/v1/leader").build(), HttpResponse.BodyHandlers.ofString()))
                .limit(60)
                .toList();

        assertThat(answers)
                .allSatisfy(answer -> assertThat(answer.join().statusCode()).isEqualTo(200));
    }
}
