package io.vmha.node.kv;

import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * A key with its value.
 *
 * @param flags the client's own number, unsigned
 * @param lockIndex how often the key was acquired
 * @param session the session that holds the key
 * @param modifyIndex the log index of the newest change, for {@code ?cas} and {@code ?index}
 */
public record KvEntry(
        String key,
        Value value,
        long flags,
        long lockIndex,
        Optional<String> session,
        long createIndex,
        long modifyIndex) {
    long bytes() {
        return (long) key.getBytes(StandardCharsets.UTF_8).length + value.size() + KvLimits.ENTRY_OVERHEAD;
    }

    boolean hasContentOf(KvEntry other) {
        return value.equals(other.value)
                && flags == other.flags
                && lockIndex == other.lockIndex
                && session.equals(other.session);
    }

    KvEntry released(long index) {
        return new KvEntry(key, value, flags, lockIndex, Optional.empty(), createIndex, index);
    }
}
