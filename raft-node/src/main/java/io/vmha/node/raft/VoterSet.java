package io.vmha.node.raft;

import java.util.Collection;
import java.util.List;
import java.util.stream.Stream;

/**
 * A Raft configuration: who votes, and, while a change is under way, who voted before it.
 *
 * <p>Ratis writes a configuration entry at every change of the leader too, so {@code index} may move while the voters stay.
 *
 * @param voters the voters, by id
 * @param outgoing the voters of the configuration being left, by id; empty unless {@link #joint()}
 * @param index the index of the configuration's log entry, -1 if it has none yet
 */
public record VoterSet(List<PeerInfo> voters, List<PeerInfo> outgoing, long index) {
    /** More voters than this are refused from the network; the product uses 3 or 5. */
    public static final int VOTERS_MAX = 9;

    /** Nobody: the server belongs to no group or has not heard of its configuration yet. */
    public static final VoterSet NONE = new VoterSet(List.of(), List.of(), -1);

    public VoterSet {
        voters = voters.stream().sorted(PeerInfo.BY_ID).toList();
        outgoing = outgoing.stream().sorted(PeerInfo.BY_ID).toList();
        if (voters.size() > VOTERS_MAX || outgoing.size() > VOTERS_MAX) {
            throw new IllegalArgumentException(
                    "at most " + VOTERS_MAX + " voters but there are " + voters.size() + " and " + outgoing.size());
        }
    }

    /** True while decisions need a majority of both {@code voters} and {@code outgoing}. */
    public boolean joint() {
        return !outgoing.isEmpty();
    }

    public boolean contains(PeerId id) {
        return voters.stream().anyMatch(v -> v.id().equals(id))
                || outgoing.stream().anyMatch(v -> v.id().equals(id));
    }

    /** Everybody whose vote may count now. */
    Stream<PeerInfo> all() {
        return Stream.concat(voters.stream(), outgoing.stream()).distinct();
    }

    /** True if these peers are a majority of the voters, and of the outgoing ones while the set is joint. */
    public boolean isMajority(Collection<PeerId> peers) {
        return isMajority(voters, peers) && (!joint() || isMajority(outgoing, peers));
    }

    private static boolean isMajority(List<PeerInfo> of, Collection<PeerId> peers) {
        long present = of.stream().filter(v -> peers.contains(v.id())).count();
        return present > of.size() / 2;
    }
}
