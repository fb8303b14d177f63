package io.vmha.node.kv;

import static org.assertj.core.api.Assertions.assertThat;

import io.vmha.node.kv.KvCommand.LockDelay;
import io.vmha.node.kv.KvCommand.Outcome;
import io.vmha.node.kv.KvCommand.Request;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import org.junit.jupiter.api.Test;

class KvStoreTest {
    private static final long TERM = 3;

    private final KvStore store = new KvStore();
    private long index = 100;
    private Touched touched = Touched.everything(0);

    private static Value value(String text) {
        return Value.of(text.getBytes(StandardCharsets.UTF_8));
    }

    private static KvSession session(String id, long ttlMs, long lockDelayMs, boolean deletes) {
        return new KvSession(id, "", "hv-1", ttlMs, lockDelayMs, deletes, List.of(), 0, 0);
    }

    private Outcome apply(KvCommand command) {
        return apply("r" + index, command);
    }

    private Outcome apply(String id, KvCommand command) {
        KvStore.Applied applied = store.apply(TERM, ++index, new Request(id, command));
        touched = applied.touched();
        return applied.outcome();
    }

    private boolean put(String key, String value) {
        return apply(new KvCommand.Put(key, value(value), 0, OptionalLong.empty()))
                .done();
    }

    private boolean swap(String key, String value, long ifIndex) {
        return apply(new KvCommand.Put(key, value(value), 0, OptionalLong.of(ifIndex)))
                .done();
    }

    private Outcome acquire(String key, String session) {
        return apply(new KvCommand.Acquire(key, value("by " + session), 0, session));
    }

    private void create(KvSession session) {
        assertThat(apply(new KvCommand.CreateSession(session)).done()).isTrue();
    }

    private Optional<KvEntry> entry(String key) {
        return store.answer(new KvQuestion.OneKey(key)).entries().stream().findFirst();
    }

    private long treeIndex(String prefix) {
        return store.answer(new KvQuestion.Tree(prefix)).index();
    }

    @Test
    void aKeyIsSetChangedAndDeletedWithItsIndexes() {
        put("a/b", "one");
        long created = index;
        put("a/b", "two");

        assertThat(entry("a/b"))
                .contains(new KvEntry("a/b", value("two"), 0, 0, Optional.empty(), created, created + 1));

        assertThat(apply(new KvCommand.Delete("a/b", OptionalLong.empty())).done())
                .isTrue();
        assertThat(entry("a/b")).isEmpty();
    }

    @Test
    void whatIsTheSameAlreadyIsNoChangeAndWakesNobody() {
        put("a", "one");
        long changed = index;
        put("a", "one");

        assertThat(entry("a").orElseThrow().modifyIndex()).isEqualTo(changed);
        assertThat(touched.isNothing()).isTrue();
    }

    @Test
    void aSwapNeedsTheIndexThatItNames() {
        assertThat(swap("a", "one", 7)).isFalse();
        assertThat(swap("a", "one", 0)).isTrue();
        assertThat(swap("a", "again", 0)).isFalse();
        assertThat(swap("a", "two", index - 1)).isTrue();
        assertThat(entry("a").orElseThrow().value()).isEqualTo(value("two"));
    }

    @Test
    void aDeletionOnConditionSparesANewerValue() {
        put("a", "one");
        long old = index;
        put("a", "two");

        assertThat(apply(new KvCommand.Delete("a", OptionalLong.of(old))).done())
                .isFalse();
        assertThat(apply(new KvCommand.Delete("a", OptionalLong.of(old + 1))).done())
                .isTrue();
        assertThat(apply(new KvCommand.Delete("a", OptionalLong.of(1))).done())
                .as("a key that is gone already")
                .isTrue();
    }

    @Test
    void aRequestThatIsCommittedTwiceHasItsEffectOnceAndTheSameOutcome() {
        Outcome first = apply("same", new KvCommand.Put("a", value("one"), 0, OptionalLong.empty()));
        put("a", "two");

        Outcome second = apply("same", new KvCommand.Put("a", value("one"), 0, OptionalLong.empty()));

        assertThat(second).isEqualTo(first);
        assertThat(entry("a").orElseThrow().value()).isEqualTo(value("two"));
        assertThat(touched.isNothing()).isTrue();
    }

    @Test
    void aLockHasOneHolderAndCountsItsHolders() {
        create(session("s1", 0, 0, false));
        create(session("s2", 0, 0, false));

        assertThat(acquire("lock", "s1").done()).isTrue();
        assertThat(acquire("lock", "s2").done()).isFalse();
        assertThat(acquire("lock", "s1").done())
                .as("its holder may take it again")
                .isTrue();
        assertThat(entry("lock").orElseThrow().lockIndex()).isEqualTo(1);
        assertThat(apply(new KvCommand.Release("lock", value("x"), 0, "s2")).done())
                .isFalse();
        assertThat(apply(new KvCommand.Release("lock", value("free"), 0, "s1")).done())
                .isTrue();
        assertThat(entry("lock").orElseThrow().session()).isEmpty();
        assertThat(acquire("lock", "s2").done()).isTrue();
        assertThat(entry("lock").orElseThrow().lockIndex()).isEqualTo(2);
    }

    @Test
    void aPlainWriteNeitherNeedsNorBreaksTheLock() {
        create(session("s1", 0, 0, false));
        acquire("lock", "s1");

        put("lock", "by nobody");

        assertThat(entry("lock").orElseThrow().session()).contains("s1");
        assertThat(entry("lock").orElseThrow().lockIndex()).isEqualTo(1);
    }

    @Test
    void onlyASessionThatExistsTakesALock() {
        Outcome refused = acquire("lock", "nobody");

        assertThat(refused.refusal()).contains("invalid session \"nobody\"");
        assertThat(entry("lock")).isEmpty();
    }

    @Test
    void theEndOfASessionReleasesWhatItHeldOrDeletesIt() {
        create(session("keeps", 0, 0, false));
        create(session("deletes", 0, 0, true));
        acquire("a", "keeps");
        acquire("b", "deletes");

        apply(new KvCommand.EndSession("keeps"));
        apply(new KvCommand.EndSession("deletes"));

        assertThat(entry("a").orElseThrow().session()).isEmpty();
        assertThat(entry("a").orElseThrow().value()).isEqualTo(value("by keeps"));
        assertThat(entry("b")).isEmpty();
        assertThat(touched.keys()).containsExactly("b");
    }

    @Test
    void aLockDelayKeepsEverybodyOutUntilTheLeaderLiftsIt() {
        create(session("s1", 0, 15_000, false));
        create(session("s2", 0, 0, false));
        acquire("lock", "s1");
        apply(new KvCommand.EndSession("s1"));
        LockDelay delay = store.delays().get("lock");

        assertThat(acquire("lock", "s2").done()).isFalse();

        apply(new KvCommand.LiftDelays(TERM, List.of(new LockDelay("lock", 15_000, delay.sinceIndex() - 1))));
        assertThat(acquire("lock", "s2").done()).as("another delay was lifted").isFalse();

        apply(new KvCommand.LiftDelays(TERM, List.of(delay)));
        assertThat(touched.keys()).containsExactly("lock");
        assertThat(acquire("lock", "s2").done()).isTrue();
    }

    @Test
    void aGivenBackLockHasNoDelay() {
        create(session("s1", 0, 15_000, false));
        create(session("s2", 0, 15_000, false));
        acquire("lock", "s1");
        apply(new KvCommand.Release("lock", Value.EMPTY, 0, "s1"));

        assertThat(acquire("lock", "s2").done()).isTrue();
    }

    @Test
    void whatALeaderDecidedInAnotherTermIsRefused() {
        create(session("s1", 10_000, 0, false));

        Outcome outcome = apply(new KvCommand.ExpireSessions(TERM - 1, List.of("s1")));

        assertThat(outcome.refusal()).hasValueSatisfying(why -> assertThat(why).contains("decided in term 2"));
        assertThat(store.sessions()).containsKey("s1");
        assertThat(apply(new KvCommand.ExpireSessions(TERM, List.of("s1"))).done())
                .isTrue();
        assertThat(store.sessions()).isEmpty();
    }

    @Test
    void theIndexOfATreeNeverGoesBackwards() {
        put("t/a", "1");
        put("u/b", "1");
        long before = treeIndex("t/");
        assertThat(before).isEqualTo(index - 1);

        apply(new KvCommand.Delete("t/a", OptionalLong.empty()));
        long deleted = treeIndex("t/");
        assertThat(deleted).isEqualTo(index);

        for (int i = 0; i < KvLimits.TOMBSTONES_MAX + 10; i++) {
            put("u/" + i, "x");
            apply(new KvCommand.Delete("u/" + i, OptionalLong.empty()));
        }
        assertThat(treeIndex("t/")).isGreaterThanOrEqualTo(deleted);
    }

    @Test
    void aMissingKeyHasTheIndexOfTheStoreSoThatItsCreationIsSeen() {
        put("other", "1");
        long seen = store.answer(new KvQuestion.OneKey("a")).index();

        put("a", "1");

        assertThat(store.answer(new KvQuestion.OneKey("a")).index()).isGreaterThan(seen);
        assertThat(new KvQuestion.OneKey("a").concerns(touched)).isTrue();
        assertThat(new KvQuestion.OneKey("b").concerns(touched)).isFalse();
    }

    @Test
    void namesEndAtTheSeparator() {
        List.of("a/1", "a/2/x", "a/2/y", "b").forEach(key -> put(key, "v"));

        assertThat(store.answer(new KvQuestion.Names("a/", "/")).names()).containsExactly("a/1", "a/2/");
        assertThat(store.answer(new KvQuestion.Names("", "/")).names()).containsExactly("a/", "b");
        assertThat(store.answer(new KvQuestion.Names("a", "")).names()).containsExactly("a/1", "a/2/x", "a/2/y");
    }

    @Test
    void aDeletedTreeIsGoneAndThoseWhoWaitUnderItAreWoken() {
        List.of("a/1", "a/2", "ab", "b").forEach(key -> put(key, "v"));

        apply(new KvCommand.DeleteTree("a/"));

        assertThat(store.answer(new KvQuestion.Names("", "")).names()).containsExactly("ab", "b");
        assertThat(new KvQuestion.OneKey("a/2").concerns(touched)).isTrue();
        assertThat(new KvQuestion.Tree("a/1").concerns(touched)).isTrue();
        assertThat(new KvQuestion.Tree("").concerns(touched)).isTrue();
        assertThat(new KvQuestion.OneKey("ab").concerns(touched)).isFalse();
    }

    @Test
    void theStoreRefusesWhatIsBeyondItsLimitsAndSaysWhy() {
        byte[] large = new byte[KvLimits.VALUE_BYTES_MAX];
        int stored = 0;
        Optional<String> refusal = Optional.empty();
        while (refusal.isEmpty()) {
            refusal = apply(new KvCommand.Put("k" + stored++, Value.of(large), 0, OptionalLong.empty()))
                    .refusal();
        }
        assertThat(refusal.get()).contains("at most 8388608 bytes", "delete keys first");
        assertThat(store.bytes()).isLessThanOrEqualTo(KvLimits.STORE_BYTES_MAX);
        assertThat(put("k0", "small")).as("what makes it smaller is welcome").isTrue();

        Value tooLarge = Value.of(new byte[KvLimits.VALUE_BYTES_MAX + 1]);
        assertThat(apply(new KvCommand.Put("x", tooLarge, 0, OptionalLong.empty()))
                        .refusal())
                .hasValueSatisfying(why -> assertThat(why).contains("at most 524288 bytes"));
        assertThat(apply(new KvCommand.Put("x".repeat(2_000), Value.EMPTY, 0, OptionalLong.empty()))
                        .refusal())
                .hasValueSatisfying(why -> assertThat(why).contains("at most 1024 bytes but this one has 2000"));
    }

    @Test
    void keysAndSessionsHaveAMostNumber() {
        for (int i = 0; i < KvLimits.KEYS_MAX; i++) {
            put("k" + i, "");
        }
        for (int i = 0; i < KvLimits.SESSIONS_MAX; i++) {
            create(session("s" + i, 0, 0, false));
        }

        assertThat(apply(new KvCommand.Put("one more", Value.EMPTY, 0, OptionalLong.empty()))
                        .refusal())
                .hasValueSatisfying(why -> assertThat(why).contains("at most 10000 keys"));
        assertThat(apply(new KvCommand.CreateSession(session("one more", 0, 0, false)))
                        .refusal())
                .hasValueSatisfying(why -> assertThat(why).contains("at most 1000 sessions"));
        assertThat(put("k7", "there already")).isTrue();
    }

    @Test
    void anAnswerHasAMostLengthAndSaysHowToAskForLess() {
        byte[] large = new byte[KvLimits.VALUE_BYTES_MAX];
        for (int i = 0; i < 5; i++) {
            apply(new KvCommand.Put("large/" + i, Value.of(large), 0, OptionalLong.empty()));
        }
        String tail = "n".repeat(1_000);
        for (int i = 0; i < 1_100; i++) {
            put("names/" + i + tail, "");
        }

        assertThat(store.answer(new KvQuestion.Tree("large/")).refusal())
                .hasValueSatisfying(why -> assertThat(why).contains("one answer has at most 1048576", "longer prefix"));
        assertThat(store.answer(new KvQuestion.Names("names/", "")).refusal())
                .hasValueSatisfying(why -> assertThat(why).contains("at most 1048576", "?separator"));
        assertThat(store.answer(new KvQuestion.Names("", "/")).names()).containsExactly("large/", "names/");
        assertThat(store.answer(new KvQuestion.Tree("large/0")).entries()).hasSize(1);
    }

    /** Any commands, in any order: copies that start from the log and copies that start from a snapshot on the way are the same. */
    @Test
    void everyCopyThatAppliesTheSameLogIsTheSame() {
        for (long seed = 0; seed < 50; seed++) {
            var dice = new Random(seed);
            List<Request> log = new ArrayList<>();
            for (int i = 0; i < 400; i++) {
                log.add(new Request("r" + dice.nextInt(380), command(dice, i)));
            }
            var whole = new KvStore();
            var late = new KvStore();
            int from = dice.nextInt(400);
            for (int i = 0; i < log.size(); i++) {
                if (i == from) {
                    late.restore(whole.content());
                }
                KvStore.Applied applied = whole.apply(TERM, i + 1, log.get(i));
                if (i >= from) {
                    assertThat(late.apply(TERM, i + 1, log.get(i))).isEqualTo(applied);
                }
            }
            assertThat(late.content()).as("seed %d", seed).isEqualTo(whole.content());
            assertThat(late.bytes()).isEqualTo(whole.bytes());
            assertThat(new ArrayList<>(late.content().tombstones().keySet()))
                    .isEqualTo(new ArrayList<>(whole.content().tombstones().keySet()));
        }
    }

    private static KvCommand command(Random dice, int i) {
        String key = "k" + dice.nextInt(8);
        String session = "s" + dice.nextInt(5);
        Value value = value("v" + dice.nextInt(3));
        return switch (dice.nextInt(8)) {
            case 0 -> new KvCommand.Put(key, value, 0, OptionalLong.empty());
            case 1 -> new KvCommand.Put(key, value, 0, OptionalLong.of(dice.nextInt(i + 1)));
            case 2 -> new KvCommand.Acquire(key, value, 0, session);
            case 3 -> new KvCommand.Release(key, value, 0, session);
            case 4 -> new KvCommand.Delete(key, OptionalLong.empty());
            case 5 -> new KvCommand.EndSession(session);
            case 6 ->
                dice.nextInt(6) == 0
                        ? new KvCommand.DeleteTree("k")
                        : new KvCommand.LiftDelays(TERM, List.of(new LockDelay(key, 5, dice.nextInt(i + 1))));
            default -> new KvCommand.CreateSession(session(session, 10_000, dice.nextInt(2) * 5L, dice.nextBoolean()));
        };
    }
}
