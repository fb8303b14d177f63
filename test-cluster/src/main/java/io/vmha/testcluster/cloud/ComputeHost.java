package io.vmha.testcluster.cloud;

import java.util.Optional;
import java.util.UUID;

/** One hypervisor: its power, its nova-compute, and Nova's records of both. Guarded by the {@link Region} it belongs to. */
final class ComputeHost {
    final String name;
    final int number;
    final String serviceUuid = UUID.randomUUID().toString();
    final String nodeUuid = UUID.randomUUID().toString();

    boolean powered = true;
    boolean computeRunning = true;
    boolean connected = true;
    boolean spawnFails;
    boolean gated; // its nova-compute does not start with the host
    boolean owesCleanUp; // its nova-compute was started and has not yet looked for guests that moved away
    long life; // counts starts of nova-compute, so that one that was overtaken by a power cut does nothing

    boolean forcedDown;
    boolean disabled;
    Optional<String> disabledReason = Optional.empty();
    long seenAtMs;
    long changedAtMs;

    ComputeHost(int number, String name, long nowMs) {
        this.number = number;
        this.name = name;
        this.seenAtMs = nowMs;
        this.changedAtMs = nowMs;
    }

    /** True if its nova-compute hears calls and reports. */
    boolean isAlive() {
        return powered && computeRunning && connected;
    }

    /** A made-up address of the hypervisor. */
    String ip() {
        return "127.0." + (1 + (10 + number) / 250) + "." + (10 + number) % 250;
    }
}
