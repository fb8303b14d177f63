package io.vmha.node.group;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import io.vmha.node.raft.LogPosition;
import io.vmha.node.raft.PeerInfo;
import io.vmha.node.raft.Replicated.Standing;
import io.vmha.proto.v1.SnapshotPart;
import io.vmha.proto.v1.SnapshotPartOf;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * The snapshot that this voter hands out for a backup, part by part. One at a time: a second one that is begun meanwhile takes its place, and
 * whoever was reading the first begins again. Calls are serialised by the Raft node.
 */
final class SnapshotParts {
    static final int PART_BYTES = 512 * 1024;
    /** How long it is kept for somebody who asks for no more parts. */
    static final long KEPT_MS = 30_000;

    private Optional<Held> held = Optional.empty();

    private record Held(LogPosition at, ByteString bytes, long untilMs) {}

    /** Lets go of a snapshot that nobody asks for any more. */
    void onTime(long nowMs) {
        held = held.filter(h -> nowMs < h.untilMs());
    }

    /** @param take makes a snapshot of the state as it is now */
    SnapshotPart answer(long nowMs, SnapshotPartOf wanted, Standing standing, Supplier<byte[]> take) {
        if (wanted.getIndex() == 0) {
            if (standing.applied().index() < wanted.getAtLeast()) {
                return refused("this voter has applied " + standing.applied().index() + " but " + wanted.getAtLeast()
                        + " is wanted: ask another one");
            }
            held = Optional.of(
                    new Held(standing.applied(), UnsafeByteOperations.unsafeWrap(take.get()), nowMs + KEPT_MS));
        }
        if (held.isEmpty() || (wanted.getIndex() != 0 && held.get().at().index() != wanted.getIndex())) {
            return refused("this voter holds no snapshot of index " + wanted.getIndex() + " any more: begin again");
        }
        Held now = held.get();
        if (wanted.getOffset() < 0 || wanted.getOffset() >= now.bytes().size()) {
            return refused(
                    "the snapshot has " + now.bytes().size() + " bytes, nothing begins at " + wanted.getOffset());
        }
        int from = (int) wanted.getOffset();
        int length = Math.min(PART_BYTES, now.bytes().size() - from);
        boolean last = from + length == now.bytes().size();
        held = last ? Optional.empty() : Optional.of(new Held(now.at(), now.bytes(), nowMs + KEPT_MS));
        return SnapshotPart.newBuilder()
                .setIndex(now.at().index())
                .setTerm(now.at().term())
                .setTotal(now.bytes().size())
                .setContent(now.bytes().substring(from, from + length))
                .addAllVoters(standing.voters().voters().stream()
                        .map(PeerInfo::id)
                        .map(Object::toString)
                        .toList())
                .build();
    }

    private static SnapshotPart refused(String why) {
        return SnapshotPart.newBuilder().setRefusal(why).build();
    }
}
