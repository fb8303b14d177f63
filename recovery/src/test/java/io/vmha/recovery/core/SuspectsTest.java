package io.vmha.recovery.core;

import static io.vmha.recovery.core.CommittedLog.hv;
import static io.vmha.recovery.core.CommittedLog.off;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** When silence becomes a verdict, and what kind of silence it is: never on one witness alone. */
class SuspectsTest {
    private static final HostName LEADER = hv(1);
    private static final SortedSet<HostName> WATCHED = new TreeSet<>(List.of(hv(2), hv(3), hv(4), hv(5)));

    private Suspects suspects = new Suspects(RecoveryConfig.DEFAULT, LEADER);
    private long nowMs = 100_000;

    @BeforeEach
    void everybodyIsWell() {
        WATCHED.forEach(host -> suspects.onGossip(host, GossipSign.ALIVE));
        review();
    }

    private void age(Map<HostName, Long> ages) {
        suspects.onAges(new TreeMap<>(ages));
    }

    private SortedSet<HostName> review() {
        return suspects.review(nowMs, WATCHED);
    }

    private SortedMap<HostName, List<Witness>> verdict() {
        review();
        return suspects.verdict(nowMs);
    }

    private Finding.Kind kindOf(HostName host) {
        review();
        return suspects.findings(nowMs).get(host).kind();
    }

    private Sighting silent(HostName observer, HostName host, long silentMs) {
        return new Sighting(observer, host, silentMs + 500, "connected", silentMs, 4, 15.6);
    }

    private void nobodyHears(HostName host, long silentMs) {
        suspects.onSightings(
                nowMs,
                List.of(silent(LEADER, host, silentMs), silent(hv(4), host, silentMs), silent(hv(5), host, silentMs)));
    }

    private void itsKernelAnswers(HostName host) {
        nowMs += 10; // it was suspected before
        suspects.onSightings(nowMs, List.of(new Sighting(hv(5), host, 5, "refused", 0, 0, 0)));
    }

    /** The leader asks about its suspects only, and the voters answer; -1 is a voter that does not. */
    private void stated(Map<HostName, List<Long>> agesMs) {
        review();
        var byVoter = new TreeMap<String, SortedMap<HostName, Long>>();
        agesMs.forEach((host, ages) -> {
            for (int i = 0; i < ages.size(); i++) {
                if (ages.get(i) >= 0) {
                    byVoter.computeIfAbsent("voter-" + i, v -> new TreeMap<>()).put(host, ages.get(i));
                }
            }
        });
        suspects.onStatements(new Result.Ages(new Action.AskVoters(1, new TreeSet<>(agesMs.keySet())), byVoter, 3));
    }

    /** Silent towards the leader, all voters and all observers for so long. */
    private void isSilent(HostName host, long silentMs) {
        age(Map.of(host, silentMs));
        nobodyHears(host, silentMs);
        stated(Map.of(host, List.of(silentMs, silentMs, silentMs)));
    }

    private void bmcSays(HostName host, PowerState power) {
        suspects.onPower(new BmcStatement(host, power, power != PowerState.UNKNOWN, power.name(), 50));
    }

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
    void rackThatIsCutOffIsOneIncidentThoughItsHostsRenewedAtDifferentTimes() {
        var ages = new TreeMap<HostName, Long>(Map.of(hv(2), 5_000L, hv(3), 4_100L));
        age(ages);
        for (HostName host : ages.keySet()) {
            suspects.onSightings(
                    nowMs,
                    List.of(silent(LEADER, host, 4_000), silent(hv(4), host, 4_000), silent(hv(5), host, 4_000)));
            bmcSays(host, PowerState.ON);
        }
        stated(Map.of(hv(2), List.of(5_000L, 5_000L, 5_000L), hv(3), List.of(4_100L, 4_100L, 4_100L)));
        bmcSays(hv(2), PowerState.ON);
        bmcSays(hv(3), PowerState.ON);

        assertThat(kindOf(hv(2))).isEqualTo(Finding.Kind.PARTITIONED);
        assertThat(verdict()).containsOnlyKeys(hv(2), hv(3));
    }

    /** The simulator's switch-failed seed 7: the first of four was fenced alone. */
    @Test
    void cutIsDeclaredWholeThoughTheWordsAboutOneOfItsHostsAreOlder() {
        cutOff(5_200, 4_300, 2_900);
        assertThat(kindOf(hv(2))).isEqualTo(Finding.Kind.PARTITIONED);
        assertThat(verdict()).isEmpty();

        nowMs += 1_000;
        cutOff(6_200, 5_300, 3_900);
        assertThat(verdict()).containsOnlyKeys(hv(2), hv(3));
    }

    @Test
    void cutWaitsNotForEverForOneOfItsHosts() {
        cutOff(8_900, 8_000, 2_900);
        assertThat(verdict()).isEmpty();

        nowMs += 200;
        cutOff(9_100, 8_200, 3_100);
        assertThat(verdict()).containsOnlyKeys(hv(2));
    }

    /** Two hosts with power, of whose kernels the observers say how long they are silent. */
    private void cutOff(long ageMs, long firstMs, long secondMs) {
        age(Map.of(hv(2), ageMs, hv(3), ageMs));
        nobodyHears(hv(2), firstMs);
        nobodyHears(hv(3), secondMs);
        stated(Map.of(hv(2), List.of(ageMs, ageMs, ageMs), hv(3), List.of(ageMs, ageMs, ageMs)));
        bmcSays(hv(2), PowerState.ON);
        bmcSays(hv(3), PowerState.ON);
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
    void hostOfACutWhoseBmcSaysNothingIsNotDeclaredBeforeTheOthers() {
        for (HostName host : List.of(hv(2), hv(3))) {
            nobodyHears(host, 2_000);
        }
        age(Map.of(hv(2), 2_300L, hv(3), 2_300L));
        stated(Map.of(hv(2), List.of(2_300L, 2_300L, 2_300L), hv(3), List.of(2_300L, 2_300L, 2_300L)));
        bmcSays(hv(2), PowerState.ON);
        bmcSays(hv(3), PowerState.UNKNOWN);

        assertThat(kindOf(hv(3))).isEqualTo(Finding.Kind.PARTITIONED);
        assertThat(verdict()).isEmpty();
        suspects.onPower(off(hv(3)));
        assertThat(kindOf(hv(3))).as("off is off").isEqualTo(Finding.Kind.DEAD);
        assertThat(verdict()).containsOnlyKeys(hv(3));
    }

    @Test
    void cutThatIsStillGrowingWaits() {
        isSilent(hv(2), 1_500);
        bmcSays(hv(2), PowerState.UNKNOWN);
        suspects.onSightings(nowMs, List.of(silent(hv(4), hv(3), 500)));

        assertThat(verdict()).isEmpty();
        nowMs += 400;
        age(Map.of(hv(2), 1_900L, hv(3), 1_200L));
        nobodyHears(hv(2), 1_900);
        nobodyHears(hv(3), 900);
        stated(Map.of(hv(2), List.of(1_900L, 1_900L, 1_900L), hv(3), List.of(1_200L, 1_200L, 1_200L)));
        bmcSays(hv(3), PowerState.UNKNOWN);

        assertThat(verdict()).containsOnlyKeys(hv(2), hv(3));
    }

    @Test
    void silentHostThatNobodyCanJudgeHoldsUpTheOthersForAWhileOnly() {
        long silentMs = 2_000;
        for (; silentMs < 10_000; silentMs += 200) {
            nowMs += 200;
            age(Map.of(hv(2), silentMs, hv(3), silentMs));
            nobodyHears(hv(2), silentMs);
            stated(Map.of(hv(2), List.of(silentMs, silentMs, silentMs)));
            bmcSays(hv(2), PowerState.UNKNOWN);
            if (!verdict().isEmpty()) {
                break;
            }
        }

        assertThat(verdict()).containsOnlyKeys(hv(2));
        assertThat(silentMs).isBetween(3_500L, 6_500L);
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
