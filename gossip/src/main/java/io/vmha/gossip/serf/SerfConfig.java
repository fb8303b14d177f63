package io.vmha.gossip.serf;

import io.vmha.gossip.memberlist.MemberlistConfig;
import io.vmha.gossip.wire.Keyring;
import io.vmha.gossip.wire.Tags;
import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * One Serf node.
 *
 * @param tags what it tells about itself; 512 bytes encoded
 * @param keyring the gossip keys that key queries list and change
 * @param reconnectIntervalMs how often a failed member is tried again
 * @param reapIntervalMs how often members gone for long are looked for
 * @param reconnectTimeoutMs after this time a failed member is forgotten
 * @param tombstoneTimeoutMs after this time a member that left is forgotten
 */
public record SerfConfig(
        MemberlistConfig memberlist,
        SortedMap<String, String> tags,
        Keyring keyring,
        long reconnectIntervalMs,
        long reapIntervalMs,
        long reconnectTimeoutMs,
        long tombstoneTimeoutMs) {
    private static final long SECOND = 1000;
    private static final long HOUR = 3600 * SECOND;

    public SerfConfig {
        tags = Collections.unmodifiableSortedMap(new TreeMap<>(tags));
        Tags.encode(tags); // refuses what does not fit
        if (reconnectIntervalMs < 1 || reapIntervalMs < 1 || reconnectTimeoutMs < 1 || tombstoneTimeoutMs < 1) {
            throw new IllegalArgumentException("reconnect, reap and tombstone times must be at least 1 ms");
        }
    }

    /** Serf's own times, but failed members are tried for 72 hours, as Consul does. */
    public static SerfConfig of(MemberlistConfig memberlist, SortedMap<String, String> tags) {
        return new SerfConfig(memberlist, tags, Keyring.NONE, 30 * SECOND, 15 * SECOND, 72 * HOUR, 24 * HOUR);
    }

    /** The same with these keys. */
    public SerfConfig withKeyring(Keyring newKeyring) {
        return new SerfConfig(
                memberlist,
                tags,
                newKeyring,
                reconnectIntervalMs,
                reapIntervalMs,
                reconnectTimeoutMs,
                tombstoneTimeoutMs);
    }
}
