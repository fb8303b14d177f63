package io.vmha.node.raft;

import static org.assertj.core.api.Assertions.assertThat;

import io.vmha.node.raft.Hearing.Advice;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Who stands for election when a leader is lost, and when nobody may. */
final class HearingTest {
    private static final long PATIENCE_MS = 1_200;
    private static final PeerId A = PeerId.of("a", 1);
    private static final PeerId B = PeerId.of("b", 2);
    private static final PeerId C = PeerId.of("c", 3);
    private static final PeerId LEADER = PeerId.of("leader", 4);

    @Test
    void aClosedPortThatAMajorityFoundClosedIsALossAtOnce() {
        Hearing own = refused(A, 10);

        assertThat(own.advice(LEADER, List.of(refused(B, 10)), 3, PATIENCE_MS)).isEqualTo(Advice.STAND);
    }

    @Test
    void aClosedPortThatOnlyThisVoterFoundIsNoLoss() {
        Hearing own = refused(A, 10);

        assertThat(own.advice(LEADER, List.of(hears(B, 300)), 3, PATIENCE_MS)).isEqualTo(Advice.WAIT);
        assertThat(own.advice(LEADER, List.of(), 3, PATIENCE_MS)).isEqualTo(Advice.WAIT);
    }

    @Test
    void silenceIsALossOnlyBeyondThePatienceAndForAMajority() {
        assertThat(hears(A, 1_300).advice(LEADER, List.of(hears(B, 1_250)), 3, PATIENCE_MS))
                .isEqualTo(Advice.STAND);
        assertThat(hears(A, 1_300).advice(LEADER, List.of(hears(B, 1_100)), 3, PATIENCE_MS))
                .isEqualTo(Advice.WAIT);
        assertThat(hears(A, 9_000).advice(LEADER, List.of(hears(B, 9_000)), 5, PATIENCE_MS))
                .as("two of five")
                .isEqualTo(Advice.WAIT);
    }

    @Test
    void aVoterThatWasPausedItselfDoesNotStandWhileOthersHearTheLeader() {
        Hearing own = hears(A, 30_000);

        assertThat(own.advice(LEADER, List.of(hears(B, 200), hears(C, 400)), 4, PATIENCE_MS))
                .isEqualTo(Advice.WAIT);
    }

    @Test
    void theLongestLogStandsAndOfEqualOnesTheFirstName() {
        assertThat(refused(A, 10).advice(LEADER, List.of(refused(B, 11)), 3, PATIENCE_MS))
                .isEqualTo(Advice.DEFER);
        assertThat(refused(B, 11).advice(LEADER, List.of(refused(A, 10)), 3, PATIENCE_MS))
                .isEqualTo(Advice.STAND);
        assertThat(refused(B, 10).advice(LEADER, List.of(refused(A, 10)), 3, PATIENCE_MS))
                .isEqualTo(Advice.DEFER);
    }

    @Test
    void newsOfANewerTermOrOfAnotherLeaderEndIt() {
        Hearing own = refused(A, 10);
        Hearing newer = new Hearing(B, false, 8, Optional.empty(), 0, false, new LogPosition(7, 10));
        Hearing leads = new Hearing(B, true, 7, Optional.of(B), 0, false, new LogPosition(7, 10));
        Hearing follows = new Hearing(B, false, 7, Optional.of(C), 0, false, new LogPosition(7, 10));

        for (Hearing answer : List.of(newer, leads, follows)) {
            assertThat(own.advice(LEADER, List.of(answer, refused(C, 10)), 3, PATIENCE_MS))
                    .isEqualTo(Advice.WAIT);
        }
    }

    @Test
    void aVoterThatKnowsNoLeaderAgrees() {
        Hearing none = new Hearing(B, false, 7, Optional.empty(), 0, false, new LogPosition(7, 10));

        assertThat(refused(A, 10).advice(LEADER, List.of(none), 3, PATIENCE_MS)).isEqualTo(Advice.STAND);
    }

    private static Hearing refused(PeerId voter, long lastIndex) {
        return new Hearing(voter, false, 7, Optional.of(LEADER), 100, true, new LogPosition(7, lastIndex));
    }

    private static Hearing hears(PeerId voter, long silentMs) {
        return new Hearing(voter, false, 7, Optional.of(LEADER), silentMs, false, new LogPosition(7, 10));
    }
}
