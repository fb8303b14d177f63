package io.vmha.gossip.netty;

import static org.assertj.core.api.Assertions.assertThat;

import io.vmha.gossip.serf.Member;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** One ring of real Serf agents and ours: each sees the other alive, with its tags, leaving, failing and refuting. */
@Tag("cluster")
final class SerfRingTest {
    private static final byte[] NO_KEY = {};
    private static final Duration SOON = Duration.ofSeconds(60);

    /** A death is believed after 5 to 8 s in a quiet ring; a loaded machine needs more. */
    private static final Duration DEATH = Duration.ofMinutes(2);

    @TempDir
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

    private GossipAgent ours(String name, byte[] key) {
        GossipConfig config = GossipConfig.of(name, Loopback.address(7946))
                .withTags(new TreeMap<>(Map.of("role", "vmha", "az", "az1")))
                .withKeys(key.length == 0 ? List.of() : List.of(key));
        GossipAgent agent = GossipAgent.start(config, heard);
        running.add(agent);
        return agent;
    }

    private PeerProcess peer(String name, byte[] key, InetSocketAddress seed) {
        PeerProcess peer = PeerProcess.start(name, directory, key, seed);
        running.add(peer);
        return peer;
    }

    private static int join(GossipAgent agent, InetSocketAddress seed) throws Exception {
        return agent.join(List.of(seed)).get(20, TimeUnit.SECONDS);
    }

    private static String statuses(GossipAgent agent) {
        StringBuilder text = new StringBuilder();
        for (Member member : agent.members()) {
            text.append(member.name())
                    .append('=')
                    .append(member.status().text())
                    .append(' ');
        }
        return text.toString().trim();
    }

    private static long awaitStatuses(GossipAgent agent, String wanted, Duration atMost) {
        return Await.until("our agent sees " + wanted, atMost, () -> statuses(agent), wanted::equals);
    }

    private static byte[] key(int length) {
        byte[] key = new byte[length];
        Arrays.fill(key, (byte) (40 + length));
        return key;
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 16, 24, 32})
    void weJoinARingOfSerfAndLeaveIt(int keyLength) throws Exception {
        byte[] key = key(keyLength);
        SerfProcess one = serf("one", key, "-tag", "role=web", "-tag", "dc=rack1");
        SerfProcess two =
                serf("two", key, "-join=" + one.address().getAddress().getHostAddress(), "-disable-compression");
        GossipAgent ours = ours("ours", key);

        assertThat(join(ours, one.address())).isEqualTo(1);

        one.awaitStatuses("one=alive ours=alive two=alive", SOON);
        two.awaitStatuses("one=alive ours=alive two=alive", SOON);
        awaitStatuses(ours, "one=alive ours=alive two=alive", SOON);
        assertThat(two.tags("ours")).isEqualTo("{\"az\":\"az1\",\"role\":\"vmha\"}");
        assertThat(ours.members().get(0).tags()).isEqualTo(Map.of("role", "web", "dc", "rack1"));
        assertThat(ours.members().get(0).vsn().raw().toString()).isEqualTo("010502020505");

        ours.leave().get(30, TimeUnit.SECONDS);
        ours.close();

        one.awaitStatuses("one=alive ours=left two=alive", SOON);
        two.awaitStatuses("one=alive ours=left two=alive", SOON);
        assertThat(ours.stats().decodeErrors()).isZero();
        assertThat(ours.stats().internalErrors()).isZero();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 32})
    void serfJoinsUsAndLeaves(int keyLength) {
        byte[] key = key(keyLength);
        GossipAgent ours = ours("ours", key);
        SerfProcess one =
                serf("one", key, "-join=" + ours.address().getAddress().getHostAddress());
        awaitStatuses(ours, "one=alive ours=alive", SOON);
        one.awaitStatuses("one=alive ours=alive", SOON);

        System.out.println(one.run("leave"));

        awaitStatuses(ours, "one=left ours=alive", SOON);
        assertThat(heard.events()).contains("join one", "leave one").doesNotContain("failed one");
    }

    @Test
    void weSeeAKilledSerfFailAndComeBack() throws Exception {
        SerfProcess one = serf("one", NO_KEY);
        SerfProcess two =
                serf("two", NO_KEY, "-join=" + one.address().getAddress().getHostAddress());
        GossipAgent ours = ours("ours", NO_KEY);
        join(ours, one.address());
        awaitStatuses(ours, "one=alive ours=alive two=alive", SOON);

        two.kill();

        long tookMs = awaitStatuses(ours, "one=alive ours=alive two=failed", DEATH);
        one.awaitStatuses("one=alive ours=alive two=failed", SOON);
        assertThat(heard.events()).contains("suspect two", "failed two").doesNotContain("leave two");
        assertThat(tookMs).as("memberlist's own minimum of a suspicion").isGreaterThan(3_000);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 24})
    void serfSeesUsFailWhenWeAreKilled(int keyLength) {
        byte[] key = key(keyLength);
        SerfProcess one = serf("one", key);
        SerfProcess two = serf("two", key, "-join=" + one.address().getAddress().getHostAddress());
        PeerProcess peer = peer("ours", key, two.address());
        one.awaitStatuses("one=alive ours=alive two=alive", SOON);

        peer.kill();

        one.awaitStatuses("one=alive ours=failed two=alive", DEATH);
        two.awaitStatuses("one=alive ours=failed two=alive", SOON);
    }

    @Test
    void ourNodeInAProcessOfItsOwnLeavesInGoodOrder() {
        SerfProcess one = serf("one", NO_KEY);
        PeerProcess peer = peer("ours", NO_KEY, one.address());
        one.awaitStatuses("one=alive ours=alive", SOON);

        peer.order("leave");

        one.awaitStatuses("one=alive ours=left", SOON);
    }

    @Test
    void stoppedNodesOfBothKindsRefuteWhenTheyGoOn() throws Exception {
        SerfProcess one = serf("one", NO_KEY);
        SerfProcess two =
                serf("two", NO_KEY, "-join=" + one.address().getAddress().getHostAddress());
        GossipAgent ours = ours("ours", NO_KEY);
        join(ours, one.address());
        PeerProcess peer = peer("peer", NO_KEY, one.address());
        awaitStatuses(ours, "one=alive ours=alive peer=alive two=alive", SOON);

        signal("STOP", two.pid());
        Await.until("we suspect two", DEATH, () -> heard.events().toString(), events -> events.contains("suspect two"));
        signal("CONT", two.pid());
        Await.until("two refutes", DEATH, () -> heard.events().toString(), events -> events.contains("refuted two"));

        signal("STOP", peer.pid());
        Await.until(
                "we suspect peer", DEATH, () -> heard.events().toString(), events -> events.contains("suspect peer"));
        signal("CONT", peer.pid());
        Await.until("peer refutes", DEATH, () -> heard.events().toString(), events -> events.contains("refuted peer"));

        awaitStatuses(ours, "one=alive ours=alive peer=alive two=alive", DEATH);
        one.awaitStatuses("one=alive ours=alive peer=alive two=alive", SOON);
    }

    @Test
    void tagsAndEventsTravelBothWays() throws Exception {
        SerfProcess one = serf("one", NO_KEY);
        GossipAgent ours = ours("ours", NO_KEY);
        join(ours, one.address());
        one.awaitStatuses("one=alive ours=alive", SOON);

        ours.setTags(Map.of("role", "voter"));
        Await.until("serf sees our new tags", SOON, () -> one.tags("ours"), "{\"role\":\"voter\"}"::equals);

        one.run("tags", "-set", "color=blue");
        Await.until(
                "we see serf's new tags",
                SOON,
                () -> heard.events().toString(),
                events -> events.contains("update one {color=blue}"));

        one.run("event", "-coalesce=false", "deploy", "v1");
        Await.until(
                "we hear serf's event",
                SOON,
                () -> heard.events().toString(),
                events -> events.contains("event deploy v1"));

        ours.userEvent("restart", "all".getBytes(StandardCharsets.UTF_8));
        Await.until("serf hears our event", SOON, one::log, log -> log.contains("restart"));

        Await.until(
                "all answer within serf's two seconds",
                SOON,
                () -> one.run("reachability"),
                said -> said.contains("Successfully contacted all live nodes"));
    }

    @Test
    void restartedNodeOfOursIsAliveAgainThoughItForgotItsIncarnation() throws Exception {
        SerfProcess one = serf("one", NO_KEY);
        GossipAgent ours = ours("ours", NO_KEY);
        join(ours, one.address());
        one.awaitStatuses("one=alive ours=alive", SOON);
        ours.setTags(Map.of("life", "first"));
        Await.until("serf sees the first life", SOON, () -> one.tags("ours"), tags -> tags.contains("first"));
        InetSocketAddress address = ours.address();
        ours.close();
        one.awaitStatuses("one=alive ours=failed", DEATH);

        GossipAgent again = GossipAgent.start(GossipConfig.of("ours", address), new RecordingListener());
        running.add(again);
        join(again, one.address());

        one.awaitStatuses("one=alive ours=alive", SOON);
        Await.until("serf sees the second life", SOON, () -> one.tags("ours"), "{}"::equals);
    }

    private static void signal(String name, long pid) throws IOException, InterruptedException {
        Process kill = new ProcessBuilder("kill", "-" + name, String.valueOf(pid)).start();
        assertThat(kill.waitFor()).isZero();
    }
}
