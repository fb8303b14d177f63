package io.vmha.node.raft;

import io.vmha.node.raft.RaftNodeException.Kind;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.apache.ratis.proto.RaftProtos.NotLeaderExceptionProto;
import org.apache.ratis.proto.RaftProtos.RaftClientReplyProto;
import org.apache.ratis.protocol.RaftClientRequest;

/**
 * One write or linearizable read, tried until it is answered or its time is over.
 *
 * <p>An attempt goes to the leader only, once somebody is known to be it; so a write fails without having reached any log as long
 * as there is no leader. Whether the write may nevertheless be in a log is kept from attempt to attempt: an attempt that timed out
 * may have been appended, and so may one that was answered "not the leader (any more)", for Ratis gives that answer to the entries
 * a leader had appended when it stepped down.
 */
final class Attempts {
    private static final long PAUSE_MS = 100;

    private final GroupClient client;
    private final RaftClientRequest.Type type;
    private final byte[] content;
    private final boolean write;
    private final long call;
    private final Duration limit;
    private final long deadlineNanos;
    private final CompletableFuture<byte[]> result = new CompletableFuture<>();
    private boolean maybeCommitted;
    private String lastProblem = "no leader found";
    private int redirects;

    Attempts(GroupClient client, RaftClientRequest.Type type, byte[] content, Duration limit) {
        this.limit = limit;
        this.deadlineNanos = System.nanoTime() + limit.toNanos();
        this.client = client;
        this.type = type;
        this.content = content;
        this.write = !type.isReadOnly();
        this.call = client.nextCall();
    }

    CompletableFuture<byte[]> start() {
        attempt();
        return result;
    }

    private void attempt() {
        if (remaining().toMillis() < 1) {
            giveUp();
            return;
        }
        var unused = client.findLeader().whenComplete((leader, problem) -> {
            try {
                leader.ifPresentOrElse(this::attempt, this::later);
            } catch (RuntimeException e) {
                result.completeExceptionally(e);
            }
        });
    }

    private void attempt(PeerInfo to) {
        Duration attemptLimit = min(remaining(), client.attemptLimit());
        var unused = client.send(to, type, content, call, attemptLimit).whenComplete((reply, problem) -> {
            try {
                if (problem != null) {
                    failed(GroupClient.unwrap(problem));
                } else {
                    answered(to, reply);
                }
            } catch (RuntimeException e) {
                result.completeExceptionally(e);
            }
        });
    }

    private void failed(Throwable problem) {
        if (problem instanceof RaftNodeException) {
            result.completeExceptionally(problem);
            return;
        }
        maybeCommitted |= write && GroupClient.maybeProcessed(problem);
        lastProblem = problem.getMessage();
        client.leader(Optional.empty());
        later();
    }

    private void answered(PeerInfo to, RaftClientReplyProto reply) {
        switch (reply.getExceptionDetailsCase()) {
            case EXCEPTIONDETAILS_NOT_SET -> {
                client.leader(Optional.of(to));
                result.complete(reply.getMessage().getContent().toByteArray());
            }
            case STATEMACHINEEXCEPTION ->
                result.completeExceptionally(
                        new RaftNodeException(Kind.REFUSED, to + " refused: " + GroupClient.describe(reply)));
            case NOTLEADEREXCEPTION -> notLeader(to, reply.getNotLeaderException());
            case LEADERNOTREADYEXCEPTION, LEADERSTEPPINGDOWNEXCEPTION -> {
                lastProblem = to + ": " + GroupClient.describe(reply); // refused before it was appended
                later();
            }
            case READEXCEPTION,
                    READINDEXEXCEPTION,
                    NOTREPLICATEDEXCEPTION,
                    ALREADYCLOSEDEXCEPTION,
                    DATASTREAMEXCEPTION,
                    TRANSFERLEADERSHIPEXCEPTION -> {
                maybeCommitted |= write;
                lastProblem = to + ": " + GroupClient.describe(reply);
                client.leader(Optional.empty());
                later();
            }
        }
    }

    private void notLeader(PeerInfo to, NotLeaderExceptionProto answer) {
        lastProblem = to + " is not the leader";
        client.learn(answer.getPeersInConfList().stream()
                .limit(VoterSet.VOTERS_MAX)
                .map(PeerInfo::of)
                .toList());
        if (answer.hasSuggestedLeader() && !answer.getSuggestedLeader().getId().isEmpty()) {
            // a follower that never looked at the entry; a leader stepping down does not know its successor
            PeerInfo next = PeerInfo.of(answer.getSuggestedLeader());
            client.leader(Optional.of(next));
            later(redirects++ == 0 ? 0 : PAUSE_MS);
        } else {
            maybeCommitted |= write;
            client.leader(Optional.empty());
            later();
        }
    }

    private void later() {
        later(PAUSE_MS);
    }

    private void later(long pauseMs) {
        try {
            var unused = client.timer().schedule((Runnable) this::attempt, pauseMs, TimeUnit.MILLISECONDS);
        } catch (RejectedExecutionException e) {
            result.completeExceptionally(new RaftNodeException(
                    maybeCommitted ? Kind.UNKNOWN_OUTCOME : Kind.CLOSED, "the raft node was closed meanwhile", e));
        }
    }

    private void giveUp() {
        String waited = " within " + limit.toMillis() + " ms, last: " + lastProblem;
        if (!write) {
            result.completeExceptionally(new RaftNodeException(Kind.UNAVAILABLE, "no linearizable read" + waited));
        } else if (maybeCommitted) {
            result.completeExceptionally(new RaftNodeException(
                    Kind.UNKNOWN_OUTCOME, "the entry may or may not be committed, no answer" + waited));
        } else {
            result.completeExceptionally(
                    new RaftNodeException(Kind.NOT_COMMITTED, "no leader accepted the entry" + waited));
        }
    }

    private Duration remaining() {
        return Duration.ofNanos(deadlineNanos - System.nanoTime());
    }

    private static Duration min(Duration a, Duration b) {
        return a.compareTo(b) < 0 ? a : b;
    }
}
