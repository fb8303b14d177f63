package io.vmha.gossip.serf;

import io.vmha.gossip.wire.Bytes;
import io.vmha.gossip.wire.QueryFilter;
import io.vmha.gossip.wire.SerfMessage;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * A query to the pool, before it is asked.
 *
 * @param nodes who may answer; empty for everybody
 * @param tags regular expressions (RE2, not anchored) that the tags of whoever answers must contain a match of
 * @param ackWanted everybody the question is for acknowledges it, whether or not there is an answer
 * @param relayFactor how many other members hand on each answer too, for askers that are hard to reach
 * @param timeoutMs how long answers are waited for; 0 for Serf's own time, which grows with the pool
 */
public record Question(
        String name,
        Bytes payload,
        List<String> nodes,
        SortedMap<String, String> tags,
        boolean ackWanted,
        int relayFactor,
        long timeoutMs) {
    static final long TIMEOUT_MAX_MS = 600_000;
    private static final int RELAY_FACTOR_MAX = 255;

    public Question {
        nodes = List.copyOf(nodes);
        tags = Collections.unmodifiableSortedMap(new TreeMap<>(tags));
        if (relayFactor < 0 || relayFactor > RELAY_FACTOR_MAX) {
            throw new IllegalArgumentException(
                    "relay factor must be in 0.." + RELAY_FACTOR_MAX + " but is " + relayFactor);
        }
        if (timeoutMs < 0 || timeoutMs > TIMEOUT_MAX_MS) {
            throw new IllegalArgumentException(
                    "query timeout must be in 0.." + TIMEOUT_MAX_MS + " ms but is " + timeoutMs);
        }
    }

    /** A question to everybody, without acknowledgements. */
    public static Question of(String name, Bytes payload) {
        return new Question(name, payload, List.of(), new TreeMap<>(), false, 0, 0);
    }

    /** The same to these members only. */
    public Question toNodes(List<String> newNodes) {
        return new Question(name, payload, newNodes, tags, ackWanted, relayFactor, timeoutMs);
    }

    /** The same to members with matching tags only. */
    public Question toTags(SortedMap<String, String> newTags) {
        return new Question(name, payload, nodes, newTags, ackWanted, relayFactor, timeoutMs);
    }

    /** The same with acknowledgements. */
    public Question withAck() {
        return new Question(name, payload, nodes, tags, true, relayFactor, timeoutMs);
    }

    /** The same with answers handed on by this many members too. */
    public Question withRelays(int newRelayFactor) {
        return new Question(name, payload, nodes, tags, ackWanted, newRelayFactor, timeoutMs);
    }

    /** The same with another time to wait. */
    public Question withTimeout(long newTimeoutMs) {
        return new Question(name, payload, nodes, tags, ackWanted, relayFactor, newTimeoutMs);
    }

    List<Bytes> filters() {
        List<Bytes> filters = new ArrayList<>();
        if (!nodes.isEmpty()) {
            filters.add(QueryFilter.names(nodes));
        }
        tags.forEach((tag, expression) -> filters.add(QueryFilter.tag(tag, expression)));
        return filters;
    }

    long flags() {
        return ackWanted ? SerfMessage.Query.ACK_WANTED : 0;
    }
}
