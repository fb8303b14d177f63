package io.vmha.node.control;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetSocketAddress;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Which seeds are asked, and how often. */
class SeedRoundsTest {
    private static final InetSocketAddress ONE = new InetSocketAddress("10.0.0.1", 8301);
    private static final InetSocketAddress TWO = new InetSocketAddress("10.0.0.2", 8301);
    private static final InetSocketAddress OTHER = new InetSocketAddress("10.0.0.9", 8301);
    private static final List<InetSocketAddress> SEEDS = List.of(ONE, TWO);

    private final SeedRounds rounds = new SeedRounds();

    @Test
    void whoIsAloneAsksAllEveryTime() {
        for (long nowMs = 0; nowMs < 10_000; nowMs += 1_000) {
            assertThat(rounds.due(nowMs, SEEDS, Set.of())).isEqualTo(SEEDS);
        }
    }

    @Test
    void companyDoesNotEndTheSearchForTheOthers() {
        rounds.due(0, SEEDS, Set.of());
        rounds.due(500, SEEDS, Set.of(ONE, TWO, OTHER));

        assertThat(rounds.due(1_000, SEEDS, Set.of(ONE, OTHER))).containsExactly(TWO);
        assertThat(rounds.due(1_500, SEEDS, Set.of(ONE, OTHER))).isEmpty();
        assertThat(rounds.due(2_000, SEEDS, Set.of(ONE, TWO, OTHER))).isEmpty();
    }

    @Test
    void aDeadSeedIsAskedLessAndLessOftenAndNotForEver() {
        int asked = 0;
        long last = 0;
        for (long nowMs = 0; nowMs < 600_000; nowMs += 1_000) {
            boolean now = rounds.due(nowMs, SEEDS, Set.of(ONE)).contains(TWO);
            asked += now ? 1 : 0;
            last = now ? nowMs : last;
        }
        assertThat(asked)
                .isBetween(SeedRounds.ROUNDS_MAX, SeedRounds.ROUNDS_MAX + 1); // and once more after two seconds
        assertThat(last).isBetween(150_000L, 250_000L);
    }

    @Test
    void ofManyWhoDoNotAnswerAFewAreAskedAtATimeAndEachInItsTurn() {
        List<InetSocketAddress> many = IntStream.range(0, 100)
                .mapToObj(i -> new InetSocketAddress("10.1.0." + i, 8301))
                .toList();
        var asked = new HashSet<InetSocketAddress>();
        for (long nowMs = 0; nowMs < 600_000; nowMs += 1_000) {
            List<InetSocketAddress> now = rounds.due(nowMs, many, Set.of(OTHER));
            assertThat(now.size()).isLessThanOrEqualTo(SeedRounds.AT_ONCE_MAX);
            asked.addAll(now);
        }
        assertThat(asked).containsAll(many);
    }

    @Test
    void aSeedThatFailsIsAskedAtOnceAndThenAsRarely() {
        rounds.due(0, SEEDS, Set.of(ONE, TWO));
        rounds.due(5_000, SEEDS, Set.of(ONE, TWO));

        assertThat(rounds.due(100_000, SEEDS, Set.of(TWO))).containsExactly(ONE);
        assertThat(rounds.due(100_500, SEEDS, Set.of(TWO))).isEmpty();
        assertThat(rounds.due(101_000, SEEDS, Set.of(TWO))).containsExactly(ONE);
        assertThat(rounds.due(102_000, SEEDS, Set.of(TWO))).isEmpty();
    }

    @Test
    void oneSeedIsAskedOnceMoreWhenTheOthersHaveHadTimeToStart() {
        rounds.due(0, SEEDS, Set.of());
        assertThat(rounds.due(1_000, SEEDS, Set.of(ONE, TWO))).isEmpty();
        assertThat(rounds.due(2_900, SEEDS, Set.of(ONE, TWO))).isEmpty();
        assertThat(rounds.due(3_000, SEEDS, Set.of(ONE, TWO))).hasSize(1).isSubsetOf(SEEDS);
        assertThat(rounds.due(4_000, SEEDS, Set.of(ONE, TWO))).isEmpty();

        assertThat(rounds.due(5_000, SEEDS, Set.of())).isEqualTo(SEEDS);
        assertThat(rounds.due(6_000, SEEDS, Set.of(OTHER, ONE, TWO))).isEmpty();
        assertThat(rounds.due(8_000, SEEDS, Set.of(OTHER, ONE, TWO))).hasSize(1);
        assertThat(rounds.due(9_000, List.of(), Set.of(OTHER))).isEmpty();
    }
}
