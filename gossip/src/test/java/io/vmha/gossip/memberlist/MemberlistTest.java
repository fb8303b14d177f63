package io.vmha.gossip.memberlist;

import static org.assertj.core.api.Assertions.assertThat;

import io.vmha.gossip.wire.Bytes;
import io.vmha.gossip.wire.LifeState;
import io.vmha.gossip.wire.Message;
import io.vmha.gossip.wire.Message.Source;
import io.vmha.gossip.wire.NodeAddress;
import io.vmha.gossip.wire.NodeState;
import io.vmha.gossip.wire.Vsn;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** One memberlist, driven by hand: nowMs is whatever the test says. */
final class MemberlistTest {
    private final RecordingOutbox outbox = new RecordingOutbox();
    private final RecordingDelegate delegate = new RecordingDelegate();
    private final Memberlist us = new Memberlist(
            new MemberlistConfig("us", address(1), Profile.LAN, 0), new SplittableRandom(7), outbox, delegate);
    private long nowMs = 1_000;

    @BeforeEach
    void start() {
        us.start(nowMs, Bytes.utf8("our meta"));
        delegate.take();
    }

    private static InetSocketAddress address(int host) {
        try {
            return new InetSocketAddress(InetAddress.getByAddress(new byte[] {10, 0, 0, (byte) host}), 8301);
        } catch (UnknownHostException impossible) {
            throw new AssertionError(impossible);
        }
    }

    private static Message.Alive alive(String node, int host, long incarnation) {
        return new Message.Alive(node, incarnation, NodeAddress.of(address(host)), Bytes.utf8(node), Vsn.OURS);
    }

    private void hear(Message... messages) {
        for (Message message : messages) {
            us.onMessage(nowMs, address(2), message);
        }
    }

    /** Lets time pass, running every timer that is due, with nobody answering. */
    private void pass(long durationMs) {
        long endMs = nowMs + durationMs;
        while (us.nextDeadlineMs() <= endMs) {
            nowMs = Math.max(nowMs, us.nextDeadlineMs());
            us.onTimer(nowMs);
        }
        nowMs = endMs;
    }

    private LifeState stateOf(String node) {
        return us.node(node).orElseThrow().state();
    }

    @Test
    void newNodeJoinsOnceHoweverOftenItIsAnnounced() {
        hear(alive("b", 2, 1), alive("b", 2, 1), alive("b", 2, 1));

        assertThat(delegate.take()).containsExactly("join b");
        assertThat(us.nodes()).extracting(NodeView::name).containsExactly("b", "us");
    }

    @Test
    void newerAliveWithOtherMetadataIsAnUpdateAndOlderIsIgnored() {
        hear(alive("b", 2, 5));
        delegate.take();

        hear(new Message.Alive("b", 6, NodeAddress.of(address(2)), Bytes.utf8("new"), Vsn.OURS));
        hear(alive("b", 2, 6));

        assertThat(delegate.take()).containsExactly("update b");
        assertThat(us.node("b").orElseThrow().meta()).isEqualTo(Bytes.utf8("new"));
    }

    @Test
    void weRefuteASuspicionWithAHigherIncarnation() {
        hear(new Message.Suspect("us", 7, "b"));

        assertThat(us.node("us").orElseThrow().incarnation()).isEqualTo(8);
        assertThat(stateOf("us")).isEqualTo(LifeState.ALIVE);
        assertThat(us.stats().refutations()).isEqualTo(1);
        assertThat(us.stats().healthScore()).isEqualTo(1);
    }

    @Test
    void weRefuteOurDeathAndAnEarlierLife() {
        hear(new Message.Dead("us", 40, "b"));
        assertThat(us.node("us").orElseThrow().incarnation()).isEqualTo(41);

        hear(alive("us", 1, 41));
        assertThat(us.node("us").orElseThrow().incarnation())
                .as("same incarnation, other metadata: left over from an earlier life")
                .isEqualTo(42);
    }

    @Test
    void accusationOfTheLargestIncarnationDoesNotWrapAround() {
        hear(new Message.Suspect("us", 0xffff_ffffL, "b"));

        assertThat(us.node("us").orElseThrow().incarnation()).isEqualTo(0xffff_ffffL);
    }

    @Test
    void silentNodeIsProbedThenSuspectedThenDead() {
        hear(alive("b", 2, 1), alive("c", 3, 1), alive("d", 4, 1));
        delegate.take();
        hear(new Message.Suspect("b", 1, "c"), new Message.Suspect("b", 1, "c"), new Message.Suspect("b", 1, "d"));
        assertThat(delegate.take()).containsExactly("suspect b by c");

        hear(new Message.Suspect("b", 1, "us"));
        long suspectedMs = nowMs;
        while (stateOf("b") == LifeState.SUSPECT) {
            nowMs = us.nextDeadlineMs();
            us.onTimer(nowMs);
        }

        assertThat(stateOf("b")).isEqualTo(LifeState.DEAD);
        assertThat(nowMs - suspectedMs)
                .as("two confirmations: the shortest suspicion")
                .isEqualTo(4_000);
    }

    @Test
    void suspicionWithoutConfirmationLastsSixTimesAsLong() {
        hear(alive("b", 2, 1), alive("c", 3, 1), alive("d", 4, 1));
        hear(new Message.Suspect("b", 1, "us"));
        long suspectedMs = nowMs;

        while (stateOf("b") == LifeState.SUSPECT) {
            nowMs = us.nextDeadlineMs();
            us.onTimer(nowMs);
        }

        assertThat(nowMs - suspectedMs).isEqualTo(24_000);
    }

    @Test
    void probeFailureAsksOthersAndTcpBeforeItSuspects() {
        hear(alive("b", 2, 1));
        outbox.takePackets();

        while (outbox.takeStreams().isEmpty()) {
            nowMs = us.nextDeadlineMs();
            us.onTimer(nowMs);
        }
        pass(600);

        assertThat(delegate.take()).contains("suspect b by us");
        assertThat(us.stats().failedProbes()).isEqualTo(1);
    }

    @Test
    void indirectPingsGoToOthersAndTheirNacksSpareOurHealth() {
        hear(alive("b", 2, 1), alive("c", 3, 1), alive("d", 4, 1), alive("e", 5, 1));
        outbox.takePackets();
        List<Message.IndirectPing> asked = List.of();
        while (asked.isEmpty()) {
            nowMs = us.nextDeadlineMs();
            us.onTimer(nowMs);
            asked = outbox.take(Message.IndirectPing.class);
        }

        assertThat(asked).hasSize(3).allSatisfy(ping -> {
            assertThat(ping.wantsNack()).isTrue();
            assertThat(ping.source().address()).isEqualTo(NodeAddress.of(address(1)));
        });

        for (int i = 0; i < 3; i++) {
            hear(new Message.Nack(asked.get(0).sequence()));
        }
        pass(600);
        assertThat(us.stats().failedProbes()).isEqualTo(1);
        assertThat(us.stats().healthScore()).isZero();
    }

    @Test
    void tcpAnswerKeepsANodeAlive() {
        hear(alive("b", 2, 1));
        List<RecordingOutbox.Opened> opened = List.of();
        while (opened.isEmpty()) {
            nowMs = us.nextDeadlineMs();
            us.onTimer(nowMs);
            opened = outbox.takeStreams();
        }
        Message.Ping ping = (Message.Ping) opened.get(0).request();

        us.onStreamReply(nowMs, opened.get(0).streamId(), new Message.Ack(ping.sequence(), Bytes.EMPTY));
        pass(700);

        assertThat(stateOf("b")).isEqualTo(LifeState.ALIVE);
        assertThat(us.stats().failedProbes()).isZero();
    }

    @Test
    void pingIsAnsweredToItsSourceNotToTheSenderOfThePacket() {
        outbox.takePackets();

        hear(new Message.Ping(9, "us", new Source(NodeAddress.of(address(77)), "x")));
        hear(new Message.Ping(10, "us", Source.NONE));
        hear(new Message.Ping(11, "somebody else", Source.NONE));

        List<RecordingOutbox.Sent> sent = outbox.takePackets();
        assertThat(sent).extracting(RecordingOutbox.Sent::to).containsExactly(address(77), address(2));
        assertThat(sent.get(0).messages().get(0)).isEqualTo(new Message.Ack(9, Bytes.EMPTY));
    }

    @Test
    void indirectPingIsRelayedAndItsAckComesBackUnderTheAskersNumber() {
        outbox.takePackets();
        Message.IndirectPing request = new Message.IndirectPing(
                500, NodeAddress.of(address(9)), "i", true, new Source(NodeAddress.of(address(3)), "c"));

        hear(request);
        RecordingOutbox.Sent ping = outbox.takePackets().get(0);
        assertThat(ping.to()).isEqualTo(address(9));
        long number = ((Message.Ping) ping.messages().get(0)).sequence();
        hear(new Message.Ack(number, Bytes.EMPTY));

        RecordingOutbox.Sent ack = outbox.takePackets().get(0);
        assertThat(ack.to()).isEqualTo(address(3));
        assertThat(ack.messages().get(0)).isEqualTo(new Message.Ack(500, Bytes.EMPTY));
    }

    @Test
    void silentTargetOfAnIndirectPingBringsANack() {
        outbox.takePackets();
        hear(new Message.IndirectPing(
                500, NodeAddress.of(address(9)), "i", true, new Source(NodeAddress.of(address(3)), "c")));
        outbox.takePackets();

        pass(600);

        assertThat(outbox.take(Message.Nack.class)).containsExactly(new Message.Nack(500));
    }

    @Test
    void deadOfAPushPullAreOnlySuspects() {
        hear(alive("b", 2, 3));
        delegate.take();
        NodeState dead = new NodeState("b", 3, NodeAddress.of(address(2)), LifeState.DEAD, Bytes.utf8("b"), Vsn.OURS);
        NodeState left = new NodeState("c", 1, NodeAddress.of(address(3)), LifeState.LEFT, Bytes.EMPTY, Vsn.OURS);

        us.onStreamRequest(nowMs, 1, new Message.PushPull(true, List.of(dead, left), Bytes.EMPTY));

        assertThat(delegate.take()).containsExactly("suspect b by us");
        Message.PushPull reply = (Message.PushPull) outbox.takeReplies().get(0);
        assertThat(reply.join()).isTrue();
        assertThat(reply.nodes())
                .as("our state goes out before theirs is taken over")
                .extracting(NodeState::state)
                .containsOnly(LifeState.ALIVE);
    }

    @Test
    void statesOfPeersWithVersionsThatExcludeOursAreRefusedAsAWhole() {
        NodeState foreign = new NodeState(
                "b", 1, NodeAddress.of(address(2)), LifeState.ALIVE, Bytes.EMPTY, new Vsn(Bytes.hex("010502020404")));
        NodeState fine = new NodeState("c", 1, NodeAddress.of(address(3)), LifeState.ALIVE, Bytes.EMPTY, Vsn.OURS);

        us.onStreamRequest(nowMs, 1, new Message.PushPull(true, List.of(foreign, fine), Bytes.EMPTY));

        assertThat(us.nodes()).hasSize(1);
        assertThat(us.stats().refusedMerges()).isEqualTo(1);
    }

    @Test
    void ownDeathOfANodeIsALeaveAndFreesItsName() {
        hear(alive("b", 2, 1));
        delegate.take();

        hear(new Message.Dead("b", 1, "b"));
        hear(alive("b", 9, 2));

        assertThat(delegate.take()).containsExactly("LEFT b", "join b");
        assertThat(us.node("b").orElseThrow().address()).isEqualTo(address(9));
    }

    @Test
    void secondNodeWithAKnownNameIsAConflict() {
        hear(alive("b", 2, 1), alive("b", 9, 50), alive("us", 9, 50));

        assertThat(delegate.take()).containsExactly("join b", "conflict b", "conflict us");
        assertThat(us.node("b").orElseThrow().address()).isEqualTo(address(2));
    }

    @Test
    void deadNodesNameMayMoveAfterTheReclaimTime() {
        hear(alive("b", 2, 1), new Message.Dead("b", 1, "c"));
        delegate.take();

        hear(alive("b", 9, 2));
        assertThat(delegate.take()).containsExactly("conflict b");
        nowMs += Profile.LAN.deadReclaimMs() + 1;
        hear(alive("b", 9, 2));
        assertThat(delegate.take()).containsExactly("join b");
    }

    @Test
    void unusableAddressesAndVersionsAreIgnored() {
        hear(new Message.Alive("b", 1, new NodeAddress(Bytes.EMPTY, 1), Bytes.EMPTY, Vsn.OURS));
        hear(new Message.Alive("c", 1, new NodeAddress(Bytes.hex("00000000"), 1), Bytes.EMPTY, Vsn.OURS));
        hear(new Message.Alive("d", 1, new NodeAddress(Bytes.hex("e0000001"), 1), Bytes.EMPTY, Vsn.OURS));
        hear(new Message.Alive("e", 1, NodeAddress.of(address(3)), Bytes.EMPTY, new Vsn(Bytes.hex("000502020505"))));

        assertThat(us.nodes()).hasSize(1);
    }

    @Test
    void leaveIsToldBeforeItIsReportedAsDone() {
        hear(alive("b", 2, 1));
        delegate.take();
        outbox.takePackets();

        us.leave(nowMs);
        pass(3_000);

        assertThat(delegate.take()).containsSubsequence("LEFT us", "leave spread");
        assertThat(outbox.take(Message.Dead.class)).contains(new Message.Dead("us", 1, "us"));
        hear(alive("us", 1, 5));
        assertThat(us.node("us").orElseThrow().state()).isEqualTo(LifeState.LEFT);
    }

    @Test
    void processThatDidNotRunForAWhileAccusesNobodyForIt() {
        hear(alive("b", 2, 1), alive("c", 3, 1), alive("d", 4, 1));
        hear(new Message.Suspect("b", 1, "us"));

        pass(3_000);
        nowMs += 120_000;
        hear(new Message.Ping(1, "us", Source.NONE)); // what waited in the socket may be read before the timer runs
        us.onTimer(nowMs);
        pass(15_000);

        assertThat(stateOf("b")).isEqualTo(LifeState.SUSPECT);
        assertThat(us.stats().pauses()).isEqualTo(1);
        pass(10_000);
        assertThat(stateOf("b")).isEqualTo(LifeState.DEAD);
    }

    @Test
    void joinReportsWhoAnsweredAndWhyOthersDidNot() {
        us.join(nowMs, 1, List.of(address(2), address(3)));
        List<RecordingOutbox.Opened> opened = outbox.takeStreams();
        assertThat(opened).hasSize(2);

        NodeState b = new NodeState("b", 1, NodeAddress.of(address(2)), LifeState.ALIVE, Bytes.EMPTY, Vsn.OURS);
        us.onStreamReply(nowMs, opened.get(0).streamId(), new Message.PushPull(true, List.of(b), Bytes.EMPTY));
        us.onStreamFailed(nowMs, opened.get(1).streamId(), "refused");

        assertThat(delegate.take()).containsExactly("join b", "joined 1 [/10.0.0.3:8301: refused]");
    }

    @Test
    void exchangeThatIsNeverReportedEndsByItself() {
        us.join(nowMs, 1, List.of(address(2)));

        pass(13_000);

        assertThat(delegate.take()).containsExactly("joined 0 [/10.0.0.2:8301: no answer in time]");
    }

    @Test
    void floodOfInventedNamesFillsTheTableButNotTheMemory() {
        for (int i = 0; i < MemberTable.NODES_MAX + 100; i++) {
            hear(alive("n" + i, 2, 1));
        }

        assertThat(us.nodeCount()).isEqualTo(MemberTable.NODES_MAX);
        assertThat(us.stats().refusedNodes()).isEqualTo(101);
    }

    @Test
    void sameSeedAndInputsGiveTheSameOutput() {
        assertThat(trace(11)).isEqualTo(trace(11)).isNotEqualTo(trace(12));
    }

    private static String trace(long seed) {
        RecordingOutbox out = new RecordingOutbox();
        Memberlist list = new Memberlist(
                new MemberlistConfig("us", address(1), Profile.LAN, 0),
                new SplittableRandom(seed),
                out,
                new RecordingDelegate());
        list.start(0, Bytes.EMPTY);
        for (int i = 2; i < 30; i++) {
            list.onMessage(0, address(i), alive("n" + i, i, 1));
        }
        StringBuilder text = new StringBuilder();
        for (long now = 0; now < 60_000; now = Math.max(now, list.nextDeadlineMs())) {
            list.onTimer(now);
            out.takePackets().forEach(sent -> text.append(sent).append('\n'));
            out.takeStreams().forEach(opened -> text.append(opened).append('\n'));
        }
        return text.toString();
    }
}
