package io.vmha.recovery.core;

import java.util.Optional;

/**
 * S10: whether the disks of a dead host's VMs are known to be reachable from the hosts that may take them over. Nova does not refuse a VM
 * whose disk is not there: it makes a fresh one from the image, without a word.
 */
public final class StorageGate {
    private StorageGate() {}

    /** True if a VM with such a disk keeps its data, or need not keep it. */
    static boolean keepsData(RecoveryState state, HostName host, Disk disk) {
        return switch (disk) {
            case VOLUME, EXPENDABLE -> true;
            case INSTANCES -> whyLost(state, host).isEmpty();
        };
    }

    /** Why a disk in the host's instances storage might be lost; empty if it is known to be safe, or may be lost. */
    static Optional<String> whyLost(RecoveryState state, HostName host) {
        boolean trusted = state.az()
                .map(az -> az.instancesShared() || az.policy().rebuild())
                .orElse(false);
        return trusted ? Optional.empty() : whyNotShared(state, host);
    }

    /** What is missing to the proof that every host in service shares this host's instances storage; empty if it is proven. */
    public static Optional<String> whyNotShared(RecoveryState state, HostName host) {
        Optional<StorageReport> own =
                Optional.ofNullable(state.hosts().get(host)).flatMap(HostRecord::storage);
        if (own.isEmpty()) {
            return Optional.of(host + " has never said what its instances lie on");
        }
        if (!own.get().trouble().isEmpty()) {
            return Optional.of(host + " could not find out what its instances lie on: "
                    + own.get().trouble());
        }
        boolean alone = true;
        for (HostRecord other : state.hosts().values()) {
            if (!other.host().equals(host) && other.status() == HostRecord.Status.IN_SERVICE) {
                alone = false;
                if (!shares(host, own.get(), other)) {
                    return Optional.of(other.host() + " does not see what " + host + " wrote to "
                            + own.get().place()
                            + other.storage()
                                    .map(its -> its.trouble().isEmpty() ? "" : ": " + its.trouble())
                                    .orElse(": it has never looked"));
                }
            }
        }
        return alone ? Optional.of("no other host is in service") : Optional.empty();
    }

    private static boolean shares(HostName host, StorageReport own, HostRecord other) {
        return other.storage()
                .filter(its -> its.trouble().isEmpty() && its.place().equals(own.place()))
                .filter(its -> own.isBackend()
                        || (!own.nonce().isEmpty()
                                && own.nonce().equals(its.seen().get(host))))
                .isPresent();
    }
}
