package io.vmha.node.view;

import io.vmha.recovery.core.RecoveryState;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What this node knows, as one immutable picture. HTTP and gRPC workers read the newest one and decide nothing.
 *
 * @param host this node's Nova host name
 * @param clusterAddress this node's cluster IP
 * @param group the group that this node belongs to, as voter or as client
 * @param role {@code leader}, {@code follower}, {@code candidate}, {@code client} (of a group it does not vote in) or {@code none}
 * @param leader the leader that this node knows of now; empty while there is none
 * @param term the Raft term, 0 without a group
 * @param voters the voters of the group
 * @param members the gossip pool, this node included, sorted by name
 * @param state the newest state that this node has; empty before it has heard of a group
 * @param stateAgeMs how old that state may be, in milliseconds: 0 on a leader
 * @param lease this host's own lease and guard
 * @param trouble sentences that a person should read, such as why this leader does not act; empty when all is well
 */
public record NodeView(
        String host,
        String clusterAddress,
        Optional<String> group,
        String role,
        Optional<Peer> leader,
        long term,
        List<Peer> voters,
        List<PoolMember> members,
        Optional<RecoveryState> state,
        OptionalLong stateAgeMs,
        OwnLease lease,
        List<String> trouble) {
    public NodeView {
        voters = List.copyOf(voters);
        members = List.copyOf(members);
        trouble = List.copyOf(trouble);
    }

    /**
     * This host's own lease (S3) and its guard (S6).
     *
     * @param state {@code none}, {@code held}, {@code ended} or {@code sealed}
     * @param epoch the life that it is about; 0 before the group has told one
     * @param remainingMs how long it still holds
     * @param proofs what the AZ relies on
     * @param armed true if the guard has answered its self-test
     * @param arming what enforces the lease, or why nothing does
     * @param guard what the guard reports of the VMs here; empty without one
     */
    public record OwnLease(
            String state, long epoch, long remainingMs, String proofs, boolean armed, String arming, String guard) {
        /** A host that no group has spoken to. */
        public static final OwnLease NONE = new OwnLease("none", 0, 0, "", false, "", "");
    }

    /**
     * A voter.
     *
     * @param host its Nova host name
     * @param address {@code ip:port} of its Raft server, as Consul shows it
     */
    public record Peer(String host, String address) {}

    /**
     * A member of the gossip pool, with what Consul shows of one.
     *
     * @param status 1 alive, 2 leaving, 3 left, 4 failed: Serf's numbers
     * @param suspect true while somebody's probes of it go unanswered
     */
    public record PoolMember(
            String name,
            String address,
            int port,
            SortedMap<String, String> tags,
            int status,
            boolean suspect,
            int protocolMin,
            int protocolMax,
            int protocolCur,
            int delegateMin,
            int delegateMax,
            int delegateCur) {
        public PoolMember {
            tags = Collections.unmodifiableSortedMap(new TreeMap<>(tags));
        }
    }
}
