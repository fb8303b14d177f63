package io.vmha.node.raft;

import io.vmha.node.raft.RaftNodeException.Kind;
import io.vmha.node.raft.VoterStep.Step;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import org.apache.ratis.client.impl.ClientProtoUtils;
import org.apache.ratis.proto.RaftProtos.RaftClientReplyProto;
import org.apache.ratis.proto.RaftProtos.ServerRpcProto;
import org.apache.ratis.protocol.ClientId;
import org.apache.ratis.protocol.GroupManagementRequest;
import org.apache.ratis.protocol.RaftClientReply;
import org.apache.ratis.protocol.RaftGroup;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.protocol.SetConfigurationRequest;
import org.apache.ratis.protocol.TransferLeadershipRequest;
import org.apache.ratis.rpc.CallId;
import org.apache.ratis.server.RaftServer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Changes of the voters, made by the leader on its own server without a client in between. Always compare-and-set with complete
 * lists: Ratis' ADD mode drops listeners and hides what is replaced.
 */
final class Reconfiguration {
    private static final Logger LOG = LoggerFactory.getLogger(Reconfiguration.class);
    private static final Duration INVITATION_LIMIT = Duration.ofSeconds(5);
    /** Above Ratis' staging timeout, see {@link Settings}. */
    private static final Duration CHANGE_LIMIT = Duration.ofSeconds(45);

    static final Duration TRANSFER_LIMIT = Duration.ofSeconds(10);
    /** A follower that has not answered for so many election timeouts counts as gone. */
    private static final int SILENT_TIMEOUTS = 4;

    private final RaftServer server;
    private final RaftServer.Division division;
    private final RaftGroupId group;
    private final PeerInfo self;
    private final PeerLinks links;
    private final Duration electionTimeout;
    private final ClientId clientId = ClientId.randomId();

    Reconfiguration(
            RaftServer server, RaftServer.Division division, PeerInfo self, PeerLinks links, Duration electionTimeout) {
        this.server = server;
        this.division = division;
        this.group = division.getMemberId().getGroupId();
        this.self = self;
        this.links = links;
        this.electionTimeout = electionTimeout;
    }

    /** Takes one step and says what was done; fails with {@code NOT_LEADER} or {@code CHANGE_REFUSED} */
    CompletableFuture<VoterChange> towards(List<PeerInfo> wanted) {
        VoterSet current = stableVoters();
        if (wanted.isEmpty() || wanted.size() > VoterSet.VOTERS_MAX) {
            throw refused("a group needs 1 to " + VoterSet.VOTERS_MAX + " voters, not " + wanted.size());
        }
        for (PeerInfo peer : wanted) {
            boolean moved = current.voters().stream()
                    .anyMatch(v -> v.id().equals(peer.id()) && !v.address().equals(peer.address()));
            if (moved) {
                throw refused(peer + " is a voter under another address; a server that moves needs a new peer id");
            }
        }
        Step step = VoterStep.next(current.voters(), wanted, self.id());
        return switch (step.kind()) {
            case NOTHING -> CompletableFuture.completedFuture(step.kind());
            case HAND_OVER -> handOver(step).thenApply(v -> step.kind());
            case CHANGE -> change(current, step, wanted).thenApply(v -> step.kind());
        };
    }

    CompletableFuture<Void> transfer(PeerInfo to) {
        stableVoters();
        TransferLeadershipRequest request = new TransferLeadershipRequest(
                clientId, self.ratisId(), group, CallId.getAndIncrement(), to.ratisId(), TRANSFER_LIMIT.toMillis());
        return submit(
                "handing the leadership to " + to,
                TRANSFER_LIMIT.plusSeconds(2),
                () -> server.transferLeadershipAsync(request));
    }

    private CompletableFuture<Void> handOver(Step step) {
        PeerInfo heir = step.heir()
                .orElseThrow(
                        () -> refused("the leader is the only voter and cannot be removed; add another voter first"));
        LOG.info("raft leader leaves, handing over to={}", heir);
        return transfer(heir);
    }

    private CompletableFuture<Void> change(VoterSet current, Step step, List<PeerInfo> wanted) {
        List<PeerInfo> added = new ArrayList<>(step.voters());
        added.removeAll(current.voters());
        requireLiveMajority(step.voters(), added);
        inviteAhead(wanted, step);
        List<CompletableFuture<Void>> invitations =
                added.stream().map(this::invite).toList();
        return CompletableFuture.allOf(invitations.toArray(CompletableFuture<?>[]::new))
                .thenCompose(v -> {
                    LOG.info("raft voters change from={} to={}", current.voters(), step.voters());
                    return set(current.voters(), step.voters());
                });
    }

    /** Those of later steps make their storage during this one. Whether they have is asked again when it is their turn. */
    private void inviteAhead(List<PeerInfo> wanted, Step step) {
        for (PeerInfo peer : wanted) {
            if (!step.voters().contains(peer)) {
                var unused = invite(peer).exceptionally(later -> null);
            }
        }
    }

    private CompletableFuture<Void> set(List<PeerInfo> from, List<PeerInfo> to) {
        SetConfigurationRequest.Arguments arguments = SetConfigurationRequest.Arguments.newBuilder()
                .setMode(SetConfigurationRequest.Mode.COMPARE_AND_SET)
                .setServersInCurrentConf(from.stream().map(PeerInfo::ratisPeer).toList())
                .setListenersInCurrentConf(List.of())
                .setServersInNewConf(to.stream().map(PeerInfo::ratisPeer).toList())
                .setListenersInNewConf(List.of())
                .build();
        SetConfigurationRequest request =
                new SetConfigurationRequest(clientId, self.ratisId(), group, CallId.getAndIncrement(), arguments);
        return submit("changing the voters to " + to, CHANGE_LIMIT, () -> server.setConfigurationAsync(request));
    }

    /** Tells a new voter's server of the group, without any peers: with the full list it might elect itself. */
    private CompletableFuture<Void> invite(PeerInfo peer) {
        GroupManagementRequest request = GroupManagementRequest.newAdd(
                clientId, peer.ratisId(), CallId.getAndIncrement(), RaftGroup.valueOf(group, List.of()), true);
        return links.to(peer)
                .invite(ClientProtoUtils.toGroupManagementRequestProto(request), INVITATION_LIMIT)
                .handle((reply, problem) -> {
                    if (problem != null && !invitedBefore(GroupClient.unwrap(problem))) {
                        throw refused("new voter cannot be invited, nothing changed: " + problem.getMessage(), problem);
                    }
                    if (problem == null
                            && reply.getExceptionDetailsCase()
                                    != RaftClientReplyProto.ExceptionDetailsCase.EXCEPTIONDETAILS_NOT_SET) {
                        throw refused("new voter " + peer + " refused the invitation, nothing changed: "
                                + GroupClient.describe(reply));
                    }
                    return null;
                });
    }

    private static boolean invitedBefore(Throwable problem) {
        return problem instanceof PeerLink.LinkException e && e.exceptionType().equals("AlreadyExistsException");
    }

    /** A change must not leave a group that cannot decide: the voters that answer must be a majority of the next set. */
    private void requireLiveMajority(List<PeerInfo> next, List<PeerInfo> added) {
        Set<PeerId> live = new HashSet<>();
        live.add(self.id());
        added.forEach(p -> live.add(p.id())); // proved by their invitation
        List<String> silent = new ArrayList<>();
        long limitMs = SILENT_TIMEOUTS * electionTimeout.toMillis();
        for (ServerRpcProto follower :
                division.getInfo().getRoleInfoProto().getLeaderInfo().getFollowerInfoList()) {
            PeerInfo peer = PeerInfo.of(follower.getId());
            if (follower.getLastRpcElapsedTimeMs() <= limitMs) {
                live.add(peer.id());
            } else {
                silent.add(peer + " for " + follower.getLastRpcElapsedTimeMs() + " ms");
            }
        }
        if (!new VoterSet(next, List.of(), 0).isMajority(live)) {
            throw refused("the voters " + next + " would have no living majority, silent are " + silent
                    + "; nothing changed");
        }
    }

    private VoterSet stableVoters() {
        if (!division.getInfo().isLeader() || !division.getInfo().isLeaderReady()) {
            throw new RaftNodeException(
                    Kind.NOT_LEADER, "only the leader changes voters or hands over, " + self + " is not");
        }
        VoterSet current = LogMachine.voters(division);
        if (current.joint()) {
            throw refused("another change of the voters is under way");
        }
        return current;
    }

    /** A call of the server. */
    private interface Submission {
        CompletableFuture<RaftClientReply> run() throws IOException;
    }

    private CompletableFuture<Void> submit(String what, Duration limit, Submission submission) {
        CompletableFuture<RaftClientReply> reply;
        try {
            reply = submission.run();
        } catch (IOException | CompletionException e) {
            reply = CompletableFuture.failedFuture(e);
        }
        return reply.orTimeout(limit.toMillis(), TimeUnit.MILLISECONDS).handle((r, problem) -> {
            if (problem != null) {
                throw refused(what + " failed: " + GroupClient.unwrap(problem), problem);
            }
            if (!r.isSuccess()) {
                throw refused(what + " failed: " + r.getException(), r.getException());
            }
            return null;
        });
    }

    private static RaftNodeException refused(String message) {
        return new RaftNodeException(Kind.CHANGE_REFUSED, message);
    }

    private static RaftNodeException refused(String message, Throwable cause) {
        return new RaftNodeException(Kind.CHANGE_REFUSED, message, cause);
    }
}
