package io.vmha.recovery.core;

import java.util.List;

/**
 * A voter's word about one life of a host (S4): how long ago it last answered a renewal, counted from the latest of that answer, its
 * beginning to listen and its applying of the newest change of the voters.
 *
 * @param voter the peer id of the voter
 * @param configuration the index of the {@link Electorate} that it had applied
 * @param applied the newest log index that it had applied
 * @param sealed true if it answers this life no more
 * @param unarmed true if the last renewal that it answered said that the host's guard is not armed (S6)
 */
public record AgeStatement(
        String voter,
        HostName host,
        long epoch,
        long configuration,
        long applied,
        long ageMs,
        boolean sealed,
        boolean unarmed) {
    /** Who says so. */
    static List<String> voters(List<AgeStatement> statements) {
        return statements.stream().map(AgeStatement::voter).distinct().toList();
    }

    @Override
    public String toString() {
        return voter + ": " + ageMs + " ms" + (sealed ? ", sealed" : "");
    }
}
