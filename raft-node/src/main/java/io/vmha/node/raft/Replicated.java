package io.vmha.node.raft;

import java.util.Optional;

/**
 * What the log drives. Every member of a group calls it with the same entries in the same order, so it must be deterministic: no
 * clock, no randomness, nothing that differs between hosts may reach its state or its replies.
 *
 * <p>No two calls overlap: one lock per node serialises all of them, whatever thread they come from. So inside {@link #peerQuery}
 * to check the state, note the time and answer is one step with respect to {@link #apply}. Nothing here may block for long; an
 * {@code apply} that syncs a small file is fine.
 *
 * <p>An unchecked exception from {@link #apply}, {@link #configured} or {@link #restore} is a programmer's error: the node stops
 * ({@link RaftListener#onClosed}), because its state would no longer be its peers'.
 */
public interface Replicated {
    /**
     * What this peer has promised beside the log in earlier lives of its process. Called before the server starts to listen, and again when
     * the node has become another peer, which has promised nothing.
     */
    default void promised(PromiseFile promises) {}

    /** Forgets everything: the log starts at its first entry. Called before anything else when there is no snapshot. */
    void reset();

    /**
     * Why an entry must not get into the log. Asked on the leader before it is appended: what is once in the log is applied by every
     * member, and one that cannot be applied would stop them all, at every start anew.
     *
     * @param entry as it came from the network
     */
    default Optional<String> objection(byte[] entry) {
        return Optional.empty();
    }

    /**
     * Applies one committed entry.
     *
     * @param entry as it was proposed; of a length up to {@link RaftNode#ENTRY_BYTES_MAX}, content to be validated
     * @return the reply handed to the proposer, at most {@link RaftNode#REPLY_BYTES_MAX}; it should say if the entry was refused
     */
    byte[] apply(LogPosition at, byte[] entry);

    /**
     * Takes note of a committed configuration, in log order with {@link #apply}. Called again without a change of the voters after
     * each election.
     */
    void configured(LogPosition at, VoterSet voters);

    /** The state after the last call of apply or configured. Cheap if the state is immutable; encoded under the lock. */
    byte[] snapshot();

    /** Replaces the state by one that {@link #snapshot} returned on some member when it had applied everything up to {@code at}. */
    void restore(LogPosition at, byte[] snapshot);

    /** Answers a linearizable read of the applied state ({@link RaftNode#read}). */
    byte[] query(byte[] request);

    /**
     * Answers a question put to this very server, leader or not ({@link RaftNode#ask}): lease renewals, ages, what was applied.
     *
     * @param standing what this server has applied and who the voters are, to its knowledge, at this moment
     * @throws IllegalArgumentException if the request is malformed; the asker is told
     */
    byte[] peerQuery(byte[] request, Standing standing);

    /**
     * A server's view at the moment it answers.
     *
     * @param applied the newest entry that was applied
     * @param voters the newest configuration in this server's log, committed or not; shown as joint until this server has applied
     *     the final one (RECOVERY-PROTOCOL S3)
     */
    record Standing(PeerId self, LogPosition applied, VoterSet voters) {}
}
