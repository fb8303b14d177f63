package io.vmha.gossip.memberlist;

/**
 * Counts since the start, and two gauges.
 *
 * @param suspicions raised, by whomever
 * @param refutations accusations of ourselves that we answered
 * @param deaths nodes that became dead or left
 * @param conflicts claims of a name that lives at another address
 * @param refusedNodes newcomers that did not fit into the table
 * @param refusedMerges push/pull states with protocol versions that exclude ours
 * @param pauses times that this process did not run when it should have
 * @param healthScore 0 is healthy; each point stretches our probe interval once more
 * @param queued news waiting to be gossiped
 */
public record MemberlistStats(
        long suspicions,
        long refutations,
        long deaths,
        long conflicts,
        long refusedNodes,
        long refusedMerges,
        long probes,
        long failedProbes,
        long pauses,
        int healthScore,
        int queued) {}
