package io.vmha.recovery.core;

import java.util.Collection;
import java.util.SortedMap;
import java.util.SortedSet;

/** What the hosts' guards say of the guests that run there. */
public interface Guests {
    /** By guest, the hosts that have kept saying for some seconds that it runs there; no entry for one that nobody claims. May block. */
    SortedMap<ServerId, SortedSet<HostName>> holders(Collection<ServerId> guests);
}
