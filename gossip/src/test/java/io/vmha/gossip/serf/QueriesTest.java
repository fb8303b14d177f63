package io.vmha.gossip.serf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vmha.gossip.serf.TestPool.Peer;
import io.vmha.gossip.wire.Bytes;
import io.vmha.gossip.wire.KeyRequest;
import io.vmha.gossip.wire.Keyring;
import io.vmha.gossip.wire.Message;
import io.vmha.gossip.wire.NodeAddress;
import io.vmha.gossip.wire.SerfMessage;
import io.vmha.gossip.wire.SerfMessage.EventBody;
import io.vmha.gossip.wire.SerfMessageCodec;
import io.vmha.gossip.wire.Vsn;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** Queries in a small pool in virtual time: who answers, how often, and what Serf asks itself. */
final class QueriesTest {
    private static final Bytes KEY = Bytes.copyOf(new byte[16]);
    private static final Bytes OTHER_KEY = Bytes.utf8("0123456789abcdef");

    private final TestPool pool = new TestPool();
    private final Answers answers = new Answers();
    private final List<KeyResult> keyResults = new ArrayList<>();

    /** Remembers what comes back, sorted at the end. */
    private static final class Answers implements QueryListener {
        private final List<String> heard = new ArrayList<>();

        @Override
        public void onAck(String from) {
            heard.add("ack " + from);
        }

        @Override
        public void onResponse(String from, Bytes payload) {
            heard.add(from + " says " + payload.lenientText());
        }

        @Override
        public void onFinished() {
            heard.add("finished");
        }
    }

    private Peer[] joined(Keyring keyring, String... names) {
        Peer[] peers = new Peer[names.length];
        for (int i = 0; i < names.length; i++) {
            peers[i] = pool.add(names[i], keyring);
            if (i > 0) {
                peers[i].join(peers[0]);
            }
        }
        pool.run(5_000);
        for (Peer peer : peers) {
            peer.take();
        }
        return peers;
    }

    private void ask(Peer asker, Question question) {
        asker.serf().ask(pool.nowMs(), question, answers);
        pool.run(1_000);
    }

    private boolean respond(Peer peer, String text) {
        return peer.serf().respond(pool.nowMs(), peer.lastQuery(), Bytes.utf8(text));
    }

    private void hostile(Peer peer, SerfMessage message) {
        peer.serf().onMessage(pool.nowMs(), TestPool.address(99), new Message.User(SerfMessageCodec.encode(message)));
    }

    @Test
    void everybodyHearsAcknowledgesAndMayAnswerOnce() {
        Peer[] peers = joined(Keyring.NONE, "a", "b", "c");

        ask(peers[1], Question.of("load", Bytes.utf8("now")).withAck());
        for (Peer peer : peers) {
            assertThat(peer.take()).containsExactly("query load now from b");
            assertThat(respond(peer, "fine")).isTrue();
            assertThat(respond(peer, "again")).isFalse();
        }
        pool.run(10_000);

        assertThat(answers.heard)
                .containsExactlyInAnyOrder(
                        "ack a", "ack b", "ack c", "a says fine", "b says fine", "c says fine", "finished")
                .endsWith("finished");
    }

    @Test
    void answerAfterTheTimeIsOverIsNotSent() {
        Peer[] peers = joined(Keyring.NONE, "a", "b");

        ask(peers[0], Question.of("q", Bytes.EMPTY).withTimeout(1_500));
        pool.run(2_000);

        assertThat(respond(peers[1], "late")).isFalse();
        assertThat(answers.heard).containsExactly("finished");
    }

    @Test
    void filtersByNameAndTagAreBothObeyed() {
        Peer[] peers = joined(Keyring.NONE, "a1", "a2", "b1");

        ask(
                peers[2],
                Question.of("q", Bytes.EMPTY)
                        .withAck()
                        .toNodes(List.of("a1", "b1"))
                        .toTags(new TreeMap<>(Map.of("is", "^a[0-9]"))));

        assertThat(peers[0].take()).containsExactly("query q  from b1");
        assertThat(peers[1].take()).isEmpty();
        assertThat(peers[2].take()).isEmpty();
        assertThat(answers.heard).containsExactly("ack a1");
    }

    @Test
    void filterThatIsWrongOrWouldCostMuchAdmitsNobody() {
        Peer[] peers = joined(Keyring.NONE, "a", "b");

        for (String expression : List.of("(", "((a{100}){100}){100}", "(?:(?:){999}){999}", "x".repeat(600))) {
            ask(peers[0], Question.of("q", Bytes.EMPTY).withAck().toTags(new TreeMap<>(Map.of("is", expression))));
        }

        assertThat(answers.heard).doesNotContain("ack a", "ack b");
        assertThat(peers[1].take()).isEmpty();
    }

    @Test
    void filterWithoutMeaningAdmitsNobodyAndHarmsNobody() {
        Peer[] peers = joined(Keyring.NONE, "a", "b");
        NodeAddress nowhere = NodeAddress.of(TestPool.address(98));

        for (String filter : List.of("", "00", "01ff", "0091c7", "02c0", "01c0")) {
            hostile(
                    peers[0],
                    new SerfMessage.Query(
                            9,
                            filter.length(),
                            nowhere,
                            "x",
                            List.of(Bytes.hex(filter)),
                            1,
                            255,
                            Long.MAX_VALUE,
                            new EventBody("q", Bytes.EMPTY)));
        }

        assertThat(peers[0].serf().undecodable()).isZero();
        assertThat(peers[0].take()).doesNotContain("query q  from x", "query q x from x");
    }

    @Test
    void relayedAnswerReachesAnAskerThatIsDeafToUs() {
        Peer[] peers = joined(Keyring.NONE, "a", "b", "c", "d");
        peers[0].deafTo(peers[1]);

        ask(
                peers[0],
                Question.of("q", Bytes.EMPTY).withAck().toNodes(List.of("b")).withRelays(2));
        assertThat(respond(peers[1], "through others")).isTrue();
        pool.run(1_000);

        assertThat(answers.heard).containsExactly("ack b", "b says through others");
    }

    @Test
    void tooLargeQuestionOrAnswerIsRefused() {
        Peer[] peers = joined(Keyring.NONE, "a", "b");
        Bytes large = Bytes.copyOf(new byte[1025]);

        assertThatThrownBy(() -> ask(peers[0], Question.of("q", large)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("at most 1024 bytes");
        ask(peers[0], Question.of("q", Bytes.EMPTY));
        assertThatThrownBy(() -> peers[1].serf().respond(pool.nowMs(), peers[1].lastQuery(), large))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("at most 1024 bytes");
    }

    @Test
    void floodOfQuestionsIsBoundedInBothDirections() {
        Peer[] peers = joined(Keyring.NONE, "a", "b");
        NodeAddress nowhere = NodeAddress.of(TestPool.address(98));

        for (int i = 0; i < 10_000; i++) {
            EventBody body = new EventBody("q" + i, Bytes.EMPTY);
            hostile(peers[0], new SerfMessage.Query(10 + i, i, nowhere, "x", List.of(), 1, 255, Long.MAX_VALUE, body));
            hostile(peers[0], new SerfMessage.QueryResponse(10 + i, i, "x" + i, 0, Bytes.EMPTY));
        }
        assertThatThrownBy(() -> {
                    for (int i = 0; i < 600; i++) {
                        peers[1].serf().ask(pool.nowMs(), Question.of("q", Bytes.EMPTY), answers);
                    }
                })
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("512");

        assertThat(respond(peers[0], "still here")).isTrue();
        pool.run(10_000);
        assertThat(answers.heard).hasSize(512).containsOnly("finished");
    }

    private void rotated(Peer[] peers, Consumer<Peer> step) {
        step.accept(peers[0]);
        pool.run(5_000);
        assertThat(keyResults).hasSize(1);
        KeyResult result = keyResults.remove(0);
        assertThat(result.isComplete()).as(result.toString()).isTrue();
    }

    @Test
    void keysAreInstalledUsedListedAndRemovedEverywhere() {
        Keyring ring = Keyring.of(List.of(KEY.toArray()));
        Peer[] peers = joined(ring, "a", "b", "c");

        rotated(peers, peer -> peer.serf().installKey(pool.nowMs(), OTHER_KEY, keyResults::add));
        rotated(peers, peer -> peer.serf().useKey(pool.nowMs(), OTHER_KEY, keyResults::add));
        peers[2].serf().listKeys(pool.nowMs(), keyResults::add);
        pool.run(5_000);
        String old = Base64.getEncoder().encodeToString(KEY.toArray());
        String fresh = Base64.getEncoder().encodeToString(OTHER_KEY.toArray());
        assertThat(keyResults.get(0).keys()).isEqualTo(Map.of(old, 3, fresh, 3));
        assertThat(keyResults.remove(0).primaryKeys()).isEqualTo(Map.of(fresh, 3));
        rotated(peers, peer -> peer.serf().removeKey(pool.nowMs(), KEY, keyResults::add));

        for (Peer peer : peers) {
            assertThat(peer.take())
                    .containsExactly(
                            "keys " + List.of(KEY, OTHER_KEY),
                            "keys " + List.of(OTHER_KEY, KEY),
                            "keys " + List.of(OTHER_KEY));
        }
    }

    @Test
    void keyChangesThatAreWrongAreRefusedByEveryMember() {
        Keyring ring = Keyring.of(List.of(KEY.toArray()));
        Peer[] peers = joined(ring, "a", "b");

        peers[0].serf().removeKey(pool.nowMs(), KEY, keyResults::add);
        peers[0].serf().useKey(pool.nowMs(), OTHER_KEY, keyResults::add);
        peers[0].serf().installKey(pool.nowMs(), Bytes.utf8("short"), keyResults::add);
        pool.run(5_000);

        assertThat(keyResults)
                .hasSize(3)
                .allSatisfy(result -> assertThat(result.errors()).isEqualTo(2));
        assertThat(keyResults.toString())
                .contains("removing the primary key is not allowed")
                .contains("the requested key is not in the keyring")
                .contains("16, 24 or 32 bytes");
        assertThat(peers[1].take()).isEmpty();
    }

    @Test
    void poolWithoutKeysSaysSo() {
        Peer[] peers = joined(Keyring.NONE, "a", "b");

        peers[0].serf().listKeys(pool.nowMs(), keyResults::add);
        peers[0].serf().installKey(pool.nowMs(), KEY, keyResults::add);
        pool.run(5_000);

        assertThat(keyResults).hasSize(2);
        assertThat(keyResults.toString())
                .contains("Keyring is empty (encryption not enabled)", "No keyring to modify (encryption not enabled)");
    }

    @Test
    void ringThatIsTooLongForOneAnswerIsListedInPart() {
        List<byte[]> keys = new ArrayList<>();
        for (int i = 0; i < 16; i++) {
            byte[] key = new byte[32];
            key[0] = (byte) i;
            keys.add(key);
        }
        Peer[] peers = joined(Keyring.of(keys), "a", "b");

        peers[0].serf().listKeys(pool.nowMs(), keyResults::add);
        pool.run(5_000);

        assertThat(keyResults.get(0).responses()).isEqualTo(2);
        assertThat(keyResults.get(0).keys()).hasSizeBetween(8, 15);
        assertThat(keyResults.get(0).messages().get("b")).startsWith("truncated key list response, showing first ");
    }

    @Test
    void memberWithoutAnAnswerIsMissedWhenTheTimeIsOver() {
        Peer[] peers = joined(Keyring.of(List.of(KEY.toArray())), "a", "b");
        peers[1].power(false);

        peers[0].serf().installKey(pool.nowMs(), OTHER_KEY, keyResults::add);
        pool.run(5_000);

        assertThat(keyResults.get(0).nodes()).isEqualTo(2);
        assertThat(keyResults.get(0).responses()).isEqualTo(1);
        assertThat(keyResults.get(0).isComplete()).isFalse();
    }

    @Test
    void damagedKeyQueryIsRefused() {
        Peer[] peers = joined(Keyring.of(List.of(KEY.toArray())), "a", "b");
        SplittableRandom random = new SplittableRandom(4);

        for (int i = 0; i < 2_000; i++) {
            byte[] garbage = new byte[random.nextInt(40)];
            random.nextBytes(garbage);
            if (i % 2 == 0 && garbage.length > 0) {
                garbage[0] = 7;
            }
            for (String name : List.of("install-key", "use-key", "remove-key", "list-keys", "conflict", "x")) {
                EventBody body = new EventBody("_serf_" + name, Bytes.copyOf(garbage));
                NodeAddress nowhere = NodeAddress.of(TestPool.address(98));
                hostile(
                        peers[0],
                        new SerfMessage.Query(
                                50 + i, name.length(), nowhere, "x", List.of(), 1, 0, 1_000_000_000L, body));
            }
        }
        hostile(
                peers[0],
                new SerfMessage.Query(
                        5_000,
                        1,
                        NodeAddress.NONE,
                        "x",
                        List.of(),
                        1,
                        0,
                        1,
                        new EventBody("_serf_install-key", new KeyRequest(OTHER_KEY).encode())));

        assertThat(peers[0].take()).isEmpty();
        assertThat(peers[0].serf().undecodable()).isZero();
    }

    @Test
    void secondOwnerOfANameLosesTheVoteAndTheFirstKeepsIt() {
        Peer[] peers = joined(Keyring.NONE, "a", "b", "c");
        Peer thief = pool.add("c", Keyring.NONE);

        thief.join(peers[0]);
        pool.run(60_000);

        assertThat(thief.take()).contains("conflict c", "name lost");
        assertThat(peers[2].take()).doesNotContain("name lost");
    }

    @Test
    void claimToOurNameByAStrangerDoesNotTakeItAway() {
        Peer[] peers = joined(Keyring.NONE, "a", "b", "c");
        Message.Alive claim = new Message.Alive("a", 90, NodeAddress.of(TestPool.address(99)), Bytes.EMPTY, Vsn.OURS);

        peers[0].serf().onMessage(pool.nowMs(), TestPool.address(99), claim);
        pool.run(10_000);

        assertThat(peers[0].take()).contains("conflict a").doesNotContain("name lost");
    }

    @Test
    void tagSaysHowLongAFailedMemberIsWaitedFor() {
        Peer[] peers = joined(Keyring.NONE, "a", "b", "c");
        peers[2].serf().setTags(pool.nowMs(), new TreeMap<>(Map.of("rc_tm", "1m30s")));
        pool.run(3_000);

        peers[1].power(false);
        peers[2].power(false);
        pool.run(60_000);
        assertThat(peers[0].statuses()).isEqualTo("a=alive b=failed c=failed");
        pool.run(90_000);

        assertThat(peers[0].statuses()).isEqualTo("a=alive b=failed");
    }
}
