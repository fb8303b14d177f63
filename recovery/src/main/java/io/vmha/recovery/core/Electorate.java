package io.vmha.recovery.core;

import java.util.Collection;
import java.util.Collections;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * The voters of the group as the log has them: who votes, and, while a change is under way, who voted before it (S3, S4).
 *
 * @param voters the voters' peer ids
 * @param outgoing the peer ids of the configuration that is being left; empty unless {@link #isJoint()}
 * @param index the log index since which exactly these vote: an election writes a configuration as well, but changes nobody
 */
public record Electorate(SortedSet<String> voters, SortedSet<String> outgoing, long index) {
    /** Nobody votes yet. */
    public static final Electorate NONE = new Electorate(new TreeSet<>(), new TreeSet<>(), 0);

    public Electorate {
        voters = Collections.unmodifiableSortedSet(new TreeSet<>(voters));
        outgoing = Collections.unmodifiableSortedSet(new TreeSet<>(outgoing));
    }

    /** True while a majority of both the voters and the outgoing ones is needed. */
    public boolean isJoint() {
        return !outgoing.isEmpty();
    }

    /** True if these peers are a majority of the voters, and of the outgoing ones while it is joint. */
    public boolean isMajority(Collection<String> peers) {
        return isMajority(voters, peers) && (!isJoint() || isMajority(outgoing, peers));
    }

    private static boolean isMajority(SortedSet<String> of, Collection<String> peers) {
        int count = 0;
        for (String voter : of) {
            count += peers.contains(voter) ? 1 : 0;
        }
        return count * 2 > of.size();
    }

    /** True if the same peers vote: the index does not count. */
    public boolean isSameAs(Electorate other) {
        return voters.equals(other.voters) && outgoing.equals(other.outgoing);
    }

    /** The hosts of everybody whose answer may count: what comes before the @ of a peer's id. */
    public SortedSet<HostName> hosts() {
        var hosts = new TreeSet<HostName>();
        for (String peer : everybody()) {
            int at = peer.indexOf('@');
            hosts.add(new HostName(at > 0 ? peer.substring(0, at) : peer));
        }
        return hosts;
    }

    /** Everybody whose answer may count. */
    public SortedSet<String> everybody() {
        var all = new TreeSet<>(voters);
        all.addAll(outgoing);
        return all;
    }
}
