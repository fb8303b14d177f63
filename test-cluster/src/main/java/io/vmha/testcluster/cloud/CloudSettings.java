package io.vmha.testcluster.cloud;

import java.time.Duration;
import java.util.Collections;
import java.util.EnumMap;
import java.util.Map;

/**
 * What can be chosen about a simulated cloud before it starts.
 *
 * @param delays how long things take; a missing entry has the default of its {@link Delay}
 * @param password of the only user, {@code admin} in domain {@code Default}
 * @param sharedStorage whether the hosts share their instance disks; decides what evacuate calls of 2.1 to 2.13 must say about them
 */
public record CloudSettings(Map<Delay, Duration> delays, String password, boolean sharedStorage) {
    /** Something that takes time in Nova or Keystone. */
    public enum Delay {
        /** From {@code rebuild_spawning} to {@code ACTIVE}: measured 2.3 s with a spawn of 2 s. */
        SPAWN(Duration.ofSeconds(2)),
        /** Each of the steps before it: scheduling and claim, block devices, spawning. Measured 1.5 s for the three together. */
        PHASE(Duration.ofMillis(500)),
        /** Nova's {@code service_down_time}: silence until a service counts as down. */
        SERVICE_DOWN(Duration.ofSeconds(60)),
        /** Nova's {@code rpc_response_timeout}: how long a call waits that needs a nova-compute that is dead, but not yet down. */
        RPC_TIMEOUT(Duration.ofSeconds(60)),
        /** From the start of a nova-compute until it reports and has completed the evacuations from its host. Measured 6 to 12 s. */
        COMPUTE_START(Duration.ofSeconds(2)),
        /** From a guest's end until Nova, which should have it running, has its record stopped. Measured with libvirt: 15 s. */
        LIFECYCLE(Duration.ofSeconds(15)),
        /** How long a token is valid. */
        TOKEN_LIFETIME(Duration.ofHours(24));

        private final Duration usual;

        Delay(Duration usual) {
            this.usual = usual;
        }
    }

    public CloudSettings {
        delays.forEach((delay, duration) -> {
            if (duration.isNegative()) {
                throw new IllegalArgumentException("delay " + delay + " must not be negative but is " + duration);
            }
        });
        Map<Delay, Duration> copy = new EnumMap<>(Delay.class);
        copy.putAll(delays);
        delays = Collections.unmodifiableMap(copy);
    }

    /** Durations as measured on Zed, password {@code vmha-secret}, no shared storage. */
    public static CloudSettings defaults() {
        return new CloudSettings(Map.of(), "vmha-secret", false);
    }

    /** Like {@link #defaults}, but an evacuation takes a tenth of a second: for tests that do not look at the phases. */
    public static CloudSettings fast() {
        return defaults()
                .with(Delay.SPAWN, Duration.ofMillis(70))
                .with(Delay.PHASE, Duration.ofMillis(10))
                .with(Delay.COMPUTE_START, Duration.ofMillis(50));
    }

    public CloudSettings with(Delay delay, Duration duration) {
        Map<Delay, Duration> copy = new EnumMap<>(Delay.class);
        copy.putAll(delays);
        copy.put(delay, duration);
        return new CloudSettings(copy, password, sharedStorage);
    }

    public CloudSettings withPassword(String newPassword) {
        return new CloudSettings(delays, newPassword, sharedStorage);
    }

    public CloudSettings withSharedStorage(boolean shared) {
        return new CloudSettings(delays, password, shared);
    }

    /** The chosen duration, or the usual one. */
    public Duration delay(Delay delay) {
        return delays.getOrDefault(delay, delay.usual);
    }

    long ms(Delay delay) {
        return delay(delay).toMillis();
    }
}
