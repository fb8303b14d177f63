package io.vmha.node.control;

import static org.assertj.core.api.Assertions.assertThat;

import io.vmha.node.raft.GroupId;
import io.vmha.node.raft.LogPosition;
import io.vmha.node.raft.PeerId;
import io.vmha.node.raft.PeerInfo;
import io.vmha.node.raft.RaftStatus;
import io.vmha.node.raft.RaftStatus.Life;
import io.vmha.node.raft.RaftStatus.Role;
import io.vmha.node.raft.VoterSet;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

/** Who waits for a group that has forgotten it, and who must not be taken for that. */
class InvitationTest {
    private static final long FOR_EVER_MS = 10 * Invitation.PATIENCE_MS;
    private static final PeerInfo SELF = new PeerInfo(
            new PeerId("hv-2@0000000000000002"), new InetSocketAddress(InetAddress.getLoopbackAddress(), 8300));

    private final Invitation invitation = new Invitation();

    @Test
    void whoWasInvitedAndNeverTakenInWaitsSoLongAndNoLonger() {
        RaftStatus invited = status(true, 0, VoterSet.NONE, Life.WAITING);

        assertThat(invitation.isVain(1_000, invited)).isFalse();
        assertThat(invitation.isVain(999 + Invitation.PATIENCE_MS, invited)).isFalse();
        assertThat(invitation.isVain(1_000 + Invitation.PATIENCE_MS, invited)).isTrue();
        assertThat(invitation.isVain(1_001 + Invitation.PATIENCE_MS, invited))
                .as("once")
                .isFalse();
    }

    @Test
    void eachInvitationIsGivenTheWholePatience() {
        RaftStatus invited = status(true, 0, VoterSet.NONE, Life.WAITING);
        invitation.isVain(0, invited);
        invitation.isVain(20_000, status(false, 0, VoterSet.NONE, Life.IDLE));

        assertThat(invitation.isVain(21_000, invited)).isFalse();
        assertThat(invitation.isVain(20_999 + Invitation.PATIENCE_MS, invited)).isFalse();
    }

    @Test
    void aVoterAFounderAndWhoHasSeenATermWaitForTheirGroup() {
        VoterSet alone = new VoterSet(List.of(SELF), List.of(), 0);
        List<RaftStatus> others = List.of(
                status(true, 0, alone, Life.RUNNING),
                status(true, 1, VoterSet.NONE, Life.RUNNING),
                status(true, 4, alone, Life.RUNNING),
                status(true, 0, VoterSet.NONE, Life.CLOSED),
                status(false, 0, VoterSet.NONE, Life.IDLE));

        assertThat(others).allSatisfy(status -> {
            var ofItsOwn = new Invitation();
            assertThat(ofItsOwn.isVain(0, status)).isFalse();
            assertThat(ofItsOwn.isVain(FOR_EVER_MS, status)).isFalse();
        });
    }

    private static RaftStatus status(boolean inGroup, long term, VoterSet voters, Life life) {
        return new RaftStatus(
                SELF,
                inGroup ? Optional.of(GroupId.parse("11111111-2222-3333-4444-555555555555")) : Optional.empty(),
                inGroup ? Role.FOLLOWER : Role.NONE,
                term,
                Optional.empty(),
                voters,
                -1,
                LogPosition.NONE,
                OptionalLong.empty(),
                life);
    }
}
