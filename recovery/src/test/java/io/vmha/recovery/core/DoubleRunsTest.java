package io.vmha.recovery.core;

import static io.vmha.recovery.core.CommittedLog.hv;
import static io.vmha.recovery.core.CommittedLog.vm;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class DoubleRunsTest {
    private final DoubleRuns runs = new DoubleRuns();

    /** Both hosts renew once a second, half a second apart. */
    private void bothSay(long fromMs, long toMs, List<ServerId> first, List<ServerId> second) {
        for (long now = fromMs; now <= toMs; now += 1_000) {
            runs.onGuests(now, hv(1), first);
            runs.onGuests(now + 500, hv(2), second);
        }
    }

    @Test
    void oneGuestOnTwoHostsIsFoundWithinSeconds() {
        bothSay(0, 10_000, List.of(vm(1), vm(2)), List.of(vm(3)));
        assertThat(runs.found(10_500)).isEmpty();

        bothSay(11_000, 15_000, List.of(vm(1), vm(2)), List.of(vm(3), vm(2)));

        assertThat(runs.found(15_500)).containsOnlyKeys(vm(2));
        assertThat(runs.found(15_500).get(vm(2))).isEqualTo(new TreeSet<>(List.of(hv(1), hv(2))));
    }

    @Test
    void theCopyOnAHostWhoseLifeIsOverIsTheOneThatMustStop() {
        var log = CommittedLog.of(5, CommittedLog.ROOMY);
        IncidentId id = log.declare(hv(1));
        bothSay(0, 5_000, List.of(vm(1)), List.of(vm(1)));
        assertThat(runs.mustStop(5_500, log.state(), hv(1), 1)).isEmpty();

        log.accept(log.beginFence(id, hv(1)));
        log.accept(log.certify(id, hv(1)));

        assertThat(runs.mustStop(5_500, log.state(), hv(1), 1)).containsOnlyKeys(vm(1));
        assertThat(runs.mustStop(5_500, log.state(), hv(2), 1)).isEmpty();
        assertThat(runs.mustStop(5_500, log.state(), hv(3), 1)).isEmpty();
    }

    @Test
    void aLiveMigrationIsNoDoubleRunThoughBothNameItForAMoment() {
        bothSay(0, 5_000, List.of(vm(1)), List.of());
        bothSay(6_000, 7_000, List.of(vm(1)), List.of(vm(1))); // the source's list is two seconds old

        bothSay(8_000, 20_000, List.of(), List.of(vm(1)));

        for (long now = 6_000; now < 20_000; now += 100) {
            assertThat(runs.found(now)).isEmpty();
        }
    }

    @Test
    void aHostThatIsSilentClaimsNothing() {
        bothSay(0, 1_000, List.of(vm(1)), List.of());
        for (long now = 2_000; now < 20_000; now += 1_000) {
            runs.onGuests(now, hv(2), List.of(vm(1))); // restarted elsewhere after the first host died
            assertThat(runs.found(now)).isEmpty();
        }
    }

    @Test
    void aClaimThatWasInterruptedBeginsAnew() {
        bothSay(0, 1_000, List.of(vm(1)), List.of(vm(1)));
        bothSay(30_000, 31_000, List.of(vm(1)), List.of(vm(1)));

        assertThat(runs.found(31_500)).isEmpty();
    }

    @Test
    void inventedGuestsAndHostsDoNotFillTheMemory() {
        var many = new ArrayList<ServerId>();
        for (int i = 0; i < 5 * DoubleRuns.GUESTS_MAX; i++) {
            many.add(vm(i));
        }
        bothSay(0, 5_000, many, many);
        assertThat(runs.found(5_500)).hasSize(DoubleRuns.GUESTS_MAX);
        for (int i = 0; i < 2 * DoubleRuns.HOSTS_MAX; i++) {
            runs.onGuests(6_000, new HostName("invented-" + i), List.of(vm(1)));
        }
        runs.keepOnly(List.of(hv(1)));
        assertThat(runs.found(6_000)).isEmpty();
    }

    @Test
    void aDoubleRunIsFoundOnTheLastHostsOfALargeAzToo() {
        for (long nowMs = 0; nowMs <= 5_000; nowMs += 1_000) {
            for (int host = 1; host <= 1_500; host++) {
                runs.onGuests(nowMs, hv(host), List.of(vm(host < 1_500 ? host : 1_499)));
            }
        }

        assertThat(runs.found(5_500)).containsOnlyKeys(vm(1_499));
        assertThat(runs.found(5_500).get(vm(1_499))).containsExactly(hv(1_499), hv(1_500));
    }

    @Test
    void onlyAHostWhoseGuardHasSaidAllIsTakenAtItsWordAboutWhatDoesNotRun() {
        runs.onGuests(1_000, hv(1), List.of());
        runs.onGuests(1_000, hv(2), List.of());
        runs.onComplete(1_000, hv(2));

        assertThat(runs.speaking(1_000)).containsExactly(hv(2));
        assertThat(runs.speaking(1_000 + DoubleRuns.FRESH_MS + 1)).isEmpty();
        runs.keepOnly(List.of(hv(1)));
        assertThat(runs.speaking(1_000)).isEmpty();
    }
}
