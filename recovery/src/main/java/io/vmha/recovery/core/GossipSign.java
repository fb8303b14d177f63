package io.vmha.recovery.core;

/** What the gossip layer says about a host's agent. One witness among others: never acted upon alone. */
public enum GossipSign {
    /** Not seen in the pool. */
    UNKNOWN,
    ALIVE,
    /** Somebody's probes go unanswered; it has not refuted yet. */
    SUSPECT,
    FAILED,
    /** It said goodbye: its unit was stopped. */
    LEFT
}
