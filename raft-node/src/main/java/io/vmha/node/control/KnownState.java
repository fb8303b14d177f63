package io.vmha.node.control;

import io.vmha.node.raft.GroupId;
import java.util.Optional;

/** How far a client of a group knows its state. Places in the log of another group, an earlier one of this host, say nothing. Any thread. */
final class KnownState {
    private Optional<GroupId> group = Optional.empty();
    private long index;

    /** The place up to which the state of this group is known; 0 if nothing of it is. */
    synchronized long indexIn(GroupId asked) {
        return group.equals(Optional.of(asked)) ? index : 0;
    }

    boolean isNews(GroupId from, long itsIndex) {
        return itsIndex > indexIn(from);
    }

    /** A state was fetched; false if a newer one of the same group was before. */
    synchronized boolean take(GroupId from, long itsIndex) {
        if (!isNews(from, itsIndex)) {
            return false;
        }
        group = Optional.of(from);
        index = itsIndex;
        return true;
    }
}
