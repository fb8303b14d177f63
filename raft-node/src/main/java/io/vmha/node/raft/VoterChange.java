package io.vmha.node.raft;

/** What one step towards the wanted voters was. */
public enum VoterChange {
    /** The voters are the wanted ones. */
    NOTHING,
    /** The voters were changed; there may be more to do. */
    CHANGE,
    /** The leader is to go and handed its leadership over; its successor does the rest. */
    HAND_OVER
}
