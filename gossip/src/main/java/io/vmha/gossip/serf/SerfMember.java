package io.vmha.gossip.serf;

import io.vmha.gossip.memberlist.NameTable;
import io.vmha.gossip.memberlist.NodeView;

/** A member with what Serf remembers about it; changed by {@link Members} only. */
final class SerfMember extends NameTable.Entry {
    private final long order;
    /** Where {@link Members} has it. */
    private int place;

    private NodeView node;
    private MemberStatus status;
    private long statusTime;
    private boolean hearsay;
    private long sinceMs;
    private long goneAtMs;
    private long pruneAtMs = Long.MAX_VALUE;
    private boolean suspect;

    /**
     * One that is met now.
     *
     * @param order a member that was met earlier has a lower one
     */
    SerfMember(NodeView node, long nowMs, long order) {
        super(node.name());
        this.order = order;
        this.node = node;
        this.sinceMs = nowMs;
        this.status = MemberStatus.ALIVE;
    }

    int place() {
        return place;
    }

    void place(int newPlace) {
        place = newPlace;
    }

    long order() {
        return order;
    }

    NodeView node() {
        return node;
    }

    void describe(NodeView described) {
        node = described;
    }

    MemberStatus status() {
        return status;
    }

    void status(MemberStatus newStatus) {
        status = newStatus;
    }

    long statusTime() {
        return statusTime;
    }

    void statusTime(long ltime) {
        statusTime = ltime;
        hearsay = false;
    }

    /** A time from a push/pull state: the peer does not say whether the member then meant to join or to leave. */
    void heardStatusTime(long ltime) {
        statusTime = ltime;
        hearsay = true;
    }

    /** Tells whether an intention to leave at this time is later than what we know, or just what we only heard the time of. */
    boolean isOutdatedByLeave(long ltime) {
        return ltime > statusTime || (hearsay && ltime == statusTime);
    }

    void gone(MemberStatus how, long nowMs) {
        status = how;
        goneAtMs = nowMs;
        suspect = false;
    }

    /** How long it was here before it went. */
    long lifeMs() {
        return goneAtMs - sinceMs;
    }

    void back(long nowMs) {
        sinceMs = nowMs;
        status = MemberStatus.ALIVE;
        suspect = false;
        pruneAtMs = Long.MAX_VALUE;
    }

    long goneForMs(long nowMs) {
        return nowMs - goneAtMs;
    }

    void suspect(boolean isSuspect) {
        suspect = isSuspect;
    }

    long pruneAtMs() {
        return pruneAtMs;
    }

    void pruneAt(long ms) {
        pruneAtMs = ms;
    }

    Member view() {
        return new Member(
                node.name(),
                node.address().getAddress(),
                node.address().getPort(),
                node.told().tags(),
                status,
                suspect,
                node.vsn(),
                node.incarnation());
    }
}
