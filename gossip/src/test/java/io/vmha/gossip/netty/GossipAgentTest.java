package io.vmha.gossip.netty;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vmha.gossip.memberlist.Profile;
import io.vmha.gossip.serf.Member;
import io.vmha.gossip.serf.MemberStatus;
import io.vmha.gossip.wire.Bytes;
import io.vmha.gossip.wire.Message;
import io.vmha.gossip.wire.MessageCodec;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Agents of ours on real sockets. */
final class GossipAgentTest {
    private static final Duration SOON = Duration.ofSeconds(30);
    private final List<GossipAgent> agents = new ArrayList<>();

    @AfterEach
    void stopAll() {
        agents.forEach(GossipAgent::close);
    }

    private GossipAgent start(GossipConfig config, RecordingListener listener) {
        GossipAgent agent = GossipAgent.start(config.withProfile(Profile.LOCAL), listener);
        agents.add(agent);
        return agent;
    }

    private GossipAgent start(String name, List<byte[]> keys) {
        return start(GossipConfig.of(name, Loopback.address(0)).withKeys(keys), new RecordingListener());
    }

    private static String statuses(GossipAgent agent) {
        StringBuilder text = new StringBuilder();
        for (Member member : agent.members()) {
            text.append(member.name()).append('=').append(member.status()).append(' ');
        }
        return text.toString().trim();
    }

    private static void awaitStatuses(GossipAgent agent, String wanted) {
        Await.until(agent.address() + " sees " + wanted, SOON, () -> statuses(agent), wanted::equals);
    }

    @Test
    void threeAgentsMeetExchangeTagsAndEventsAndPart() throws Exception {
        RecordingListener heard = new RecordingListener();
        GossipAgent a =
                start(GossipConfig.of("a", Loopback.address(0)).withTags(new TreeMap<>(Map.of("az", "az1"))), heard);
        GossipAgent b = start("b", List.of());
        GossipAgent c = start("c", List.of());

        assertThat(b.join(List.of(a.address())).get(20, TimeUnit.SECONDS)).isEqualTo(1);
        assertThat(c.join(List.of(b.address())).get(20, TimeUnit.SECONDS)).isEqualTo(1);

        for (GossipAgent agent : agents) {
            awaitStatuses(agent, "a=ALIVE b=ALIVE c=ALIVE");
        }
        Member seen = c.members().get(0);
        assertThat(seen.tags()).isEqualTo(Map.of("az", "az1"));
        assertThat(seen.port()).isEqualTo(a.address().getPort());
        assertThat(seen.delegateCur()).isEqualTo(5);

        b.setTags(Map.of("role", "voter"));
        c.userEvent("deploy", Bytes.utf8("now").toArray());

        Await.until(
                "a hears tags and event",
                SOON,
                () -> heard.events().toString(),
                events -> events.contains("update b {role=voter}") && events.contains("event deploy now"));

        c.leave().get(20, TimeUnit.SECONDS);
        c.close();

        awaitStatuses(a, "a=ALIVE b=ALIVE c=LEFT");
        awaitStatuses(b, "a=ALIVE b=ALIVE c=LEFT");
        assertThat(heard.events()).contains("leave c").doesNotContain("failed c");
    }

    /** The end of a step of the leave is then noticed by an input instead of the timer, which must be armed for "at once". */
    @Test
    void leaveEndsWhenItsNewsTravelsInAnswersToPings() throws Exception {
        GossipAgent a = start("a", List.of());
        GossipAgent b = start("b", List.of());
        b.join(List.of(a.address())).get(20, TimeUnit.SECONDS);
        awaitStatuses(a, "a=ALIVE b=ALIVE");

        try (DatagramSocket pinger = new DatagramSocket(0, a.address().getAddress())) {
            CompletableFuture<Void> left = b.leave();
            Await.until(
                    "b left",
                    SOON,
                    () -> {
                        pingTenTimes(pinger, b);
                        return String.valueOf(left.isDone());
                    },
                    "true"::equals);
        }
    }

    private static void pingTenTimes(DatagramSocket pinger, GossipAgent agent) {
        byte[] ping = MessageCodec.encode(new Message.Ping(1, "", Message.Source.NONE))
                .toArray();
        try {
            for (int i = 0; i < 10; i++) {
                pinger.send(new DatagramPacket(ping, ping.length, agent.address()));
            }
        } catch (IOException broken) {
            throw new UncheckedIOException(broken);
        }
    }

    @Test
    void closedAgentIsSuspectedThenFailedAndAliveAgainWhenItReturns() throws Exception {
        RecordingListener heard = new RecordingListener();
        GossipAgent a = start(GossipConfig.of("a", Loopback.address(0)), heard);
        GossipAgent b = start("b", List.of());
        b.join(List.of(a.address())).get(20, TimeUnit.SECONDS);
        awaitStatuses(a, "a=ALIVE b=ALIVE");

        InetSocketAddress address = b.address();
        b.close();
        awaitStatuses(a, "a=ALIVE b=FAILED");
        assertThat(heard.events()).contains("join b", "suspect b", "failed b");

        GossipAgent again = start(GossipConfig.of("b", address), new RecordingListener());
        again.join(List.of(a.address())).get(20, TimeUnit.SECONDS);
        awaitStatuses(a, "a=ALIVE b=ALIVE");
        awaitStatuses(again, "a=ALIVE b=ALIVE");
    }

    @Test
    void wrongKeyKeepsAgentsApart() throws Exception {
        GossipAgent a = start("a", List.of(new byte[32]));
        byte[] other = new byte[32];
        other[0] = 1;
        GossipAgent b = start("b", List.of(other));
        GossipAgent plain = start("plain", List.of());

        assertThat(b.join(List.of(a.address())).get(20, TimeUnit.SECONDS)).isZero();
        assertThat(plain.join(List.of(a.address())).get(20, TimeUnit.SECONDS)).isZero();

        assertThat(statuses(a)).isEqualTo("a=ALIVE");
        Await.until(
                "both attempts are counted",
                SOON,
                () -> String.valueOf(a.stats().decodeErrors()),
                "2"::equals);
    }

    @Test
    void secondKeyOfTheRingOpensPacketsOfTheFirstOfOthers() throws Exception {
        byte[] old = new byte[16];
        byte[] fresh = new byte[32];
        GossipAgent a = start("a", List.of(old, fresh));
        GossipAgent b = start("b", List.of(fresh, old));

        assertThat(b.join(List.of(a.address())).get(20, TimeUnit.SECONDS)).isEqualTo(1);

        awaitStatuses(a, "a=ALIVE b=ALIVE");
    }

    @Test
    void garbageOnBothSocketsChangesNothing() throws IOException {
        GossipAgent a = start("a", List.of());
        byte[] garbage = new byte[600];
        Arrays.fill(garbage, (byte) 0x91);

        try (DatagramSocket udp = new DatagramSocket();
                Socket tcp = new Socket(a.address().getAddress(), a.address().getPort())) {
            udp.send(new DatagramPacket(garbage, garbage.length, a.address()));
            udp.send(new DatagramPacket(new byte[0], 0, a.address()));
            tcp.getOutputStream().write(garbage);
            tcp.getOutputStream().flush();
            Await.until(
                    "garbage is counted",
                    SOON,
                    () -> String.valueOf(a.stats().decodeErrors()),
                    errors -> Long.parseLong(errors) >= 3);
        }

        assertThat(statuses(a)).isEqualTo("a=ALIVE");
        assertThat(a.stats().internalErrors()).isZero();
    }

    /** 128 connections that say nothing; whoever comes then is turned away at once, and is let in when they are gone. */
    @Test
    void connectionsThatStallAreBounded() throws Exception {
        GossipAgent agent = GossipAgent.start(GossipConfig.of("one", Loopback.address(0)), new RecordingListener());
        agents.add(agent);
        List<Socket> stalled = new ArrayList<>();
        try {
            for (int i = 0; i < 128; i++) {
                stalled.add(
                        new Socket(agent.address().getAddress(), agent.address().getPort()));
            }
            try (Socket late =
                    new Socket(agent.address().getAddress(), agent.address().getPort())) {
                assertThat(late.getInputStream().read()).isEqualTo(-1);
            }
        } finally {
            for (Socket socket : stalled) {
                socket.close();
            }
        }
        GossipAgent other = start("two", List.of());
        Await.until(
                "another is let in",
                SOON,
                () -> String.valueOf(other.join(List.of(agent.address())).join()),
                "1"::equals);
    }

    @Test
    void portInUseIsSaidClearly() {
        GossipAgent a = start("a", List.of());

        assertThatThrownBy(() -> GossipAgent.start(GossipConfig.of("b", a.address()), new RecordingListener()))
                .isInstanceOf(GossipException.class)
                .hasMessageContaining("cannot bind the gossip address")
                .hasMessageContaining(String.valueOf(a.address().getPort()));
    }

    @Test
    void foreignAddressIsSaidClearly() {
        InetSocketAddress foreign = new InetSocketAddress("192.0.2.1", 7946);

        assertThatThrownBy(() -> GossipAgent.start(GossipConfig.of("b", foreign), new RecordingListener()))
                .isInstanceOf(GossipException.class)
                .hasMessageContaining("192.0.2.1")
                .hasMessageContaining("is it an address of this host");
    }

    @Test
    void wrongKeyLengthIsNamed() {
        GossipConfig config = GossipConfig.of("a", Loopback.address(0));

        assertThatThrownBy(() -> config.withKeys(List.of(new byte[16], new byte[17])))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("gossip key 2: expected 16, 24 or 32 bytes but found 17");
    }

    @Test
    void closedAgentRefusesWork() {
        GossipAgent a = start("a", List.of());

        a.close();

        assertThat(a.join(List.of(Loopback.address(1)))).isCompletedExceptionally();
        assertThat(a.leave()).isCompletedExceptionally();
        a.close();
    }

    @Test
    void silentPeerEndsTheJoinWithoutContact() throws Exception {
        GossipAgent a = start("a", List.of());

        assertThat(a.join(List.of(Loopback.address(1))).get(20, TimeUnit.SECONDS))
                .isZero();
        assertThat(a.members()).extracting(Member::status).containsExactly(MemberStatus.ALIVE);
    }
}
