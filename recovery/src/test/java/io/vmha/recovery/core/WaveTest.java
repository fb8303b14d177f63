package io.vmha.recovery.core;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** As many evacuations at a time as Nova stands. */
class WaveTest {
    private final Wave wave = new Wave(32);

    private void prompt(int answers) {
        for (int i = 0; i < answers; i++) {
            wave.onAnswer(0, 200);
        }
    }

    @Test
    void beginsSmallAndGrowsWithPromptAnswersUpToTheBound() {
        assertThat(wave.size()).isEqualTo(Wave.START);
        prompt(4);
        assertThat(wave.size()).isEqualTo(8);
        prompt(100);
        assertThat(wave.size()).isEqualTo(32);
    }

    @Test
    void slowAnswersHalveItOnceAndThenItGrowsByOnePerRound() {
        prompt(12);
        assertThat(wave.size()).isEqualTo(16);

        wave.onAnswer(10_000, 9_000);
        wave.onAnswer(10_100, 9_000);
        wave.onAnswer(10_200, 9_000);
        assertThat(wave.size()).as("one cut for what was under way").isEqualTo(8);

        prompt(4);
        assertThat(wave.size()).isEqualTo(8);
        prompt(5);
        assertThat(wave.size()).isEqualTo(9);
    }

    @Test
    void neverFallsBelowTwo() {
        for (int i = 1; i < 20; i++) {
            wave.onTrouble(i * 10_000L);
        }

        assertThat(wave.size()).isEqualTo(2);
    }

    @Test
    void boundOfOneIsKept() {
        var one = new Wave(1);
        one.onTrouble(10_000);
        one.onAnswer(20_000, 100);

        assertThat(one.size()).isEqualTo(1);
    }

    @Test
    void novaThatHasBecomeSlowerForGoodIsAcceptedInTheEnd() {
        prompt(10);
        for (int i = 0; i < 400; i++) {
            wave.onAnswer(i * 5_000L, 3_000);
        }

        assertThat(wave.size()).isGreaterThan(16);
    }
}
