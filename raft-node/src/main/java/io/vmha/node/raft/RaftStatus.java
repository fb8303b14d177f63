package io.vmha.node.raft;

import java.util.Optional;
import java.util.OptionalLong;

/**
 * What this node's server says of itself at one moment; a report, nothing to decide on.
 *
 * @param group empty if the node is in no group
 * @param term the newest term seen, 0 without a group
 * @param voters the newest configuration in the log
 * @param committed index of the newest entry known to be committed, -1 if none
 * @param applied the newest applied entry
 * @param snapshot index of the newest snapshot
 */
public record RaftStatus(
        PeerInfo self,
        Optional<GroupId> group,
        Role role,
        long term,
        Optional<PeerInfo> leader,
        VoterSet voters,
        long committed,
        LogPosition applied,
        OptionalLong snapshot,
        Life life) {

    /** {@code LEADER} only when ready: its own term's first entry is applied. {@code NONE}: in no group. */
    public enum Role {
        NONE,
        FOLLOWER,
        CANDIDATE,
        LEADER_NOT_READY,
        LEADER
    }

    /** {@code WAITING}: told of the group, not yet in its configuration. */
    public enum Life {
        IDLE,
        WAITING,
        RUNNING,
        CLOSED
    }
}
