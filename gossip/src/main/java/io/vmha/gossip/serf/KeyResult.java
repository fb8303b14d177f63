package io.vmha.gossip.serf;

import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What the pool said to a change of keys.
 *
 * @param nodes members that should have answered
 * @param responses members that did
 * @param errors those of them that refused
 * @param messages why, by member; also remarks of members that did not refuse
 * @param keys in base64, when they were listed, with the number of members that have each
 * @param primaryKeys in base64, when they were listed, with the number of members that encrypt with each
 */
public record KeyResult(
        int nodes,
        int responses,
        int errors,
        SortedMap<String, String> messages,
        SortedMap<String, Integer> keys,
        SortedMap<String, Integer> primaryKeys) {
    public KeyResult {
        messages = Collections.unmodifiableSortedMap(new TreeMap<>(messages));
        keys = Collections.unmodifiableSortedMap(new TreeMap<>(keys));
        primaryKeys = Collections.unmodifiableSortedMap(new TreeMap<>(primaryKeys));
    }

    /** Everybody did it. Only then may the next step of a rotation follow. */
    public boolean isComplete() {
        return errors == 0 && responses == nodes;
    }

    /** Without the keys. */
    @Override
    public String toString() {
        return "KeyResult[nodes=" + nodes + ", responses=" + responses + ", errors=" + errors + ", messages=" + messages
                + ", keys=" + keys.size() + "]";
    }
}
