package io.vmha.gossip.memberlist;

import static io.vmha.gossip.memberlist.DrivenNode.address;
import static io.vmha.gossip.memberlist.DrivenNode.alive;
import static org.assertj.core.api.Assertions.assertThat;

import io.vmha.gossip.wire.Bytes;
import io.vmha.gossip.wire.LifeState;
import io.vmha.gossip.wire.Message;
import io.vmha.gossip.wire.NodeAddress;
import io.vmha.gossip.wire.NodeState;
import io.vmha.gossip.wire.Vsn;
import java.net.InetSocketAddress;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** memberlist's own tests of membership, by their names (state_test.go), in virtual time; docs/gossip-catalogue.md is the table. */
final class MembershipCatalogueTest {
    private final DrivenNode node = new DrivenNode();

    private static NodeState state(String name, int host, long incarnation, LifeState life) {
        return new NodeState(name, incarnation, NodeAddress.of(address(host)), life, Bytes.EMPTY, Vsn.OURS);
    }

    /** What is gossiped about others from now on, until it is told often enough. */
    private <T extends Message> List<T> gossiped(Class<T> kind) {
        node.outbox.takePackets();
        node.pass(900);
        return node.outbox.take(kind);
    }

    @Test
    void aliveNodeNewNode() {
        node.hear(alive("b", 2, 1));

        assertThat(node.stateOf("b")).isEqualTo(LifeState.ALIVE);
        assertThat(node.incarnationOf("b")).isEqualTo(1);
        assertThat(node.delegate.take()).containsExactly("join b");
        assertThat(gossiped(Message.Alive.class)).contains(alive("b", 2, 1));
    }

    @Test
    void aliveNodeSuspectNode() {
        node.hear(alive("b", 2, 1), alive("c", 3, 1), new Message.Suspect("b", 1, "c"));

        node.hear(alive("b", 2, 1));
        assertThat(node.stateOf("b")).as("an old alive does not help").isEqualTo(LifeState.SUSPECT);
        node.hear(alive("b", 2, 2));

        assertThat(node.stateOf("b")).isEqualTo(LifeState.ALIVE);
        assertThat(node.delegate.take()).containsExactly("join b", "join c", "suspect b by c", "refuted b");
        assertThat(gossiped(Message.Alive.class)).contains(alive("b", 2, 2));
    }

    @Test
    void aliveNodeIdempotent() {
        node.hear(alive("b", 2, 1));
        node.delegate.take();

        node.hear(alive("b", 2, 2));

        assertThat(node.stateOf("b")).isEqualTo(LifeState.ALIVE);
        assertThat(node.incarnationOf("b")).isEqualTo(2);
        assertThat(node.delegate.take()).isEmpty();
    }

    @Test
    void aliveNodeChangeMeta() {
        node.hear(alive("b", 2, 1));
        node.delegate.take();

        node.hear(new Message.Alive("b", 2, NodeAddress.of(address(2)), Bytes.utf8("new"), Vsn.OURS));

        assertThat(node.delegate.take()).containsExactly("update b");
        assertThat(node.us.node("b").orElseThrow().meta()).isEqualTo(Bytes.utf8("new"));
    }

    @Test
    void aliveNodeRefute() {
        node.hear(alive("b", 2, 1));

        node.hear(new Message.Alive("us", 2, NodeAddress.of(address(1)), Bytes.utf8("not ours"), Vsn.OURS));

        assertThat(node.incarnationOf("us")).isEqualTo(3);
        assertThat(node.us.node("us").orElseThrow().meta()).isEqualTo(Bytes.EMPTY);
        assertThat(gossiped(Message.Alive.class)).contains(alive("us", 1, 3));
    }

    @Test
    void aliveNodeConflict() {
        DrivenNode patient = new DrivenNode();
        patient.hear(alive("b", 2, 1));
        patient.delegate.take();

        patient.hear(alive("b", 9, 2));
        assertThat(patient.delegate.take()).containsExactly("conflict b");
        assertThat(patient.us.node("b").orElseThrow().address()).isEqualTo(address(2));

        patient.hear(new Message.Dead("b", 1, "c"));
        patient.nowMs += Profile.LAN.deadReclaimMs() + 1;
        patient.hear(alive("b", 9, 2));
        assertThat(patient.stateOf("b")).isEqualTo(LifeState.ALIVE);
        assertThat(patient.us.node("b").orElseThrow().address()).isEqualTo(address(9));
    }

    @Test
    void suspectNodeNoNode() {
        node.hear(new Message.Suspect("b", 1, "c"));

        assertThat(node.us.nodes()).hasSize(1);
        assertThat(node.delegate.take()).isEmpty();
    }

    @Test
    void suspectNode() {
        node.hear(alive("b", 2, 1), new Message.Suspect("b", 1, "c"));

        assertThat(node.stateOf("b")).isEqualTo(LifeState.SUSPECT);
        assertThat(gossiped(Message.Suspect.class)).contains(new Message.Suspect("b", 1, "c"));
        node.pass(4_000); // two nodes: nobody could confirm, so it is short
        assertThat(node.stateOf("b")).isEqualTo(LifeState.DEAD);
        assertThat(node.outbox.take(Message.Dead.class)).contains(new Message.Dead("b", 1, "us"));
    }

    @Test
    void suspectNodeDoubleSuspect() {
        node.hear(alive("b", 2, 1), new Message.Suspect("b", 1, "c"));
        gossiped(Message.Suspect.class);
        node.delegate.take();

        node.hear(new Message.Suspect("b", 1, "c"));

        assertThat(node.delegate.take()).isEmpty();
        assertThat(gossiped(Message.Suspect.class))
                .as("nothing new to tell")
                .doesNotContain(new Message.Suspect("b", 1, "c"));
    }

    @Test
    void suspectNodeOldSuspect() {
        node.hear(alive("b", 2, 10));

        node.hear(new Message.Suspect("b", 1, "c"));

        assertThat(node.stateOf("b")).isEqualTo(LifeState.ALIVE);
        assertThat(gossiped(Message.Suspect.class)).isEmpty();
    }

    @Test
    void suspectNodeRefute() {
        node.hear(alive("b", 2, 1));

        node.hear(new Message.Suspect("us", 1, "b"));

        assertThat(node.stateOf("us")).isEqualTo(LifeState.ALIVE);
        assertThat(gossiped(Message.Alive.class)).contains(alive("us", 1, 2));
        assertThat(node.health()).isPositive();
    }

    @Test
    void deadNodeNoNode() {
        node.hear(new Message.Dead("b", 1, "c"));

        assertThat(node.us.nodes()).hasSize(1);
    }

    @Test
    void deadNodeLeft() {
        node.hear(alive("b", 2, 1), new Message.Dead("b", 1, "b"));

        assertThat(node.stateOf("b")).isEqualTo(LifeState.LEFT);
        assertThat(node.delegate.take()).containsExactly("join b", "LEFT b");
        node.hear(alive("b", 9, 3));
        assertThat(node.us.node("b").orElseThrow().address())
                .as("its name is free for another address at once")
                .isEqualTo(address(9));
    }

    @Test
    void deadNode() {
        node.hear(alive("b", 2, 1), alive("c", 3, 1), new Message.Dead("b", 1, "c"));

        assertThat(node.stateOf("b")).isEqualTo(LifeState.DEAD);
        assertThat(node.delegate.take()).containsExactly("join b", "join c", "DEAD b");
        assertThat(gossiped(Message.Dead.class)).contains(new Message.Dead("b", 1, "c"));
    }

    @Test
    void deadNodeDouble() {
        node.hear(alive("b", 2, 1), new Message.Dead("b", 1, "c"));
        gossiped(Message.Dead.class);
        node.delegate.take();

        node.hear(new Message.Dead("b", 2, "c"));

        assertThat(node.delegate.take()).isEmpty();
        assertThat(gossiped(Message.Dead.class)).isEmpty();
    }

    @Test
    void deadNodeOldDead() {
        node.hear(alive("b", 2, 10), new Message.Dead("b", 1, "c"));

        assertThat(node.stateOf("b")).isEqualTo(LifeState.ALIVE);
    }

    @Test
    void deadNodeAliveReplay() {
        node.hear(alive("b", 2, 10), new Message.Dead("b", 10, "c"));

        node.hear(alive("b", 2, 10));

        assertThat(node.stateOf("b")).as("the alive of before proves nothing").isEqualTo(LifeState.DEAD);
    }

    @Test
    void deadNodeRefute() {
        node.hear(alive("b", 2, 1));

        node.hear(new Message.Dead("us", 1, "b"));

        assertThat(node.stateOf("us")).isEqualTo(LifeState.ALIVE);
        assertThat(gossiped(Message.Alive.class)).contains(alive("us", 1, 2));
        assertThat(node.health()).isPositive();
    }

    @Test
    void mergeState() {
        node.hear(alive("t1", 2, 1), alive("t2", 3, 1), alive("t3", 4, 1));
        node.hear(new Message.Suspect("t1", 1, "x"));
        node.delegate.take();

        List<NodeState> remote = List.of(
                state("t1", 2, 2, LifeState.ALIVE),
                state("t2", 3, 1, LifeState.SUSPECT),
                state("t3", 4, 1, LifeState.DEAD),
                state("t4", 5, 2, LifeState.ALIVE));
        node.us.onStreamRequest(node.nowMs, 1, new Message.PushPull(false, remote, Bytes.EMPTY));

        assertThat(node.stateOf("t1")).isEqualTo(LifeState.ALIVE);
        assertThat(node.incarnationOf("t1")).isEqualTo(2);
        assertThat(node.stateOf("t2")).isEqualTo(LifeState.SUSPECT);
        assertThat(node.stateOf("t3")).as("their dead are suspects to us").isEqualTo(LifeState.SUSPECT);
        assertThat(node.stateOf("t4")).isEqualTo(LifeState.ALIVE);
        assertThat(node.delegate.take())
                .containsExactly("refuted t1", "suspect t2 by us", "suspect t3 by us", "join t4");
    }

    private Set<InetSocketAddress> gossipedTo() {
        node.outbox.takePackets();
        Set<InetSocketAddress> heard = new TreeSet<>(Comparator.comparing(InetSocketAddress::toString));
        node.pass(700);
        node.sent().stream()
                .filter(sent -> sent.messages().stream().noneMatch(Message.Ping.class::isInstance))
                .forEach(sent -> heard.add(sent.to()));
        return heard;
    }

    @Test
    void gossip() {
        node.hear(alive("b", 2, 1), alive("c", 3, 1), alive("d", 4, 1));

        assertThat(gossipedTo()).containsExactlyInAnyOrder(address(2), address(3), address(4));
    }

    @Test
    void gossipToDead() {
        node.hear(alive("b", 2, 1), new Message.Dead("b", 1, "c"));
        assertThat(gossipedTo()).as("so that it can refute").contains(address(2));

        node.nowMs += Profile.LAN.gossipToTheDeadMs();
        node.hear(alive("c", 3, 1));
        assertThat(gossipedTo()).containsExactly(address(3));
    }

    @Test
    void failedRemote() {
        node.us.join(node.nowMs, 1, List.of(address(9)));
        long streamId = node.outbox.takeStreams().get(0).streamId();

        node.us.onStreamFailed(node.nowMs, streamId, "Connection refused");

        assertThat(node.delegate.take()).containsExactly("joined 0 [/10.0.0.9:8301: Connection refused]");
        assertThat(node.us.nodes()).hasSize(1);
    }

    @Test
    void pushPull() {
        node.hear(alive("b", 2, 1));
        node.delegate.take();
        RecordingOutbox.Opened exchange = null;
        while (exchange == null) {
            node.step();
            node.outbox
                    .take(Message.Ping.class)
                    .forEach(ping -> node.hear(new Message.Ack(ping.sequence(), Bytes.EMPTY)));
            for (RecordingOutbox.Opened opened : node.outbox.takeStreams()) {
                exchange = opened.request() instanceof Message.PushPull ? opened : exchange;
            }
        }

        assertThat(((Message.PushPull) exchange.request()).join()).isFalse();
        assertThat(node.nowMs - DrivenNode.STARTED_MS).isLessThan(30_000);
        List<NodeState> theirs = List.of(state("b", 2, 1, LifeState.ALIVE), state("c", 3, 1, LifeState.ALIVE));
        node.us.onStreamReply(node.nowMs, exchange.streamId(), new Message.PushPull(false, theirs, Bytes.utf8("serf")));

        assertThat(node.delegate.take()).contains("join c", "state " + Bytes.utf8("serf"));
    }

    @Test
    void verifyProtocol() {
        assertRefused(false, "010502020505", "010502020505");
        assertRefused(true, "010502020404", "010502020404"); // speaks at most 4, we speak 5
        assertRefused(true, "010502060606", "010502060606"); // demands at least 6
        assertRefused(true, "030503020505", "030503020505"); // memberlist 3 at least, we speak 2
        assertRefused(false, "010502020504", "010502020505");
        assertRefused(false, "", "010502020505", LifeState.DEAD); // whoever is dead has no say in the limits
    }

    private static void assertRefused(boolean refused, String... versions) {
        assertRefused(refused, versions[0], versions[1], LifeState.ALIVE);
    }

    private static void assertRefused(boolean refused, String first, String second, LifeState life) {
        DrivenNode fresh = new DrivenNode();
        String versionOfFirst = first.isEmpty() ? "010502020505" : first;
        List<NodeState> remote = List.of(
                new NodeState(
                        "b", 1, NodeAddress.of(address(2)), life, Bytes.EMPTY, new Vsn(Bytes.hex(versionOfFirst))),
                new NodeState(
                        "c", 1, NodeAddress.of(address(3)), LifeState.ALIVE, Bytes.EMPTY, new Vsn(Bytes.hex(second))));

        fresh.us.onStreamRequest(fresh.nowMs, 1, new Message.PushPull(true, remote, Bytes.EMPTY));

        assertThat(fresh.us.stats().refusedMerges()).as(first).isEqualTo(refused ? 1 : 0);
        assertThat(fresh.us.node("c").isPresent()).isEqualTo(!refused);
    }
}
