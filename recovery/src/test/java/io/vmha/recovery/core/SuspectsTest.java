package io.vmha.recovery.core;

import static io.vmha.recovery.core.CommittedLog.hv;
import static io.vmha.recovery.core.CommittedLog.off;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** When silence becomes a verdict: never on one witness alone. */
class SuspectsTest {
    private static final SortedSet<HostName> WATCHED = new TreeSet<>(List.of(hv(2), hv(3)));

    private final Suspects suspects = new Suspects(RecoveryConfig.DEFAULT);
    private long nowMs = 100_000;

    @BeforeEach
    void everybodyIsWell() {
        suspects.onGossip(hv(2), GossipSign.ALIVE);
        suspects.onGossip(hv(3), GossipSign.ALIVE);
    }

    private void age(Map<HostName, Long> ages) {
        suspects.onAges(new TreeMap<>(ages));
    }

    private SortedSet<HostName> review() {
        return suspects.review(nowMs, WATCHED);
    }

    private SortedMap<HostName, List<Witness>> verdictAfter(long passMs) {
        review();
        nowMs += passMs;
        review();
        return suspects.verdict(nowMs);
    }

    /** The leader asks about its suspects only, and the voters answer. */
    private void stated(HostName host, long... agesMs) {
        review();
        var byVoter = new TreeMap<String, SortedMap<HostName, Long>>();
        for (int i = 0; i < agesMs.length; i++) {
            if (agesMs[i] >= 0) {
                byVoter.put("voter-" + i, new TreeMap<>(Map.of(host, agesMs[i])));
            }
        }
        suspects.onStatements(
                new Result.Ages(new Action.AskVoters(1, new TreeSet<>(List.of(host))), byVoter, agesMs.length));
    }

    @Test
    void twoMissedRenewalsOrGossipMakeASuspect() {
        age(Map.of(hv(2), 1_999L, hv(3), 2_000L));
        assertThat(review()).containsExactly(hv(3));

        suspects.onGossip(hv(2), GossipSign.SUSPECT);
        assertThat(review()).containsExactly(hv(2), hv(3));
    }

    @Test
    void leaderThatAloneHearsNothingGivesNoVerdict() {
        age(Map.of(hv(2), 60_000L));
        suspects.onGossip(hv(2), GossipSign.FAILED);
        stated(hv(2), 60_000, 500, 500);

        assertThat(verdictAfter(10_000)).isEmpty();
    }

    @Test
    void gossipAloneGivesNoVerdict() {
        age(Map.of(hv(2), 500L));
        suspects.onGossip(hv(2), GossipSign.FAILED);
        stated(hv(2), 60_000, 60_000, 60_000);

        assertThat(verdictAfter(10_000)).isEmpty();
    }

    @Test
    void silenceThatGossipDeniesGivesNoVerdict() {
        age(Map.of(hv(2), 60_000L));
        stated(hv(2), 60_000, 60_000, 60_000);

        assertThat(verdictAfter(10_000)).isEmpty();
    }

    @Test
    void silenceOfAMajorityWithGossipsDoubtIsAVerdictOnceTheCutHasSettled() {
        age(Map.of(hv(2), 5_000L));
        suspects.onGossip(hv(2), GossipSign.SUSPECT);
        stated(hv(2), 5_000, 5_000, -1);

        assertThat(verdictAfter(999)).isEmpty();
        assertThat(verdictAfter(1)).containsOnlyKeys(hv(2));
    }

    @Test
    void votersThatDoNotAnswerCountAgainstTheMajority() {
        age(Map.of(hv(2), 5_000L));
        suspects.onGossip(hv(2), GossipSign.FAILED);
        stated(hv(2), 5_000, -1, -1);

        assertThat(verdictAfter(5_000)).isEmpty();
    }

    @Test
    void silentHostWhoseBmcSaysOffIsDead() {
        age(Map.of(hv(2), 3_000L));
        suspects.onPower(off(hv(2)));

        assertThat(verdictAfter(1_000)).containsOnlyKeys(hv(2));
    }

    @Test
    void offOfAnotherMachineProvesNothing() {
        age(Map.of(hv(2), 3_000L));
        suspects.onPower(new BmcStatement(hv(2), PowerState.OFF, false, "guid of another", 1));

        assertThat(verdictAfter(5_000)).isEmpty();
    }

    @Test
    void hostThatGossipHasNeverSeenIsNotDead() {
        suspects.onGossip(hv(2), GossipSign.UNKNOWN);
        age(Map.of(hv(2), 60_000L));
        suspects.onPower(off(hv(2)));
        stated(hv(2), 60_000, 60_000, 60_000);

        assertThat(verdictAfter(5_000)).isEmpty();
    }

    @Test
    void cutThatIsStillGrowingWaitsSoThatARackIsOneIncident() {
        age(Map.of(hv(2), 5_000L));
        suspects.onGossip(hv(2), GossipSign.FAILED);
        suspects.onPower(off(hv(2)));
        verdictAfter(500);
        age(Map.of(hv(2), 5_500L, hv(3), 2_000L));

        assertThat(verdictAfter(600)).isEmpty();
        age(Map.of(hv(2), 6_500L, hv(3), 3_000L));
        suspects.onPower(off(hv(3)));
        assertThat(verdictAfter(400)).containsOnlyKeys(hv(2), hv(3));
    }

    @Test
    void flappingHostDoesNotHoldUpTheDeadOnesForEver() {
        age(Map.of(hv(2), 9_000L));
        suspects.onPower(off(hv(2)));
        review();
        suspects.onPower(off(hv(2)));

        int verdicts = 0;
        for (int i = 0; i < 20; i++) {
            suspects.onGossip(hv(3), i % 2 == 0 ? GossipSign.SUSPECT : GossipSign.ALIVE);
            nowMs += 500;
            review();
            verdicts += suspects.verdict(nowMs).containsKey(hv(2)) ? 1 : 0;
        }

        assertThat(verdicts).isPositive();
    }

    @Test
    void whatWasSaidAboutAnEarlierSilenceDoesNotCountForTheNext() {
        age(Map.of(hv(2), 5_000L));
        stated(hv(2), 5_000, 5_000, 5_000); // gossip still calls it alive: no verdict
        verdictAfter(2_000);
        age(Map.of(hv(2), 100L));
        review(); // it is back

        age(Map.of(hv(2), 5_000L)); // now the leader alone hears nothing, and nobody has answered its question yet
        suspects.onGossip(hv(2), GossipSign.SUSPECT);

        assertThat(verdictAfter(2_000)).isEmpty();
    }

    @Test
    void newLeadershipAsksAgain() {
        age(Map.of(hv(2), 5_000L));
        suspects.onGossip(hv(2), GossipSign.FAILED);
        stated(hv(2), 5_000, 5_000, 5_000);
        suspects.onPower(off(hv(2)));
        verdictAfter(500);

        suspects.forget();

        assertThat(verdictAfter(5_000)).isEmpty();
    }

    @Test
    void hostThatIsNotWatchedIsNotSuspected() {
        age(Map.of(hv(4), 60_000L));

        assertThat(review()).isEmpty();
    }

    @Test
    void verdictSaysWhoSaidWhat() {
        age(Map.of(hv(2), 5_000L));
        suspects.onGossip(hv(2), GossipSign.FAILED);
        stated(hv(2), 5_000, 4_000, -1);
        suspects.onPower(off(hv(2)));

        assertThat(verdictAfter(1_000).get(hv(2)))
                .extracting(w -> w.source() + ": " + w.statement())
                .containsExactly(
                        "the leader: no renewal for 5000 ms",
                        "voter voter-0: no renewal for 5000 ms",
                        "voter voter-1: no renewal for 4000 ms",
                        "gossip: FAILED",
                        "bmc: OFF (chassis power is off)");
    }

    @Test
    void hostsOfOneCutAreDeclaredTogetherThoughTheirWitnessesAnswerOneByOne() {
        age(Map.of(hv(2), 4_000L, hv(3), 4_000L));
        suspects.onGossip(hv(2), GossipSign.FAILED);
        stated(hv(2), 4_000, 4_000, 4_000);

        assertThat(verdictAfter(2_000)).isEmpty();

        suspects.onPower(off(hv(3)));
        assertThat(suspects.verdict(nowMs)).containsOnlyKeys(hv(2), hv(3));
    }

    @Test
    void aSilentHostThatNobodyCanProveDeadHoldsUpTheOthersForAWhileOnly() {
        age(Map.of(hv(2), 4_000L, hv(3), 4_000L));
        suspects.onGossip(hv(2), GossipSign.FAILED);
        stated(hv(2), 4_000, 4_000, 4_000);

        assertThat(verdictAfter(4_900)).isEmpty();
        assertThat(verdictAfter(100)).containsOnlyKeys(hv(2));
    }

    @Test
    void aHostThatReturnsIsNotJudgedByTheSilenceAndTheBmcOfItsFormerLife() {
        age(Map.of(hv(2), 26_000L));
        review();
        suspects.onPower(off(hv(2)));
        suspects.review(nowMs, new TreeSet<>(List.of(hv(3)))); // it is down

        nowMs += 20_000;
        age(Map.of(hv(2), 46_000L)); // it returns, and its first renewal is still on its way
        assertThat(verdictAfter(1_500)).isEmpty();
        assertThat(review()).isEmpty();

        assertThat(verdictAfter(2_000)).as("silent for 3.5 s, BMC unknown").isEmpty();
        suspects.onPower(off(hv(2)));
        nowMs += 1_000;
        review();
        assertThat(suspects.verdict(nowMs)).containsOnlyKeys(hv(2));
    }
}
