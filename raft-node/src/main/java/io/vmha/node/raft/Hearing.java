package io.vmha.node.raft;

import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * What a voter has heard of its leader, and whether that is enough to elect another one. Pure.
 *
 * @param leads this voter is the leader itself
 * @param leader the leader that it follows; empty while it knows none
 * @param silentMs how long that leader has not been heard
 * @param refused the host of that leader refuses connections to its port: its process is gone
 * @param last the newest entry in this voter's log
 */
record Hearing(
        PeerId voter,
        boolean leads,
        long term,
        Optional<PeerId> leader,
        long silentMs,
        boolean refused,
        LogPosition last) {
    /** What a voter that has lost its leader should do. */
    enum Advice {
        /** Some voter hears a leader, or too few have answered. */
        WAIT,
        /** The leader is lost, and another voter is to succeed it: its log is longer, or its name comes first. */
        DEFER,
        /** The leader is lost and this voter is to succeed it. */
        STAND
    }

    /** Longer logs first, for only they can win; of equal ones the first by name, so that not all stand at once. */
    private static final Comparator<Hearing> BY_CLAIM = Comparator.comparing(
                    (Hearing h) -> h.last().term(), Comparator.reverseOrder())
            .thenComparing(h -> h.last().index(), Comparator.reverseOrder())
            .thenComparing(Hearing::voter);

    /**
     * What this voter should do after the answers of others.
     *
     * @param lost the leader that this voter has lost
     * @param voters how many voters the group has, the lost one included
     * @param patienceMs silence that proves a loss without a refusal
     */
    Advice advice(PeerId lost, List<Hearing> answers, int voters, long patienceMs) {
        int agreed = hasLost(lost, patienceMs) ? 1 : 0;
        Hearing best = this;
        for (Hearing answer : answers) {
            boolean newer = answer.term > term
                    || answer.leads
                    || answer.leader.filter(l -> !l.equals(lost)).isPresent();
            if (newer) {
                return Advice.WAIT;
            }
            agreed += answer.hasLost(lost, patienceMs) ? 1 : 0;
            best = BY_CLAIM.compare(answer, best) < 0 ? answer : best;
        }
        if (agreed * 2 <= voters) {
            return Advice.WAIT;
        }
        return best.voter.equals(voter) ? Advice.STAND : Advice.DEFER;
    }

    private boolean hasLost(PeerId lost, long patienceMs) {
        return !leads && (leader.isEmpty() || (leader.get().equals(lost) && (refused || silentMs >= patienceMs)));
    }
}
