package io.vmha.testcluster.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Collections;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * What the voters of a group hold: the digests of their states by the index that each has applied, as one daemon was told them.
 *
 * @param voters how many there are
 * @param answered how many of them told theirs
 */
record VoterStates(int voters, int answered, SortedMap<Long, SortedSet<String>> byIndex) {
    VoterStates {
        byIndex = Collections.unmodifiableSortedMap(new TreeMap<>(byIndex));
    }

    /** @param peers {@code /v1/raft/peers} */
    static VoterStates of(JsonNode peers) {
        var states = new TreeMap<Long, SortedSet<String>>();
        int answered = 0;
        for (JsonNode voter : peers.path("voters")) {
            if (voter.path("applied_index").isNumber()) {
                answered++;
                states.computeIfAbsent(voter.path("applied_index").asLong(), index -> new TreeSet<>())
                        .add(voter.path("state_sha256").asText());
            }
        }
        return new VoterStates(peers.path("voters").size(), answered, states);
    }

    /** A majority was seen at one index, with one state. */
    boolean areEqual() {
        return answered * 2 > voters && byIndex.size() == 1 && !differ();
    }

    /** Two voters have applied the same entries and hold something else: what must never be. */
    boolean differ() {
        return byIndex.values().stream().anyMatch(digests -> digests.size() > 1);
    }
}
