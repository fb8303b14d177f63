package io.vmha.recovery.core;

/**
 * The times of the quorum lease (S3, S4), all in milliseconds. Hosts and voters must agree on them, so they are part of the protocol and not
 * of a configuration file.
 *
 * @param renewMs how often a host renews
 * @param leaseMs L: how long a lease runs from the moment its renewal was sent
 * @param graceMs K: how long after its lease's end a host may still write
 * @param driftPercent how far two clocks may drift apart
 * @param marginMs for what clocks and schedulers round away
 */
public record LeaseTiming(long renewMs, long leaseMs, long graceMs, long driftPercent, long marginMs) {
    /** The protocol's own. */
    public static final LeaseTiming DEFAULT = new LeaseTiming(1_000, 6_000, 2_000, 1, 500);

    /** From the decision to seal until a majority has applied it and been asked again, with some to spare. */
    private static final long SEAL_TAKES_MS = 1_000;

    /** The silence that a majority of the voters must state before a host may be sealed: two periods. */
    public long sealAfterMs() {
        return 2 * renewMs;
    }

    /**
     * The silence at which a leader seals a host: as late as it does not hold up the certificate, because what is sealed cannot go on. A cut
     * that heals before costs a pause at most.
     */
    public long sealDueMs() {
        return Math.max(sealAfterMs(), certifyAfterMs() - SEAL_TAKES_MS);
    }

    /** The age that a majority of the voters must state before a sealed host is certified. */
    public long certifyAfterMs() {
        return (leaseMs + graceMs) * (100 + driftPercent) / 100 + marginMs;
    }

    /** When a domain that has not stopped is killed, counted from the lease's end. */
    public long killAfterMs() {
        return graceMs / 2;
    }
}
