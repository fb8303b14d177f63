package io.vmha.recovery.core;

import static io.vmha.recovery.core.CommittedLog.hv;
import static io.vmha.recovery.core.CommittedLog.vm;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The guards on commands about one VM: S1, S9 and S13 as the replicated state machine holds them. */
class VmCommandTest {
    private final CommittedLog log = CommittedLog.of(5, CommittedLog.ROOMY);
    private IncidentId id;

    @BeforeEach
    void declareHost2() {
        id = log.declare(hv(2));
    }

    private void planOneVm() {
        log.proveDown(id, hv(2)).accept(log.plan(id, hv(2), 1));
    }

    @Test
    void evacuationOfAnUnplannedServerIsRefused() {
        log.proveDown(id, hv(2)).accept(log.plan(id, hv(2), 1));

        assertThat(log.refuse(log.begin(id, hv(2), 2))).contains("not in the plan");
    }

    @Test
    void planIsRefusedBeforeEachProofIsComplete() {
        log.refuse(log.plan(id, hv(2), 1));
        log.accept(log.beginFence(id, hv(2)));
        log.refuse(log.plan(id, hv(2), 1));
        log.accept(log.certify(id, hv(2)));
        log.refuse(log.plan(id, hv(2), 1));
        log.accept(log.confirmOff(id, hv(2), List.of("a", "b"), 3));
        log.refuse(log.plan(id, hv(2), 1));
        log.accept(log.beginForceDown(id, hv(2)));
        log.refuse(log.plan(id, hv(2), 1));
        log.accept(new IncidentCommand.ForcedDown(6_000, log.term(), id, hv(2), "down"));

        log.accept(log.plan(id, hv(2), 1));
    }

    @Test
    void evacuationWithoutAConfirmedCertificateIsRefusedEvenIfAPlanExists() {
        // a plan cannot come about without the proof; S1 is checked again where the call begins all the same
        var planned = VmRecovery.planned(vm(1), "name-1", "ACTIVE", 0, 0);
        for (boolean certified : List.of(false, true)) {
            HostRecovery bare = HostRecovery.declared(hv(2), 1, List.of()).fencing(1);
            HostRecovery host = certified
                    ? bare.certified(new Certificate(hv(2), 1, Certificate.Proof.POWER_OFF, "off", 1, 3, 0))
                    : bare;
            RecoveryState forged = log.state().with(log.incident(id).with(host.with(planned)));

            Applied applied = forged.apply(new Entry(1, 50), new VmCommand.BeginEvacuation(0, 1, id, hv(2), vm(1)));

            assertThat(applied.refusal())
                    .hasValueSatisfying(why -> assertThat(why).contains("S1"));
        }
    }

    @Test
    void secondIntentForTheSameVmIsRefusedWhileOneIsOpen() {
        planOneVm();
        log.accept(log.begin(id, hv(2), 1));

        assertThat(log.refuse(log.begin(id, hv(2), 1))).contains("CALLING");
        log.newTerm();
        assertThat(log.refuse(log.begin(id, hv(2), 1))).contains("CALLING");
        log.accept(log.accepted(id, hv(2), 1));
        assertThat(log.refuse(log.begin(id, hv(2), 1))).contains("ACCEPTED");
    }

    @Test
    void serverIsEvacuatedFromOneIncidentAtATime() {
        planOneVm();
        log.accept(log.begin(id, hv(2), 1)).accept(log.accepted(id, hv(2), 1));
        IncidentId next = log.declare(hv(4)); // its target, which Nova has it on already
        log.proveDown(next, hv(4)).accept(log.plan(next, hv(4), 1));

        assertThat(log.refuse(log.begin(next, hv(4), 1))).contains("incident " + id);
        log.accept(log.ended(id, hv(2), 1)).accept(log.begin(next, hv(4), 1));
    }

    @Test
    void intentOfAnEndedLeadershipIsRefused() {
        planOneVm();
        VmCommand.BeginEvacuation stale = log.begin(id, hv(2), 1);
        log.newTerm();

        assertThat(log.refuse(stale)).contains("leadership");
    }

    @Test
    void intentRemembersItsTermAndIndex() {
        planOneVm();
        log.newTerm();

        log.accept(log.begin(id, hv(2), 1));

        VmRecovery vm = log.vm(id, hv(2), vm(1));
        assertThat(vm.intentTerm()).isEqualTo(2);
        assertThat(vm.intentIndex()).isEqualTo(log.index());
        assertThat(vm.attempts()).isEqualTo(1);
    }

    @Test
    void outcomeWithoutAnIntentIsRefused() {
        planOneVm();

        log.refuse(log.accepted(id, hv(2), 1));
        log.refuse(log.failed(id, hv(2), 1, true));
    }

    @Test
    void failedAttemptGoesBackToThePlanWithItsMigrationAsFloor() {
        planOneVm();
        log.accept(log.begin(id, hv(2), 1)).accept(log.accepted(id, hv(2), 1));

        log.accept(log.failed(id, hv(2), 1, true));

        VmRecovery vm = log.vm(id, hv(2), vm(1));
        assertThat(vm.step()).isEqualTo(VmRecovery.Step.PLANNED);
        assertThat(vm.migrationFloor()).isEqualTo(41);
        assertThat(vm.migration()).isEmpty();
        assertThat(vm.attempts()).isEqualTo(1);
    }

    @Test
    void outcomeOfAnEarlierAttemptIsRefused() {
        planOneVm();
        log.accept(log.begin(id, hv(2), 1));
        VmCommand.AttemptFailed failed = log.failed(id, hv(2), 1, true);
        VmCommand.EvacuationAccepted accepted = log.accepted(id, hv(2), 1);
        log.accept(failed).accept(log.begin(id, hv(2), 1));

        // the same words, proposed twice because their first outcome was unknown, and committed late
        log.refuse(failed);
        log.refuse(accepted);

        assertThat(log.vm(id, hv(2), vm(1)).step()).isEqualTo(VmRecovery.Step.CALLING);
    }

    @Test
    void callThatWasNeverMadeDoesNotCountAsAnAttempt() {
        planOneVm();
        log.accept(log.begin(id, hv(2), 1));

        log.accept(log.failed(id, hv(2), 1, false));

        assertThat(log.vm(id, hv(2), vm(1)).attempts()).isZero();
    }

    @Test
    void vmFailsAfterItsLastAttempt() {
        planOneVm();
        for (int i = 1; i <= VmCommand.ATTEMPTS_MAX; i++) {
            assertThat(log.vm(id, hv(2), vm(1)).hasEnded()).isFalse();
            log.accept(log.begin(id, hv(2), 1)).accept(log.failed(id, hv(2), 1, true));
        }

        Ending ending = log.vm(id, hv(2), vm(1)).ending().orElseThrow();
        assertThat(ending.kind()).isEqualTo(Ending.Kind.FAILED);
        assertThat(ending.detail()).contains("5 attempts", "no valid host");
        log.refuse(log.begin(id, hv(2), 1));
    }

    @Test
    void endingNeverChanges() {
        planOneVm();
        log.accept(log.ended(id, hv(2), 1));

        log.refuse(log.ended(id, hv(2), 1));
        log.refuse(new VmCommand.VmEnded(
                0, log.term(), id, hv(2), vm(1), new Ending(Ending.Kind.FAILED, "second thoughts")));
        log.refuse(log.begin(id, hv(2), 1));
        log.refuse(new VmCommand.EvacuationAccepted(0, log.term(), id, hv(2), vm(1), 0, OptionalLong.empty(), ""));
        log.refuse(new VmCommand.AttemptFailed(0, log.term(), id, hv(2), vm(1), 0, 0, true, false, "late"));
        log.accept(log.plan(id, hv(2), 1));

        assertThat(log.vm(id, hv(2), vm(1)).ending()).hasValue(Ending.recovered(hv(9)));
    }

    @Test
    void touchedVmIsPutBackBeforeItHasEndedAndAnUntouchedOneIsNot() {
        log.proveDown(id, hv(2)).accept(log.plan(id, hv(2), 1, 2));
        log.refuse(log.settled(id, hv(2), 1, ""));
        log.accept(log.begin(id, hv(2), 1)).accept(log.accepted(id, hv(2), 1));
        log.accept(log.ended(id, hv(2), 1)).accept(log.ended(id, hv(2), 2));

        assertThat(log.vm(id, hv(2), vm(1)).step()).isEqualTo(VmRecovery.Step.SETTLING);
        assertThat(log.vm(id, hv(2), vm(1)).isUnderWay()).isFalse();
        assertThat(log.vm(id, hv(2), vm(2)).hasEnded()).isTrue();

        log.accept(log.settled(id, hv(2), 1, "it stays locked"));
        Ending ending = log.vm(id, hv(2), vm(1)).ending().orElseThrow();
        assertThat(ending.kind()).isEqualTo(Ending.Kind.RECOVERED);
        assertThat(ending.detail()).isEqualTo("hv-9; it stays locked");
        log.refuse(log.settled(id, hv(2), 1, ""));
    }

    @Test
    void nothingHappensToVmsOfAClosedIncident() {
        planOneVm();
        log.accept(log.ended(id, hv(2), 1)).accept(log.close(id));

        assertThat(log.refuse(log.ended(id, hv(2), 1))).contains("not open");
        assertThat(log.refuse(log.begin(id, hv(2), 1))).contains("not open");
    }
}
