package io.vmha.recovery.core;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** One thing at a time per key, and pauses after failures. */
class PendingTest {
    private final Pending pending = new Pending();

    @Test
    void keyIsTakenOnceUntilItIsDoneOrItsTimeIsUp() {
        assertThat(pending.begin(0, "a", 5_000)).isTrue();
        assertThat(pending.begin(4_999, "a", 5_000)).isFalse();
        assertThat(pending.begin(4_999, "b", 5_000)).isTrue();
        assertThat(pending.begin(5_000, "a", 5_000)).isTrue();
        pending.done("a");
        assertThat(pending.begin(5_001, "a", 5_000)).isTrue();
    }

    @Test
    void committedProposalIsNotRepeatedBeforeTheStateShowsIt() {
        pending.begin(0, "a", 5_000);
        pending.committed("a", 7);

        pending.reached(6);
        assertThat(pending.begin(60_000, "a", 5_000)).isFalse();
        pending.reached(7);
        assertThat(pending.begin(60_000, "a", 5_000)).isTrue();
    }

    @Test
    void failuresInARowPauseLongerEachTimeAndASuccessEndsTheRow() {
        long now = 0;
        for (long pause : new long[] {2_000, 6_000, 14_000, 30_000, 30_000}) {
            assertThat(pending.begin(now, "a", 5_000)).isTrue();
            pending.failed(now, "a");
            assertThat(pending.isBusy(now + pause - 1, "a")).isTrue();
            assertThat(pending.isBusy(now + pause, "a")).isFalse();
            now += pause;
        }

        pending.done("a");

        pending.begin(now, "a", 5_000);
        pending.failed(now, "a");
        assertThat(pending.isBusy(now + 2_000, "a")).isFalse();
    }

    @Test
    void clearForgetsEverything() {
        pending.begin(0, "a", 5_000);
        pending.committed("b", 7);

        pending.clear();

        assertThat(pending.begin(0, "a", 5_000)).isTrue();
        assertThat(pending.begin(0, "b", 5_000)).isTrue();
    }

    @Test
    void newsEndAPauseButNeverBeginWorkASecondTime() {
        assertThat(pending.begin(0, "ask", 10_000)).isTrue();
        pending.hurry("ask");
        assertThat(pending.begin(1, "ask", 10_000)).as("it is under way").isFalse();

        pending.pause(2, "ask", 2_000);
        assertThat(pending.begin(3, "ask", 10_000)).as("it pauses").isFalse();
        pending.hurry("ask");
        assertThat(pending.begin(4, "ask", 10_000)).isTrue();
        pending.hurry("ask");
        assertThat(pending.begin(5, "ask", 10_000)).as("it is under way again").isFalse();
    }
}
