package io.vmha.recovery.core;

import java.util.Collection;
import java.util.Collections;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/** What the hosts' guards say of the guests that run there. */
public interface Guests {
    /** What is said of these guests. May block. */
    Words wordsOf(Collection<ServerId> guests);

    /**
     * What the guards say.
     *
     * @param holders by guest, the hosts that have kept saying for some seconds that it runs there; no entry for one that nobody claims
     * @param speaking the hosts that say what runs there at all: what one of these does not claim does not run there
     */
    record Words(SortedMap<ServerId, SortedSet<HostName>> holders, SortedSet<HostName> speaking) {
        /** Nobody says anything. */
        public static final Words NONE = new Words(new TreeMap<>(), new TreeSet<>());

        public Words {
            holders = Collections.unmodifiableSortedMap(new TreeMap<>(holders));
            speaking = Collections.unmodifiableSortedSet(new TreeSet<>(speaking));
        }
    }
}
