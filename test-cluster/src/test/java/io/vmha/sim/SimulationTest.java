package io.vmha.sim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The kernel: order, time, randomness and hash depend on the seed alone. */
class SimulationTest {
    private static final Run RUN = new Run("SimulationTest", "unit", 7);

    private final Simulation sim = new Simulation(RUN);
    private final List<String> happened = new ArrayList<>();

    private void note(String what) {
        happened.add(what + "@" + sim.nowMs());
    }

    @Test
    void eventsHappenInTheOrderOfTheirTimeAndThenOfTheirSequence() {
        sim.at(20, "late", () -> note("late"));
        sim.at(10, "first", () -> note("first"));
        sim.at(10, "second", () -> note("second"));
        sim.at(10, "third", () -> sim.after(0, "third's", () -> note("third's")));

        sim.runUntil(100);

        assertThat(happened).containsExactly("first@10", "second@10", "third's@10", "late@20");
        assertThat(sim.nowMs()).isEqualTo(100);
        assertThat(sim.events()).isEqualTo(5);
    }

    @Test
    void eventsAfterTheLimitWait() {
        sim.every(10, 10, "tick", () -> note("tick"));

        sim.runUntil(25);
        assertThat(happened).containsExactly("tick@10", "tick@20");
        sim.runUntil(30);

        assertThat(happened).hasSize(3);
    }

    @Test
    void nothingHappensInThePast() {
        sim.runUntil(50);
        sim.at(10, "overdue", () -> note("overdue"));

        sim.runUntil(51);

        assertThat(happened).containsExactly("overdue@50");
    }

    @Test
    void eachComponentHasItsOwnRandomnessAndTheSeedDecidesIt() {
        Dice one = sim.dice("one");
        Dice other = sim.dice("other");
        List<Long> alone = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            alone.add(one.between(0, 1_000_000));
        }

        Simulation again = new Simulation(RUN);
        Dice oneAgain = again.dice("one");
        Dice otherAgain = again.dice("other");
        for (int i = 0; i < 20; i++) {
            otherAgain.chance(50); // the other one's questions do not change this one's answers
            assertThat(oneAgain.between(0, 1_000_000)).isEqualTo(alone.get(i));
        }

        assertThat(other.seed()).isNotEqualTo(sim.dice("one").seed());
        assertThat(new Simulation(new Run("SimulationTest", "unit", 8))
                        .dice("one")
                        .seed())
                .isNotEqualTo(sim.dice("one").seed());
    }

    @Test
    void diceStayWithinTheirBounds() {
        Dice dice = sim.dice("bounds");
        for (int i = 0; i < 10_000; i++) {
            assertThat(dice.between(3, 5)).isBetween(3L, 5L);
            assertThat(dice.mostly(10, 1_000)).isBetween(10L, 1_000L);
        }
        assertThat(dice.chance(0)).isFalse();
        assertThat(dice.chance(100)).isTrue();
        assertThat(dice.shuffled(List.of(1, 2, 3, 4))).containsExactlyInAnyOrder(1, 2, 3, 4);
    }

    @Test
    void hashKnowsEveryEventAndEveryLine() {
        Simulation same = new Simulation(RUN);
        Simulation told = new Simulation(RUN);
        for (Simulation each : List.of(sim, same, told)) {
            each.after(5, "event", () -> {});
        }
        told.after(5, "event", () -> told.tell("a line"));

        for (Simulation each : List.of(sim, same, told)) {
            each.runUntil(10);
        }

        assertThat(sim.hash()).isEqualTo(same.hash()).isNotEqualTo(told.hash());
    }

    @Test
    void failureNamesTheRuleTheStoryAndTheLineThatRepeatsIt() {
        sim.tell("hv-1 dies");
        sim.check(() -> {
            if (sim.nowMs() >= 30) {
                throw sim.violation("S1", "no proof");
            }
        });
        sim.every(10, 10, "tick", () -> {});

        assertThatThrownBy(() -> sim.runUntil(100))
                .isInstanceOfSatisfying(
                        SimulationFailure.class, e -> assertThat(e.rule()).isEqualTo("S1"))
                .hasMessageContainingAll(
                        "S1 is broken at 30 ms: no proof",
                        "0 ms: hv-1 dies",
                        "mvn -o verify -pl test-cluster -am -Dtest=SimulationTest",
                        "-Dsim.scenario=unit -Dsim.seed=7");
    }

    @Test
    void exceptionOfTheCodeUnderTestIsAFailureOfTheRun() {
        sim.after(5, "boom", () -> {
            throw new IllegalStateException("two leaders");
        });

        assertThatThrownBy(() -> sim.runUntil(10))
                .isInstanceOfSatisfying(
                        SimulationFailure.class, e -> assertThat(e.rule()).isEqualTo("no exception"))
                .hasMessageContaining("boom threw")
                .hasCauseInstanceOf(IllegalStateException.class);
    }
}
