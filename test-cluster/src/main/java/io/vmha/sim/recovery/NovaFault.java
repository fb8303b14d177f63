package io.vmha.sim.recovery;

import io.vmha.sim.Dice;

/** How Nova's API misbehaves: in hundredths of requests that are swallowed, fail before or after their effect, or whose answer is lost. */
enum NovaFault {
    HEALTHY(0, 0, 0, 0, 150),
    /** Something goes wrong once in a while: the everyday life of an API behind a proxy. */
    USUAL(1, 1, 1, 1, 1_200),
    SLOW(1, 0, 1, 3, 9_500),
    FLAKY(5, 20, 15, 15, 2_000),
    DOWN(100, 0, 0, 0, 1);

    private final double swallowed;
    private final double failsBefore;
    private final double failsAfter;
    private final double answerLost;
    private final long slowestMs;

    NovaFault(double swallowed, double failsBefore, double failsAfter, double answerLost, long slowestMs) {
        this.swallowed = swallowed;
        this.failsBefore = failsBefore;
        this.failsAfter = failsAfter;
        this.answerLost = answerLost;
        this.slowestMs = slowestMs;
    }

    boolean swallows(Dice dice) {
        return dice.chance(swallowed);
    }

    boolean failsBefore(Dice dice) {
        return dice.chance(failsBefore);
    }

    boolean failsAfter(Dice dice) {
        return dice.chance(failsAfter);
    }

    boolean losesAnswer(Dice dice) {
        return dice.chance(answerLost);
    }

    long delayMs(Dice dice) {
        boolean slow = this == SLOW && dice.chance(50);
        return slow ? dice.between(300, slowestMs) : dice.mostly(8, Math.min(2_000, slowestMs));
    }
}
