package io.vmha.recovery.core;

import java.util.SortedMap;

/** Where the controller writes its decisions. Every method returns at once and nothing: no decision can wait for an answer. */
public interface Outbox {
    /**
     * Proposes a command to the replicated log. Its outcome is reported by {@link RecoveryController#onProposed}.
     *
     * @param key names the decision; at most one proposal per key is under way
     */
    void propose(String key, Command command);

    /** Has an action run. Its result is reported by {@link RecoveryController#onResult}. */
    void execute(Action action);

    /** What the leader makes of the silent hosts now, for people; empty when it leads no more or nobody is silent. */
    default void report(SortedMap<HostName, Finding> findings) {
        // whoever shows nothing to people needs none
    }
}
