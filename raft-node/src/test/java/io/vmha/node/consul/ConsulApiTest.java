package io.vmha.node.consul;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.vmha.node.documents.Samples;
import io.vmha.node.kv.KvLimits;
import io.vmha.node.kv.Value;
import io.vmha.node.view.KeysException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Consul's paths, without sockets: answers that a real Consul gave, and what it does not say. */
class ConsulApiTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final LocalKeys keys = new LocalKeys();
    private final ConsulApi api = new ConsulApi(keys, Samples::quiet, "hv-1", new SplittableRandom(1));

    private ConsulAnswer ask(String method, String target, byte[] body) {
        return waiting(method, target, body).orTimeout(20, TimeUnit.SECONDS).join();
    }

    private CompletableFuture<ConsulAnswer> waiting(String method, String target, byte[] body) {
        int mark = target.indexOf('?');
        return api.answer(ConsulCall.parse(
                        method,
                        mark < 0 ? target : target.substring(0, mark),
                        mark < 0 ? "" : target.substring(mark + 1),
                        Value.of(body))
                .orElseThrow());
    }

    private ConsulAnswer get(String target) {
        return ask("GET", target, new byte[0]);
    }

    private ConsulAnswer put(String target, String body) {
        return ask("PUT", target, body.getBytes(StandardCharsets.UTF_8));
    }

    private String session(String body) {
        return put("/v1/session/create", body)
                .document()
                .orElseThrow()
                .path("ID")
                .asText();
    }

    private static String text(ConsulAnswer answer) {
        return answer.document()
                .map(JsonNode::toString)
                .orElseGet(() -> new String(answer.bytes().bytes(), StandardCharsets.UTF_8));
    }

    private static JsonNode recorded(String name) throws IOException {
        try (InputStream in = ConsulApiTest.class.getResourceAsStream("/consul/recorded.json")) {
            for (JsonNode frame : JSON.readTree(in)) {
                if (frame.path("name").asText().equals(name)) {
                    return frame;
                }
            }
        }
        throw new AssertionError("nothing recorded as " + name);
    }

    /** The status, the kind of content, the body and the headers of the recorded answer, names of headers as Consul writes them. */
    private static void assertAsRecorded(String name, ConsulAnswer answer) throws IOException {
        JsonNode frame = recorded(name);
        JsonNode body = frame.path("body");
        assertThat(answer.status()).as(name).isEqualTo(frame.path("status").asInt());
        if (answer.document().isPresent()) {
            assertThat(answer.document().get().toString()).as(name).isEqualTo(body.toString());
        } else {
            assertThat(text(answer)).as(name).isEqualTo(body.asText());
        }
        String type = frame.at("/headers/Content-Type").asText("");
        if (!type.isEmpty()) {
            assertThat(answer.type()).as(name).isEqualTo(type);
        }
        frame.path("headers").properties().stream()
                .filter(h -> h.getKey().startsWith("X-Consul"))
                .forEach(h -> assertThat(answer.headers())
                        .as(name)
                        .containsEntry(h.getKey(), h.getValue().asText()));
    }

    @Test
    void keysAreAnsweredAsARealConsulDid() throws IOException {
        put("/v1/kv/a/b?flags=42", "hello");

        assertAsRecorded("kv_get", get("/v1/kv/a/b"));
        assertAsRecorded("kv_get_raw", get("/v1/kv/a/b?raw"));
        assertAsRecorded("kv_recurse", get("/v1/kv/a/?recurse"));
        assertAsRecorded("kv_keys", get("/v1/kv/?keys"));
        assertAsRecorded("kv_keys_sep", get("/v1/kv/?keys&separator=/"));
        assertAsRecorded("kv_acquire2", put("/v1/kv/lock?acquire=11111111-1111-1111-1111-111111111111", "me"));
        String session = session("{\"Name\":\"lock\",\"TTL\":\"15s\",\"LockDelay\":\"1s\",\"Behavior\":\"delete\"}");
        assertAsRecorded("kv_acquire", put("/v1/kv/lock?acquire=" + session, "me"));
        assertAsRecorded("kv_delete", ask("DELETE", "/v1/kv/a/b", new byte[0]));
        assertAsRecorded("kv_delete_recurse", ask("DELETE", "/v1/kv/zz?recurse", new byte[0]));
        assertAsRecorded("kv_get_dc", get("/v1/kv/lock?dc=nope"));
        assertAsRecorded("catalog_nodes_cached", get("/v1/catalog/nodes?stale&consistent"));
    }

    @Test
    void aMissingKeyIs404WithAnIndex() {
        ConsulAnswer answer = get("/v1/kv/nothing");

        assertThat(answer.status()).isEqualTo(404);
        assertThat(answer.headers()).containsEntry("X-Consul-Index", "1");
        assertThat(get("/v1/kv/nothing?recurse").status()).isEqualTo(404);
        assertThat(get("/v1/kv/nothing?keys").status()).isEqualTo(404);
    }

    @Test
    void anEmptyValueIsNull() {
        put("/v1/kv/empty", "");

        assertThat(text(get("/v1/kv/empty"))).contains("\"Value\":null");
        assertThat(get("/v1/kv/empty?raw").bytes().size()).isZero();
    }

    @Test
    void aKeyMayHoldAnythingAtAll() {
        List<String> odd = List.of("a//b", "/lead", "trail/", "%20", "%C3%A4%2Fx", "a+b", "..%2F..%2Fetc", "a%00b");
        for (String key : odd) {
            assertThat(text(put("/v1/kv/" + key, key))).isEqualTo("true");
        }

        for (String key : odd) {
            assertThat(text(get("/v1/kv/" + key + "?raw"))).isEqualTo(key);
        }
        assertThat(get("/v1/kv/?keys").document().orElseThrow()).hasSize(odd.size());
    }

    @Test
    void flagsAreUnsigned64Bits() {
        put("/v1/kv/a?flags=18446744073709551615", "x");

        assertThat(text(get("/v1/kv/a"))).contains("\"Flags\":18446744073709551615");
        assertThat(put("/v1/kv/a?flags=18446744073709551616", "x").status()).isEqualTo(400);
        assertThat(put("/v1/kv/a?flags=-1", "x").status()).isEqualTo(400);
    }

    @Test
    void swapsAndLocksAnswerTrueOrFalse() {
        String one = session("{\"LockDelay\":0}");
        String two = session("");

        assertThat(text(put("/v1/kv/a?cas=0", "1"))).isEqualTo("true");
        assertThat(text(put("/v1/kv/a?cas=0", "2"))).isEqualTo("false");
        assertThat(text(put("/v1/kv/lock?acquire=" + one, "1"))).isEqualTo("true");
        assertThat(text(put("/v1/kv/lock?acquire=" + two, "2"))).isEqualTo("false");
        assertThat(text(get("/v1/kv/lock"))).contains("\"LockIndex\":1", "\"Session\":\"" + one + "\"");
        assertThat(text(put("/v1/session/destroy/" + one, ""))).isEqualTo("true");
        assertThat(text(put("/v1/kv/lock?acquire=" + two, "2"))).isEqualTo("true");
    }

    @Test
    void conflictingWordsAreRefused() {
        assertThat(text(put("/v1/kv/a?cas=0&acquire=x", ""))).isEqualTo("Conflicting flags: cas,acquire");
        assertThat(text(ask("DELETE", "/v1/kv/a?recurse&cas=1", new byte[0])))
                .isEqualTo("Conflicting flags: recurse,cas");
        assertThat(text(get("/v1/kv/a?stale&consistent")))
                .isEqualTo("Cannot specify ?stale with ?consistent, conflicting semantics.");
        assertThat(get("/v1/kv/").status()).isEqualTo(400);
        assertThat(get("/v1/kv/a?index=x").status()).isEqualTo(400);
        assertThat(get("/v1/kv/a?index=1&wait=soon").status()).isEqualTo(400);
    }

    @Test
    void aSessionIsShownAsConsulShowsIt() {
        String id = session("{\"Name\":\"n\",\"TTL\":\"15s\",\"LockDelay\":\"1s\",\"Behavior\":\"delete\"}");

        assertThat(text(get("/v1/session/info/" + id)))
                .isEqualTo(
                        "[{\"ID\":\"" + id
                                + "\",\"Name\":\"n\",\"Node\":\"hv-1\",\"LockDelay\":1000000000,\"Behavior\":\"delete\",\"TTL\":\"15s\","
                                + "\"NodeChecks\":[\"serfHealth\"],\"ServiceChecks\":null,\"CreateIndex\":35,\"ModifyIndex\":35}]");
        assertThat(text(get("/v1/session/info/unknown"))).isEqualTo("[]");
        assertThat(get("/v1/session/node/hv-1").document().orElseThrow()).hasSize(1);
        assertThat(text(get("/v1/session/node/hv-2"))).isEqualTo("[]");
        assertThat(text(put("/v1/session/renew/" + id, ""))).contains(id);
        ConsulAnswer missing = put("/v1/session/renew/unknown", "");
        assertThat(missing.status()).isEqualTo(404);
        assertThat(text(missing)).isEqualTo("Session id 'unknown' not found");
    }

    @Test
    void theFieldsOfASessionMayBeWrittenSmall() {
        String id = session("{\"name\":\"n\",\"ttl\":\"20s\",\"lockdelay\":\"0s\",\"checks\":[]}");

        assertThat(text(get("/v1/session/info/" + id)))
                .contains("\"Name\":\"n\"", "\"LockDelay\":0,", "\"TTL\":\"20s\"", "\"NodeChecks\":[]");
    }

    @Test
    void aSessionThatCannotBeIsRefusedWithConsulsWords() {
        assertThat(text(put("/v1/session/create", "{\"TTL\":\"5s\"}")))
                .isEqualTo("Invalid Session TTL '5000000000', must be between [10s=24h0m0s]");
        assertThat(text(put("/v1/session/create", "{\"Node\":\"nowhere\"}"))).isEqualTo("Missing node registration");
        assertThat(text(put("/v1/session/create", "{\"Behavior\":\"explode\"}")))
                .isEqualTo("Invalid Behavior setting 'explode'");
        assertThat(text(put("/v1/session/create", "{\"Checks\":[\"web\"]}"))).startsWith("Missing check 'web'");
        assertThat(put("/v1/session/create", "[").status()).isEqualTo(400);
        assertThat(put("/v1/session/create", "7").status()).isEqualTo(400);
        assertThat(ask("POST", "/v1/session/create", new byte[0]).allow()).containsExactly("PUT");
        assertThat(get("/v1/session/explode/x").status()).isEqualTo(404);
    }

    @Test
    void aBlockingQueryReturnsWithTheChangeOrAfterItsTime() {
        put("/v1/kv/a", "1");
        String index = get("/v1/kv/a").headers().get("X-Consul-Index");

        CompletableFuture<ConsulAnswer> blocked = waiting("GET", "/v1/kv/a?index=" + index + "&wait=10m", new byte[0]);
        put("/v1/kv/b", "1");
        assertThat(blocked).isNotDone();
        put("/v1/kv/a", "2");

        assertThat(blocked.orTimeout(20, TimeUnit.SECONDS).join().headers().get("X-Consul-Index"))
                .isNotEqualTo(index);
        ConsulAnswer late = get("/v1/kv/b?index=99&wait=50ms");
        assertThat(late.status()).isEqualTo(200);
        assertThat(late.headers()).containsEntry("X-Consul-Lastcontact", "0");
        assertThat(get("/v1/kv/b?stale").headers()).containsEntry("X-Consul-Lastcontact", "12");
    }

    @Test
    void whatCannotBeSaidIsAnErrorThatTellsWhetherAChangeMayHaveHappened() {
        keys.fail(KeysException.Kind.NO_LEADER, "no leader accepted the entry");
        assertThat(text(put("/v1/kv/a", "1"))).startsWith("No cluster leader");
        assertThat(get("/v1/kv/a").status()).isEqualTo(500);

        keys.fail(KeysException.Kind.UNKNOWN, "no answer within 15000 ms");
        assertThat(text(put("/v1/kv/a", "1"))).contains("may still happen");
        keys.fail(KeysException.Kind.TOO_MANY, "128 clients wait");
        assertThat(get("/v1/kv/a").status()).isEqualTo(429);
    }

    @Test
    void tooLargeIsRefusedBeforeItIsCommitted() {
        ConsulAnswer answer = ask("PUT", "/v1/kv/a", new byte[KvLimits.VALUE_BYTES_MAX + 1]);

        assertThat(answer.status()).isEqualTo(413);
        assertThat(text(answer)).contains("at most 524288 bytes but this one has 524289");
        assertThat(put("/v1/kv/" + "k".repeat(1_025), "x").status()).isEqualTo(400);
    }

    @Test
    void thePoolIsTheCatalog() throws IOException {
        assertThat(text(get("/v1/catalog/datacenters"))).isEqualTo("[\"dc1\"]");
        assertThat(text(get("/v1/catalog/services"))).isEqualTo("{}");
        assertAsRecorded("health_node_missing", withoutHeaders(get("/v1/health/node/nosuch")));
        ConsulAnswer nodes = get("/v1/catalog/nodes?stale");
        assertThat(nodes.headers()).containsEntry("X-Consul-Effective-Consistency", "stale");
        assertThat(names(nodes.document().orElseThrow().get(0)))
                .isEqualTo(names(recorded("catalog_nodes_stale").path("body").get(0)));
        ConsulAnswer health = get("/v1/health/node/hv-1");
        assertThat(names(health.document().orElseThrow().get(0)))
                .isEqualTo(names(recorded("health_node").path("body").get(0)));
        assertThat(health.document().orElseThrow().get(0).path("Status").asText())
                .isEqualTo("passing");
        assertThat(get("/v1/catalog/nothing").status()).isEqualTo(404);
        assertThat(text(get("/v1/catalog/node/nosuch"))).isEqualTo("null");
    }

    private static ConsulAnswer withoutHeaders(ConsulAnswer answer) {
        return answer.with(new TreeMap<>(Map.of("X-Consul-Index", "34")));
    }

    private static List<String> names(JsonNode object) {
        var names = new ArrayList<String>();
        object.fieldNames().forEachRemaining(names::add);
        return names;
    }

    @Test
    void malformedRequestsAreNotTakenApart() {
        for (String path : List.of("/v1/kv/%zz", "/v1/kv/%ff", "/v2/kv/a")) {
            assertThat(ConsulCall.parse("GET", path, "", Value.EMPTY)).as(path).isEqualTo(Optional.empty());
        }
        assertThat(ConsulCall.parse("GET", "/v1/kv/a", "x&".repeat(3) + "y".repeat(3) + "&a=%", Value.EMPTY))
                .isEmpty();
        assertThat(ConsulApi.isMine("/v1/kv")).isTrue();
        assertThat(ConsulApi.isMine("/v1/kvx")).isFalse();
        assertThat(ConsulApi.isMine("/v1/sessions")).isFalse();
    }

    @Test
    void durationsAreGos() {
        assertThat(GoDuration.parse("1m30s")).contains(90_000_000_000L);
        assertThat(GoDuration.parse("1.5h")).contains(5_400_000_000_000L);
        assertThat(GoDuration.parse("250ms")).contains(250_000_000L);
        assertThat(GoDuration.parse("0")).contains(0L);
        for (String bad : List.of("", "s", "10", "10 s", "-1s", "1x", "999999999999h", "1m30")) {
            assertThat(GoDuration.parse(bad)).as(bad).isEmpty();
        }
        assertThat(GoDuration.print(15_000)).isEqualTo("15s");
        assertThat(GoDuration.print(86_400_000)).isEqualTo("24h0m0s");
        assertThat(GoDuration.print(90_500)).isEqualTo("1m30.5s");
    }
}
