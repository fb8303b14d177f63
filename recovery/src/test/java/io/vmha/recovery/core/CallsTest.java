package io.vmha.recovery.core;

import static io.vmha.recovery.core.CommittedLog.vm;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

/** What a leader remembers of its own evacuate calls. */
class CallsTest {
    private final Calls calls = new Calls();

    private static VmRecovery calling(long intentIndex) {
        return VmRecovery.planned(vm(1), "name-1", "ACTIVE", 0, 0).begin(new Entry(1, intentIndex), 0);
    }

    @Test
    void entitlementCountsFromTheFirstProposal() {
        calls.onProposed(1_000, vm(1));
        calls.onProposed(6_000, vm(1)); // again, because the first seemed lost; the first may be the one that commits

        assertThat(calls.provenAtMs(calling(5))).isEqualTo(1_000);
    }

    @Test
    void unknownIntentIsEntitledToNothing() {
        assertThat(calls.provenAtMs(calling(5))).isLessThan(-1_000_000_000L);
    }

    @Test
    void callThatIsOverSaysNothingAboutTheNextAttempt() {
        calls.onProposed(1_000, vm(1));
        calls.onOver(2_000, vm(1), 5);

        assertThat(calls.isOver(calling(5))).isTrue();
        assertThat(calls.sinceOverMs(2_500, calling(5))).isEqualTo(500);
        assertThat(calls.isOver(calling(8))).isFalse();
        calls.onProposed(9_000, vm(1));
        assertThat(calls.provenAtMs(calling(8))).isEqualTo(9_000);
    }

    @Test
    void callIsBegunOncePerIntentAndGivenUpAfterItsLimit() {
        assertThat(calls.begin(0, calling(5))).isTrue();
        assertThat(calls.begin(119_999, calling(5))).isFalse();
        assertThat(calls.isOver(calling(5))).isFalse();

        assertThat(calls.begin(120_000, calling(5))).isFalse();

        assertThat(calls.isOver(calling(5))).isTrue();
        assertThat(calls.begin(120_001, calling(5))).isFalse();
        assertThat(calls.begin(120_001, calling(8))).isTrue();
    }

    @Test
    void eachRefusalDoublesThePauseUpToHalfAMinute() {
        long now = 0;
        for (long pause : new long[] {2_000, 4_000, 8_000, 16_000, 30_000, 30_000}) {
            calls.onRefused(now, vm(1));
            assertThat(calls.mayRetry(now + pause - 1, vm(1))).isFalse();
            assertThat(calls.mayRetry(now + pause, vm(1))).isTrue();
            now += pause;
        }
    }

    @Test
    void newTermForgetsEverything() {
        calls.onProposed(1_000, vm(1));
        calls.onOver(2_000, vm(1), 5);
        calls.onRefused(2_000, vm(1));

        calls.forget();

        assertThat(calls.isOver(calling(5))).isFalse();
        assertThat(calls.mayRetry(0, vm(1))).isTrue();
        assertThat(calling(5).accept(OptionalLong.empty()).intentIndex()).isEqualTo(5);
    }
}
