package io.vmha.node.raft;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class ConnectPauseTest {
    private static final long STEP_NS = 1_000_000;
    private static final long START_NS = -5_000_000_000L; // a monotonic clock may begin anywhere

    private static long[] attempts(ConnectPause pause, int count) {
        return LongStream.iterate(START_NS, now -> now + STEP_NS)
                .filter(pause::tryNow)
                .limit(count)
                .toArray();
    }

    @Test
    void theFirstAttemptIsMadeAtOnceAndTheWaitsGrowToTheirBoundOnceALeaseHasEnded() {
        long[] at = attempts(new ConnectPause(new SplittableRandom(1)), ConnectPause.SHORT_TRIES + 5);

        assertThat(at[0]).isEqualTo(START_NS);
        long pause = ConnectPause.LEAST_NS;
        for (int i = 1; i < at.length; i++) {
            assertThat((double) (at[i] - at[i - 1]))
                    .isBetween(pause * (1 - ConnectPause.SPREAD), pause * (1 + ConnectPause.SPREAD) + STEP_NS);
            if (i >= ConnectPause.SHORT_TRIES) {
                pause = Math.min(ConnectPause.MOST_NS, 2 * pause);
            }
        }
    }

    @Test
    void whileALeaseMayBeHeldEachRenewalFindsTheVoterThatIsBack() {
        var pause = new ConnectPause(new SplittableRandom(3));

        for (int renewal = 0; renewal < ConnectPause.SHORT_TRIES; renewal++) {
            assertThat(pause.tryNow(START_NS + renewal * 1_000_000_000L)).isTrue();
        }
    }

    @Test
    void afterAnAnswerTheNextFailureIsTheFirstAgain() {
        var pause = new ConnectPause(new SplittableRandom(1));
        long[] at = attempts(pause, 6);

        pause.heard();

        assertThat(pause.tryNow(at[5] + STEP_NS)).isTrue();
        assertThat(pause.tryNow(at[5] + 2 * STEP_NS)).isFalse();
    }

    @Test
    void hostsThatHaveLostAVoterAtOneMomentDoNotComeBackAtOneMoment() {
        var fourth = new TreeSet<Long>();
        for (int host = 0; host < 100; host++) {
            fourth.add(attempts(new ConnectPause(new SplittableRandom(host)), 4)[3]);
        }

        assertThat(fourth.last() - fourth.first()).isGreaterThan(ConnectPause.LEAST_NS);
        assertThat(fourth).as("moments of 1 ms").hasSizeGreaterThan(70);
    }
}
