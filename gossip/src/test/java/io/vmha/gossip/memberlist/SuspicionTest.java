package io.vmha.gossip.memberlist;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class SuspicionTest {
    @Test
    void eachConfirmationShortensTheTimeDownToTheMinimum() {
        Suspicion suspicion = new Suspicion(0, "a", 2, 4_000, 24_000);

        assertThat(suspicion.deadlineMs()).isEqualTo(24_000);
        assertThat(suspicion.confirm("b")).isTrue();
        assertThat(suspicion.deadlineMs()).isEqualTo(11_381); // 24 - 20 * ln 2 / ln 3
        assertThat(suspicion.confirm("c")).isTrue();
        assertThat(suspicion.deadlineMs()).isEqualTo(4_000);
        assertThat(suspicion.confirm("d")).isFalse();
    }

    @Test
    void firstAccuserCannotConfirmItself() {
        Suspicion suspicion = new Suspicion(0, "a", 2, 4_000, 24_000);

        assertThat(suspicion.confirm("a")).isFalse();
        assertThat(suspicion.deadlineMs()).isEqualTo(24_000);
    }

    @Test
    void smallClusterHasNobodyToAskAndTakesTheMinimum() {
        assertThat(Suspicion.of(100, "a", 3, Profile.LAN).deadlineMs()).isEqualTo(4_100);
        assertThat(Suspicion.of(100, "a", 4, Profile.LAN).deadlineMs()).isEqualTo(24_100);
    }

    @Test
    void timeGrowsWithTheLogarithmOfTheCluster() {
        assertThat(Suspicion.of(0, "a", 100, Profile.LAN).deadlineMs()).isEqualTo(6 * 8_000);
    }
}
