package io.vmha.gossip.memberlist;

import java.util.List;

/**
 * How a join went.
 *
 * @param contacted peers that exchanged their state with us
 * @param failures one sentence for each peer that did not
 */
public record JoinResult(int contacted, List<String> failures) {
    public JoinResult {
        failures = List.copyOf(failures);
    }
}
