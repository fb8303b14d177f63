package io.vmha.node.view;

import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * The voters of this host's group, each as it answered just now.
 *
 * @param group empty if this host is in no group; then there are no voters
 * @param configuration index of the newest configuration that this node knows
 * @param levels what the members have agreed to write
 */
public record RaftPeers(Optional<String> group, long term, long configuration, List<RaftPeer> voters, Levels levels) {
    public RaftPeers {
        voters = List.copyOf(voters);
    }

    /**
     * The feature level.
     *
     * @param group the group's; 0 without one
     * @param build the highest that this node's build understands
     * @param behind the hosts that keep the group from it, or cannot read it, each with why
     * @param incidents the open ones that keep the group from it
     */
    public record Levels(int group, int build, List<String> behind, List<Long> incidents) {
        public Levels {
            behind = List.copyOf(behind);
            incidents = List.copyOf(incidents);
        }
    }

    /**
     * One voter.
     *
     * @param id its Raft server's identity; another one after its storage was replaced
     * @param rack its failure domain; empty if it has none
     * @param agent what the pool says of its host
     * @param applied the newest entry that it has applied; empty if it did not answer
     * @param state SHA-256 of its state there: equal on all voters at an equal index; empty if it did not answer
     * @param version of its vmhad, as the pool says; empty if unknown
     * @param level the highest feature level that its vmhad understands, as the pool says; 0 if unknown
     */
    public record RaftPeer(
            String host,
            String id,
            String address,
            String rack,
            boolean leader,
            String agent,
            OptionalLong applied,
            Optional<String> state,
            String version,
            int level) {}
}
