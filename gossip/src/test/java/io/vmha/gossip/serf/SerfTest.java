package io.vmha.gossip.serf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vmha.gossip.serf.TestPool.Peer;
import io.vmha.gossip.wire.Bytes;
import io.vmha.gossip.wire.Message;
import io.vmha.gossip.wire.NodeAddress;
import io.vmha.gossip.wire.SerfMessage;
import io.vmha.gossip.wire.SerfMessage.EventBody;
import io.vmha.gossip.wire.SerfMessageCodec;
import io.vmha.gossip.wire.Vsn;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** What Serf adds to memberlist, in a small pool in virtual time. */
final class SerfTest {
    private final TestPool pool = new TestPool();

    private Peer[] joined(String... names) {
        Peer[] peers = new Peer[names.length];
        for (int i = 0; i < names.length; i++) {
            peers[i] = pool.add(names[i]);
            if (i > 0) {
                peers[i].join(peers[0]);
            }
        }
        pool.run(5_000);
        for (Peer peer : peers) {
            assertThat(peer.serf().members()).hasSize(names.length);
            peer.take();
        }
        return peers;
    }

    private void tell(Peer peer, SerfMessage message) {
        peer.serf().onMessage(pool.nowMs(), TestPool.address(99), new Message.User(SerfMessageCodec.encode(message)));
    }

    @Test
    void everyMemberSeesEveryOtherWithItsTags() {
        Peer[] peers = joined("a", "b", "c", "d", "e");

        for (Peer peer : peers) {
            assertThat(peer.statuses()).isEqualTo("a=alive b=alive c=alive d=alive e=alive");
            assertThat(peer.serf().members())
                    .allSatisfy(member -> assertThat(member.tag("is")).isEqualTo(member.name()));
        }
    }

    @Test
    void announcedSilenceIsALeaveAndUnannouncedSilenceIsAFailure() {
        Peer[] peers = joined("a", "b", "c", "d", "e");

        peers[3].serf().leave(pool.nowMs());
        pool.run(4_000);
        assertThat(peers[3].take()).contains("gone");
        peers[3].power(false);
        peers[4].power(false);
        pool.run(30_000);

        for (Peer peer : List.of(peers[0], peers[1], peers[2])) {
            assertThat(peer.statuses()).isEqualTo("a=alive b=alive c=alive d=left e=failed");
            assertThat(peer.take())
                    .containsOnlyOnce("leave d", "failed e")
                    .contains("suspect e")
                    .doesNotContain("failed d", "leave e");
        }
    }

    @Test
    void leaveGoesOnWhenAnswersToPingsCarryTheLastCopiesOfIntentAndDeath() {
        Peer[] peers = joined("a", "b");
        Peer leaving = peers[1];

        leaving.serf().leave(pool.nowMs());
        pinged(leaving, peers[0]);

        assertThat(leaving.serf().nextDeadlineMs()).isBetween(0L, pool.nowMs());
        leaving.serf().onTimer(pool.nowMs());
        pinged(leaving, peers[0]);
        assertThat(leaving.serf().nextDeadlineMs()).isBetween(0L, pool.nowMs());
        pool.run(1_500);
        assertThat(leaving.take()).contains("gone");
        assertThat(peers[0].statuses()).isEqualTo("a=alive b=left");
    }

    /** What happens to a member of Serf's own kind that exchanges states with one that has heard the intent already. */
    @Test
    void leaveWhoseIntentLooksOldToAPeerIsStillALeave() {
        Peer[] peers = joined("a", "b");
        long next = peers[1].serf().stats().memberTime();
        SerfMessage.JoinIntent mistaken = new SerfMessage.JoinIntent(next, "b");
        peers[0].serf()
                .onMessage(pool.nowMs(), peers[1].address(), new Message.User(SerfMessageCodec.encode(mistaken)));

        peers[1].serf().leave(pool.nowMs());
        pool.run(4_000);

        assertThat(peers[1].take()).contains("gone");
        assertThat(peers[0].statuses()).isEqualTo("a=alive b=left");
    }

    private void pinged(Peer peer, Peer by) {
        for (int i = 0; i < 10; i++) {
            Message.Ping ping = new Message.Ping(1_000 + i, "", Message.Source.NONE);
            peer.serf().onMessage(pool.nowMs(), by.address(), ping);
        }
    }

    @Test
    void failedMemberThatReturnsIsFoundAgainByReconnecting() {
        Peer[] peers = joined("a", "b", "c");
        peers[2].power(false);
        pool.run(120_000);
        assertThat(peers[0].statuses()).isEqualTo("a=alive b=alive c=failed");

        peers[2].power(true);
        pool.run(120_000);

        for (Peer peer : peers) {
            assertThat(peer.statuses()).isEqualTo("a=alive b=alive c=alive");
        }
    }

    @Test
    void ringWithoutMajorityHealsAfterAPartition() {
        Peer[] peers = joined("a", "b", "c", "d");
        peers[0].power(false);
        peers[1].power(false);
        pool.run(60_000);
        assertThat(peers[2].statuses()).isEqualTo("a=failed b=failed c=alive d=alive");

        peers[0].power(true);
        peers[1].power(true);
        pool.run(300_000);

        for (Peer peer : peers) {
            assertThat(peer.statuses()).isEqualTo("a=alive b=alive c=alive d=alive");
        }
    }

    @Test
    void newTagsReachEverybody() {
        Peer[] peers = joined("a", "b", "c");

        peers[0].serf().setTags(pool.nowMs(), new TreeMap<>(Map.of("role", "voter")));
        pool.run(3_000);

        assertThat(peers[2].take()).containsExactly("update a {role=voter}");
        assertThat(peers[0].take()).containsExactly("update a {role=voter}");
    }

    @Test
    void tagsThatDoNotFitAreRefused() {
        Peer[] peers = joined("a");
        TreeMap<String, String> large = new TreeMap<>(Map.of("large", "x".repeat(600)));

        assertThatThrownBy(() -> peers[0].serf().setTags(pool.nowMs(), large))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("at most 512 bytes");
    }

    @Test
    void userEventIsHeardOnceByEverybodyTheSenderIncluded() {
        Peer[] peers = joined("a", "b", "c", "d");

        peers[1].serf().userEvent(pool.nowMs(), "deploy", Bytes.utf8("v1"), false);
        peers[1].serf().userEvent(pool.nowMs(), "deploy", Bytes.utf8("v2"), true);
        pool.run(10_000);

        for (Peer peer : peers) {
            assertThat(peer.take()).containsExactlyInAnyOrder("event deploy v1", "event deploy v2 coalesce");
        }
    }

    @Test
    void newcomerDoesNotHearEventsFromBeforeItsTime() {
        Peer[] peers = joined("a", "b");
        peers[0].serf().userEvent(pool.nowMs(), "old", Bytes.EMPTY, false);
        pool.run(5_000);

        Peer late = pool.add("late");
        late.join(peers[0]);
        pool.run(70_000);

        assertThat(late.take()).doesNotContain("event old ");
        peers[0].serf().userEvent(pool.nowMs(), "new", Bytes.EMPTY, false);
        pool.run(5_000);
        assertThat(late.take()).contains("event new ");
    }

    @Test
    void tooLargeEventIsRefused() {
        assertThatThrownBy(() -> Serf.requireSendable("n", Bytes.copyOf(new byte[512])))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("exceeds the limit of 512 bytes");
    }

    @Test
    void forcedLeaveTurnsAFailedMemberIntoOneThatLeft() {
        Peer[] peers = joined("a", "b", "c");
        peers[2].power(false);
        pool.run(60_000);
        peers[0].take();

        tell(peers[0], new SerfMessage.LeaveIntent(100, "c", false));
        pool.run(5_000);

        assertThat(peers[0].take()).contains("leave c");
        assertThat(peers[1].statuses()).isEqualTo("a=alive b=alive c=left");
    }

    @Test
    void pruneErasesTheMember() {
        Peer[] peers = joined("a", "b", "c");
        peers[2].power(false);
        pool.run(60_000);

        tell(peers[0], new SerfMessage.LeaveIntent(100, "c", true));
        pool.run(10_000);

        assertThat(peers[0].statuses()).isEqualTo("a=alive b=alive");
        assertThat(peers[1].statuses()).isEqualTo("a=alive b=alive");
    }

    @Test
    void leaveIntentAboutAMemberThatIsHereIsRefutedByIt() {
        Peer[] peers = joined("a", "b", "c");

        tell(peers[0], new SerfMessage.LeaveIntent(100, "c", false));
        assertThat(peers[0].statuses()).isEqualTo("a=alive b=alive c=leaving");
        pool.run(5_000);

        for (Peer peer : peers) {
            assertThat(peer.statuses()).isEqualTo("a=alive b=alive c=alive");
        }
    }

    @Test
    void intentThatComesBeforeItsMemberIsRemembered() {
        Peer[] peers = joined("a", "b");

        tell(peers[0], new SerfMessage.LeaveIntent(50, "c", false));
        Peer c = pool.add("c");
        peers[0].serf()
                .onMessage(
                        pool.nowMs(),
                        c.address(),
                        new Message.Alive("c", 1, NodeAddress.of(c.address()), Bytes.EMPTY, Vsn.OURS));

        assertThat(peers[0].statuses()).isEqualTo("a=alive b=alive c=leaving");
    }

    @Test
    void forgedLamportTimeDoesNotEndTheClock() {
        Peer[] peers = joined("a", "b");

        tell(peers[0], new SerfMessage.JoinIntent(Long.MAX_VALUE, "b"));
        tell(peers[0], new SerfMessage.UserEvent(Long.MAX_VALUE, new EventBody("e", Bytes.EMPTY), false));
        pool.run(40_000);
        peers[0].serf().userEvent(pool.nowMs(), "still", Bytes.utf8("works"), false);
        pool.run(5_000);

        assertThat(peers[1].take()).contains("event still works");
    }

    @Test
    void damagedSerfMessagesAreCountedAndDropped() {
        Peer[] peers = joined("a");

        peers[0].serf().onMessage(pool.nowMs(), TestPool.address(99), new Message.User(Bytes.hex("0183ff")));
        peers[0].serf().onMessage(pool.nowMs(), TestPool.address(99), new Message.User(Bytes.EMPTY));
        peers[0].serf().onMessage(pool.nowMs(), TestPool.address(99), new Message.User(Bytes.hex("02c0")));

        assertThat(peers[0].serf().undecodable()).isEqualTo(3);
    }

    @Test
    void largePoolConverges() {
        Peer[] peers = new Peer[40];
        for (int i = 0; i < peers.length; i++) {
            peers[i] = pool.add("n" + i);
            if (i > 0) {
                peers[i].join(peers[i / 2]);
            }
        }
        pool.run(60_000);

        for (Peer peer : peers) {
            assertThat(peer.serf().members()).hasSize(40).allMatch(m -> m.status() == MemberStatus.ALIVE);
            assertThat(Collections.frequency(peer.take(), "suspect")).isZero();
        }
    }
}
