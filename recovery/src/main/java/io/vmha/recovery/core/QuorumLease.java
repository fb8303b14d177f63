package io.vmha.recovery.core;

import java.util.ArrayList;
import java.util.Map;
import java.util.TreeMap;

/**
 * A host's own lease (S3): a majority of the voters' promise that nobody certifies this life of the host before it ends. It runs from the
 * moment at which the newest renewal that a majority answered was <em>sent</em>. No leader takes part, and no clock but the host's own.
 *
 * <p>All times are of a clock that counts through suspend. A lease belongs to one epoch; that it does not survive a boot is the caller's
 * part, who begins without one.
 */
public final class QuorumLease {
    /** Voters and those on their way out; more are strangers. */
    private static final int VOTERS_MAX = 64;

    private record Answer(long sentAtMs, Electorate told) {}

    private final LeaseTiming timing;
    private final Map<String, Answer> answers = new TreeMap<>();
    private long epoch;
    private long deadlineMs;

    public QuorumLease(LeaseTiming timing) {
        this.timing = timing;
    }

    /**
     * The lease that an earlier process proved in this boot. The promise was made to the host, not to the process.
     *
     * @param provenDeadlineMs where it ends, on the same clock
     */
    public void resume(long itsEpoch, long provenDeadlineMs) {
        onEpoch(itsEpoch);
        if (itsEpoch == epoch) {
            deadlineMs = Math.max(deadlineMs, provenDeadlineMs);
        }
    }

    /** The host's epoch as the group has it. A newer one ends the lease: it was a promise about another life. */
    public void onEpoch(long heard) {
        if (heard > epoch) {
            epoch = heard;
            deadlineMs = 0;
            answers.clear();
        }
    }

    /**
     * A voter has answered a renewal.
     *
     * @param sentAtMs when the renewal was sent, not when the answer came
     * @param renewed the epoch that the renewal named; an answer to another life's renewal promises nothing to this one
     * @param told the newest configuration in the voter's log, joint until it has applied the final one
     */
    public void onAnswer(String voter, long sentAtMs, long renewed, Electorate told) {
        boolean known = answers.containsKey(voter) || answers.size() < VOTERS_MAX;
        if (renewed != epoch || told.voters().isEmpty() || !known) {
            return;
        }
        Answer last = answers.get(voter);
        if (last == null || last.sentAtMs() <= sentAtMs) {
            answers.put(voter, new Answer(sentAtMs, told));
            prolong();
        }
    }

    /** The lease runs from the sending of the newest renewal that a majority answered; one that ends no later than now adds nothing. */
    private void prolong() {
        long at = newestBefore(Long.MAX_VALUE);
        while (at != Long.MIN_VALUE && at + timing.leaseMs() > deadlineMs) {
            if (isAnsweredByMajority(at)) {
                deadlineMs = at + timing.leaseMs();
            }
            at = newestBefore(at);
        }
    }

    private long newestBefore(long limitMs) {
        long newest = Long.MIN_VALUE;
        for (Answer answer : answers.values()) {
            if (answer.sentAtMs() < limitMs) {
                newest = Math.max(newest, answer.sentAtMs());
            }
        }
        return newest;
    }

    /**
     * Whether those that have answered a renewal which was sent then or later are a majority of the newest configuration among their answers; a
     * joint one weighs more than a final one of the same entry.
     */
    private boolean isAnsweredByMajority(long sentAtMs) {
        var counted = new ArrayList<String>(answers.size());
        Electorate newest = Electorate.NONE;
        for (var entry : answers.entrySet()) {
            if (entry.getValue().sentAtMs() >= sentAtMs) {
                Electorate told = entry.getValue().told();
                boolean isNewer = told.index() > newest.index()
                        || (told.index() == newest.index() && told.isJoint() && !newest.isJoint());
                newest = counted.isEmpty() || isNewer ? told : newest;
                counted.add(entry.getKey());
            }
        }
        return newest.isMajority(counted);
    }

    /** The life that the lease is about; 0 before the host has heard of one. */
    public long epoch() {
        return epoch;
    }

    /** When it ends; 0 if none was ever proven for this epoch. */
    public long deadlineMs() {
        return deadlineMs;
    }

    /** True while the host may write. */
    public boolean isHeld(long nowMs) {
        return nowMs < deadlineMs;
    }
}
