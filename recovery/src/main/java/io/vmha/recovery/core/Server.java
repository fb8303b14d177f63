package io.vmha.recovery.core;

import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Nova's record of one VM.
 *
 * @param host the host that Nova has it on, or {@link #NO_HOST}; changes only after the claim on an evacuation's target
 * @param status the API status, such as {@code ACTIVE}, {@code SHUTOFF}, {@code REBUILD}, {@code ERROR}
 * @param vmState {@code OS-EXT-STS:vm_state}, such as {@code active}, {@code stopped}, {@code error}
 * @param taskState {@code OS-EXT-STS:task_state}, such as {@code rebuilding}; empty when nothing is under way
 * @param volumeBacked true if it boots from a volume (no image)
 */
public record Server(
        ServerId id,
        String name,
        HostName host,
        String status,
        String vmState,
        Optional<String> taskState,
        boolean locked,
        boolean volumeBacked,
        Map<String, String> metadata,
        Traits traits) {
    /** Stands for the host of a server that is on none: shelved and offloaded, or never scheduled. */
    public static final HostName NO_HOST = new HostName("(none)");

    public Server {
        metadata = Collections.unmodifiableSortedMap(new TreeMap<>(metadata));
    }

    /** A server of which no traits are known. */
    public Server(
            ServerId id,
            String name,
            HostName host,
            String status,
            String vmState,
            Optional<String> taskState,
            boolean locked,
            boolean volumeBacked,
            Map<String, String> metadata) {
        this(id, name, host, status, vmState, taskState, locked, volumeBacked, metadata, Traits.NONE);
    }

    public Server withTraits(Traits others) {
        return new Server(id, name, host, status, vmState, taskState, locked, volumeBacked, metadata, others);
    }
}
