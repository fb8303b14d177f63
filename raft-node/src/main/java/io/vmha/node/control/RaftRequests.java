package io.vmha.node.control;

import io.vmha.node.raft.GroupClient;
import io.vmha.node.raft.GroupId;
import io.vmha.node.raft.PeerInfo;
import io.vmha.node.raft.RaftNode;
import io.vmha.node.raft.RaftNodeException;
import io.vmha.node.raft.RaftStatus;
import io.vmha.node.raft.StateDigest;
import io.vmha.node.view.NodeRequests.Answer;
import io.vmha.node.view.RaftPeers;
import io.vmha.recovery.core.FeatureLevel;
import io.vmha.recovery.core.HostName;
import io.vmha.recovery.core.RecoveryState;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What an operator does to the voters by hand. The group looks after itself; this is for planned work and for looking closely. */
final class RaftRequests {
    private static final Logger LOG = LoggerFactory.getLogger(RaftRequests.class);
    private static final Duration ASK_LIMIT = Duration.ofMillis(1_500);

    private final RaftNode raft;
    private final PeerBook peers;
    private final Renewals renewals;

    RaftRequests(RaftNode raft, PeerBook peers, Renewals renewals) {
        this.raft = raft;
        this.peers = peers;
        this.renewals = renewals;
    }

    CompletableFuture<RaftPeers> list(RecoveryState state) {
        RaftStatus status = raft.status();
        boolean member = !status.voters().voters().isEmpty();
        Optional<Renewals.Standing> client = renewals.standing();
        Optional<GroupId> group = member ? status.group() : client.map(Renewals.Standing::group);
        List<PeerInfo> voters = member
                ? status.voters().voters()
                : client.map(Renewals.Standing::voters).orElse(List.of());
        if (group.isEmpty()) {
            return CompletableFuture.completedFuture(new RaftPeers(
                    Optional.empty(),
                    0,
                    -1,
                    List.of(),
                    new RaftPeers.Levels(0, FeatureLevel.newest(), List.of(), List.of())));
        }
        String leader = member
                ? status.leader().map(l -> l.id().nodeName()).orElse("")
                : client.map(Renewals.Standing::leaderHost).orElse("");
        GroupClient asking = raft.client(group.get(), voters);
        List<CompletableFuture<RaftPeers.RaftPeer>> asked = voters.stream()
                .map(v -> asking.digest(v, ASK_LIMIT)
                        .thenApply(Optional::of)
                        .exceptionally(unanswered -> Optional.empty())
                        .thenApply(digest -> peer(v, leader, digest)))
                .toList();
        long term = member ? status.term() : client.map(Renewals.Standing::term).orElse(0L);
        return CompletableFuture.allOf(asked.toArray(CompletableFuture<?>[]::new))
                .thenApply(all -> new RaftPeers(
                        group.map(Object::toString),
                        term,
                        member ? status.voters().index() : -1,
                        asked.stream().map(CompletableFuture::join).toList(),
                        new RaftPeers.Levels(
                                state.group().level(),
                                FeatureLevel.newest(),
                                LevelKeeper.behind(state, peers),
                                LevelKeeper.holding(state))));
    }

    private RaftPeers.RaftPeer peer(PeerInfo voter, String leader, Optional<StateDigest> digest) {
        String host = voter.id().nodeName();
        Optional<PeerBook.Agent> agent = peers.agentOf(new HostName(host));
        boolean replaced = agent.filter(a -> !a.peer().id().equals(voter.id())).isPresent();
        return new RaftPeers.RaftPeer(
                host,
                voter.id().value(),
                voter.hostAndPort(),
                agent.map(PeerBook.Agent::rack).orElse(""),
                host.equals(leader),
                agent.map(a -> replaced
                                ? "has new storage"
                                : a.isAlive() ? "alive" : a.status().toString().toLowerCase(java.util.Locale.ROOT))
                        .orElse("unknown"),
                digest.map(d -> OptionalLong.of(d.applied().index())).orElse(OptionalLong.empty()),
                digest.map(StateDigest::sha256),
                agent.map(PeerBook.Agent::version).orElse(""),
                agent.map(PeerBook.Agent::level).orElse(0));
    }

    /** Blocking. */
    Answer transfer(HostName to) {
        RaftStatus status = raft.status();
        Optional<Answer> refusal = notTheLeader(status);
        if (refusal.isPresent()) {
            return refusal.get();
        }
        Optional<PeerInfo> heir = status.voters().voters().stream()
                .filter(v -> v.id().nodeName().equals(to.value()))
                .findFirst();
        if (heir.isEmpty()) {
            return new Answer(404, "host " + to + " has no voter; the voters are " + hosts(status));
        }
        if (heir.get().id().equals(status.self().id())) {
            return new Answer(200, to + " leads already");
        }
        if (!peers.agentOf(to).map(PeerBook.Agent::isAlive).orElse(false)) {
            return new Answer(409, "the vmhad of " + to + " is not alive in the pool; choose another voter");
        }
        return done(() -> raft.transferLeadership(heir.get()).join(), to + " leads now");
    }

    /** Blocking. Refuses what would be undone at once, or would leave no majority. */
    Answer remove(String peerId, String person) {
        RaftStatus status = raft.status();
        Optional<Answer> refusal = notTheLeader(status);
        if (refusal.isPresent()) {
            return refusal.get();
        }
        List<PeerInfo> rest = status.voters().voters().stream()
                .filter(v -> !v.id().value().equals(peerId))
                .toList();
        if (rest.size() == status.voters().voters().size()) {
            return new Answer(
                    404, "there is no voter " + peerId + "; see vmha raft peers, the whole ID with its @ is meant");
        }
        if (peerId.equals(status.self().id().value())) {
            return new Answer(409, "this node leads; hand over first: vmha raft transfer HOST");
        }
        boolean alive = peers.agents().stream()
                .anyMatch(a -> a.isAlive() && a.peer().id().value().equals(peerId));
        if (alive) {
            return new Answer(
                    409,
                    peerId
                            + " is alive in the pool and would be taken in again at once; stop its vmhad first, or"
                            + " take its host out of the aggregate");
        }
        LOG.warn("voter removed by hand peer={} person=\"{}\"", peerId, person);
        return done(
                () -> raft.changeVoters(rest).join(),
                peerId + " does not vote any more; another host takes its place as soon as one is free");
    }

    private Optional<Answer> notTheLeader(RaftStatus status) {
        if (status.role() == RaftStatus.Role.LEADER) {
            return Optional.empty();
        }
        return Optional.of(new Answer(
                409,
                "only the leader's own node does this, and "
                        + status.leader()
                                .map(l -> l.id().nodeName() + " leads: run it there")
                                .orElse("this node knows no leader: look at vmha leader")));
    }

    private static List<String> hosts(RaftStatus status) {
        return status.voters().voters().stream().map(v -> v.id().nodeName()).toList();
    }

    private static Answer done(Runnable change, String sentence) {
        try {
            change.run();
            return new Answer(200, sentence);
        } catch (CompletionException e) {
            if (e.getCause() instanceof RaftNodeException refused) {
                return new Answer(
                        refused.kind() == RaftNodeException.Kind.NOT_LEADER ? 503 : 409, refused.getMessage());
            }
            throw e;
        }
    }
}
