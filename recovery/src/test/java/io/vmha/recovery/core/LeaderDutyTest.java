package io.vmha.recovery.core;

import static io.vmha.recovery.core.CommittedLog.hv;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Only the leader whose group owns the AZ has duties (S9), and asks for each thing once. */
class LeaderDutyTest {
    private static final long TICK_MS = 100;

    private final CommittedLog log = CommittedLog.of(3, CommittedLog.ROOMY);
    private final List<Command> proposed = new ArrayList<>();
    private final Duty duty = new Duty();

    private final class Duty extends LeaderDuty {
        private int looks;
        private int forgotten;

        Duty() {
            super((key, command) -> proposed.add(command), nowMs -> nowMs, TICK_MS);
        }

        @Override
        void decide(long nowMs) {
            looks++;
            propose(nowMs, "return of " + hv(1), new ReturnCommand.BeginReturn(wallMs(nowMs), hv(1), 1, ""));
        }

        @Override
        void forget() {
            forgotten++;
        }
    }

    @BeforeEach
    void theStateIsKnown() {
        duty.onState(0, log.state());
    }

    @Test
    void itRestsUntilThisNodeLeads() {
        duty.onTimer(1_000);
        assertThat(duty.looks).isZero();

        duty.onLeadership(1_000, OptionalLong.of(1));

        assertThat(proposed).hasSize(1);
        assertThat(duty.isOfThisTerm(1)).isTrue();
        assertThat(duty.isOfThisTerm(2)).isFalse();
    }

    @Test
    void itRestsWhileTheAggregateNamesAnotherGroup() {
        duty.onAuthority(0, false);

        duty.onLeadership(0, OptionalLong.of(1));
        duty.onState(1_000, log.state());
        duty.onTimer(2_000);
        assertThat(duty.looks).isZero();

        duty.onAuthority(3_000, true);
        assertThat(duty.looks).isEqualTo(1);
    }

    @Test
    void itRestsWhileTheAzIsDisabled() {
        duty.onState(0, RecoveryState.empty());

        duty.onLeadership(0, OptionalLong.of(1));

        assertThat(duty.looks).isZero();
    }

    @Test
    void itLooksAtOnceAtWhatIsNewAndElseOnceInATick() {
        duty.onLeadership(0, OptionalLong.of(1));
        assertThat(duty.nextDeadlineMs()).isEqualTo(TICK_MS);

        duty.onTimer(TICK_MS - 1);
        assertThat(duty.looks).isEqualTo(1);
        duty.onTimer(TICK_MS);
        assertThat(duty.looks).isEqualTo(2);
        duty.onState(TICK_MS + 1, log.state());
        assertThat(duty.looks).isEqualTo(3);
    }

    @Test
    void whatIsUnderWayIsNotAskedForAgainBeforeItIsSeenInTheState() {
        duty.onLeadership(0, OptionalLong.of(1));
        long next = log.state().applied().index() + 1;

        duty.onProposed(10, "return of " + hv(1), OptionalLong.of(next));
        duty.onTimer(60_000);
        assertThat(proposed).as("committed, and not applied here yet").hasSize(1);
        duty.onProposed(60_001, "something else", OptionalLong.empty());
        assertThat(proposed).hasSize(1);
    }

    @Test
    void aProposalThatFailedIsMadeAgainAfterAPause() {
        duty.onLeadership(0, OptionalLong.of(1));

        duty.onProposed(10, "return of " + hv(1), OptionalLong.empty());
        assertThat(proposed).as("not at once").hasSize(1);
        duty.onTimer(60_000);

        assertThat(proposed).hasSize(2);
    }

    @Test
    void anotherTermBeginsAnew() {
        duty.onLeadership(0, OptionalLong.of(1));
        duty.onLeadership(50, OptionalLong.empty());
        duty.onTimer(10_000);
        assertThat(duty.looks).isEqualTo(1);

        duty.onLeadership(10_000, OptionalLong.of(2));

        assertThat(proposed).hasSize(2);
        assertThat(duty.forgotten).isEqualTo(3);
        assertThat(duty.leadingForMs(10_500)).isEqualTo(500);
    }
}
