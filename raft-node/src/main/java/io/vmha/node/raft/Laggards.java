package io.vmha.node.raft;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import org.apache.ratis.proto.RaftProtos.CommitInfoProto;
import org.apache.ratis.proto.RaftProtos.ServerRpcProto;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.server.RaftServerRpcWithProxy;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The leader's look at followers that live and do not get on, because Ratis' connection to them is dead without knowing it.
 *
 * <p>Ratis sends entries and heartbeats over a channel each, and asks neither for signs of life: where packets were lost without a word, for a
 * host that lost its power or a firewall that forgot the connection, entries are written into it until TCP gives up, which takes minutes. A
 * request that is not answered is counted and nothing more. New streams go into the same connection. Here such a follower is asked over a
 * connection of our own; if it answers, Ratis' are replaced.
 *
 * <p>All methods are called on the watch's thread.
 */
final class Laggards {
    private static final Logger LOG = LoggerFactory.getLogger(Laggards.class);

    /** Far above what an entry takes, and below the patience of whoever waits for a host to come back. */
    static final long PATIENCE_MS = 3_000;
    /** A follower that is only slow, or that gets a snapshot, is not disturbed again and again: the patience doubles up to this. */
    static final long PATIENCE_MOST_MS = 60_000;

    static final long ASK_PAUSE_MS = 1_000;
    private static final Duration ASK_LIMIT = Duration.ofMillis(ASK_PAUSE_MS);

    private final Watch.Neighbours neighbours;
    private final Executor thread;
    private final Map<PeerId, Progress> followers = new HashMap<>();
    private long term;
    private long lookedAtMs;

    /**
     * What the leader knows of a follower.
     *
     * @param silentMs since its last answer
     * @param committed the index up to which it knows entries to be committed
     */
    record Follower(PeerId id, long silentMs, long committed) {}

    /** How a follower gets on; times in milliseconds of the watch's clock. */
    private static final class Progress {
        private long committed = -1;
        private long wellAtMs;
        private long askedAtMs = Long.MIN_VALUE / 2;
        private long patienceMs = PATIENCE_MS;
    }

    /** @param thread the watch's thread, to which answers are posted */
    Laggards(Watch.Neighbours neighbours, Executor thread) {
        this.neighbours = neighbours;
        this.thread = thread;
    }

    /** Looks at the followers of a leader; forgets them all where this server leads no more. */
    void look(RaftServer server, RaftServer.Division division, VoterSet voters) {
        if (!division.getInfo().isLeader()) {
            followers.clear();
            return;
        }
        long committed = division.getRaftLog().getLastCommittedIndex();
        List<PeerId> due = due(Succession.nowMs(), division.getInfo().getCurrentTerm(), committed, known(division));
        GroupId group = new GroupId(division.getMemberId().getGroupId().getUuid());
        voters.all().filter(voter -> due.contains(voter.id())).forEach(voter -> ask(server, group, voter));
    }

    /**
     * Who has been silent or has not got on for the length of our patience and is to be asked whether it lives; each is named once a second
     * until it has been {@link #replaced}.
     *
     * @param committed the leader's own index
     */
    List<PeerId> due(long nowMs, long nowTerm, long committed, List<Follower> now) {
        // a process that was stopped has not read their answers yet
        boolean heldUp = nowMs - lookedAtMs > ASK_PAUSE_MS;
        lookedAtMs = nowMs;
        if (nowTerm != term || heldUp) {
            term = nowTerm;
            followers.clear();
        }
        followers.keySet().retainAll(now.stream().map(Follower::id).toList());
        var due = new ArrayList<PeerId>();
        for (Follower follower : now) {
            Progress progress = followers.computeIfAbsent(follower.id(), id -> {
                var fresh = new Progress();
                fresh.wellAtMs = nowMs;
                return fresh;
            });
            boolean getsOn = follower.committed() > progress.committed || follower.committed() >= committed;
            progress.committed = follower.committed();
            if (getsOn && follower.silentMs() < PATIENCE_MS) {
                progress.wellAtMs = nowMs;
                progress.patienceMs = PATIENCE_MS;
            } else if (nowMs - progress.wellAtMs >= progress.patienceMs && nowMs - progress.askedAtMs >= ASK_PAUSE_MS) {
                progress.askedAtMs = nowMs;
                due.add(follower.id());
            }
        }
        return due;
    }

    /** The connections to a follower are new: it is given twice the time to get on. */
    void replaced(long nowMs, PeerId follower) {
        Progress progress = followers.get(follower);
        if (progress != null) {
            progress.wellAtMs = nowMs;
            progress.patienceMs = Math.min(2 * progress.patienceMs, PATIENCE_MOST_MS);
        }
    }

    private void ask(RaftServer server, GroupId group, PeerInfo voter) {
        var unused = neighbours
                .hearing(group, voter, ASK_LIMIT)
                .thenAcceptAsync(hearing -> replace(server, voter, hearing.last()), thread);
    }

    private void replace(RaftServer server, PeerInfo voter, LogPosition last) {
        if (followers.containsKey(voter.id()) && server.getServerRpc() instanceof RaftServerRpcWithProxy<?, ?> rpc) {
            LOG.info(
                    "raft follower lives and does not get on, the connections to it are replaced follower={}"
                            + " its_last={}",
                    voter,
                    last);
            replaced(Succession.nowMs(), voter.id());
            // closing may take seconds; the new ones are in place before that
            var unused = CompletableFuture.runAsync(() -> rpc.getProxies().resetProxy(voter.ratisId()));
        }
    }

    private static List<Follower> known(RaftServer.Division division) {
        var committed = new HashMap<PeerId, Long>();
        for (CommitInfoProto info : division.getCommitInfos()) {
            committed.put(new PeerId(info.getServer().getId().toStringUtf8()), info.getCommitIndex());
        }
        var known = new ArrayList<Follower>();
        for (ServerRpcProto follower :
                division.getInfo().getRoleInfoProto().getLeaderInfo().getFollowerInfoList()) {
            var id = new PeerId(follower.getId().getId().toStringUtf8());
            known.add(new Follower(id, follower.getLastRpcElapsedTimeMs(), committed.getOrDefault(id, -1L)));
        }
        return known;
    }
}
