package io.vmha.recovery.core;

/**
 * What the group knows of one host of the aggregate.
 *
 * @param epoch counts the host's lives: a certificate is about one of them
 * @param maintenance true while an operator works on the host: it is never declared dead
 */
public record HostRecord(HostName host, long epoch, Status status, boolean maintenance) {
    /** Where a host is in its life. */
    public enum Status {
        /** It runs VMs and is watched. */
        IN_SERVICE,
        /** An incident about it is open. */
        IN_RECOVERY,
        /** It was recovered from and has not come back; Nova holds it forced down. */
        DOWN
    }

    HostRecord with(Status value) {
        return new HostRecord(host, epoch, value, maintenance);
    }

    /** The next life of a host that came back. */
    HostRecord returned() {
        return new HostRecord(host, epoch + 1, Status.IN_SERVICE, maintenance);
    }

    HostRecord withMaintenance(boolean value) {
        return new HostRecord(host, epoch, status, value);
    }
}
