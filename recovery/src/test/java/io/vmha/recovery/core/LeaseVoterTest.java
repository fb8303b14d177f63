package io.vmha.recovery.core;

import static io.vmha.recovery.core.CommittedLog.hv;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A voter's word: what it answers, what it refuses for good, and how old it says a host's silence is. */
class LeaseVoterTest {
    private static final Arming ARMED = new Arming(true, "guard");

    private final CommittedLog log = CommittedLog.of(3, CommittedLog.ROOMY);
    private final LeaseVoter voter = new LeaseVoter();

    @BeforeEach
    void votersAreSet() {
        log.configure("a", "b", "c");
        voter.onState(1_000, log.state());
    }

    private void newState(long nowMs) {
        voter.onState(nowMs, log.state());
    }

    private LeaseVoter.Reply renew(long nowMs, HostName host, long epoch, Arming claim, String boot) {
        return voter.onRenewal(nowMs, host, epoch, claim, boot, nowMs);
    }

    @Test
    void renewalOfThisLifeIsAnsweredAndMakesTheHostYoung() {
        assertThat(renew(2_000, hv(2), 1, ARMED, "boot")).isEqualTo(new LeaseVoter.Reply(true, false, true, 1));
        assertThat(voter.ageMs(5_000, hv(2))).isEqualTo(3_000);
        assertThat(voter.claims()).containsEntry(hv(2), ARMED.in("boot"));
    }

    @Test
    void renewalThatNamesNoLifePromisesNothingAndIsNotedAllTheSame() {
        assertThat(renew(2_000, hv(2), 0, ARMED, "boot").answered()).isFalse();
        assertThat(voter.ageMs(5_000, hv(2))).isEqualTo(3_000);
    }

    @Test
    void renewalOfALifeThatThisVoterHasNotHeardOfIsNotAnswered() {
        renew(1_500, hv(1), 1, ARMED, "boot");

        assertThat(renew(2_000, hv(2), 2, ARMED, "boot").answered()).isFalse();
        assertThat(voter.ageMs(5_000, hv(2))).as("nor noted").isEqualTo(3_500);
    }

    @Test
    void aHostForWhichThereIsNoPlaceLeftIsNotAnswered() {
        int more = LeaseVoter.HOSTS_MAX + 1;
        log.accept(new AzCommand.SetHosts(0, log.term(), CommittedLog.hosts(more)));
        newState(2_000);
        assertThat(voter.ageMs(2_500, hv(1))).as("it listens since then").isZero();
        int answered = 0;
        for (HostName host : log.state().hosts().keySet()) {
            LeaseVoter.Reply reply =
                    renew(3_000, host, log.state().hosts().get(host).epoch(), ARMED, "boot");
            answered += reply.answered() ? 1 : 0;
            assertThat(reply.answered()).as("noted, if answered: %s", host).isEqualTo(voter.ageMs(3_000, host) == 0);
        }

        assertThat(answered).isEqualTo(LeaseVoter.HOSTS_MAX);
    }

    @Test
    void agesBeginWithTheFirstQuestionAfterTheStart() {
        assertThat(voter.ageMs(60_000, hv(2))).isZero();
        assertThat(voter.ageMs(61_000, hv(2))).isEqualTo(1_000);
    }

    @Test
    void sealedLifeIsRefusedForGoodAlsoByTheNextProcess() {
        renew(2_000, hv(2), 1, ARMED, "boot");
        seal();

        var promise = voter.onState(5_000, log.state());

        assertThat(promise).isPresent();
        assertThat(promise.get()).containsEntry(hv(2), 1L);
        assertThat(renew(5_001, hv(2), 1, ARMED, "boot")).isEqualTo(new LeaseVoter.Reply(true, true, false, 1));
        assertThat(voter.ageMs(6_000, hv(2))).as("a refusal is no answer").isEqualTo(4_000);

        var next = new LeaseVoter();
        next.promised(promise.get());
        next.onState(7_000, CommittedLog.of(3, CommittedLog.ROOMY).state());
        assertThat(next.onRenewal(7_001, hv(2), 1, ARMED, "boot", 7_001))
                .as("its log is not replayed yet, its promise holds already")
                .isEqualTo(new LeaseVoter.Reply(true, true, false, 1));
    }

    private void seal() {
        IncidentId id = log.arm(hv(2)).declare(hv(2));
        log.accept(log.seal(id, hv(2)));
    }

    @Test
    void sameSealIsPromisedOnce() {
        seal();
        assertThat(voter.onState(5_000, log.state())).isPresent();
        log.accept(new AzCommand.SetMaintenance(1, hv(1), true));

        assertThat(voter.onState(5_001, log.state())).isEmpty();
    }

    @Test
    void statementNamesTheConfigurationAndWhetherTheSealIsApplied() {
        renew(2_000, hv(2), 1, ARMED, "boot");
        assertThat(voter.statement(4_000, "a", hv(2), 1))
                .isEqualTo(new AgeStatement(
                        "a", hv(2), 1, log.state().group().electorate().index(), log.index(), 2_000, false, false));

        seal();
        newState(5_000);

        assertThat(voter.statement(5_000, "a", hv(2), 1).sealed()).isTrue();
        assertThat(voter.statement(5_000, "a", hv(2), 1).applied()).isEqualTo(log.index());
        assertThat(voter.statement(5_000, "a", hv(2), 2).sealed()).isFalse();
    }

    @Test
    void hostThatSaidItIsNotArmedIsRememberedAsSuch() {
        renew(2_000, hv(2), 1, new Arming(false, "no guard"), "boot");
        assertThat(voter.statement(3_000, "a", hv(2), 1).unarmed()).isTrue();

        renew(4_000, hv(2), 1, ARMED, "boot");
        assertThat(voter.statement(5_000, "a", hv(2), 1).unarmed()).isFalse();
    }

    @Test
    void olderRenewalThatComesLateIsAnsweredAndIsNotTheHostsLastWord() {
        var unarmed = new Arming(false, "no guard");
        voter.onRenewal(2_000, hv(2), 1, unarmed, "boot", 1_990);

        assertThat(voter.onRenewal(2_400, hv(2), 1, ARMED, "boot", 1_500).answered())
                .isTrue();
        assertThat(voter.statement(3_000, "a", hv(2), 1).unarmed()).isTrue();
        assertThat(voter.claims()).containsEntry(hv(2), unarmed.in("boot"));
        assertThat(voter.ageMs(3_000, hv(2)))
                .as("an answer is a promise, however late")
                .isEqualTo(600);

        voter.onRenewal(3_100, hv(2), 1, ARMED, "boot", 2_990);
        assertThat(voter.statement(3_200, "a", hv(2), 1).unarmed()).isFalse();
    }

    @Test
    void wordsOfDifferentBootsOrWithoutATimeCountAsTheyCome() {
        voter.onRenewal(2_000, hv(2), 1, new Arming(false, "no guard"), "boot-1", 900_000);
        voter.onRenewal(3_000, hv(2), 1, ARMED, "boot-2", 20_000); // its clock began anew
        assertThat(voter.statement(3_000, "a", hv(2), 1).unarmed()).isFalse();

        voter.onRenewal(4_000, hv(2), 1, new Arming(false, "no guard"), "boot-2", 0); // a daemon of an older version
        assertThat(voter.statement(4_000, "a", hv(2), 1).unarmed()).isTrue();
        voter.onRenewal(5_000, hv(2), 1, ARMED, "", 100);
        voter.onRenewal(6_000, hv(2), 1, new Arming(false, "no guard"), "", 50);
        assertThat(voter.statement(6_000, "a", hv(2), 1).unarmed()).isTrue();
    }

    @Test
    void changeOfTheVotersLetsAllAgesBeginAnewAndAnElectionDoesNot() {
        renew(2_000, hv(2), 1, ARMED, "boot");

        log.configure("a", "b", "c");
        newState(9_000);
        assertThat(voter.ageMs(10_000, hv(2))).isEqualTo(8_000);

        log.configure("a", "b", "d");
        newState(11_000);
        assertThat(voter.ageMs(11_500, hv(2))).isEqualTo(500);
    }

    @Test
    void hostThatLeavesAndComesBackIsYoungAndLivesALaterLife() {
        renew(2_000, hv(2), 1, ARMED, "boot");
        log.accept(new AzCommand.SetHosts(1, 0, List.of(hv(1), hv(3))));
        newState(9_000);
        assertThat(renew(9_500, hv(2), 1, ARMED, "boot").known()).isFalse();

        log.accept(new AzCommand.SetHosts(1, 0, List.of(hv(1), hv(2), hv(3))));
        newState(20_000);

        assertThat(log.state().hosts().get(hv(2)).epoch()).isEqualTo(2);
        assertThat(voter.ageMs(21_000, hv(2))).isEqualTo(1_000);
        assertThat(renew(21_000, hv(2), 1, ARMED, "boot").sealed()).isTrue();
        assertThat(renew(21_000, hv(2), 2, ARMED, "boot").answered()).isTrue();
    }

    @Test
    void hostThatBootsDuringItsIncidentIsNotHeardAndTheOneThatHealsIs() {
        renew(2_000, hv(2), 1, ARMED, "boot-1");
        log.arm(hv(2)).accept(new ProofCommand.NoteArming(0, log.term(), hv(2), 1, ARMED.in("boot-1")));
        log.declare(hv(2));
        newState(6_000);

        assertThat(renew(7_000, hv(2), 1, ARMED, "boot-2")).isEqualTo(new LeaseVoter.Reply(true, false, false, 1));
        assertThat(voter.ageMs(7_000, hv(2))).isEqualTo(5_000);

        assertThat(renew(8_000, hv(2), 1, ARMED, "boot-1").answered()).isTrue();
        assertThat(voter.ageMs(8_000, hv(2))).isZero();
    }

    @Test
    void hostWhoseBootTheGroupNeverNotedIsHeard() {
        log.arm(hv(2)).declare(hv(2));
        newState(7_000);

        assertThat(renew(8_000, hv(2), 1, ARMED, "boot-1").answered()).isTrue();
    }

    @Test
    void anotherPeerHasPromisedNothing() {
        seal();
        newState(5_000);

        voter.forget();

        assertThat(voter.seals()).isEqualTo(new TreeMap<>());
    }

    @Test
    void electorateIsJudgedByBothHalvesWhileItIsJoint() {
        var joint = new Electorate(new TreeSet<>(List.of("a")), new TreeSet<>(List.of("a", "b", "c")), 4);

        assertThat(joint.isMajority(List.of("a"))).isFalse();
        assertThat(joint.isMajority(List.of("a", "b"))).isTrue();
        assertThat(joint.isMajority(List.of("b", "c"))).isFalse();
        assertThat(Electorate.NONE.isMajority(List.of())).isFalse();
    }
}
