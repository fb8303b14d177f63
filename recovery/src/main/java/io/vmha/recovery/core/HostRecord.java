package io.vmha.recovery.core;

import java.util.Optional;

/**
 * What the group knows of one host of the aggregate.
 *
 * @param epoch counts the host's lives: a certificate is about one of them
 * @param maintenance true while an operator works on the host: it is never declared dead
 * @param arming whether this life of the host fences itself (S6)
 * @param storage what its agent has found out about the storage under its instances (S10)
 */
public record HostRecord(
        HostName host, long epoch, Status status, boolean maintenance, Arming arming, Optional<StorageReport> storage) {
    /** A host whose agent has not looked at its storage yet. */
    public HostRecord(HostName host, long epoch, Status status, boolean maintenance, Arming arming) {
        this(host, epoch, status, maintenance, arming, Optional.empty());
    }

    /** Where a host is in its life. */
    public enum Status {
        /** It runs VMs and is watched. */
        IN_SERVICE,
        /** An incident about it is open. */
        IN_RECOVERY,
        /** It was recovered from and has not come back; Nova holds it forced down. */
        DOWN,
        /** It has begun its next life and is watched again; Nova does not have it back yet. */
        RETURNING
    }

    static HostRecord fresh(HostName host, long epoch) {
        return new HostRecord(host, epoch, Status.IN_SERVICE, false, Arming.UNREPORTED);
    }

    /** True if it runs VMs, or may any moment, so that its silence is looked into. */
    public boolean isWatched() {
        return status == Status.IN_SERVICE || status == Status.RETURNING;
    }

    HostRecord with(Status value) {
        return new HostRecord(host, epoch, value, maintenance, arming, storage);
    }

    HostRecord with(Arming value) {
        return new HostRecord(host, epoch, status, maintenance, value, storage);
    }

    /** The next life of a host that came back. */
    HostRecord returned() {
        return new HostRecord(host, epoch + 1, Status.IN_SERVICE, maintenance, Arming.UNREPORTED, storage);
    }

    HostRecord withMaintenance(boolean value) {
        return new HostRecord(host, epoch, status, value, arming, storage);
    }

    HostRecord withStorage(StorageReport report) {
        return new HostRecord(host, epoch, status, maintenance, arming, Optional.of(report));
    }
}
