package io.vmha.recovery.core;

/**
 * What the group knows of one host of the aggregate.
 *
 * @param epoch counts the host's lives: a certificate is about one of them
 * @param maintenance true while an operator works on the host: it is never declared dead
 * @param arming whether this life of the host fences itself (S6)
 */
public record HostRecord(HostName host, long epoch, Status status, boolean maintenance, Arming arming) {
    /** Where a host is in its life. */
    public enum Status {
        /** It runs VMs and is watched. */
        IN_SERVICE,
        /** An incident about it is open. */
        IN_RECOVERY,
        /** It was recovered from and has not come back; Nova holds it forced down. */
        DOWN
    }

    static HostRecord fresh(HostName host, long epoch) {
        return new HostRecord(host, epoch, Status.IN_SERVICE, false, Arming.UNREPORTED);
    }

    HostRecord with(Status value) {
        return new HostRecord(host, epoch, value, maintenance, arming);
    }

    HostRecord with(Arming value) {
        return new HostRecord(host, epoch, status, maintenance, value);
    }

    /** The next life of a host that came back. */
    HostRecord returned() {
        return new HostRecord(host, epoch + 1, Status.IN_SERVICE, maintenance, Arming.UNREPORTED);
    }

    HostRecord withMaintenance(boolean value) {
        return new HostRecord(host, epoch, status, value, arming);
    }
}
