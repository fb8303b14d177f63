package io.vmha.node.raft;

import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.ratis.protocol.exceptions.ReadIndexException;
import org.apache.ratis.server.RaftServer;

/**
 * Confirms that this server still leads: a majority of the voters, asked after the question, is in no newer term. Whoever was elected before
 * the question had a majority's votes in a newer term, so one voter of this majority would know that term.
 *
 * <p>Raft's own read index (Ongaro, Consensus: Bridging Theory and Practice, section 6.4) asks a majority for each round of reads. Ratis does
 * so only where something was committed since an earlier round: a leader that is cut off and idle would answer with its old state.
 *
 * <p>Questions that wait share a round, so at most one is under way and one waits.
 */
final class LeadershipRounds {
    private static final Duration ANSWER_LIMIT = Duration.ofSeconds(1);

    private final PeerInfo self;
    private final Watch.Neighbours neighbours;
    private CompletableFuture<Long> running = CompletableFuture.completedFuture(0L);
    private Optional<CompletableFuture<Long>> waiting = Optional.empty();

    LeadershipRounds(PeerInfo self, Watch.Neighbours neighbours) {
        this.self = self;
        this.neighbours = neighbours;
    }

    /**
     * The term in which this server led at some moment after this call; fails with {@link ReadIndexException} if it does not lead, or if no
     * majority says so in time. Any thread, does not block.
     */
    synchronized CompletableFuture<Long> confirm(RaftServer.Division division) {
        if (waiting.isPresent()) {
            return waiting.get().copy();
        }
        if (running.isDone()) {
            running = round(division);
            return running.copy();
        }
        var next = new CompletableFuture<Long>();
        waiting = Optional.of(next);
        var unused = running.whenComplete((term, problem) -> begin(division, next));
        return next.copy();
    }

    private synchronized void begin(RaftServer.Division division, CompletableFuture<Long> next) {
        waiting = Optional.empty(); // who asks from now on is not answered by this round
        running = round(division);
        var unused = running.whenComplete((term, problem) -> {
            if (problem == null) {
                next.complete(term);
            } else {
                next.completeExceptionally(problem);
            }
        });
    }

    private CompletableFuture<Long> round(RaftServer.Division division) {
        if (!leads(division)) {
            return CompletableFuture.failedFuture(new ReadIndexException(self + " does not lead"));
        }
        long term = division.getInfo().getCurrentTerm();
        VoterSet voters = LogMachine.voters(division);
        GroupId group = new GroupId(division.getMemberId().getGroupId().getUuid());
        var agreed = ConcurrentHashMap.<PeerId>newKeySet();
        agreed.add(self.id());
        var majority = new CompletableFuture<Long>();
        CompletableFuture<?>[] answers = voters.all()
                .filter(voter -> !voter.id().equals(self.id()))
                .map(voter -> neighbours
                        .hearing(group, voter, ANSWER_LIMIT)
                        .thenAccept(heard -> count(division, term, voters, heard, agreed, majority))
                        .exceptionally(unanswered -> null))
                .toArray(CompletableFuture<?>[]::new);
        conclude(division, term, voters, agreed, majority);
        var unused = CompletableFuture.allOf(answers)
                .whenComplete((all, problem) -> majority.completeExceptionally(new ReadIndexException(
                        "no majority of the voters says that " + self + " still leads in term " + term)));
        return majority;
    }

    private void count(
            RaftServer.Division division,
            long term,
            VoterSet voters,
            Hearing heard,
            Set<PeerId> agreed,
            CompletableFuture<Long> majority) {
        if (heard.term() > term) {
            majority.completeExceptionally(
                    new ReadIndexException(heard.voter() + " is in term " + heard.term() + ", not " + term));
            return;
        }
        agreed.add(heard.voter());
        conclude(division, term, voters, agreed, majority);
    }

    private void conclude(
            RaftServer.Division division,
            long term,
            VoterSet voters,
            Set<PeerId> agreed,
            CompletableFuture<Long> majority) {
        if (voters.isMajority(agreed) && leads(division) && division.getInfo().getCurrentTerm() == term) {
            majority.complete(term);
        }
    }

    /** The first entry of its term is applied, so its state has all that earlier leaders have committed. */
    private static boolean leads(RaftServer.Division division) {
        return division.getInfo().isLeader() && division.getInfo().isLeaderReady();
    }
}
