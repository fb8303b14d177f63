package io.vmha.gossip.memberlist;

import static io.vmha.gossip.memberlist.DrivenNode.address;
import static io.vmha.gossip.memberlist.DrivenNode.alive;
import static org.assertj.core.api.Assertions.assertThat;

import io.vmha.gossip.wire.Bytes;
import io.vmha.gossip.wire.LifeState;
import io.vmha.gossip.wire.Message;
import io.vmha.gossip.wire.NodeAddress;
import io.vmha.gossip.wire.Vsn;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** memberlist's own tests of probing, by their names (state_test.go), in virtual time; docs/gossip-catalogue.md is the table. */
final class ProbingCatalogueTest {
    private static final Vsn NO_TCP_PINGS = new Vsn(Bytes.hex("010202020505"));
    private static final Vsn NO_NACKS = new Vsn(Bytes.hex("010302020505"));

    private final DrivenNode node = new DrivenNode();

    private void answer(Message.Ping ping) {
        node.hear(new Message.Ack(ping.sequence(), Bytes.EMPTY));
    }

    /** Runs until the first probe has been sent, and returns it. */
    private Message.Ping probed() {
        return node.until(Message.Ping.class).get(0);
    }

    private List<RecordingOutbox.Opened> tcpPings() {
        return node.outbox.takeStreams().stream()
                .filter(opened -> opened.request() instanceof Message.Ping)
                .toList();
    }

    @Test
    void probe() {
        node.hear(alive("b", 2, 1));

        Message.Ping ping = probed();
        answer(ping);
        node.pass(400);

        assertThat(ping.node()).isEqualTo("b");
        assertThat(node.stateOf("b")).isEqualTo(LifeState.ALIVE);
        assertThat(node.us.stats().failedProbes()).isZero();
    }

    @Test
    void probeNodeSuspect() {
        node.hear(alive("b", 2, 1), alive("c", 3, 1), alive("d", 4, 1));

        Message.Ping ping = probed();
        node.pass(1_000);

        assertThat(node.stateOf(ping.node())).isEqualTo(LifeState.SUSPECT);
        assertThat(node.outbox.take(Message.IndirectPing.class))
                .as("both others are asked before")
                .hasSize(2)
                .allSatisfy(asked -> assertThat(asked.node()).isEqualTo(ping.node()));
    }

    @Test
    void probeNodeSuspectDogpile() {
        for (int confirmations = 0; confirmations <= 3; confirmations++) {
            DrivenNode dogpiled = new DrivenNode();
            for (int host = 2; host <= 6; host++) {
                dogpiled.hear(alive("n" + host, host, 1));
            }
            dogpiled.hear(new Message.Suspect("n2", 1, "us"));
            long suspectedMs = dogpiled.nowMs;
            for (int accuser = 0; accuser < confirmations; accuser++) {
                dogpiled.hear(new Message.Suspect("n2", 1, "n" + (3 + accuser)));
            }

            while (dogpiled.stateOf("n2") == LifeState.SUSPECT) {
                dogpiled.step();
            }

            long expectedMs = confirmations == 0 ? 24_000 : confirmations == 1 ? 11_381 : 4_000;
            assertThat(dogpiled.nowMs - suspectedMs)
                    .as("%s confirmations", confirmations)
                    .isEqualTo(expectedMs);
        }
    }

    @Test
    void probeNodeFallbackTcp() {
        node.hear(alive("b", 2, 1), alive("c", 3, 1));
        Message.Ping ping = probed();
        node.pass(500);
        RecordingOutbox.Opened opened = tcpPings().get(0);

        node.us.onStreamReply(node.nowMs, opened.streamId(), new Message.Ack(ping.sequence(), Bytes.EMPTY));
        node.pass(500);

        assertThat(node.stateOf(ping.node())).isEqualTo(LifeState.ALIVE);
        assertThat(node.health()).isZero();
    }

    @Test
    void probeNodeFallbackTcpDisabled() {
        node.hear(alive("b", 2, 1), alive("c", 3, 1));
        Message.Ping ping = probed();
        node.pass(500);

        node.us.onStreamFailed(
                node.nowMs, tcpPings().get(0).streamId(), "refused"); // as a peer that is not listened to
        node.pass(500);

        assertThat(node.stateOf(ping.node())).isEqualTo(LifeState.SUSPECT);
    }

    @Test
    void probeNodeFallbackTcpOldProtocol() {
        node.hear(alive("b", 2, 1, NO_TCP_PINGS));

        Message.Ping ping = probed();
        node.pass(1_000);

        assertThat(tcpPings()).isEmpty();
        assertThat(node.stateOf(ping.node())).isEqualTo(LifeState.SUSPECT);
    }

    @Test
    void probeNodeAwarenessDegraded() {
        node.hear(alive("b", 2, 1));
        node.hear(new Message.Suspect("us", 1, "b")); // the refutation costs a point
        assertThat(node.health()).isEqualTo(1);

        Message.Ping ping = probed();
        long probedMs = node.nowMs;
        while (node.stateOf("b") == LifeState.ALIVE) {
            node.step();
        }

        assertThat(ping.node()).isEqualTo("b");
        assertThat(node.nowMs - probedMs).as("twice as patient").isEqualTo(2_000);
    }

    @Test
    void probeNodeWrongVsn() {
        node.hear(alive("b", 2, 1, new Vsn(Bytes.hex("000502020505"))));
        node.hear(alive("c", 3, 1, new Vsn(Bytes.hex("050102020505"))));

        assertThat(node.us.nodes()).extracting(NodeView::name).containsExactly("us");
    }

    @Test
    void probeNodeAwarenessImproved() {
        node.hear(alive("b", 2, 1), new Message.Suspect("us", 1, "b"));
        assertThat(node.health()).isEqualTo(1);

        answer(probed());

        assertThat(node.health()).isZero();
    }

    @Test
    void probeNodeAwarenessMissedNack() {
        node.hear(alive("b", 2, 1), alive("c", 3, 1), alive("d", 4, 1));
        Message.Ping ping = probed();
        node.pass(500);

        node.hear(new Message.Nack(ping.sequence())); // one of two
        node.pass(500);

        assertThat(node.health()).as("one nack is missing").isEqualTo(1);
    }

    @Test
    void probeNodeAwarenessOldProtocol() {
        node.hear(alive("b", 2, 1, NO_NACKS), alive("c", 3, 1, NO_NACKS));

        probed();
        node.pass(500);
        List<Message.IndirectPing> asked = node.outbox.take(Message.IndirectPing.class);
        node.pass(500);

        assertThat(asked).isNotEmpty().noneMatch(Message.IndirectPing::wantsNack);
        assertThat(node.health()).as("nobody could have sent a nack").isEqualTo(1);
    }

    @Test
    void probeNodeBuddy() {
        node.hear(alive("b", 2, 1), new Message.Suspect("b", 1, "us"));
        node.sent();

        RecordingOutbox.Sent probe = null;
        while (probe == null) {
            node.step();
            for (RecordingOutbox.Sent sent : node.sent()) {
                probe = sent.messages().get(0) instanceof Message.Ping ? sent : probe;
            }
        }

        assertThat(probe.messages().get(1))
                .as("a suspect is told with the ping, so that it can refute")
                .isEqualTo(new Message.Suspect("b", 1, "us"));
    }

    @Test
    void probeNode() {
        node.hear(alive("b", 2, 1));
        long before = node.us.stats().probes();

        answer(probed());

        assertThat(node.us.stats().probes()).isEqualTo(before + 1);
        assertThat(node.stateOf("b")).isEqualTo(LifeState.ALIVE);
    }

    @Test
    void ping() {
        node.hear(alive("b", 2, 1));
        Message.Ping ping = probed();

        node.us.instant((node.nowMs + 40) * 1_000 + 250);
        node.nowMs += 40;
        node.hear(new Message.Ack(ping.sequence(), Bytes.hex("c0ffee")));

        assertThat(node.delegate.take()).contains("answered b after 40250 us with c0ffee");
    }

    @Test
    void resetNodes() {
        node.hear(alive("b", 2, 1), alive("c", 3, 1), new Message.Dead("b", 1, "c"));

        long endMs = node.nowMs + 29_000;
        while (node.nowMs < endMs) {
            node.step();
            node.outbox.take(Message.Ping.class).forEach(this::answer);
        }
        assertThat(node.us.node("b"))
                .as("gossiped to for 30 s, so that it could refute")
                .isPresent();

        while (node.nowMs < endMs + 4_000) {
            node.step();
            node.outbox.take(Message.Ping.class).forEach(this::answer);
        }
        assertThat(node.us.node("b")).isEmpty();
        assertThat(node.us.node("c")).isPresent();
    }

    @Test
    void nextSeq() {
        node.hear(alive("b", 2, 1));
        List<Long> numbers = new ArrayList<>();

        for (int i = 0; i < 3; i++) {
            Message.Ping ping = probed();
            numbers.add(ping.sequence());
            answer(ping);
        }

        assertThat(numbers).containsExactly(numbers.get(0), numbers.get(0) + 1, numbers.get(0) + 2);
    }

    @Test
    void setProbeChannels() {
        node.hear(alive("b", 2, 1));
        Message.Ping ping = probed();
        node.pass(1_000); // the probe is over

        answer(ping);

        assertThat(node.stateOf("b")).as("an ack after the time is nobody's").isEqualTo(LifeState.SUSPECT);
        assertThat(node.delegate.take()).noneMatch(heard -> heard.startsWith("answered"));
    }

    @Test
    void setAckHandler() {
        node.hear(new Message.IndirectPing(500, NodeAddress.of(address(9)), "i", false, Message.Source.NONE));
        Message.Ping relayed = node.outbox.take(Message.Ping.class).get(0);

        node.pass(500); // the time for the answer is over
        node.hear(new Message.Ack(relayed.sequence(), Bytes.EMPTY));

        assertThat(node.outbox.take(Message.Ack.class))
                .as("a late answer is not handed on")
                .isEmpty();
    }

    @Test
    void invokeAckHandler() {
        node.hear(alive("b", 2, 1));
        Message.Ping ping = probed();

        answer(new Message.Ping(ping.sequence() + 77, "b", Message.Source.NONE));
        node.pass(1_000);

        assertThat(node.stateOf("b"))
                .as("the ack of another number proves nothing")
                .isEqualTo(LifeState.SUSPECT);
    }

    @Test
    void invokeAckHandlerChannelAck() {
        node.hear(alive("b", 2, 1));
        Message.Ping ping = probed();

        answer(ping);
        answer(ping);

        assertThat(node.delegate.take().stream().filter(heard -> heard.startsWith("answered")))
                .as("counted once")
                .hasSize(1);
    }

    @Test
    void invokeAckHandlerChannelNack() {
        node.hear(alive("b", 2, 1), alive("c", 3, 1), alive("d", 4, 1));
        Message.Ping ping = probed();
        node.pass(500);

        for (int i = 0; i < 5; i++) {
            node.hear(new Message.Nack(ping.sequence()));
        }
        node.hear(new Message.Ack(ping.sequence(), Bytes.EMPTY));
        node.pass(500);

        assertThat(node.stateOf(ping.node()))
                .as("an ack after nacks still counts")
                .isEqualTo(LifeState.ALIVE);
    }
}
