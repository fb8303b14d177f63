package io.vmha.recovery.core;

import java.util.List;
import java.util.SortedMap;
import java.util.SortedSet;

/** The voters of the group, each asked by itself. Calls block, end within their own time limit and are made on an action thread only. */
public interface Voters {
    /** How many voters the configuration in force has. */
    int count();

    /** For each voter that answers: how long each host has not renewed with it, in milliseconds (S4). */
    SortedMap<String, SortedMap<HostName, Long>> ages(SortedSet<HostName> hosts);

    /** What each voter that answers says about one life of a host; voters on their way out are asked as well (S4). */
    List<AgeStatement> statements(HostName host, long epoch);

    /** The hosts of the voters that say they have applied the log up to this index. */
    List<String> appliedAtLeast(long index);

    /** The same by peer id, voters on their way out included. */
    List<String> peersAppliedAtLeast(long index);

    /**
     * Has the voters, the one here included, look closely at some hosts from now on, and tells what they and their observers have seen so
     * far. Returns at once with what is known: the attempts that this begins are told when it is asked again.
     *
     * @param hosts whom to tell about
     * @param alsoLookAt further hosts that may be silent as well; of those only the silent ones are told about
     */
    Testimony observe(SortedSet<HostName> hosts, SortedSet<HostName> alsoLookAt);
}
