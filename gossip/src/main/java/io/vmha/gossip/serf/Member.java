package io.vmha.gossip.serf;

import io.vmha.gossip.wire.Vsn;
import java.net.InetAddress;
import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * One member of the pool, as we see it at one moment.
 *
 * @param suspect memberlist does not get an answer from it, but it may still refute
 * @param vsn protocol versions it publishes
 * @param incarnation how often it corrected what others said of it
 */
public record Member(
        String name,
        InetAddress address,
        int port,
        SortedMap<String, String> tags,
        MemberStatus status,
        boolean suspect,
        Vsn vsn,
        long incarnation) {
    public Member {
        tags = Collections.unmodifiableSortedMap(new TreeMap<>(tags));
    }

    /** The tag's value, empty if it has none. */
    public String tag(String name) {
        return tags.getOrDefault(name, "");
    }

    public int protocolMin() {
        return vsn.protocolMin();
    }

    public int protocolMax() {
        return vsn.protocolMax();
    }

    public int protocolCur() {
        return vsn.protocolCurrent();
    }

    public int delegateMin() {
        return vsn.delegateMin();
    }

    public int delegateMax() {
        return vsn.delegateMax();
    }

    public int delegateCur() {
        return vsn.delegateCurrent();
    }
}
