package io.vmha.node.view;

import io.vmha.proto.v1.KvEntry;
import io.vmha.proto.v1.SnapshotPart;
import io.vmha.proto.v1.SnapshotPartOf;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** Everything that the group replicates, as bytes for a backup, and the way back for what may go back. Every future completes normally. */
public interface Backups {
    /** Where there is no group. */
    Backups NONE = new Backups() {
        private static final String WHY =
                "this host is in no group: no AZ that contains it is enabled (vmha az enable NAME)";

        @Override
        public CompletableFuture<Taken> part(String voter, SnapshotPartOf part) {
            return CompletableFuture.completedFuture(Taken.refused(503, WHY));
        }

        @Override
        public CompletableFuture<NodeRequests.Answer> restore(String az, List<KvEntry> entries) {
            return CompletableFuture.completedFuture(new NodeRequests.Answer(503, WHY));
        }
    };

    /**
     * A part of a snapshot, or why there is none.
     *
     * @param status an HTTP status: 200; 409 the voter does not hold it any more; 503 no group, no leader or no answer
     * @param voter the voter that holds it: later parts come from there
     */
    record Taken(int status, String error, String group, String voter, SnapshotPart part) {
        /** No part. */
        public static Taken refused(int status, String why) {
            return new Taken(status, why, "", "", SnapshotPart.getDefaultInstance());
        }
    }

    /**
     * A part of a snapshot.
     *
     * @param voter who holds it; empty for one that shows everything that was committed before this call
     */
    CompletableFuture<Taken> part(String voter, SnapshotPartOf part);

    /**
     * Puts keys out of a backup into a store that has none, with their flags and without their locks. Nothing of the recovery is ever put
     * back: a certificate speaks of one life of a host, and since the backup that host may have begun another.
     *
     * @param az the AZ that the backup is of; it must be this one
     * @param entries none asks only whether a restore may begin
     */
    CompletableFuture<NodeRequests.Answer> restore(String az, List<KvEntry> entries);
}
