package io.vmha.gossip.netty;

import static org.assertj.core.api.Assertions.assertThat;

import io.vmha.gossip.serf.Member;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Rings in which Debian's serf is the majority, the minority, the seed or the joiner, while keys rotate, versions differ and names collide. */
@Tag("cluster")
final class MixedRingTest {
    private static final byte[] OLD = "0123456789abcdef0123456789abcdef".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] NEW = "fedcba9876543210fedcba9876543210".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] NO_KEY = {};
    private static final Duration SOON = Duration.ofSeconds(30);
    private static final Duration DEATH = Duration.ofSeconds(90);

    @TempDir
    private Path directory;

    private final List<AutoCloseable> running = new ArrayList<>();

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

    private GossipAgent ours(String name, byte[] key, RecordingListener heard) {
        GossipConfig config = GossipConfig.of(name, Loopback.address(7946))
                .withTags(new TreeMap<>(Map.of("role", "vmha")))
                .withKeys(key.length == 0 ? List.of() : List.of(key));
        GossipAgent agent = GossipAgent.start(config, heard);
        running.add(agent);
        return agent;
    }

    private GossipAgent ours(String name, byte[] key) {
        return ours(name, key, new RecordingListener());
    }

    private static String ip(SerfProcess serf) {
        return serf.address().getAddress().getHostAddress();
    }

    private static void join(GossipAgent agent, SerfProcess seed) throws Exception {
        assertThat(agent.join(List.of(seed.address())).get(20, TimeUnit.SECONDS))
                .isEqualTo(1);
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

    private static void awaitAll(String wanted, Duration atMost, List<SerfProcess> serfs, List<GossipAgent> ours) {
        serfs.forEach(serf -> serf.awaitStatuses(wanted, atMost));
        for (GossipAgent agent : ours) {
            Await.until("ours sees " + wanted, atMost, () -> statuses(agent), wanted::equals);
            assertThat(agent.stats().internalErrors()).isZero();
        }
    }

    @Test
    void serfIsTheMinorityAndJoinsUsAndOneOfEachIsKilled() {
        List<GossipAgent> ours = new ArrayList<>();
        RecordingListener heard = new RecordingListener();
        ours.add(ours("o1", OLD, heard));
        for (String name : List.of("o2", "o3")) {
            GossipAgent next = ours(name, OLD);
            assertThat(next.join(List.of(ours.get(0).address())).join()).isEqualTo(1);
            ours.add(next);
        }
        PeerProcess peer = PeerProcess.start("o4", directory, OLD, ours.get(1).address());
        running.add(peer);
        SerfProcess one =
                serf("s1", OLD, "-join=" + ours.get(2).address().getAddress().getHostAddress());
        SerfProcess two = serf("s2", OLD, "-join=" + ip(one));
        awaitAll("o1=alive o2=alive o3=alive o4=alive s1=alive s2=alive", SOON, List.of(one, two), ours);

        two.kill();
        peer.kill();

        awaitAll("o1=alive o2=alive o3=alive o4=failed s1=alive s2=failed", DEATH, List.of(one), ours);
        assertThat(heard.events())
                .contains("failed s2", "failed o4")
                .doesNotContain("failed s1", "failed o2", "failed o3", "leave s2", "leave o4");
    }

    @Test
    void keysRotateWhileMembersComeAndGo() throws Exception {
        SerfProcess one = serf("s1", OLD);
        SerfProcess two = serf("s2", OLD, "-join=" + ip(one));
        RecordingListener heard = new RecordingListener();
        GossipAgent ours = ours("o1", OLD, heard);
        join(ours, one);
        awaitAll("o1=alive s1=alive s2=alive", SOON, List.of(one, two), List.of(ours));
        String fresh = Base64.getEncoder().encodeToString(NEW);
        String old = Base64.getEncoder().encodeToString(OLD);

        // both directions: serf begins, we go on, serf ends
        assertThat(one.run("keys", "-install", fresh)).contains("Successfully installed key!");
        GossipAgent late = ours("o2", NEW); // knows the next key only; we and serf still seal with the old one
        assertThat(ours.useKey(NEW).get(20, TimeUnit.SECONDS).isComplete()).isTrue();
        join(late, two);
        awaitAll("o1=alive o2=alive s1=alive s2=alive", SOON, List.of(one, two), List.of(ours, late));
        one.run("event", "-coalesce=false", "midway", "1");
        Await.until("the event midway", SOON, () -> heard.events().toString(), text -> text.contains("midway"));
        assertThat(two.run("keys", "-remove", old)).contains("Successfully removed key!");

        SerfProcess three =
                serf("s3", NEW, "-join=" + ours.address().getAddress().getHostAddress());
        awaitAll("o1=alive o2=alive s1=alive s2=alive s3=alive", SOON, List.of(one, two, three), List.of(ours, late));
        assertThat(heard.events().toString()).doesNotContain("failed").doesNotContain("suspect");
    }

    @Test
    void olderSerfProtocolsShareOneRing() throws Exception {
        SerfProcess two = serf("p2", NO_KEY, "-protocol=2", "-role=web");
        SerfProcess four = serf("p4", NO_KEY, "-protocol=4", "-tag=role=db", "-join=" + ip(two));
        SerfProcess five = serf("p5", NO_KEY, "-protocol=5", "-join=" + ip(two));
        GossipAgent ours = ours("o1", NO_KEY);
        join(ours, two);

        awaitAll("o1=alive p2=alive p4=alive p5=alive", SOON, List.of(two, four, five), List.of(ours));
        assertThat(ours.members().get(1).tags()).isEqualTo(Map.of("role", "web"));
        assertThat(ours.members().get(1).delegateCur()).isEqualTo(2);
        assertThat(ours.members().get(2).tags()).isEqualTo(Map.of("role", "db"));

        four.kill();
        awaitAll("o1=alive p2=alive p4=failed p5=alive", DEATH, List.of(two, five), List.of(ours));
        two.run("leave");
        awaitAll("o1=alive p2=left p4=failed p5=alive", SOON, List.of(five), List.of(ours));
        assertThat(ours.stats().decodeErrors()).isZero();
    }

    @Test
    void serfThatTakesOurNameLosesTheVoteAndWeThatTakeItsNameAreTold() throws Exception {
        SerfProcess one = serf("s1", NO_KEY);
        SerfProcess two = serf("s2", NO_KEY, "-join=" + ip(one));
        RecordingListener heard = new RecordingListener();
        GossipAgent ours = ours("o1", NO_KEY, heard);
        join(ours, one);
        awaitAll("o1=alive s1=alive s2=alive", SOON, List.of(one, two), List.of(ours));

        SerfProcess thief = serf("o1", NO_KEY);
        thief.run("join", ip(one));
        Await.until("the thief gives up", DEATH, thief::log, text -> text.contains("minority in name conflict"));
        awaitAll("o1=alive s1=alive s2=alive", SOON, List.of(one, two), List.of(ours));
        assertThat(heard.events()).doesNotContain("name lost");

        RecordingListener warned = new RecordingListener();
        GossipAgent second = ours("s2", NO_KEY, warned);
        var unused = second.join(List.of(one.address()));
        Await.until("our agent is told", DEATH, () -> warned.events().toString(), text -> text.contains("name lost"));
        second.close();
        awaitAll("o1=alive s1=alive s2=alive", SOON, List.of(one, two), List.of(ours));
    }

    @Test
    void killedMembersOfBothKindsComeBackUnderTheirNames() throws IOException {
        SerfProcess one = serf("s1", NO_KEY);
        PeerProcess peer = PeerProcess.start("o1", directory, NO_KEY, one.address());
        running.add(peer);
        SerfProcess two = serf("s2", NO_KEY, "-join=" + ip(one));
        one.awaitStatuses("o1=alive s1=alive s2=alive", SOON);

        peer.kill();
        one.awaitStatuses("o1=failed s1=alive s2=alive", DEATH);
        PeerProcess again = PeerProcess.start("o1", directory, NO_KEY, two.address(), peer.address());
        running.add(again);
        one.awaitStatuses("o1=alive s1=alive s2=alive", SOON);
        again.order("leave");
        one.awaitStatuses("o1=left s1=alive s2=alive", SOON);
        again.close();
        PeerProcess third = PeerProcess.start("o1", directory, NO_KEY, one.address());
        running.add(third);

        one.awaitStatuses("o1=alive s1=alive s2=alive", SOON); // whoever left may come back from another address
        two.awaitStatuses("o1=alive s1=alive s2=alive", SOON);
    }
}
