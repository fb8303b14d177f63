package io.vmha.gossip.serf;

import static org.assertj.core.api.Assertions.assertThat;

import io.vmha.gossip.memberlist.NodeView;
import io.vmha.gossip.serf.TestPool.Peer;
import io.vmha.gossip.wire.Bytes;
import io.vmha.gossip.wire.LifeState;
import io.vmha.gossip.wire.Message;
import io.vmha.gossip.wire.NodeAddress;
import io.vmha.gossip.wire.NodeState;
import io.vmha.gossip.wire.SerfMessage;
import io.vmha.gossip.wire.SerfMessageCodec;
import io.vmha.gossip.wire.StatusTimes;
import io.vmha.gossip.wire.Vsn;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** What a push/pull state says about intents must not make the intents themselves look old; and what Serf remembers is bounded. */
final class IntentTimesTest {
    private static final long DAY_MS = 86_400_000;

    private final TestPool pool = new TestPool();
    private final Peer us = pool.add("us");

    private void hear(Message message) {
        us.serf().onMessage(pool.nowMs(), TestPool.address(2), message);
    }

    private void hear(SerfMessage message) {
        hear(new Message.User(SerfMessageCodec.encode(message)));
    }

    private void alive(String name, int host, long incarnation) {
        NodeAddress address = NodeAddress.of(TestPool.address(host));
        hear(new Message.Alive(name, incarnation, address, Bytes.EMPTY, Vsn.OURS));
    }

    /** A peer's state, without any node of memberlist's. */
    private void exchange(Map<String, Long> times, String... left) {
        var statusTimes = new StatusTimes.Builder(0);
        new TreeMap<>(times).forEach(statusTimes::add);
        SerfMessage.State state = new SerfMessage.State(20, statusTimes.build(), List.of(left), 1, List.of(), 1);
        us.serf()
                .onStreamRequest(
                        pool.nowMs(), 1, new Message.PushPull(false, List.of(), SerfMessageCodec.encode(state)));
    }

    @Test
    void leaveThatAPushPullOvertookIsStillALeave() {
        alive("b", 2, 1);
        exchange(Map.of(
                "b", 9L)); // the peer has heard the intent to leave, but its state does not say which way it went

        hear(new SerfMessage.LeaveIntent(9, "b", false));
        hear(new Message.Dead("b", 1, "b"));

        assertThat(us.statuses()).isEqualTo("b=left us=alive");
    }

    @Test
    void leaveOfAnUnknownMemberThatAPushPullOvertookIsRememberedAsALeave() {
        exchange(Map.of("b", 9L));

        hear(new SerfMessage.LeaveIntent(9, "b", false));
        alive("b", 2, 1);

        assertThat(us.statuses()).isEqualTo("b=leaving us=alive");
    }

    @Test
    void oldLeaveIsStillOld() {
        alive("b", 2, 1);
        hear(new SerfMessage.JoinIntent(9, "b"));

        hear(new SerfMessage.LeaveIntent(9, "b", false));
        exchange(Map.of("b", 12L));
        hear(new SerfMessage.LeaveIntent(11, "b", false));

        assertThat(us.statuses()).isEqualTo("b=alive us=alive");
    }

    @Test
    void ourStateDoesNotMakeALeaveLookOldToAPeerThatMissedIt() {
        alive("b", 2, 1);
        hear(new SerfMessage.LeaveIntent(9, "b", false));

        exchange(Map.of());

        SerfMessage.State ours =
                (SerfMessage.State) SerfMessageCodec.decode(((Message.PushPull) us.lastReply()).userState());
        assertThat(ours.statusTimes().asMap()).containsEntry("b", 8L);
        hear(new Message.Dead("b", 1, "b"));
        exchange(Map.of());
        ours = (SerfMessage.State) SerfMessageCodec.decode(((Message.PushPull) us.lastReply()).userState());
        assertThat(ours.statusTimes().asMap()).containsEntry("b", 9L);
        assertThat(ours.leftMembers()).containsExactly("b");
    }

    @Test
    void inventedNamesPushEachOtherOutAndNotAHostThatFailedAfterALongLife() {
        List<String> forgotten = new ArrayList<>();
        Members members = new Members(us, forgotten::add);
        members.onJoin(0, view("host"));
        members.onLeave(3_600_000, view("host"));
        for (int i = 0; i < Members.MEMBERS_MAX + 500; i++) {
            members.onJoin(4_000_000, view("invented-" + i));
            members.onLeave(4_005_000, view("invented-" + i));
        }

        assertThat(members.size()).isEqualTo(Members.MEMBERS_MAX);
        assertThat(members.find("host")).isPresent();
        assertThat(forgotten).hasSize(501).doesNotContain("host");
    }

    @Test
    void whoIsGoneForADayIsForgottenAndWhoIsHereIsNot() {
        List<String> forgotten = new ArrayList<>();
        Members members = new Members(us, forgotten::add);
        for (String name : List.of("here", "failed", "left")) {
            members.onJoin(0, view(name));
        }
        members.onLeaveIntent(0, new SerfMessage.LeaveIntent(5, "left", false));
        members.onLeave(1_000, view("failed"));
        members.onLeave(1_000, view("left"));

        members.reap(1_000 + DAY_MS, DAY_MS, DAY_MS);
        assertThat(forgotten).isEmpty();
        members.reap(1_001 + DAY_MS, DAY_MS, 2 * DAY_MS);
        assertThat(forgotten).containsExactly("failed");
        members.reap(1_001 + 2 * DAY_MS, DAY_MS, 2 * DAY_MS);

        assertThat(forgotten).containsExactly("failed", "left");
        assertThat(members.find("here")).isPresent();
    }

    private static NodeView view(String name) {
        var address = TestPool.address(9);
        return new NodeView(
                new NodeState(name, 1, NodeAddress.of(address), LifeState.DEAD, Bytes.EMPTY, Vsn.OURS), address);
    }

    @Test
    void forcedLeaveOfAFailedMemberIsToldAndPruningForgetsIt() {
        Peer b = pool.add("b");
        Peer c = pool.add("c");
        Peer d = pool.add("d");
        for (Peer peer : List.of(b, c, d)) {
            peer.join(us);
        }
        pool.run(2_000);
        c.power(false);
        d.power(false);
        pool.run(60_000);
        assertThat(b.statuses()).isEqualTo("b=alive c=failed d=failed us=alive");

        List<String> spread = new ArrayList<>();
        us.serf().forceLeave(pool.nowMs(), "c", false, () -> spread.add("c"));
        us.serf().forceLeave(pool.nowMs(), "d", true, () -> spread.add("d"));
        us.serf().forceLeave(pool.nowMs(), "b", false, () -> spread.add("b")); // alive: in vain
        us.serf().forceLeave(pool.nowMs(), "nobody", false, () -> spread.add("nobody"));
        pool.run(10_000);

        assertThat(spread).containsExactlyInAnyOrder("b", "c", "d", "nobody");
        assertThat(us.statuses()).isEqualTo("b=alive c=left us=alive");
        assertThat(b.statuses()).isEqualTo("b=alive c=left us=alive");
    }
}
