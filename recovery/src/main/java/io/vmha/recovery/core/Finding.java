package io.vmha.recovery.core;

import java.util.List;

/**
 * What the leader makes of a host that is silent, at this moment. Harmless until it becomes a verdict.
 *
 * @param silentMs how long the leader has not heard its renewals
 * @param why one sentence for people
 */
public record Finding(HostName host, Kind kind, long silentMs, String why, List<Witness> witnesses) {
    /** The kinds of silence; each has a policy of its own. */
    public enum Kind {
        /** Not every witness has spoken yet, or they contradict each other: wait. */
        UNDECIDED,
        /** Nobody hears it and its BMC says "off" or nothing: declared at once. */
        DEAD,
        /** Nobody hears it, and its BMC says "on" or Nova still does hear it: declared if that lasts, for short cuts heal. */
        ISOLATED,
        /**
         * As ISOLATED, with other hosts at the same time: a cut, to which those belong as well whose BMCs say nothing. Declared together,
         * and held above the limits.
         */
        PARTITIONED,
        /** Its kernel answers, its agent does not: its VMs may well run; wait for the agent's restart. */
        AGENT_SILENT,
        /** Its kernel answers and gossip hears its agent, but its renewals do not arrive: never fenced, a person is told. */
        MUTE
    }

    public Finding {
        witnesses = List.copyOf(witnesses);
    }
}
