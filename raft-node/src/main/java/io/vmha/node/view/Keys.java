package io.vmha.node.view;

import io.vmha.node.kv.KvCommand;
import io.vmha.node.kv.KvCommand.Outcome;
import io.vmha.node.kv.KvQuestion;
import io.vmha.node.kv.KvSession;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * The group's keys and sessions, wherever this host stands in the group. Every future completes within a bounded time, with a
 * {@link KeysException} if nothing can be said.
 */
public interface Keys {
    /** How new an answer must be. */
    enum Consistency {
        /** At least as new as everything committed before the question; a majority of the voters confirms it. */
        LINEARIZABLE,
        /** What some voter has applied. */
        STALE
    }

    /**
     * An answer and where it comes from.
     *
     * @param lastContactMs how long ago the voter that answered heard of its leader
     */
    record Reading(KvQuestion.Answer answer, boolean knownLeader, long lastContactMs) {}

    /** Commits a command. */
    CompletableFuture<Outcome> change(KvCommand command);

    /** Answers a question. */
    CompletableFuture<Reading> read(KvQuestion question, Consistency consistency);

    /** Answers a question when its index has passed this one, or after this time, whichever is first. */
    CompletableFuture<Reading> readAfter(KvQuestion question, Consistency consistency, long index, long waitMs);

    /** Renews a session; empty if there is none. */
    CompletableFuture<Optional<KvSession>> renew(String id);
}
