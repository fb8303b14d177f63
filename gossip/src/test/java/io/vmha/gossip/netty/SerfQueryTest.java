package io.vmha.gossip.netty;

import static org.assertj.core.api.Assertions.assertThat;

import io.vmha.gossip.serf.KeyResult;
import io.vmha.gossip.serf.QueryListener;
import io.vmha.gossip.serf.Question;
import io.vmha.gossip.wire.Bytes;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/** Queries between real Serf agents and ours, in both directions, with the questions Serf asks itself. */
@Tag("cluster")
final class SerfQueryTest {
    private static final byte[] NO_KEY = {};
    private static final Duration SOON = Duration.ofSeconds(60);
    private static final long ANSWER_S = 60;

    @TempDir(cleanup = CleanupMode.ON_SUCCESS)
    private Path directory;

    private final List<AutoCloseable> running = new ArrayList<>();
    private final RecordingListener heard = new RecordingListener();

    @AfterEach
    void stopAll() throws Exception {
        Collections.reverse(running);
        for (AutoCloseable process : running) {
            process.close();
        }
    }

    private SerfProcess serf(String name, byte[] key, String... more) {
        SerfProcess serf = SerfProcess.start(name, directory, key, more);
        running.add(serf);
        return serf;
    }

    private GossipAgent ours(byte[] key, SerfProcess seed) throws Exception {
        GossipConfig config = GossipConfig.of("ours", Loopback.address(7946))
                .withTags(new TreeMap<>(Map.of("role", "vmha")))
                .withKeys(key.length == 0 ? List.of() : List.of(key));
        GossipAgent agent = GossipAgent.start(config, heard);
        running.add(agent);
        assertThat(agent.join(List.of(seed.address())).get(ANSWER_S, TimeUnit.SECONDS))
                .isEqualTo(1);
        seed.awaitStatuses("one=alive ours=alive", SOON);
        return agent;
    }

    /** Keeps what came back. */
    private static final class Answers implements QueryListener {
        private final List<String> heard = new CopyOnWriteArrayList<>();

        @Override
        public void onAck(String from) {
            heard.add("ack " + from);
        }

        @Override
        public void onResponse(String from, Bytes payload) {
            heard.add(from + " says " + payload.lenientText().trim());
        }

        @Override
        public void onFinished() {
            heard.add("finished");
        }
    }

    @Test
    void serfAsksAndWeAnswerThroughItsFilters() throws Exception {
        SerfProcess one = serf("one", NO_KEY);
        GossipAgent ours = ours(NO_KEY, one);

        CompletableFuture<String> output = CompletableFuture.supplyAsync(() ->
                one.run("query", "-timeout=8s", "-tag=role=vm.a", "-node=ours", "-relay-factor=1", "load", "now"));
        Await.until("we are asked", SOON, () -> heard.events().toString(), events -> events.contains("query load now"));
        assertThat(ours.respond(heard.lastQuery(), "0.17".getBytes(StandardCharsets.UTF_8))
                        .get(ANSWER_S, TimeUnit.SECONDS))
                .isTrue();
        String said = output.get(ANSWER_S, TimeUnit.SECONDS);
        String others = one.run("query", "-timeout=2s", "-tag=role=^web$", "load", "other");

        assertThat(said).contains("Ack from 'ours'", "Response from 'ours': 0.17", "Total Acks: 1");
        assertThat(others).contains("Total Acks: 0");
        assertThat(heard.events()).doesNotContain("query load other");
    }

    @Test
    void weAskAndSerfAnswersByItsHandler() throws Exception {
        SerfProcess one = serf("one", NO_KEY, "-event-handler=query:uptime=echo long enough");
        GossipAgent ours = ours(NO_KEY, one);
        Answers answers = new Answers();

        Question question =
                Question.of("uptime", Bytes.EMPTY).withAck().withRelays(1).withTimeout(8_000);
        ours.query(question, answers).get(ANSWER_S, TimeUnit.SECONDS);

        assertThat(answers.heard)
                .containsExactlyInAnyOrder("ack one", "ack ours", "one says long enough", "finished")
                .endsWith("finished");
        assertThat(ours.stats().decodeErrors()).isZero();
    }

    @Test
    void keysRotateWithSerfInCharge() throws Exception {
        byte[] old = key(7);
        String fresh = Base64.getEncoder().encodeToString(key(8));
        SerfProcess one = keyed(old);
        GossipAgent ours = ours(old, one);

        assertThat(one.run("keys", "-install=" + fresh)).contains("Successfully");
        assertThat(one.run("keys", "-use=" + fresh)).contains("Successfully");
        assertThat(one.run("keys", "-remove=" + Base64.getEncoder().encodeToString(old)))
                .contains("Successfully");
        String listed = one.run("keys", "-list");

        assertThat(listed).contains(fresh).contains("[2/2]").doesNotContain("[1/2]");
        ours.userEvent("after", new byte[0], true);
        Await.until("serf hears us with the new key", SOON, one::log, log -> log.contains("after"));
        assertThat(ours.stats().internalErrors()).isZero();
    }

    @Test
    void keysRotateWithUsInCharge() throws Exception {
        byte[] old = key(7);
        byte[] fresh = key(8);
        SerfProcess one = keyed(old);
        GossipAgent ours = ours(old, one);

        complete(ours.installKey(fresh));
        complete(ours.useKey(fresh));
        complete(ours.removeKey(old));
        KeyResult listed = complete(ours.listKeys());

        assertThat(listed.keys()).isEqualTo(Map.of(Base64.getEncoder().encodeToString(fresh), 2));
        assertThat(one.run("keys", "-remove=" + Base64.getEncoder().encodeToString(fresh)))
                .contains("ours")
                .containsIgnoringCase("removing the primary key is not allowed");
    }

    private SerfProcess keyed(byte[] key) throws Exception {
        Path keyring = directory.resolve("keyring.json");
        Files.writeString(keyring, "[\"" + Base64.getEncoder().encodeToString(key) + "\"]", StandardCharsets.UTF_8);
        return serf("one", NO_KEY, "-keyring-file=" + keyring);
    }

    private static KeyResult complete(CompletableFuture<KeyResult> asked) throws Exception {
        KeyResult result = asked.get(ANSWER_S, TimeUnit.SECONDS);
        assertThat(result.isComplete()).as(result.toString()).isTrue();
        return result;
    }

    private static byte[] key(int content) {
        byte[] key = new byte[32];
        Arrays.fill(key, (byte) content);
        return key;
    }

    @Test
    void serfsOwnNodeKeepsItsNameAgainstAThiefWhoLearnsThatItLost() throws Exception {
        SerfProcess one = serf("one", NO_KEY);
        ours(NO_KEY, one);
        CompletableFuture<Boolean> lost = new CompletableFuture<>();
        RecordingListener thiefs = new RecordingListener() {
            @Override
            public void onNameLost() {
                lost.complete(true);
            }
        };
        GossipAgent thief = GossipAgent.start(GossipConfig.of("ours", Loopback.address(7946)), thiefs);
        running.add(thief);

        thief.join(List.of(one.address())).get(ANSWER_S, TimeUnit.SECONDS);

        assertThat(lost.get(ANSWER_S, TimeUnit.SECONDS)).isTrue();
        one.awaitStatuses("one=alive ours=alive", SOON);
    }
}
