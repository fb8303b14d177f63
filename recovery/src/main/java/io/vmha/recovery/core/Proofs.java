package io.vmha.recovery.core;

/**
 * Which proofs of death an AZ relies on (S7). Without {@code lease} no host ever pauses its VMs; without {@code bmc} none is powered off.
 */
public record Proofs(boolean bmc, boolean lease) {
    /** Power-off through the BMC only. */
    public static final Proofs BMC = new Proofs(true, false);

    /** Expiry of an armed lease only. */
    public static final Proofs LEASE = new Proofs(false, true);

    /** Both at once; the first to succeed counts. */
    public static final Proofs BOTH = new Proofs(true, true);

    public Proofs {
        if (!bmc && !lease) {
            throw new IllegalArgumentException("an AZ needs at least one proof: bmc, lease, or both");
        }
    }

    /** As operators write it. */
    @Override
    public String toString() {
        return bmc && lease ? "bmc,lease" : bmc ? "bmc" : "lease";
    }
}
