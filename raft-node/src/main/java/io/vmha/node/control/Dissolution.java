package io.vmha.node.control;

import io.vmha.node.raft.GroupId;
import io.vmha.node.raft.RaftNode;
import io.vmha.node.raft.RaftStatus;
import io.vmha.recovery.core.Aggregate;
import io.vmha.recovery.core.AzSettings;
import io.vmha.recovery.core.Compute;
import io.vmha.recovery.core.ComputeException;
import io.vmha.recovery.core.RecoveryState;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ends this node's part in a group whose protection was ended, so that its host is free for another one.
 *
 * <p>A voter that has applied {@code DisableAz} leaves some seconds later. One that was away then finds no leader when it returns: it asks
 * Nova, and leaves if no aggregate names its group any more, which is how both {@code vmha az disable} and a person say that it is over. A node
 * that was invited and never taken in ({@link Invitation}) leaves as well.
 */
public final class Dissolution {
    private static final Logger LOG = LoggerFactory.getLogger(Dissolution.class);
    /** By then every follower that hears the leader has applied the command as well. */
    private static final long FAREWELL_MS = 4_000;

    private static final long LEADERLESS_MS = 60_000;

    private final RaftNode raft;
    private final Compute compute;
    private final ControlLoop loop;
    private final Invitation invitation = new Invitation();
    private final AtomicBoolean busy = new AtomicBoolean();
    private volatile RecoveryState state = RecoveryState.empty();
    private long disabledSinceMs = Long.MAX_VALUE;
    private long leaderlessSinceMs = Long.MAX_VALUE;

    public Dissolution(RaftNode raft, Compute compute, ControlLoop loop) {
        this.raft = raft;
        this.compute = compute;
        this.loop = loop;
    }

    /** A new state was applied here. Any thread. */
    public void onState(RecoveryState applied) {
        state = applied;
    }

    /** Time has passed. One thread. */
    public void onTimer(long nowMs) {
        RaftStatus status = raft.status();
        if (status.group().isEmpty()) {
            disabledSinceMs = Long.MAX_VALUE;
            leaderlessSinceMs = Long.MAX_VALUE;
            return;
        }
        GroupId group = status.group().get();
        disabledSinceMs = isOver(state, group) ? Math.min(disabledSinceMs, nowMs) : Long.MAX_VALUE;
        leaderlessSinceMs = status.leader().isEmpty() ? Math.min(leaderlessSinceMs, nowMs) : Long.MAX_VALUE;
        if (invitation.isVain(nowMs, status)) {
            once(() -> {
                LOG.info("this node was invited into a group and not taken in, it waits no more group={}", group);
                raft.declineInvitation();
            });
        } else if (nowMs - disabledSinceMs >= FAREWELL_MS) {
            disabledSinceMs = Long.MAX_VALUE;
            once(() -> {
                if (isOver(state, group)) { // it may have been enabled again meanwhile
                    leave(group, "its AZ is not protected any more");
                }
            });
        } else if (nowMs - leaderlessSinceMs >= LEADERLESS_MS) {
            leaderlessSinceMs = nowMs;
            once(() -> {
                if (isForgotten(group)) {
                    leave(group, "it has no leader, and no aggregate names it any more");
                }
            });
        }
    }

    /**
     * Of two groups that were founded for one AZ at the same moment, the one that the aggregate does not name makes its host free again.
     *
     * @param rival the group that the aggregate names in place of this one
     */
    public void yieldTo(Optional<String> rival, PeerBook peers) {
        RaftStatus status = raft.status();
        boolean alone = status.voters().voters().size() == 1;
        if (alone && rival.filter(r -> peers.groups().containsKey(r)).isPresent()) {
            status.group().ifPresent(group -> leave(group, "alone, and its AZ belongs to group " + rival.get()));
        }
    }

    static boolean isOver(RecoveryState state, GroupId group) {
        Optional<AzSettings> az = state.az();
        return az.isPresent() && !az.get().enabled() && az.get().groupId().equals(group.toString());
    }

    private boolean isForgotten(GroupId group) {
        try {
            for (Aggregate aggregate : compute.aggregates()) {
                if (group.toString().equals(aggregate.metadata().get(AggregateFollower.GROUP_KEY))) {
                    return false;
                }
            }
            return raft.status().leader().isEmpty();
        } catch (ComputeException e) {
            LOG.info(
                    "raft group without a leader, and Nova does not say whether it is still wanted why=\"{}\"",
                    e.getMessage());
            return false;
        }
    }

    private void once(Runnable work) {
        if (busy.compareAndSet(false, true)) {
            loop.background(() -> {
                try {
                    work.run();
                } finally {
                    busy.set(false);
                }
            });
        }
    }

    private void leave(GroupId group, String why) {
        if (raft.group().equals(Optional.of(group))) {
            LOG.info("this node leaves its group group={} why=\"{}\"", group, why);
            loop.onLeadership(OptionalLong.empty());
            raft.leaveGroup();
        }
    }
}
