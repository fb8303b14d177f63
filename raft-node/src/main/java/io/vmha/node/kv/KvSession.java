package io.vmha.node.kv;

import java.util.List;

/**
 * A client's claim to be alive; it holds keys until it ends.
 *
 * @param node the member of the pool that the session stands and falls with, if it has the check {@code serfHealth}
 * @param ttlMs how long it lasts without being renewed; 0 for ever
 * @param lockDelayMs how long nobody may acquire what it held when it ended
 * @param deletes true if its keys go with it; otherwise they are only released
 * @param nodeChecks checks that must hold
 */
public record KvSession(
        String id,
        String name,
        String node,
        long ttlMs,
        long lockDelayMs,
        boolean deletes,
        List<String> nodeChecks,
        long createIndex,
        long modifyIndex) {
    /** The check that the pool sees the session's node alive. */
    public static final String SERF_HEALTH = "serfHealth";

    public KvSession {
        nodeChecks = List.copyOf(nodeChecks);
    }

    KvSession createdAt(long index) {
        return new KvSession(id, name, node, ttlMs, lockDelayMs, deletes, nodeChecks, index, index);
    }
}
