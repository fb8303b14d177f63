package io.vmha.recovery.core;

import static io.vmha.recovery.core.CommittedLog.hv;
import static io.vmha.recovery.core.CommittedLog.off;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** When silence becomes a verdict, and what kind of silence it is: never on one witness alone. */
class SuspectsTest extends WatchedHosts {
    @Test
    void lateRenewalsOrASilentKernelOrGossipMakeASuspect() {
        age(Map.of(hv(2), 1_499L, hv(3), 1_500L));
        assertThat(review()).containsExactly(hv(3));

        suspects.onSightings(nowMs, List.of(silent(hv(4), hv(2), 500)));
        assertThat(review()).containsExactly(hv(2), hv(3));

        suspects.onGossip(hv(5), GossipSign.SUSPECT);
        assertThat(review()).containsExactly(hv(2), hv(3), hv(5));
    }

    @Test
    void hostThatNobodyHearsAndWhoseBmcSaysNothingIsDeadAtOnce() {
        isSilent(hv(2), 1_300);
        bmcSays(hv(2), PowerState.UNKNOWN);

        assertThat(kindOf(hv(2))).isEqualTo(Finding.Kind.DEAD);
        assertThat(verdict()).containsOnlyKeys(hv(2));
    }

    @Test
    void bmcThatDoesNotAnswerIsWaitedForAMomentOnly() {
        age(Map.of(hv(2), 1_200L));
        nobodyHears(hv(2), 900);
        stated(Map.of(hv(2), List.of(1_200L, 1_200L, 1_200L)));
        assertThat(verdict()).isEmpty();

        nowMs += 100;
        isSilent(hv(2), 1_300);
        assertThat(verdict()).containsOnlyKeys(hv(2));
    }

    @Test
    void hostThatNobodyHearsAndThatHasPowerIsGivenTimeToComeBack() {
        isSilent(hv(2), 2_000);
        bmcSays(hv(2), PowerState.ON);
        assertThat(kindOf(hv(2))).isEqualTo(Finding.Kind.ISOLATED);
        assertThat(verdict()).isEmpty();

        nowMs += 3_000;
        isSilent(hv(2), 5_000);
        assertThat(verdict()).containsOnlyKeys(hv(2));
    }

    @Test
    void hostWhoseKernelAnswersIsNeverDeclaredWhateverItsAgentDoes() {
        suspects.onGossip(hv(2), GossipSign.FAILED);
        review();
        for (int s = 2; s < 600; s++) {
            nowMs += 1_000;
            age(Map.of(hv(2), s * 1_000L));
            stated(Map.of(hv(2), List.of(s * 1_000L, s * 1_000L, s * 1_000L)));
            itsKernelAnswers(hv(2));
            bmcSays(hv(2), PowerState.ON);

            assertThat(kindOf(hv(2))).isEqualTo(Finding.Kind.AGENT_SILENT);
            assertThat(verdict()).isEmpty();
        }
    }

    @Test
    void oneObserverThatIsAnsweredOutweighsAllThatAreNot() {
        isSilent(hv(2), 6_000);
        bmcSays(hv(2), PowerState.UNKNOWN);
        itsKernelAnswers(hv(2));

        assertThat(kindOf(hv(2))).isEqualTo(Finding.Kind.AGENT_SILENT);
        assertThat(verdict()).isEmpty();
    }

    @Test
    void answerFromBeforeTheSilenceDoesNotCount() {
        isSilent(hv(2), 1_300);
        bmcSays(hv(2), PowerState.UNKNOWN);
        suspects.onSightings(nowMs, List.of(new Sighting(hv(3), hv(2), 1_400, "connected", 0, 0, 0)));

        assertThat(verdict()).containsOnlyKeys(hv(2));
    }

    @Test
    void agentThatStaysSilentIsFencedOnlyIfTheOperatorSaysSo() {
        RecoveryConfig c = RecoveryConfig.DEFAULT;
        suspects = new Suspects(
                new RecoveryConfig(
                        c.suspectAfterMs(),
                        c.silenceMs(),
                        c.settleMs(),
                        c.pollMs(),
                        c.parallelMax(),
                        c.arrivalsMax(),
                        c.leaseMs(),
                        c.graceMs(),
                        c.requestLimitMs(),
                        c.verdict().withAgentSilent(30_000, true)),
                LEADER);
        everybodyIsWell();
        suspects.onGossip(hv(2), GossipSign.FAILED);
        for (long silentMs : new long[] {10_000, 29_000, 30_000}) {
            nowMs += 10_000;
            age(Map.of(hv(2), silentMs));
            stated(Map.of(hv(2), List.of(silentMs, silentMs, silentMs)));
            itsKernelAnswers(hv(2));

            assertThat(verdict().containsKey(hv(2))).as("after %d ms", silentMs).isEqualTo(silentMs == 30_000);
        }
    }

    @Test
    void agentThatGossipHearsAndWhoseRenewalsDoNotArriveIsMute() {
        age(Map.of(hv(2), 9_000L));
        stated(Map.of(hv(2), List.of(9_000L, 9_000L, 9_000L)));
        itsKernelAnswers(hv(2));
        assertThat(kindOf(hv(2))).isEqualTo(Finding.Kind.AGENT_SILENT);

        age(Map.of(hv(2), 10_000L));
        assertThat(kindOf(hv(2))).isEqualTo(Finding.Kind.MUTE);
        assertThat(verdict()).isEmpty();
    }

    @Test
    void leaderThatAloneHearsNothingGivesNoVerdict() {
        isSilent(hv(2), 60_000);
        suspects.onGossip(hv(2), GossipSign.FAILED);
        stated(Map.of(hv(2), List.of(60_000L, 500L, 500L)));
        bmcSays(hv(2), PowerState.UNKNOWN);

        assertThat(verdict()).isEmpty();
    }

    @Test
    void votersThatDoNotAnswerCountAgainstTheMajority() {
        isSilent(hv(2), 5_000);
        stated(Map.of(hv(2), List.of(5_000L, -1L, -1L)));
        bmcSays(hv(2), PowerState.UNKNOWN);

        assertThat(verdict()).isEmpty();
    }

    @Test
    void gossipAndSilentRenewalsGiveNoVerdictWithoutTheObservers() {
        age(Map.of(hv(2), 60_000L));
        suspects.onGossip(hv(2), GossipSign.FAILED);
        stated(Map.of(hv(2), List.of(60_000L, 60_000L, 60_000L)));
        bmcSays(hv(2), PowerState.UNKNOWN);
        nowMs += 5_000;
        assertThat(verdict()).isEmpty();

        suspects.onSightings(nowMs, List.of(silent(hv(4), hv(2), 5_000), silent(hv(5), hv(2), 5_000)));
        assertThat(verdict()).as("the leader itself has not looked").isEmpty();

        suspects.onSightings(nowMs, List.of(silent(LEADER, hv(2), 900)));
        assertThat(verdict()).containsOnlyKeys(hv(2));
    }

    @Test
    void fewLostAttemptsOnABadNetworkAreNoProof() {
        isSilent(hv(2), 2_000);
        bmcSays(hv(2), PowerState.UNKNOWN);
        for (HostName observer : List.of(LEADER, hv(4), hv(5))) {
            // three of four attempts are lost anyway: eight in vain are nothing
            suspects.onSightings(nowMs, List.of(new Sighting(observer, hv(2), 3_000, "refused", 2_000, 8, 2.3)));
        }

        assertThat(kindOf(hv(2))).isEqualTo(Finding.Kind.UNDECIDED);
    }

    @Test
    void staleStatementsOfObserversCountForNothing() {
        isSilent(hv(2), 3_000);
        bmcSays(hv(2), PowerState.UNKNOWN);
        nowMs += 1_600;
        age(Map.of(hv(2), 4_600L));

        assertThat(kindOf(hv(2))).isEqualTo(Finding.Kind.UNDECIDED);
    }

    @Test
    void silentHostWhoseBmcSaysOffIsDead() {
        age(Map.of(hv(2), 3_000L));
        review();
        suspects.onPower(off(hv(2)));
        nowMs += 800;

        assertThat(verdict()).containsOnlyKeys(hv(2));
    }

    @Test
    void offOfAnotherMachineProvesNothing() {
        age(Map.of(hv(2), 3_000L));
        review();
        suspects.onPower(new BmcStatement(hv(2), PowerState.OFF, false, "guid of another", 1));
        nowMs += 5_000;

        assertThat(verdict()).isEmpty();
    }

    @Test
    void hostThatGossipHasNeverSeenIsNotDead() {
        suspects.onGossip(hv(2), GossipSign.UNKNOWN);
        isSilent(hv(2), 60_000);
        suspects.onPower(off(hv(2)));

        assertThat(verdict()).isEmpty();
    }

    @Test
    void daemonThatSaidGoodbyeIsDeadByItsBmcsWordOnly() {
        suspects.onGossip(hv(2), GossipSign.LEFT);
        isSilent(hv(2), 60_000);
        bmcSays(hv(2), PowerState.UNKNOWN);
        assertThat(verdict()).isEmpty();

        suspects.onPower(off(hv(2)));
        assertThat(verdict()).containsOnlyKeys(hv(2));
    }

    @Test
    void hostThatNovaStillHearsIsCutOffAndNotDead() {
        isSilent(hv(2), 2_000);
        bmcSays(hv(2), PowerState.UNKNOWN);
        for (String heartbeat : List.of("08:00:10", "08:00:20")) {
            suspects.onServices(List.of(
                    new ComputeService("id", hv(2), true, true, false, Optional.empty(), Optional.of(heartbeat))));
        }

        assertThat(kindOf(hv(2))).isEqualTo(Finding.Kind.ISOLATED);
        assertThat(suspects.findings(nowMs).get(hv(2)).witnesses())
                .anySatisfy(w -> assertThat(w.statement()).contains("has reported meanwhile"));
    }

    @Test
    void kernelThatFallsSilentIsGivenTimeHoweverLongItsAgentHasBeenSilent() {
        suspects.onGossip(hv(2), GossipSign.FAILED);
        age(Map.of(hv(2), 60_000L));
        stated(Map.of(hv(2), List.of(60_000L, 60_000L, 60_000L)));
        itsKernelAnswers(hv(2));
        assertThat(kindOf(hv(2))).isEqualTo(Finding.Kind.AGENT_SILENT);

        nowMs += 2_000;
        isSilent(hv(2), 62_000);
        nobodyHears(hv(2), 1_500);
        bmcSays(hv(2), PowerState.ON);
        assertThat(kindOf(hv(2))).isEqualTo(Finding.Kind.ISOLATED);
        assertThat(verdict()).isEmpty();

        nowMs += 3_500;
        isSilent(hv(2), 65_500);
        nobodyHears(hv(2), 5_000);
        assertThat(verdict()).containsOnlyKeys(hv(2));
    }

    /** Three hosts, of which the leader alone hears nothing of one, while the agent of the other may tell soon, or tells nothing bad. */
    private Finding.Kind kindOfOneThatTheLeaderAloneDoesNotHear(SortedSet<HostName> watched, long ageOfTheOtherMs) {
        age(Map.of(hv(2), 6_000L, hv(3), ageOfTheOtherMs));
        suspects.review(nowMs, watched);
        suspects.onSightings(nowMs, List.of(silent(LEADER, hv(2), 5_500)));
        stated(Map.of(hv(2), List.of(6_000L, 6_000L, 6_000L)));
        bmcSays(hv(2), PowerState.UNKNOWN);
        suspects.review(nowMs, watched);
        return suspects.findings(nowMs).get(hv(2)).kind();
    }

    @Test
    void observerWhoseAgentIsSilentIsWaitedFor() {
        var both = new TreeSet<HostName>(List.of(hv(2), hv(3)));
        assertThat(kindOfOneThatTheLeaderAloneDoesNotHear(both, 9_000)).isEqualTo(Finding.Kind.UNDECIDED);

        suspects.onSightings(nowMs, List.of(silent(LEADER, hv(3), 5_500)));
        assertThat(suspects.findings(nowMs).get(hv(2)).kind())
                .as("the other is unheard as well: nobody else can tell")
                .isEqualTo(Finding.Kind.DEAD);
    }

    @Test
    void observerThatIsNotWatchedCountsWhileItRenews() {
        var one = new TreeSet<HostName>(List.of(hv(2)));
        assertThat(kindOfOneThatTheLeaderAloneDoesNotHear(one, 500)).isEqualTo(Finding.Kind.UNDECIDED);
        assertThat(kindOfOneThatTheLeaderAloneDoesNotHear(one, 60_000)).isEqualTo(Finding.Kind.DEAD);
    }

    @Test
    void hostThatFlapsIsGivenMoreTime() {
        for (int i = 0; i < 2; i++) {
            isSilent(hv(2), 2_000);
            bmcSays(hv(2), PowerState.ON);
            assertThat(kindOf(hv(2))).isEqualTo(Finding.Kind.ISOLATED);
            nowMs += 10_000;
            age(Map.of(hv(2), 200L));
            assertThat(review()).isEmpty();
        }
        isSilent(hv(2), 6_000);
        bmcSays(hv(2), PowerState.ON);
        assertThat(verdict()).isEmpty();

        nowMs += 9_000;
        isSilent(hv(2), 15_000);
        assertThat(verdict()).containsOnlyKeys(hv(2));
    }

    @Test
    void whatWasSaidAboutAnEarlierSilenceDoesNotCountForTheNext() {
        isSilent(hv(2), 1_400);
        bmcSays(hv(2), PowerState.UNKNOWN);
        nowMs += 5_000;
        age(Map.of(hv(2), 100L));
        assertThat(review()).isEmpty(); // it is back

        age(Map.of(hv(2), 5_000L)); // now the leader alone hears nothing, and nobody has answered its question yet
        suspects.onSightings(nowMs, List.of(silent(LEADER, hv(2), 900)));

        assertThat(verdict()).isEmpty();
    }

    @Test
    void newLeadershipAsksAgain() {
        isSilent(hv(2), 5_000);
        suspects.onPower(off(hv(2)));
        assertThat(verdict()).isNotEmpty();

        suspects.forget();

        assertThat(suspects.verdict(nowMs)).isEmpty();
    }

    @Test
    void newLeadershipDoesNotBeginWithOldAges() {
        isSilent(hv(2), 5_000);
        assertThat(review()).containsExactly(hv(2));

        suspects.forget();

        assertThat(review()).isEmpty();
    }

    @Test
    void hostOfWhoseRenewalsNothingIsKnownIsUndecidedAndHoldsUpNobodyForLong() {
        isSilent(hv(2), 1_300);
        bmcSays(hv(2), PowerState.UNKNOWN);
        nobodyHears(hv(3), 300);
        assertThat(verdict()).as("hv-3 may have just died").isEmpty();
        Finding unknown = suspects.findings(nowMs).get(hv(3));
        assertThat(unknown.kind()).isEqualTo(Finding.Kind.UNDECIDED);
        assertThat(unknown.why()).contains("not known yet");
        assertThat(unknown.witnesses()).contains(new Witness("the leader", "knows of no renewal yet"));

        long passedMs = RecoveryConfig.DEFAULT.verdict().missedMs() + RecoveryConfig.DEFAULT.settleMs();
        nowMs += passedMs;
        isSilent(hv(2), 1_300);
        nobodyHears(hv(3), 300 + passedMs);
        assertThat(verdict()).containsOnlyKeys(hv(2));
    }

    @Test
    void hostThatIsNotWatchedIsNotSuspected() {
        age(Map.of(hv(7), 60_000L));

        assertThat(review()).isEmpty();
    }

    @Test
    void verdictSaysWhoSaidWhat() {
        age(Map.of(hv(2), 5_000L));
        suspects.onGossip(hv(2), GossipSign.FAILED);
        nobodyHears(hv(2), 4_900);
        stated(Map.of(hv(2), List.of(5_000L, 4_000L, -1L)));
        suspects.onPower(off(hv(2)));

        assertThat(verdict().get(hv(2)))
                .extracting(w -> w.source() + ": " + w.statement())
                .containsExactly(
                        "the leader: no renewal for 5000 ms",
                        "voter voter-0: no renewal for 5000 ms",
                        "voter voter-1: no renewal for 4000 ms",
                        "observer hv-1: its kernel has left 4 attempts unanswered for 4900 ms",
                        "observer hv-4: its kernel has left 4 attempts unanswered for 4900 ms",
                        "observer hv-5: its kernel has left 4 attempts unanswered for 4900 ms",
                        "gossip: FAILED",
                        "bmc: OFF (chassis power is off)");
    }

    @Test
    void aHostThatReturnsIsNotJudgedByTheSilenceAndTheBmcOfItsFormerLife() {
        age(Map.of(hv(2), 26_000L));
        review();
        suspects.onPower(off(hv(2)));
        suspects.review(nowMs, new TreeSet<>(List.of(hv(3)))); // it is down

        nowMs += 20_000;
        age(Map.of(hv(2), 46_000L)); // it returns, and its first renewal is still on its way
        assertThat(review()).isEmpty();
        nowMs += 1_400;
        assertThat(review()).isEmpty();

        nowMs += 2_000;
        assertThat(verdict()).as("silent for 3.4 s, BMC unknown").isEmpty();
        suspects.onPower(off(hv(2)));
        nowMs += 1_000;
        assertThat(verdict()).containsOnlyKeys(hv(2));
    }
}
