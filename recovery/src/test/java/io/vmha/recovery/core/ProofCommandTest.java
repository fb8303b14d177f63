package io.vmha.recovery.core;

import static io.vmha.recovery.core.CommittedLog.hv;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What apply lets pass as a proof without a BMC, and what not. */
class ProofCommandTest {
    private static final HostName DEAD = hv(2);
    private static final long RIPE = LeaseTiming.DEFAULT.certifyAfterMs();

    private final CommittedLog log = CommittedLog.of(5, CommittedLog.ROOMY);
    private IncidentId id;

    @BeforeEach
    void armedHostIsDeclaredDead() {
        log.configure("a", "b", "c");
        id = log.arm(DEAD).declare(DEAD);
    }

    private List<AgeStatement> said(long ageMs, String... voters) {
        return log.statements(DEAD, ageMs, voters);
    }

    private ProofCommand.Seal seal(List<AgeStatement> silence) {
        return new ProofCommand.Seal(2_000, log.term(), id, DEAD, 1, silence);
    }

    private ProofCommand.ExpireLease expire(List<AgeStatement> statements) {
        return new ProofCommand.ExpireLease(3_000, log.term(), id, DEAD, 1, statements);
    }

    private static List<AgeStatement> each(List<AgeStatement> statements, UnaryOperator<AgeStatement> change) {
        return statements.stream().map(change).toList();
    }

    private HostRecovery host() {
        return log.incident(id).hosts().get(DEAD);
    }

    @Test
    void silenceSealAgesAndCertificateFollowOneAnother() {
        log.accept(seal(said(2_000, "a", "b")));
        assertThat(log.state().isSealed(DEAD, 1)).isTrue();
        assertThat(log.state().isCertified(DEAD, 1)).isFalse();

        log.accept(expire(said(RIPE, "b", "c")));

        assertThat(host().certificate().orElseThrow().proof()).isEqualTo(Certificate.Proof.LEASE_EXPIRED);
        assertThat(host().confirmed()).isTrue();
        assertThat(log.state().isCertified(DEAD, 1)).isTrue();
        log.accept(log.beginForceDown(id, DEAD));
    }

    @Test
    void healthyHostIsNotSealed() {
        assertThat(log.refuse(seal(said(1_999, "a", "b")))).contains("1999 ms ago");
        assertThat(log.refuse(seal(said(9_000, "a")))).contains("no majority");
        assertThat(log.refuse(seal(said(9_000, "a", "x")))).contains("no majority");
        assertThat(log.refuse(seal(List.of()))).contains("no majority");
    }

    @Test
    void withoutASealThereIsNoCertificate() {
        assertThat(log.refuse(expire(said(RIPE, "a", "b", "c")))).contains("not sealed");
    }

    @Test
    void statementsMustBeOldEnoughOfAMajorityAndAboutThisLife() {
        log.accept(seal(said(2_000, "a", "b")));

        assertThat(log.refuse(expire(said(RIPE - 1, "a", "b")))).contains("it takes " + RIPE);
        assertThat(log.refuse(expire(said(RIPE, "a")))).contains("no majority");
        assertThat(log.refuse(expire(each(
                        said(RIPE, "a", "b"),
                        s -> new AgeStatement(
                                s.voter(), s.host(), 2, s.configuration(), s.applied(), s.ageMs(), true, false)))))
                .contains("epoch 2");
        assertThat(log.refuse(expire(each(
                        said(RIPE, "a", "b"),
                        s -> new AgeStatement(
                                s.voter(), hv(3), 1, s.configuration(), s.applied(), s.ageMs(), true, false)))))
                .contains("spoke of hv-3");
        assertThat(log.refuse(new ProofCommand.ExpireLease(1, log.term(), id, DEAD, 2, List.of())))
                .contains("no majority");
    }

    @Test
    void ageThatWasStatedBeforeTheSealProvesNothing() {
        List<AgeStatement> early = said(RIPE, "a", "b");
        log.accept(seal(said(2_000, "a", "b")));

        assertThat(log.refuse(expire(early))).contains("before it had applied the seal");
        assertThat(log.refuse(expire(each(
                        said(RIPE, "a", "b"),
                        s -> new AgeStatement(
                                s.voter(), DEAD, 1, s.configuration(), s.applied(), s.ageMs(), false, false)))))
                .contains("before it had applied the seal");
    }

    @Test
    void statementsUnderFormerVotersProveNothing() {
        log.accept(seal(said(2_000, "a", "b")));
        List<AgeStatement> former = said(RIPE, "a", "b");
        log.configure("a", "b", "d");

        assertThat(log.refuse(expire(former))).contains("are in force");
        log.accept(expire(said(RIPE, "a", "d")));
    }

    @Test
    void electionDoesNotMakeStatementsWorthless() {
        log.accept(seal(said(2_000, "a", "b")));
        List<AgeStatement> before = said(RIPE, "a", "b");
        log.configure("a", "b", "c");

        log.accept(expire(before));
    }

    @Test
    void jointVotersNeedAMajorityOfBothHalves() {
        log.accept(seal(said(2_000, "a", "b")));
        log.configureJoint(List.of("a", "d", "e"), List.of("a", "b", "c"));

        assertThat(log.refuse(expire(said(RIPE, "a", "d")))).contains("no majority");
        log.accept(expire(said(RIPE, "a", "d", "c")));
    }

    @Test
    void unarmedHostIsNotProvenDeadByItsLease() {
        log.accept(seal(said(2_000, "a", "b")));
        assertThat(log.refuse(expire(each(
                        said(RIPE, "a", "b"),
                        s -> new AgeStatement(
                                s.voter(), DEAD, 1, s.configuration(), s.applied(), s.ageMs(), true, true)))))
                .contains("not armed");

        log.accept(new ProofCommand.NoteArming(1, log.term(), DEAD, 1, new Arming(false, "guard gone")));

        assertThat(log.refuse(expire(said(RIPE, "a", "b"))))
                .contains("not armed")
                .contains("guard gone");
    }

    @Test
    void azThatDoesNotRelyOnLeasesSealsNobody() {
        var bmcOnly = CommittedLog.settings(CommittedLog.ROOMY);
        log.accept(new AzCommand.EnableAz(1, bmcOnly, CommittedLog.hosts(5)));

        assertThat(log.refuse(seal(said(9_000, "a", "b")))).contains("does not rely on leases");
    }

    @Test
    void disarmedAzAndMaintenanceStopTheSealAsWellAsTheFence() {
        log.accept(new AzCommand.SetArmed(1, false));
        assertThat(log.refuse(seal(said(9_000, "a", "b")))).contains("disarmed");
        log.accept(new AzCommand.SetArmed(1, true));

        log.accept(new AzCommand.SetMaintenance(1, DEAD, true));
        assertThat(log.refuse(seal(said(9_000, "a", "b")))).contains("maintenance");
    }

    @Test
    void sealOfAnEarlierTermIsRefusedLikeEveryDecision() {
        var stale = seal(said(9_000, "a", "b"));
        log.newTerm();

        assertThat(log.refuse(stale)).contains("decided in term");
    }

    @Test
    void sealedIncidentIsNotCalledOff() {
        log.accept(seal(said(2_000, "a", "b")));

        assertThat(log.refuse(new IncidentCommand.CancelIncident(1, id, "ada"))).contains("sealed");
    }

    @Test
    void newLifeIsNeitherSealedNorArmed() {
        log.accept(seal(said(2_000, "a", "b")));
        log.accept(expire(said(RIPE, "b", "c")));
        log.accept(log.beginForceDown(id, DEAD));
        log.accept(new IncidentCommand.ForcedDown(1, log.term(), id, DEAD, "down"));
        log.accept(log.plan(id, DEAD));
        log.accept(log.close(id));

        log.accept(new AzCommand.ReturnHost(1, DEAD, "ada"));

        assertThat(log.state().isSealed(DEAD, 1)).isTrue();
        assertThat(log.state().isSealed(DEAD, 2)).isFalse();
        assertThat(log.state().hosts().get(DEAD).arming()).isEqualTo(Arming.UNREPORTED);
        assertThat(log.refuse(new ProofCommand.NoteArming(1, log.term(), DEAD, 1, new Arming(true, "late"))))
                .contains("its epoch is 2");
    }

    @Test
    void personsWordCountsOnlyAfterAMajorityHasAppliedTheSeal() {
        log.accept(new ProofCommand.AskPerson(1, log.term(), id, DEAD, "no BMC"));
        assertThat(log.refuse(new ProofCommand.AskPerson(1, log.term(), id, DEAD, "no BMC")))
                .contains("already");
        assertThat(log.refuse(new ProofCommand.ConfirmDown(1, DEAD, "ada"))).contains("vmha host seal hv-2");
        assertThat(log.refuse(sealApplied("a", "b"))).contains("not sealed");

        log.accept(new ProofCommand.SealForWord(1, DEAD, "ada"));
        assertThat(log.state().isSealed(DEAD, 1)).isTrue();
        assertThat(log.refuse(new ProofCommand.ConfirmDown(1, DEAD, "ada"))).contains("majority");
        assertThat(log.refuse(sealApplied("a", "x"))).contains("no majority");
        log.accept(sealApplied("a", "b"));
        assertThat(log.refuse(sealApplied("a", "b"))).contains("known already");

        log.accept(new ProofCommand.ConfirmDown(1, DEAD, "ada"));
        assertThat(host().certificate().orElseThrow().proof()).isEqualTo(Certificate.Proof.OPERATOR);
        assertThat(log.refuse(log.beginForceDown(id, DEAD))).contains("not confirmed");
        assertThat(log.refuse(new ProofCommand.ConfirmApplied(1, log.term(), id, DEAD, List.of("a", "x"))))
                .contains("no majority");
        log.accept(new ProofCommand.ConfirmApplied(1, log.term(), id, DEAD, List.of("a", "b")));
        log.accept(log.beginForceDown(id, DEAD));
    }

    private ProofCommand.SealApplied sealApplied(String... voters) {
        return new ProofCommand.SealApplied(1, log.term(), id, DEAD, List.of(voters));
    }

    @Test
    void sealForAPersonsWordKeepsTheOneThatIsThereAndEndsTheWayBack() {
        lastRenewedIn("boot-1");
        log.accept(seal(said(2_000, "a", "b")));
        long sealed = host().proving().sealIndex();

        log.accept(new ProofCommand.SealForWord(1, DEAD, "ada"));

        assertThat(host().proving().sealIndex()).isEqualTo(sealed);
        assertThat(log.refuse(back("boot-1", "a", "b"))).contains("sealed");
        assertThat(log.refuse(new IncidentCommand.CancelIncident(1, id, "ada"))).contains("confirm-down");
    }

    @Test
    void personCannotConfirmWhatIsNotInAnOpenIncident() {
        assertThat(log.refuse(new ProofCommand.ConfirmDown(1, hv(3), "ada"))).contains("no incident");
        assertThat(log.refuse(new ProofCommand.ConfirmDown(1, DEAD, " "))).contains("name is empty");
        log.accept(new AzCommand.SetArmed(1, false));
        log.declare(hv(3));
        assertThat(log.refuse(new ProofCommand.ConfirmDown(1, hv(3), "ada"))).contains("held");
    }

    @Test
    void certificateByPowerOffIsNotConfirmedByThePeersAlone() {
        log.accept(log.beginFence(id, DEAD));
        log.accept(log.certify(id, DEAD));

        assertThat(log.refuse(new ProofCommand.ConfirmApplied(1, log.term(), id, DEAD, List.of("a", "b"))))
                .contains("BMC must be asked again");
    }

    private void lastRenewedIn(String boot) {
        log.accept(new ProofCommand.NoteArming(0, log.term(), DEAD, 1, new Arming(true, "guard", boot)));
    }

    private IncidentCommand.PutBack back(String boot, String... voters) {
        return new IncidentCommand.PutBack(2_000, log.term(), id, DEAD, boot, List.of(voters));
    }

    @Test
    void hostThatHealsInTimeIsWatchedAgainAndNothingHappens() {
        lastRenewedIn("boot-1");
        assertThat(log.refuse(back("boot-1", "a"))).contains("no majority");
        assertThat(log.refuse(back("boot-2", "a", "b"))).contains("boot 'boot-2'");

        log.accept(back("boot-1", "a", "b"));

        assertThat(log.incident(id).phase()).isEqualTo(Incident.Phase.CLOSED);
        assertThat(log.state().hosts().get(DEAD).status()).isEqualTo(HostRecord.Status.IN_SERVICE);
        assertThat(log.refuse(seal(said(9_000, "a", "b")))).contains("not open");
    }

    @Test
    void hostThatIsSealedIsNotTakenBack() {
        lastRenewedIn("boot-1");
        log.accept(seal(said(2_000, "a", "b")));

        assertThat(log.refuse(back("boot-1", "a", "b"))).contains("sealed");
    }

    @Test
    void restartsTakeTurnsAndATurnRunsOut() {
        var quiet = CommittedLog.of(3, CommittedLog.ROOMY);
        quiet.accept(new TurnCommand.TakeTurn(1_000, hv(1)));
        quiet.accept(new TurnCommand.TakeTurn(2_000, hv(1)));
        assertThat(quiet.refuse(new TurnCommand.TakeTurn(3_000, hv(2)))).contains("turn of hv-1");

        assertThat(quiet.refuse(new TurnCommand.EndTurn(4_000, hv(2))))
                .contains("not the turn of hv-2 but that of hv-1");
        assertThat(quiet.refuse(new TurnCommand.TakeTurn(5_000, hv(2)))).contains("turn of hv-1");
        quiet.accept(new TurnCommand.EndTurn(5_000, hv(1)));
        assertThat(quiet.refuse(new TurnCommand.EndTurn(5_500, hv(1)))).contains("but nobody's");
        quiet.accept(new TurnCommand.TakeTurn(6_000, hv(2)));

        quiet.accept(new TurnCommand.TakeTurn(6_000 + RestartTurn.LIMIT_MS, hv(3)));
        assertThat(quiet.state().group().turn().orElseThrow().host()).isEqualTo(hv(3));
    }

    @Test
    void nobodyRestartsWhileAnIncidentIsOpen() {
        assertThat(log.refuse(new TurnCommand.TakeTurn(1_000, hv(1)))).contains("incident 1 is open");
    }
}
