package io.vmha.recovery.core;

import static org.assertj.core.api.Assertions.assertThat;

import io.vmha.recovery.core.HostRecord.Status;
import org.junit.jupiter.api.Test;

class ReturnCommandTest {
    private static final HostName HV1 = CommittedLog.hv(1);
    private static final HostName HV2 = CommittedLog.hv(2);

    private CommittedLog log = CommittedLog.of(5, CommittedLog.ROOMY);

    private Status status(HostName host) {
        return log.state().hosts().get(host).status();
    }

    private ReturnCommand.BeginReturn begin(HostName host, long epoch) {
        return new ReturnCommand.BeginReturn(0, host, epoch, "destroyed: none");
    }

    /** A host whose recovery is over. */
    private void recovered(HostName host) {
        IncidentId id = log.declare(host);
        log.proveDown(id, host).accept(log.plan(id, host)).accept(log.close(id));
        assertThat(status(host)).isEqualTo(Status.DOWN);
    }

    @Test
    void aSweptHostBeginsItsNextLifeAndIsAnsweredAgainBeforeItIsInService() {
        recovered(HV1);
        assertThat(log.state().isCertified(HV1, 1)).isTrue();

        log.accept(begin(HV1, 1));

        assertThat(status(HV1)).isEqualTo(Status.RETURNING);
        assertThat(log.state().hosts().get(HV1).epoch()).isEqualTo(2);
        assertThat(log.state().isCertified(HV1, 2)).isFalse();
        assertThat(log.state().isCertified(HV1, 1))
                .as("the old life stays over")
                .isTrue();
        log.accept(new ReturnCommand.EndReturn(0, log.term(), HV1, 2, "up and enabled"));
        assertThat(status(HV1)).isEqualTo(Status.IN_SERVICE);
    }

    @Test
    void aReturningHostIsWatchedLikeAnyOther() {
        recovered(HV1);
        log.accept(begin(HV1, 1));

        log.declare(HV1);

        assertThat(status(HV1)).isEqualTo(Status.IN_RECOVERY);
        assertThat(log.refuse(new ReturnCommand.EndReturn(0, log.term(), HV1, 2, "")))
                .contains("not returning");
    }

    @Test
    void onlyAHostThatIsDownInThisEpochReturns() {
        assertThat(log.refuse(begin(HV1, 1))).contains("only a host that is DOWN");
        assertThat(log.refuse(begin(new HostName("stranger"), 1))).contains("not in this AZ");
        recovered(HV1);
        assertThat(log.refuse(begin(HV1, 7))).contains("epoch 1");
        log.accept(new AzCommand.SetMaintenance(0, HV1, true));
        assertThat(log.refuse(begin(HV1, 1))).contains("maintenance");
        log.accept(new AzCommand.SetMaintenance(0, HV1, false));
        log.accept(begin(HV1, 1));
        assertThat(log.refuse(begin(HV1, 1))).contains("only a host that is DOWN");
    }

    @Test
    void aHostWhoseIncidentIsOpenDoesNotReturn() {
        log.proveDown(log.declare(HV1), HV1);

        assertThat(log.refuse(begin(HV1, 1))).contains("only a host that is DOWN");
    }

    @Test
    void noHostReturnsWhileAnEvacuationThatMayComeToItIsUnderWay() {
        recovered(HV1);
        IncidentId other = log.declare(HV2);
        log.proveDown(other, HV2).accept(log.plan(other, HV2, 1)).accept(log.begin(other, HV2, 1));

        assertThat(log.refuse(begin(HV1, 1))).contains("under way");

        log.accept(log.ended(other, HV2, 1)).accept(begin(HV1, 1));
    }

    @Test
    void noHostReturnsWhileAServerIsStillMarkedForAnEvacuationThatMayWaitInItsQueue() {
        recovered(HV1);
        IncidentId other = log.declare(HV2);
        log.proveDown(other, HV2).accept(log.plan(other, HV2, 1)).accept(log.begin(other, HV2, 1));
        log.accept(log.accepted(other, HV2, 1));
        log.accept(givenUp(other, log.vm(other, HV2, CommittedLog.vm(1)).intentIndex()));
        assertThat(log.refuse(begin(HV1, 1))).contains("waiting to be tried again");

        log.accept(log.begin(other, HV2, 1)).accept(log.failed(other, HV2, 1, false));
        assertThat(log.refuse(begin(HV1, 1)))
                .as("an attempt that was put off has reset nothing")
                .contains("waiting to be tried again");

        log.accept(log.begin(other, HV2, 1)).accept(log.accepted(other, HV2, 1));
        log.accept(log.failed(other, HV2, 1, true)).accept(begin(HV1, 1));
    }

    @Test
    void aGroupThatCannotNoteWhatWaitsInAQueueLetsNobodyReturnWhileAnythingThatWasTriedIsNotOver() {
        log = CommittedLog.of(5, CommittedLog.ROOMY, FeatureLevel.FIRST);
        recovered(HV1);
        IncidentId other = log.declare(HV2);
        log.proveDown(other, HV2).accept(log.plan(other, HV2, 1));
        assertThat(FeatureLevel.objection(log.state(), begin(HV1, 1))).isEmpty();
        log.accept(log.begin(other, HV2, 1)).accept(log.failed(other, HV2, 1, false));
        assertThat(FeatureLevel.objection(log.state(), begin(HV1, 1)))
                .as("what Nova never got waits nowhere")
                .isEmpty();
        log.accept(log.begin(other, HV2, 1)).accept(log.accepted(other, HV2, 1));
        long intent = log.vm(other, HV2, CommittedLog.vm(1)).intentIndex();

        assertThat(log.refuse(givenUp(other, intent))).contains("needs feature level 2");
        log.accept(log.failed(other, HV2, 1, true));
        assertThat(FeatureLevel.objection(log.state(), begin(HV1, 1)))
                .hasValueSatisfying(why -> assertThat(why).contains("evacuations are not over"));
        long voters = log.state().group().electorate().index();
        assertThat(log.refuse(new LevelCommand.RaiseLevel(0, log.term(), 2, voters)))
                .as("what could not be noted must be over first")
                .contains("is open");

        log.accept(log.begin(other, HV2, 1)).accept(log.ended(other, HV2, 1));
        assertThat(FeatureLevel.objection(log.state(), begin(HV1, 1))).isEmpty();
    }

    private VmCommand.AttemptFailed givenUp(IncidentId id, long intent) {
        return new VmCommand.AttemptFailed(
                9_000, log.term(), id, HV2, CommittedLog.vm(1), intent, 41, true, true, "in a queue");
    }
}
