package io.vmha.node.raft;

import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.ratis.protocol.exceptions.ReadIndexException;

/**
 * Confirms that this server still leads: a majority of the voters, asked after the question, is in no newer term. Whoever was elected before
 * the question had a majority's votes in a newer term, so one voter of this majority would know that term.
 *
 * <p>Raft's own read index (Ongaro, Consensus: Bridging Theory and Practice, section 6.4) asks a majority for each round of reads. Ratis does
 * so only where something was committed since an earlier round: a leader that is cut off and idle would answer with its old state.
 *
 * <p>Questions that wait share a round, so at most one is under way and one waits. A round does not wait for more than a majority; a voter
 * that owes too many answers meanwhile is not asked again before it, or the time limit, has settled one.
 */
final class LeadershipRounds {
    static final int UNANSWERED_MAX = 16;
    private static final Duration ANSWER_LIMIT = Duration.ofSeconds(1);

    /** The server whose leadership is in question, and how it reaches the other voters. */
    interface Leader {
        PeerInfo self();

        /**
         * The term in which this server leads now; empty if it does not, or has not yet applied the first entry of that term, before which its
         * state may lack what earlier leaders have committed.
         */
        OptionalLong term();

        VoterSet voters();

        CompletableFuture<Hearing> hearing(PeerInfo voter, Duration limit);
    }

    private final Map<PeerId, Integer> unanswered = new ConcurrentHashMap<>();
    private CompletableFuture<Long> running = CompletableFuture.completedFuture(0L);
    private Optional<CompletableFuture<Long>> waiting = Optional.empty();

    /**
     * The term in which this server led at some moment after this call; fails with {@link ReadIndexException} if it does not lead, or if no
     * majority says so in time. Any thread, does not block; the answer comes on a thread that must not be blocked either.
     */
    synchronized CompletableFuture<Long> confirm(Leader leader) {
        if (waiting.isPresent()) {
            return waiting.get().copy();
        }
        if (running.isDone()) {
            running = round(leader);
            return running.copy();
        }
        var next = new CompletableFuture<Long>();
        waiting = Optional.of(next);
        var unused = running.whenComplete((term, problem) -> begin(leader, next));
        return next.copy();
    }

    private void begin(Leader leader, CompletableFuture<Long> next) {
        CompletableFuture<Long> begun;
        synchronized (this) {
            waiting = Optional.empty(); // who asks from now on is not answered by this round
            running = round(leader);
            begun = running;
        }
        var unused = begun.whenComplete((term, problem) -> {
            if (problem == null) {
                next.complete(term);
            } else {
                next.completeExceptionally(problem);
            }
        });
    }

    /** Never throws: who waits for the round after this one would wait for ever. */
    private CompletableFuture<Long> round(Leader leader) {
        try {
            OptionalLong term = leader.term();
            if (term.isEmpty()) {
                return CompletableFuture.failedFuture(new ReadIndexException(leader.self() + " does not lead"));
            }
            return new Round(leader, term.getAsLong(), leader.voters()).begin();
        } catch (RuntimeException e) {
            return CompletableFuture.failedFuture(new ReadIndexException(
                    leader.self() + " cannot find out whether it leads, try again: " + e.getMessage(), e));
        }
    }

    private CompletableFuture<Hearing> ask(Leader leader, PeerInfo voter) {
        if (unanswered.merge(voter.id(), 1, Integer::sum) > UNANSWERED_MAX) {
            settle(voter);
            return CompletableFuture.failedFuture(new ReadIndexException(voter + " owes too many answers"));
        }
        CompletableFuture<Hearing> answer;
        try {
            answer = leader.hearing(voter, ANSWER_LIMIT);
        } catch (RuntimeException e) {
            answer = CompletableFuture.failedFuture(e);
        }
        return answer.whenComplete((heard, problem) -> settle(voter));
    }

    private void settle(PeerInfo voter) {
        unanswered.computeIfPresent(voter.id(), (id, owed) -> owed > 1 ? owed - 1 : null);
    }

    /** One question to all voters. */
    private final class Round {
        private final Leader leader;
        private final long term;
        private final VoterSet voters;
        private final Set<PeerId> agreed = ConcurrentHashMap.newKeySet();
        private final CompletableFuture<Long> majority = new CompletableFuture<>();

        Round(Leader leader, long term, VoterSet voters) {
            this.leader = leader;
            this.term = term;
            this.voters = voters;
        }

        CompletableFuture<Long> begin() {
            agreed.add(leader.self().id());
            conclude(); // alone, nobody has to be asked
            CompletableFuture<?>[] answers = voters.all()
                    .filter(voter -> !voter.id().equals(leader.self().id()))
                    .map(voter -> ask(leader, voter).thenAccept(this::count).exceptionally(unanswered -> null))
                    .toArray(CompletableFuture<?>[]::new);
            var unused = CompletableFuture.allOf(answers)
                    .whenComplete((all, problem) -> majority.completeExceptionally(new ReadIndexException(
                            "no majority of the voters says that " + leader.self() + " still leads in term " + term)));
            return majority;
        }

        private void count(Hearing heard) {
            if (heard.term() > term) {
                majority.completeExceptionally(
                        new ReadIndexException(heard.voter() + " is in term " + heard.term() + ", not " + term));
                return;
            }
            agreed.add(heard.voter());
            conclude();
        }

        private void conclude() {
            if (voters.isMajority(agreed) && leader.term().equals(OptionalLong.of(term))) {
                majority.complete(term);
            }
        }
    }
}
