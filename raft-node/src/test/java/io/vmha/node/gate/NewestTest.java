package io.vmha.node.gate;

import static org.assertj.core.api.Assertions.assertThat;

import io.vmha.recovery.core.Arming;
import io.vmha.recovery.core.AzCommand;
import io.vmha.recovery.core.AzSettings;
import io.vmha.recovery.core.Entry;
import io.vmha.recovery.core.HostName;
import io.vmha.recovery.core.HostRecord;
import io.vmha.recovery.core.HostRecord.Status;
import io.vmha.recovery.core.Limits;
import io.vmha.recovery.core.Proofs;
import io.vmha.recovery.core.RecoveryState;
import java.util.List;
import org.junit.jupiter.api.Test;

class NewestTest {
    private static final HostName SELF = new HostName("hv-1");

    private RecoveryState replica = RecoveryState.empty();
    private final Newest newest = new Newest(() -> replica);

    private static RecoveryState at(long index, String group) {
        var settings = new AzSettings("az1", 1, group, true, true, true, new Limits(4, 100), Proofs.BMC);
        return RecoveryState.empty()
                .apply(new Entry(1, index), new AzCommand.EnableAz(0, settings, List.of(SELF)))
                .state();
    }

    private static HostRecord record(long epoch, Status status) {
        return new HostRecord(SELF, epoch, status, false, Arming.UNREPORTED);
    }

    @Test
    void whatAMajorityHasConfirmedCountsUntilTheReplicaHasGoneBeyondIt() {
        replica = at(5, "g");
        newest.onConfirmed(at(9, "g"));
        assertThat(newest.state().applied().index()).isEqualTo(9);

        replica = at(10, "g");
        assertThat(newest.state().applied().index()).isEqualTo(10);
    }

    @Test
    void theStateOfAnEarlierGroupOfThisHostDoesNotCount() {
        newest.onConfirmed(at(900, "old"));

        replica = at(5, "new");
        assertThat(newest.state()).isEqualTo(replica);

        replica = RecoveryState.empty(); // let go by its group
        assertThat(newest.state()).isEqualTo(replica);
    }

    @Test
    void aLaterLifeOrASealThatTheRecordDoesNotHoldIsAskedAbout() {
        assertThat(Newest.isOutOfDate(record(1, Status.DOWN), 2, false)).isTrue();
        assertThat(Newest.isOutOfDate(record(1, Status.IN_SERVICE), 2, true)).isTrue();
        assertThat(Newest.isOutOfDate(record(1, Status.IN_SERVICE), 1, true)).isTrue();
        assertThat(Newest.isOutOfDate(record(1, Status.IN_RECOVERY), 1, true)).isTrue();
        assertThat(Newest.isOutOfDate(record(2, Status.RETURNING), 2, true)).isTrue();
    }

    @Test
    void whatTheRecordHoldsIsNotAskedAbout() {
        assertThat(Newest.isOutOfDate(record(1, Status.IN_SERVICE), 1, false)).isFalse();
        assertThat(Newest.isOutOfDate(record(1, Status.DOWN), 1, true)).isFalse();
        assertThat(Newest.isOutOfDate(record(2, Status.IN_SERVICE), 1, true))
                .as("an answer about the life before")
                .isFalse();
        assertThat(Newest.isOutOfDate(record(1, Status.IN_SERVICE), 0, false))
                .as("no voter has answered yet")
                .isFalse();
    }
}
