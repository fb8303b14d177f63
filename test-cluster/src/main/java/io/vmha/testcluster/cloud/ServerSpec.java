package io.vmha.testcluster.cloud;

import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;

/**
 * A server to put into a simulated cloud as if it had been running there for long.
 *
 * @param id its UUID
 * @param az the zone it was asked for at its creation; a rebuild stays in it
 * @param volumeBacked true if it has no image of its own
 */
public record ServerSpec(
        String id,
        VmState vmState,
        String name,
        boolean locked,
        String host,
        boolean volumeBacked,
        Optional<String> az,
        Map<String, String> metadata) {
    /** Nova's {@code vm_state}, with the API status and the number of the power state that go with it. */
    public enum VmState {
        BUILDING("BUILD", 0),
        ACTIVE("ACTIVE", 1),
        STOPPED("SHUTOFF", 4),
        PAUSED("PAUSED", 3),
        SUSPENDED("SUSPENDED", 4),
        RESCUED("RESCUE", 1),
        RESIZED("VERIFY_RESIZE", 1),
        SHELVED_OFFLOADED("SHELVED_OFFLOADED", 4),
        ERROR("ERROR", 0);

        private final String status;
        private final int power;

        VmState(String status, int power) {
            this.status = status;
            this.power = power;
        }

        String status() {
            return status;
        }

        int power() {
            return power;
        }

        /** True if a guest in this state is a process on its host. */
        boolean hasGuest() {
            return this == ACTIVE || this == PAUSED || this == RESCUED || this == RESIZED;
        }

        String word() {
            return this == BUILDING ? "building" : name().toLowerCase(java.util.Locale.ROOT);
        }
    }

    public ServerSpec {
        metadata = Collections.unmodifiableMap(new TreeMap<>(metadata));
    }

    /** An ACTIVE server booted from an image, in the zone of its host. */
    public static ServerSpec named(String name) {
        return new ServerSpec(
                UUID.randomUUID().toString(), VmState.ACTIVE, name, false, "", false, Optional.empty(), Map.of());
    }

    public ServerSpec on(String newHost) {
        return new ServerSpec(id, vmState, name, locked, newHost, volumeBacked, az, metadata);
    }

    public ServerSpec withId(String newId) {
        return new ServerSpec(newId, vmState, name, locked, host, volumeBacked, az, metadata);
    }

    public ServerSpec in(VmState newState) {
        return new ServerSpec(id, newState, name, locked, host, volumeBacked, az, metadata);
    }

    public ServerSpec inZone(String zone) {
        return new ServerSpec(id, vmState, name, locked, host, volumeBacked, Optional.of(zone), metadata);
    }

    public ServerSpec thatIsLocked() {
        return new ServerSpec(id, vmState, name, true, host, volumeBacked, az, metadata);
    }

    public ServerSpec thatBootsFromAVolume() {
        return new ServerSpec(id, vmState, name, locked, host, true, az, metadata);
    }

    public ServerSpec withMetadata(Map<String, String> newMetadata) {
        return new ServerSpec(id, vmState, name, locked, host, volumeBacked, az, newMetadata);
    }
}
