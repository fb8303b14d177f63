package io.vmha.node.control;

import io.vmha.node.raft.RaftStatus;
import io.vmha.node.raft.RaftStatus.Life;

/**
 * Whether a group has forgotten that it invited this node; pure. The leader that did so may have died before it took the node in, and the node
 * would stay reserved for that group, and refused to every other one, until somebody restarts it. A leader that comes later invites again.
 */
final class Invitation {
    /** Several steps of a group that grows on a machine that is overloaded. */
    static final long PATIENCE_MS = 30_000;

    private long waitsSinceMs = Long.MAX_VALUE;

    /** Call it now and then; true once each time that the patience is over. */
    boolean isVain(long nowMs, RaftStatus status) {
        boolean waits = status.group().isPresent()
                && (status.life() == Life.WAITING || status.life() == Life.RUNNING)
                && status.term() == 0
                && status.leader().isEmpty()
                && status.voters().voters().isEmpty();
        waitsSinceMs = waits ? Math.min(waitsSinceMs, nowMs) : Long.MAX_VALUE;
        if (nowMs - waitsSinceMs < PATIENCE_MS) {
            return false;
        }
        waitsSinceMs = nowMs;
        return true;
    }
}
