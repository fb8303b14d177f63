package io.vmha.node.gate;

import io.vmha.recovery.core.HostName;
import io.vmha.recovery.core.HostRecord;
import io.vmha.recovery.core.RecoveryState;

/**
 * Decides whether this host may start guests (S11): not in quarantine, and not before a majority of the voters has answered renewals that were
 * sent after this boot, in every mode of proofs. A host that no AZ protects waits for nothing.
 */
public final class Gate {
    /** The decision and its reason. */
    public record Verdict(boolean open, String reason) {}

    private Gate() {}

    /**
     * Whether guests may start now.
     *
     * @param everProtected an AZ has protected this host, as far as its disk remembers
     * @param leased a majority has answered renewals of this boot, and its promise still holds
     */
    public static Verdict judge(HostName self, RecoveryState state, boolean everProtected, boolean leased) {
        HostRecord record = state.hosts().get(self);
        if (record != null && record.status() == HostRecord.Status.DOWN) {
            return closed("this host was recovered from and is in quarantine, epoch " + record.epoch());
        }
        if (record != null && record.status() == HostRecord.Status.IN_RECOVERY) {
            return closed("an incident about this host is open");
        }
        if (leased) {
            return new Verdict(true, "a majority of the voters answers this host");
        }
        if (record == null && !everProtected) {
            return new Verdict(true, "no AZ protects this host");
        }
        return closed("no majority of the voters has answered this host in this boot");
    }

    private static Verdict closed(String reason) {
        return new Verdict(false, reason);
    }
}
