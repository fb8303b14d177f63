package io.vmha.recovery.core;

import static io.vmha.recovery.core.CommittedLog.hv;
import static io.vmha.recovery.core.CommittedLog.off;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** Hosts that fall silent together are one incident, or the limits that count its hosts (S8) would count wrong. */
class CutSettlingTest extends WatchedHosts {
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

    /** The simulator's rack-lost seed 116: two hosts that died 232 ms apart became two incidents. */
    @Test
    void hostThatDiedRightAfterARenewalBelongsToTheCut() {
        oneIsDueAndAnotherIsUnheard(1_995, 942, 1_015, 850);
        assertThat(verdict()).isEmpty();

        nowMs += 230;
        oneIsDueAndAnotherIsUnheard(2_225, 1_172, 1_245, 1_080);
        assertThat(verdict()).containsOnlyKeys(hv(2), hv(3));
    }

    @Test
    void hostThatRenewsThoughNobodyReachesItsKernelHoldsUpNobody() {
        oneIsDueAndAnotherIsUnheard(1_995, 942, 1_015, 1_900);

        assertThat(verdict()).containsOnlyKeys(hv(2));
    }

    private void oneIsDueAndAnotherIsUnheard(long ageMs, long kernelMs, long otherAgeMs, long otherKernelMs) {
        age(Map.of(hv(2), ageMs, hv(3), otherAgeMs));
        nobodyHears(hv(2), kernelMs);
        nobodyHears(hv(3), otherKernelMs);
        stated(Map.of(hv(2), List.of(ageMs, ageMs, ageMs), hv(3), List.of(otherAgeMs, otherAgeMs, otherAgeMs)));
        bmcSays(hv(2), PowerState.OFF);
        bmcSays(hv(3), PowerState.OFF);
    }

    /** It may have died with the others: an observer notices a silent kernel only after its time limit. */
    @Test
    void hostThatIsLateWithARenewalHoldsUpTheCutUntilItsKernelAnswers() {
        isSilent(hv(2), 1_900);
        age(Map.of(hv(2), 1_900L, hv(3), 1_200L));
        bmcSays(hv(2), PowerState.OFF);
        assertThat(verdict()).isEmpty();
        assertThat(suspects.overdue()).containsExactly(hv(3));

        itsKernelAnswers(hv(3));
        assertThat(verdict()).containsOnlyKeys(hv(2));
    }

    @Test
    void hostThatIsLateWithARenewalHoldsUpTheCutUntilItRenews() {
        isSilent(hv(2), 1_900);
        age(Map.of(hv(2), 1_900L, hv(3), 1_200L));
        bmcSays(hv(2), PowerState.OFF);
        assertThat(verdict()).isEmpty();

        age(Map.of(hv(2), 1_900L, hv(3), 10L));
        assertThat(verdict()).containsOnlyKeys(hv(2));
        assertThat(suspects.overdue()).isEmpty();
    }

    @Test
    void lateRenewalsAloneAreNobodysConcern() {
        age(Map.of(hv(2), 1_200L, hv(3), 1_300L));

        assertThat(review()).isEmpty();
        assertThat(suspects.overdue()).isEmpty();
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
}
