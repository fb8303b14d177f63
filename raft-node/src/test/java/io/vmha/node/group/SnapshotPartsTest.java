package io.vmha.node.group;

import static org.assertj.core.api.Assertions.assertThat;

import io.vmha.node.raft.LogPosition;
import io.vmha.node.raft.PeerId;
import io.vmha.node.raft.Replicated.Standing;
import io.vmha.node.raft.VoterSet;
import io.vmha.proto.v1.SnapshotPart;
import io.vmha.proto.v1.SnapshotPartOf;
import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** A snapshot handed out in parts is one snapshot, or none. */
class SnapshotPartsTest {
    private static final int BYTES = 2 * SnapshotParts.PART_BYTES + 7;

    private final SnapshotParts parts = new SnapshotParts();
    private int taken;

    private static Standing at(long index) {
        return new Standing(new PeerId("hv-1@0000000000000001"), new LogPosition(3, index), VoterSet.NONE);
    }

    private SnapshotPart ask(long nowMs, long appliedNow, SnapshotPartOf.Builder wanted) {
        return parts.answer(nowMs, wanted.build(), at(appliedNow), () -> {
            var bytes = new byte[BYTES];
            Arrays.fill(bytes, (byte) ++taken);
            return bytes;
        });
    }

    private static SnapshotPartOf.Builder from(long index, long offset) {
        return SnapshotPartOf.newBuilder().setIndex(index).setOffset(offset);
    }

    @Test
    void thePartsAreOneStateAlthoughTheLogGoesOn() {
        var whole = new ByteArrayOutputStream();
        SnapshotPart part = ask(0, 10, SnapshotPartOf.newBuilder().setAtLeast(10));
        while (part.getRefusal().isEmpty() && whole.size() < part.getTotal()) {
            whole.writeBytes(part.getContent().toByteArray());
            part = ask(1, 500, from(10, whole.size()));
        }

        assertThat(whole.size()).isEqualTo(BYTES);
        assertThat(whole.toByteArray()).containsOnly(1);
        assertThat(part.getRefusal())
                .as("after the last part it is not held any more")
                .contains("begin again");
    }

    @Test
    void aVoterThatIsBehindRefuses() {
        assertThat(ask(0, 9, SnapshotPartOf.newBuilder().setAtLeast(10)).getRefusal())
                .contains("has applied 9 but 10 is wanted");
        assertThat(taken).isZero();
    }

    @Test
    void anotherBackupTakesThePlaceOfTheFirstAndTheFirstIsToldSo() {
        ask(0, 10, SnapshotPartOf.newBuilder());
        ask(0, 11, SnapshotPartOf.newBuilder());

        assertThat(ask(0, 11, from(10, SnapshotParts.PART_BYTES)).getRefusal()).contains("begin again");
        assertThat(ask(0, 11, from(11, SnapshotParts.PART_BYTES)).getContent().byteAt(0))
                .isEqualTo((byte) 2);
    }

    @Test
    void whatNobodyAsksForAnyMoreIsLetGo() {
        ask(0, 10, SnapshotPartOf.newBuilder());
        parts.onTime(SnapshotParts.KEPT_MS - 1);
        assertThat(ask(0, 10, from(10, 5)).getRefusal()).isEmpty();
        parts.onTime(SnapshotParts.KEPT_MS + 1);

        assertThat(ask(0, 10, from(10, 5)).getRefusal()).contains("begin again");
    }

    @Test
    void anOffsetOutsideIsRefused() {
        for (long offset : new long[] {-1, BYTES, Long.MAX_VALUE}) {
            assertThat(ask(0, 10, from(0, offset)).getRefusal())
                    .as("%d", offset)
                    .contains("nothing begins at");
        }
    }
}
