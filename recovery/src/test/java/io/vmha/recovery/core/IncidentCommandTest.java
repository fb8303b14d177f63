package io.vmha.recovery.core;

import static io.vmha.recovery.core.CommittedLog.hv;
import static io.vmha.recovery.core.CommittedLog.off;
import static io.vmha.recovery.core.CommittedLog.vm;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** The guards on an incident's way from verdict to report: S2, S8, S9 and S13 as the replicated state machine holds them. */
class IncidentCommandTest {
    private final CommittedLog log = CommittedLog.of(5, CommittedLog.ROOMY);

    // --- S8: limits

    @Test
    void incidentWithinTheLimitsOpens() {
        IncidentId id = log.declare(hv(2), hv(3));

        assertThat(log.incident(id).phase()).isEqualTo(Incident.Phase.OPEN);
        assertThat(log.state().hosts().get(hv(2)).status()).isEqualTo(HostRecord.Status.IN_RECOVERY);
        assertThat(log.state().hosts().get(hv(1)).status()).isEqualTo(HostRecord.Status.IN_SERVICE);
    }

    @Test
    void moreHostsAtOnceThanTheLimitAreHeldAndNotFenced() {
        var few = CommittedLog.of(5, new Limits(2, 100));

        IncidentId id = few.declare(hv(1), hv(2), hv(3));

        assertThat(few.incident(id).phase()).isEqualTo(Incident.Phase.HELD);
        assertThat(few.incident(id).heldBecause())
                .hasValueSatisfying(why -> assertThat(why).contains("3 hosts", "limit is 2"));
        assertThat(few.refuse(few.beginFence(id, hv(1)))).contains("not open");
    }

    @Test
    void shareOfTheAzCountsWhatIsUnderRecoveryAlready() {
        var half = CommittedLog.of(5, Limits.DEFAULT);
        IncidentId first = half.declare(hv(1));
        IncidentId second = half.declare(hv(2));

        IncidentId third = half.declare(hv(3));

        assertThat(half.incident(first).phase()).isEqualTo(Incident.Phase.OPEN);
        assertThat(half.incident(second).phase()).isEqualTo(Incident.Phase.OPEN);
        assertThat(half.incident(third).phase()).isEqualTo(Incident.Phase.HELD);
    }

    @Test
    void disarmedAzHoldsEveryIncident() {
        log.accept(new AzCommand.SetArmed(0, false));

        IncidentId id = log.declare(hv(2));

        assertThat(log.incident(id).heldBecause()).hasValue("the AZ is disarmed");
        log.refuse(log.beginFence(id, hv(2)));
    }

    @Test
    void hostsThatAreDownCountInTheShareOfTheAz() {
        var half = CommittedLog.of(5, Limits.DEFAULT);
        for (int dead = 1; dead <= 2; dead++) {
            IncidentId id = half.declare(hv(dead));
            half.proveDown(id, hv(dead)).accept(half.plan(id, hv(dead))).accept(half.close(id));
            assertThat(half.state().hosts().get(hv(dead)).status()).isEqualTo(HostRecord.Status.DOWN);
        }

        IncidentId third = half.declare(hv(3));

        assertThat(half.incident(third).phase()).isEqualTo(Incident.Phase.HELD);
        assertThat(half.incident(third).heldBecause())
                .hasValueSatisfying(why -> assertThat(why).contains("3 of 5 hosts", "49 %"));
    }

    @Test
    void disarmingStopsTheFencesThatHaveNotBegun() {
        IncidentId id = log.declare(hv(2), hv(3));
        log.accept(log.beginFence(id, hv(2)));
        log.accept(new AzCommand.SetArmed(0, false));

        assertThat(log.refuse(log.beginFence(id, hv(3)))).contains("disarmed");
        log.accept(log.certify(id, hv(2))); // what was done is recorded all the same

        log.accept(new AzCommand.SetArmed(0, true)).accept(log.beginFence(id, hv(3)));
    }

    @Test
    void approvalLetsAHeldIncidentGoOnEvenInADisarmedAz() {
        log.accept(new AzCommand.SetArmed(0, false));
        IncidentId id = log.declare(hv(2));

        log.accept(new IncidentCommand.ApproveIncident(0, id, "ada"));

        assertThat(log.incident(id).phase()).isEqualTo(Incident.Phase.OPEN);
        log.accept(log.beginFence(id, hv(2)));
        assertThat(log.refuse(new IncidentCommand.ApproveIncident(0, id, "ada")))
                .contains("not held");
    }

    @Test
    void anOpenIncidentThatAPersonHoldsGoesNoFurtherUntilItIsApproved() {
        IncidentId id = log.declare(hv(2));
        log.proveDown(id, hv(2)).accept(log.plan(id, hv(2), 1));

        log.accept(new IncidentCommand.HoldIncident(0, id, "ada"));

        assertThat(log.incident(id).heldBecause()).hasValue("held by ada");
        log.refuse(log.begin(id, hv(2), 1));
        log.refuse(new IncidentCommand.HoldIncident(0, id, "ada"));
        log.accept(new IncidentCommand.ApproveIncident(0, id, "ada")).accept(log.begin(id, hv(2), 1));
    }

    @Test
    void cancelledIncidentPutsItsHostsBackIntoService() {
        log.accept(new AzCommand.SetArmed(0, false));
        IncidentId id = log.declare(hv(2));

        log.accept(new IncidentCommand.CancelIncident(0, id, "ada"));

        assertThat(log.incident(id).phase()).isEqualTo(Incident.Phase.CLOSED);
        assertThat(log.state().hosts().get(hv(2)).status()).isEqualTo(HostRecord.Status.IN_SERVICE);
    }

    @Test
    void incidentIsCancelledUntilAHostIsCertified() {
        IncidentId stuck = log.declare(hv(2));
        log.accept(log.beginFence(stuck, hv(2)));
        log.accept(new IncidentCommand.CancelIncident(0, stuck, "ada"));
        assertThat(log.refuse(log.certify(stuck, hv(2)))).contains("not open");

        IncidentId proven = log.declare(hv(2));
        log.accept(log.beginFence(proven, hv(2)));
        log.accept(log.certify(proven, hv(2)));

        assertThat(log.refuse(new IncidentCommand.CancelIncident(0, proven, "ada")))
                .contains("proven dead");
        assertThat(log.refuse(new IncidentCommand.CancelIncident(0, stuck, "ada")))
                .contains("not open");
    }

    private IncidentCommand.PutBack putBack(IncidentId id, HostName host, String boot, String... voters) {
        return new IncidentCommand.PutBack(9_000, log.term(), id, host, boot, List.of(voters));
    }

    private IncidentId declareInBoot(String boot, HostName... hosts) {
        log.configure("a", "b", "c");
        var witnesses = new TreeMap<HostName, List<Witness>>();
        for (HostName host : hosts) {
            witnesses.put(host, List.of(new Witness("gossip", "FAILED"), new Witness("boot", boot)));
        }
        log.accept(new IncidentCommand.DeclareIncident(1_000, log.term(), witnesses));
        return new IncidentId(log.state().nextIncident() - 1);
    }

    @Test
    void hostWhoseKernelNeverWentAwayIsPutBackAndTheOthersStayInTheIncident() {
        IncidentId id = declareInBoot("b1", hv(2), hv(3));
        log.accept(log.beginFence(id, hv(2)));
        assertThat(log.refuse(putBack(id, hv(2), "b1", "a", "b"))).contains("being asked to power it off");
        log.accept(new IncidentCommand.FenceFailed(2_500, log.term(), id, hv(2), "the BMC refuses"));

        log.accept(putBack(id, hv(2), "b1", "a", "b"));

        assertThat(log.state().hosts().get(hv(2)).status()).isEqualTo(HostRecord.Status.IN_SERVICE);
        assertThat(log.incident(id).phase()).isEqualTo(Incident.Phase.OPEN);
        assertThat(log.incident(id).hosts()).containsOnlyKeys(hv(3));
        assertThat(log.refuse(log.certify(id, hv(2)))).contains("not part of incident");
        assertThat(log.refuse(log.beginFence(id, hv(2)))).contains("not part of incident");

        log.accept(putBack(id, hv(3), "b1", "a", "c"));
        assertThat(log.incident(id).phase()).isEqualTo(Incident.Phase.CLOSED);
    }

    /** Nova holds it down until its return is complete: put back as IN_SERVICE, it would be so for ever. */
    @Test
    void hostThatFellSilentOnItsWayBackIsPutBackToWhereItWas() {
        returning(hv(2));
        IncidentId id = declareInBoot("b2", hv(2));

        log.accept(putBack(id, hv(2), "b2", "a", "b"));
        assertThat(log.state().hosts().get(hv(2)).status()).isEqualTo(HostRecord.Status.RETURNING);

        IncidentId again = declareInBoot("b2", hv(2));
        log.accept(new IncidentCommand.CancelIncident(9_000, again, "ada"));
        assertThat(log.state().hosts().get(hv(2)).status()).isEqualTo(HostRecord.Status.RETURNING);
        log.accept(new ReturnCommand.EndReturn(9_500, log.term(), hv(2), 2, "up"));
    }

    @Test
    void hostThatFallsSilentOnItsWayBackIsCountedOnce() {
        var half = CommittedLog.of(4, new Limits(4, 25));
        returning(half, hv(2));

        IncidentId id = half.declare(hv(2));

        assertThat(half.incident(id).heldBecause()).isEmpty();
    }

    private void returning(HostName host) {
        returning(log, host);
    }

    private static void returning(CommittedLog log, HostName host) {
        IncidentId id = log.declare(host);
        log.proveDown(id, host).accept(log.plan(id, host)).accept(log.close(id));
        log.accept(new ReturnCommand.BeginReturn(8_000, host, 1, "nothing to destroy"));
    }

    @Test
    void hostThatHasBootedOrIsProvenDeadOrIsHeardByFewIsNotPutBack() {
        IncidentId id = declareInBoot("b1", hv(2), hv(3));

        assertThat(log.refuse(putBack(id, hv(2), "b2", "a", "b"))).contains("boot 'b2'", "boot 'b1'");
        assertThat(log.refuse(putBack(id, hv(2), "", "a", "b"))).contains("boot ''");
        assertThat(log.refuse(putBack(id, hv(2), "b1", "a", "a"))).contains("no majority");
        assertThat(log.refuse(putBack(id, hv(4), "b1", "a", "b"))).contains("not part of the incident");
        log.accept(log.beginFence(id, hv(2))).accept(log.certify(id, hv(2)));
        assertThat(log.refuse(putBack(id, hv(2), "b1", "a", "b"))).contains("certified dead");
    }

    @Test
    void hostWhoseBootNobodyKnewAtItsVerdictStaysAPersonsDecision() {
        IncidentId id = log.declare(hv(2));

        assertThat(log.refuse(putBack(id, hv(2), "b1", "a", "b"))).contains("boot 'unknown'");
    }

    @Test
    void hostInMaintenanceIsNotFenced() {
        IncidentId id = log.declare(hv(2));
        log.accept(new AzCommand.SetMaintenance(0, hv(2), true));

        assertThat(log.refuse(log.beginFence(id, hv(2)))).contains("maintenance");
    }

    @Test
    void hostInMaintenanceIsNotDeclaredDead() {
        log.accept(new AzCommand.SetMaintenance(0, hv(2), true));

        assertThat(log.refuse(log.declaration(hv(2)))).contains("maintenance");
        assertThat(log.refuse(log.declaration(hv(1), hv(2)))).contains("maintenance");
    }

    @Test
    void hostIsDeclaredDeadOnce() {
        log.declare(hv(2));

        assertThat(log.refuse(log.declaration(hv(2)))).contains("IN_RECOVERY");
        assertThat(log.refuse(log.declaration())).contains("at least one host");
        assertThat(log.refuse(log.declaration(hv(77)))).contains("not in this AZ");
    }

    @Test
    void nothingIsDeclaredBeforeHaIsEnabledOrAfterItIsDisabled() {
        assertThat(new CommittedLog().refuse(log.declaration(hv(2)))).contains("not enabled");

        log.accept(new AzCommand.DisableAz(0));

        assertThat(log.refuse(log.declaration(hv(2)))).contains("not enabled");
    }

    // --- S9: terms and intents

    @Test
    void everyDecisionOfAnEndedLeadershipIsRefused() {
        IncidentId id = log.declare(hv(2));
        log.accept(log.beginFence(id, hv(2)));
        List<Command> stale = List.of(
                log.declaration(hv(3)),
                log.beginFence(id, hv(2)),
                new IncidentCommand.FenceFailed(0, log.term(), id, hv(2), "slow"),
                log.certify(id, hv(2)),
                log.confirmOff(id, hv(2), List.of("a", "b"), 3),
                log.beginForceDown(id, hv(2)),
                new IncidentCommand.ForcedDown(0, log.term(), id, hv(2), "down"),
                log.plan(id, hv(2), 1),
                log.begin(id, hv(2), 1),
                log.close(id));
        log.newTerm();

        for (Command command : stale) {
            assertThat(log.refuse(command)).contains("leadership");
        }
    }

    @Test
    void fenceIntentIsOpenedOncePerLeadership() {
        IncidentId id = log.declare(hv(2));
        log.accept(log.beginFence(id, hv(2)));

        assertThat(log.refuse(log.beginFence(id, hv(2)))).contains("open already");
        log.newTerm();
        log.accept(log.beginFence(id, hv(2)));

        assertThat(log.incident(id).hosts().get(hv(2)).fenceAttempts()).isEqualTo(2);
    }

    @Test
    void failedFenceMayBeTriedAgain() {
        IncidentId id = log.declare(hv(2));
        var failed = new IncidentCommand.FenceFailed(0, log.term(), id, hv(2), "timed out");

        assertThat(log.refuse(failed)).contains("no fence is open");
        log.accept(log.beginFence(id, hv(2))).accept(failed);

        assertThat(log.refuse(log.certify(id, hv(2)))).contains("no fence intent");
        log.accept(log.beginFence(id, hv(2)));
    }

    @Test
    void stepsOutOfOrderAreRefused() {
        IncidentId id = log.declare(hv(2));

        assertThat(log.refuse(log.confirmOff(id, hv(2), List.of("a", "b"), 3))).contains("no certificate");
        assertThat(log.refuse(log.beginForceDown(id, hv(2)))).contains("not confirmed");
        assertThat(log.refuse(new IncidentCommand.ForcedDown(0, log.term(), id, hv(2), "down")))
                .contains("not confirmed");
        assertThat(log.refuse(log.plan(id, hv(2), 1))).contains("not proven down");
        assertThat(log.refuse(log.beginFence(id, hv(4)))).contains("not part of incident");
        assertThat(log.refuse(log.beginFence(new IncidentId(9), hv(2)))).contains("not open");
    }

    // --- S2: the proof

    @Test
    void certificateNeedsAStatementThatProvesOff() {
        IncidentId id = log.declare(hv(2));
        log.accept(log.beginFence(id, hv(2)));

        for (BmcStatement weak : List.of(
                new BmcStatement(hv(2), PowerState.ON, true, "on", 1),
                new BmcStatement(hv(2), PowerState.UNKNOWN, true, "no answer", 1),
                new BmcStatement(hv(2), PowerState.OFF, false, "another machine's", 1),
                off(hv(3)))) {
            assertThat(log.refuse(new IncidentCommand.Certify(0, log.term(), id, hv(2), 1, weak)))
                    .contains("does not prove");
        }
        log.accept(log.certify(id, hv(2)));
    }

    @Test
    void certificateNeedsACommittedFenceIntent() {
        IncidentId id = log.declare(hv(2));

        assertThat(log.refuse(log.certify(id, hv(2)))).contains("no fence intent");
    }

    @Test
    void certificateIsAboutTheEpochOfTheIncident() {
        IncidentId id = log.declare(hv(2));
        log.accept(log.beginFence(id, hv(2)));

        assertThat(log.refuse(new IncidentCommand.Certify(0, log.term(), id, hv(2), 2, off(hv(2)))))
                .contains("epoch is 1");
        assertThat(log.refuse(new IncidentCommand.Certify(0, log.term(), id, hv(2), 0, off(hv(2)))))
                .contains("epoch is 1");
    }

    @Test
    void certificateIsWrittenOnceAndKnowsItsIndex() {
        IncidentId id = log.declare(hv(2));
        log.accept(log.beginFence(id, hv(2))).accept(log.certify(id, hv(2)));
        long index = log.index();

        log.refuse(log.certify(id, hv(2)));
        log.refuse(log.beginFence(id, hv(2)));

        Certificate proof = log.incident(id).hosts().get(hv(2)).certificate().orElseThrow();
        assertThat(proof.index()).isEqualTo(index);
        assertThat(proof.proof()).isEqualTo(Certificate.Proof.POWER_OFF);
    }

    @Test
    void certificateSealsTheEpochWhereItIsApplied() {
        IncidentId id = log.declare(hv(2));
        log.accept(log.beginFence(id, hv(2)));
        assertThat(log.state().isCertified(hv(2), 1)).isFalse();

        log.accept(log.certify(id, hv(2)));

        assertThat(log.state().isCertified(hv(2), 1)).isTrue();
        assertThat(log.state().isCertified(hv(2), 2)).isFalse();
        assertThat(log.state().isCertified(hv(1), 1)).isFalse();
        log.proveRest(id, hv(2)).accept(log.plan(id, hv(2))).accept(log.close(id));
        assertThat(log.state().isCertified(hv(2), 1)).isTrue();
    }

    @Test
    void confirmationNeedsAMajorityOfTheVoters() {
        IncidentId id = log.declare(hv(2));
        log.accept(log.beginFence(id, hv(2))).accept(log.certify(id, hv(2)));

        for (var few : List.of(
                log.confirmOff(id, hv(2), List.of(), 1),
                log.confirmOff(id, hv(2), List.of("a"), 2),
                log.confirmOff(id, hv(2), List.of("a", "a"), 3), // one voter heard twice is one voter
                log.confirmOff(id, hv(2), List.of("a", "b"), 4),
                log.confirmOff(id, hv(2), List.of(), 0),
                log.confirmOff(id, hv(2), List.of(), -1))) {
            assertThat(log.refuse(few)).contains("no majority");
        }
        log.accept(log.confirmOff(id, hv(2), List.of("a", "b"), 3));
    }

    @Test
    void confirmationNeedsASecondOff() {
        IncidentId id = log.declare(hv(2));
        log.accept(log.beginFence(id, hv(2))).accept(log.certify(id, hv(2)));

        var on = new BmcStatement(hv(2), PowerState.ON, true, "somebody switched it on", 1);
        assertThat(log.refuse(new IncidentCommand.ConfirmOff(0, log.term(), id, hv(2), List.of("a", "b"), 3, on)))
                .contains("second answer");
        assertThat(log.refuse(
                        new IncidentCommand.ConfirmOff(0, log.term(), id, hv(2), List.of("a", "b"), 3, off(hv(3)))))
                .contains("second answer");
    }

    // --- S13: the end

    @Test
    void incidentIsNotClosedBeforeItsHostsAreProvenAndPlanned() {
        IncidentId id = log.declare(hv(2), hv(3));

        log.refuse(log.close(id));
        log.proveDown(id, hv(2)).accept(log.plan(id, hv(2)));
        log.refuse(log.close(id));
        log.proveDown(id, hv(3));
        log.refuse(log.close(id)); // "no plan yet" is not "nothing to do"
        log.accept(log.plan(id, hv(3)));

        log.accept(log.close(id));
    }

    @Test
    void incidentIsNotClosedWhileAVmHasNoEnding() {
        IncidentId id = log.declare(hv(2));
        log.proveDown(id, hv(2)).accept(log.plan(id, hv(2), 1, 2));
        log.accept(log.ended(id, hv(2), 1));

        log.refuse(log.close(id));
        log.accept(log.begin(id, hv(2), 2));
        log.refuse(log.close(id));
        log.accept(log.accepted(id, hv(2), 2));
        log.refuse(log.close(id));
        log.accept(log.ended(id, hv(2), 2));
        log.refuse(log.close(id)); // its lock is still ours
        log.accept(log.settled(id, hv(2), 2, ""));

        log.accept(log.close(id));
        assertThat(log.refuse(log.close(id))).contains("not ready");
        assertThat(log.state().hosts().get(hv(2)).status()).isEqualTo(HostRecord.Status.DOWN);
        assertThat(log.incident(id)
                        .story()
                        .get(log.incident(id).story().size() - 1)
                        .text())
                .contains("2 VMs recovered");
    }

    @Test
    void heldIncidentIsNotClosed() {
        log.accept(new AzCommand.SetArmed(0, false));
        IncidentId id = log.declare(hv(2));

        log.refuse(log.close(id));
    }

    @Test
    void planKeepsWhatItKnowsAlready() {
        IncidentId id = log.declare(hv(2));
        log.proveDown(id, hv(2)).accept(log.plan(id, hv(2), 1)).accept(log.begin(id, hv(2), 1));

        log.accept(log.plan(id, hv(2), 1, 2));

        assertThat(log.vm(id, hv(2), vm(1)).step()).isEqualTo(VmRecovery.Step.CALLING);
        assertThat(log.vm(id, hv(2), vm(2)).step()).isEqualTo(VmRecovery.Step.PLANNED);
    }

    // --- bounds

    @Test
    void storyKeepsItsBeginningAndItsEnd() {
        Incident incident = log.incident(log.declare(hv(2)));
        int told = Incident.STORY_MAX + 500;

        Incident long1 = incident;
        for (int i : IntStream.range(0, told).toArray()) {
            long1 = long1.tell(new Note(i, i, "line " + i));
        }

        assertThat(long1.story()).hasSize(Incident.STORY_MAX);
        assertThat(long1.story().get(0).text()).contains("declared dead");
        assertThat(long1.story().get(Incident.STORY_MAX - 1).text()).isEqualTo("line " + (told - 1));
    }

    @Test
    void closedIncidentsAreForgottenAfterAWhileButOpenOnesNever() {
        log.accept(new AzCommand.SetArmed(0, false));
        IncidentId open = log.declare(hv(1));
        for (int i = 0; i < RecoveryState.CLOSED_MAX + 10; i++) {
            log.accept(new IncidentCommand.CancelIncident(0, log.declare(hv(2)), "ada"));
        }

        assertThat(log.state().incidents())
                .hasSize(RecoveryState.CLOSED_MAX + 1)
                .containsKey(open);
        assertThat(log.declare(hv(2)).value()).isEqualTo(RecoveryState.CLOSED_MAX + 12L);
    }
}
