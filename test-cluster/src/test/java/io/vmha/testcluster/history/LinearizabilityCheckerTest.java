package io.vmha.testcluster.history;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vmha.testcluster.history.LinearizabilityChecker.Budget;
import io.vmha.testcluster.history.Operation.Action;
import io.vmha.testcluster.history.Operation.Outcome;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LinearizabilityCheckerTest {
    private static final int SEEDS = 100;

    private static Verdict register(List<Operation> history) {
        return new LinearizabilityChecker<>(Models.register(), Budget.USUAL).check(history);
    }

    private static Verdict list(List<Operation> history) {
        return new LinearizabilityChecker<>(Models.appendList(), Budget.USUAL).check(history);
    }

    private static Verdict lock(List<Operation> history) {
        return new LinearizabilityChecker<>(Models.lock(), Budget.USUAL).check(history);
    }

    private static Operation done(Action action, String argument, String answer, long from, long to) {
        return new Operation(
                "c" + from,
                "k",
                action,
                argument,
                Optional.empty(),
                answer.isEmpty() ? Optional.empty() : Optional.of(answer),
                Outcome.DONE,
                from,
                to);
    }

    private static Operation without(Outcome outcome, Action action, String argument, long from) {
        return new Operation(
                "c" + from, "k", action, argument, Optional.empty(), Optional.empty(), outcome, from, from);
    }

    private static Operation swap(String expected, String next, boolean result, long from, long to) {
        return new Operation(
                "c" + from,
                "k",
                Action.SWAP,
                next,
                Optional.of(expected),
                Optional.of(Boolean.toString(result)),
                Outcome.DONE,
                from,
                to);
    }

    @Test
    void whatAStoreThatDoesOneCallAtATimeAnswersIsRight() {
        for (long seed = 0; seed < SEEDS; seed++) {
            assertThat(register(new HistoryDice(seed).ofARegister(300)))
                    .as("register, seed %d", seed)
                    .isInstanceOf(Verdict.Right.class);
            assertThat(list(new HistoryDice(seed).ofAList(120)))
                    .as("list, seed %d", seed)
                    .isInstanceOf(Verdict.Right.class);
            assertThat(lock(new HistoryDice(seed).ofALock(300)))
                    .as("lock, seed %d", seed)
                    .isInstanceOf(Verdict.Right.class);
        }
    }

    @Test
    void oneReadOfAnOldValueIsFoundAmongHundredsOfRightAnswers() {
        int found = 0;
        for (long seed = 0; seed < SEEDS; seed++) {
            List<Operation> history = new ArrayList<>(new HistoryDice(seed).ofARegister(300));
            long half = history.get(150).endedAt();
            Optional<Operation> early = history.stream()
                    .filter(c -> c.action() == Action.READ && c.answer().isPresent() && c.endedAt() < half / 2)
                    .findFirst();
            Optional<Operation> late = history.stream()
                    .filter(c -> c.action() == Action.READ && c.invokedAt() > half)
                    .skip(new Random(seed).nextInt(10))
                    .findFirst();
            if (early.isEmpty() || late.isEmpty()) {
                continue;
            }
            Operation read = late.get();
            history.set(
                    history.indexOf(read),
                    done(Action.READ, "", early.get().answer().orElseThrow(), read.invokedAt(), read.endedAt()));

            Verdict verdict = register(history);

            assertThat(verdict).as("seed %d", seed).isInstanceOf(Verdict.Wrong.class);
            assertThat(verdict.explanation()).contains("no order of the calls of 'k'");
            found++;
        }
        assertThat(found).isGreaterThan(SEEDS / 2);
    }

    @Test
    void aLostElementOfAListIsFound() {
        int found = 0;
        for (long seed = 0; seed < SEEDS; seed++) {
            List<Operation> history = new ArrayList<>(new HistoryDice(seed).ofAList(120));
            for (int i = history.size() - 1; i >= 0; i--) {
                Operation read = history.get(i);
                String list = read.answer().orElse("");
                if (read.action() == Action.READ && list.indexOf(' ') > 0) {
                    history.set(
                            i,
                            done(
                                    Action.READ,
                                    "",
                                    list.substring(list.indexOf(' ') + 1),
                                    read.invokedAt(),
                                    read.endedAt()));
                    assertThat(list(history)).as("seed %d", seed).isInstanceOf(Verdict.Wrong.class);
                    found++;
                    break;
                }
            }
        }
        assertThat(found).isGreaterThan(SEEDS / 2);
    }

    /** The search is compared with trying every order, on histories that are wrong more often than right. */
    @Test
    void theSearchAgreesWithTryingEveryOrder() {
        int right = 0;
        int wrong = 0;
        for (long seed = 0; seed < 8_000; seed++) {
            List<Operation> history = new HistoryDice(seed).nonsense(5);

            boolean expected = new EveryOrder<>(Models.register()).explains(history);

            assertThat(register(history).isRight())
                    .as("seed %d: %s", seed, history)
                    .isEqualTo(expected);
            right += expected ? 1 : 0;
            wrong += expected ? 0 : 1;
        }
        assertThat(right).isGreaterThan(400);
        assertThat(wrong).isGreaterThan(400);
    }

    @Test
    void anAcknowledgedWriteThatIsLostIsWrong() {
        var lost = List.of(
                done(Action.WRITE, "1", "", 0, 10),
                done(Action.WRITE, "2", "", 20, 30),
                done(Action.READ, "", "1", 40, 50));

        assertThat(register(lost)).isInstanceOf(Verdict.Wrong.class);
    }

    @Test
    void aWriteOfUnknownOutcomeMayTakeEffectLateOrNeverButOnlyOnce() {
        Operation maybe = without(Outcome.UNKNOWN, Action.WRITE, "2", 5);
        Operation one = done(Action.WRITE, "1", "", 0, 1);
        Operation late = done(Action.READ, "", "2", 1_000, 1_001);
        Operation never = done(Action.READ, "", "1", 1_000, 1_001);

        assertThat(register(List.of(one, maybe, late)).isRight()).isTrue();
        assertThat(register(List.of(one, maybe, never)).isRight()).isTrue();
        assertThat(register(List.of(
                                one,
                                maybe,
                                late,
                                done(Action.WRITE, "3", "", 1_010, 1_020),
                                done(Action.READ, "", "2", 1_030, 1_040)))
                        .isRight())
                .isFalse();
    }

    @Test
    void aWriteOfUnknownOutcomeHasNoEffectBeforeItsBeginning() {
        Operation seenEarly = done(Action.READ, "", "2", 0, 4);

        assertThat(register(List.of(seenEarly, without(Outcome.UNKNOWN, Action.WRITE, "2", 5)))
                        .isRight())
                .isFalse();
    }

    @Test
    void aWriteThatWasRefusedAndIsSeenAllTheSameIsWrong() {
        var refused = List.of(without(Outcome.NO_EFFECT, Action.WRITE, "2", 0), done(Action.READ, "", "2", 10, 20));

        assertThat(register(refused).isRight()).isFalse();
    }

    @Test
    void twoSwapsOfTheSameValueCannotBothWin() {
        Operation one = done(Action.WRITE, "1", "", 0, 1);

        assertThat(register(List.of(one, swap("1", "2", true, 5, 20), swap("1", "3", true, 6, 21)))
                        .isRight())
                .isFalse();
        assertThat(register(List.of(one, swap("1", "2", true, 5, 20), swap("1", "3", false, 6, 21)))
                        .isRight())
                .isTrue();
    }

    @Test
    void twoClientsMustNotSeeTimeGoBackwards() {
        Operation write = done(Action.WRITE, "1", "", 0, 100);

        assertThat(register(List.of(write, done(Action.READ, "", "1", 10, 20), done(Action.READ, "", "", 30, 40)))
                        .isRight())
                .isFalse();
        assertThat(register(List.of(write, done(Action.READ, "", "1", 10, 30), done(Action.READ, "", "", 20, 40)))
                        .isRight())
                .isTrue();
    }

    @Test
    void aLockHasOneHolder() {
        Operation first = done(Action.ACQUIRE, "s1", "true", 0, 10);
        Operation second = done(Action.ACQUIRE, "s2", "true", 20, 30);
        Operation refused = done(Action.ACQUIRE, "s2", "false", 20, 30);

        assertThat(lock(List.of(first, second)).isRight()).isFalse();
        assertThat(lock(List.of(first, refused)).isRight()).isTrue();
        assertThat(lock(List.of(first, done(Action.RELEASE, "s1", "true", 12, 15), second))
                        .isRight())
                .isTrue();
    }

    @Test
    void aLockPassesOnOnlyAfterTheHoldersSessionMayHaveEnded() {
        Operation first = done(Action.ACQUIRE, "s1", "true", 0, 10);
        Operation second = done(Action.ACQUIRE, "s2", "true", 20, 30);

        assertThat(lock(List.of(first, second, without(Outcome.UNKNOWN, Action.END_SESSION, "s1", 15)))
                        .isRight())
                .isTrue();
        assertThat(lock(List.of(first, second, without(Outcome.UNKNOWN, Action.END_SESSION, "s1", 31)))
                        .isRight())
                .isFalse();
    }

    @Test
    void aSessionThatHasEndedTakesNothingAnyMore() {
        Operation ended = done(Action.END_SESSION, "s1", "", 0, 10);

        assertThat(lock(List.of(ended, done(Action.ACQUIRE, "s1", "true", 20, 30)))
                        .isRight())
                .isFalse();
    }

    @Test
    void objectsAreCheckedByThemselvesAndAWrongOneIsNamed() {
        var history = new ArrayList<>(new HistoryDice(1).ofARegister(100));
        history.add(new Operation(
                "c", "other", Action.READ, "", Optional.empty(), Optional.of("ghost"), Outcome.DONE, 5, 6));

        assertThat(register(history)).isInstanceOfSatisfying(Verdict.Wrong.class, wrong -> {
            assertThat(wrong.key()).isEqualTo("other");
            assertThat(wrong.explanation()).contains("ghost");
        });
    }

    @Test
    void aSearchThatCostsMoreThanItsBudgetSaysThatItDoesNotKnow() {
        var history = new ArrayList<Operation>();
        for (int i = 0; i < 40; i++) {
            history.add(without(Outcome.UNKNOWN, Action.WRITE, "v" + i, 0));
            history.add(done(Action.READ, "", "v" + i % 7, 10, 1_000));
        }
        history.add(done(Action.READ, "", "never written", 10, 1_000));

        Verdict verdict = new LinearizabilityChecker<>(Models.register(), new Budget(10_000)).check(history);

        assertThat(verdict).isInstanceOf(Verdict.Undecided.class);
        assertThat(verdict.explanation()).contains("undecided after 10000 positions", "larger budget");
    }

    @Test
    void aHistoryOnDiskIsReadAsItWasWritten(@TempDir Path directory) {
        List<Operation> history = new HistoryDice(3).ofARegister(50);
        Path file = directory.resolve("history");

        HistoryFile.write(file, history);

        assertThat(HistoryFile.read(file)).isEqualTo(history);
    }

    @Test
    void aRecorderKeepsCallsThatNeverEndedAsUnknown() {
        long[] now = {0};
        var recorder = new HistoryRecorder(() -> now[0]++);
        var write = recorder.begin("c1", "k", Action.WRITE, "1");
        recorder.begin("c2", "k", Action.WRITE, "2");
        recorder.begin("c3", "k", Action.READ, "");
        write.done(Optional.empty());
        write.unknown(); // has ended already

        assertThat(recorder.history()).extracting(Operation::outcome).containsExactly(Outcome.DONE, Outcome.UNKNOWN);
    }

    @Test
    void aCallThatEndsBeforeItBeginsIsAMistake() {
        assertThatThrownBy(() -> done(Action.READ, "", "", 10, 9)).hasMessageContaining("must not end");
    }
}
