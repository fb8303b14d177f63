package io.vmha.node.gate;

import io.vmha.recovery.core.AzSettings;
import io.vmha.recovery.core.HostRecord;
import io.vmha.recovery.core.RecoveryState;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * The newest state of the group that this host knows: what it has from the log or from a voter, or what a majority has confirmed to it since. A
 * replica that gets no entries for a minute must neither keep this host's gate closed for so long nor hide that the host has been recovered.
 */
public final class Newest {
    private final Supplier<RecoveryState> replica;
    private volatile RecoveryState confirmed = RecoveryState.empty();

    /** @param replica what this host knows by itself */
    public Newest(Supplier<RecoveryState> replica) {
        this.replica = replica;
    }

    /** Any thread. */
    public RecoveryState state() {
        RecoveryState own = replica.get();
        RecoveryState other = confirmed;
        boolean newer = group(own).isPresent()
                && group(own).equals(group(other))
                && other.applied().index() > own.applied().index();
        return newer ? other : own;
    }

    /** A majority has confirmed this state. */
    public void onConfirmed(RecoveryState state) {
        confirmed = state;
    }

    /**
     * True if the voters' answers to this host's renewals tell of something that the record does not hold yet.
     *
     * @param epoch the newest life of this host that a voter has named
     * @param sealed a voter refuses that life
     */
    public static boolean isOutOfDate(HostRecord record, long epoch, boolean sealed) {
        boolean sealUnknown = sealed && record.status() != HostRecord.Status.DOWN;
        return epoch > record.epoch() || (epoch == record.epoch() && sealUnknown);
    }

    private static Optional<String> group(RecoveryState state) {
        return state.az().map(AzSettings::groupId);
    }
}
