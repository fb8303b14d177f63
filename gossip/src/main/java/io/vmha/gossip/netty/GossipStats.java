package io.vmha.gossip.netty;

import io.vmha.gossip.memberlist.MemberlistStats;

/**
 * Numbers for metrics: counts since the start, then gauges.
 *
 * @param packetsIn datagrams received, the unreadable ones included
 * @param packetsOut datagrams handed to the operating system
 * @param decodeErrors datagrams, parts of datagrams, streams and Serf messages that could not be read
 * @param sendErrors datagrams the operating system refused
 * @param streamsIn connections accepted
 * @param streamsOut connections opened
 * @param streamErrors connections of either kind that broke, timed out or were refused
 * @param internalErrors inputs that failed because of a defect of ours
 * @param queueLength messages waiting to be gossiped
 * @param healthScore 0 is healthy; each point stretches our probe interval once more
 * @param memberlist the counters of the membership protocol
 */
public record GossipStats(
        long packetsIn,
        long packetsOut,
        long bytesIn,
        long bytesOut,
        long decodeErrors,
        long sendErrors,
        long streamsIn,
        long streamsOut,
        long streamErrors,
        long internalErrors,
        int queueLength,
        int healthScore,
        MemberlistStats memberlist) {
    /** Suspicions raised, by whomever. */
    public long suspicions() {
        return memberlist.suspicions();
    }
}
