package io.vmha.gossip.memberlist;

/** What happened so far; written by the parts of memberlist, read through {@link MemberlistStats}. */
final class Counters {
    long suspicions;
    long refutations;
    long deaths;
    long conflicts;
    long refusedNodes;
    long refusedMerges;
    long probes;
    long failedProbes;
    long pauses;
}
