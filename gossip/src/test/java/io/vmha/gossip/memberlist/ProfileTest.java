package io.vmha.gossip.memberlist;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

/** The three profiles are memberlist's, number by number (memberlist config.go); all members of a pool must agree on them. */
final class ProfileTest {
    @Test
    void theLanProfileIsThatOfMemberlist() {
        assertThat(Profile.LAN)
                .isEqualTo(
                        new Profile(1_000, 500, 3, 4, 6, 8, 200, 3, 30_000, 4, 30_000, 10_000, 1_400, 30_000, 1_000));
    }

    @Test
    void theWanProfileIsThatOfMemberlist() {
        assertThat(Profile.WAN)
                .isEqualTo(
                        new Profile(5_000, 3_000, 3, 6, 6, 8, 500, 4, 60_000, 4, 60_000, 30_000, 1_400, 30_000, 3_000));
    }

    @Test
    void theLocalProfileIsThatOfMemberlist() {
        assertThat(Profile.LOCAL)
                .isEqualTo(new Profile(1_000, 200, 1, 3, 6, 8, 100, 3, 15_000, 2, 15_000, 1_000, 1_400, 30_000, 1_000));
    }

    @Test
    void suspicionLastsAsLongAsTheProfileSays() {
        // of 50 nodes: mult * log10(50) * probe interval
        assertThat(Suspicion.of(0, "a", 50, Profile.LAN).deadlineMs()).isEqualTo(6 * 6_792);
        assertThat(Suspicion.of(0, "a", 50, Profile.WAN).deadlineMs()).isEqualTo(6 * 50_940);
        assertThat(Suspicion.of(0, "a", 50, Profile.LOCAL).deadlineMs()).isEqualTo(6 * 5_094);
    }

    @Test
    void timesThatContradictEachOtherAreNamed() {
        assertThatThrownBy(() ->
                        new Profile(1_000, 1_000, 3, 4, 6, 8, 200, 3, 30_000, 4, 30_000, 10_000, 1_400, 30_000, 1_000))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("probe_timeout (1000 ms) must be shorter than probe_interval (1000 ms)");
    }
}
