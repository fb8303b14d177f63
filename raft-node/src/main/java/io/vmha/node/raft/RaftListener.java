package io.vmha.node.raft;

import java.util.Optional;

/** Hears what happens to this node's group. All calls come one at a time from one thread of the node; they must not block. */
public interface RaftListener {
    /**
     * This node became the leader of {@code term} and has applied everything before it ({@code leader}), or stopped being so. A
     * leadership is no fencing token: commit an intent or do a linearizable read before acting on it.
     */
    void onLeadership(long term, boolean leader);

    /** Another leader, or none, is known now. */
    void onLeaderChanged(Optional<PeerInfo> leader, long term);

    /** This node applied a configuration. */
    void onConfiguration(VoterSet voters);

    /**
     * This node's server is gone and serves nothing any more.
     *
     * @param reason {@code REMOVED}: the group no longer has this node, call {@link RaftNode#leaveGroup} to be ready for another
     *     one; {@code FAILED}: stop the process, its supervisor starts it again
     */
    void onClosed(Closure reason, String explanation);

    /** Why a server closed. */
    enum Closure {
        REMOVED,
        FAILED
    }
}
