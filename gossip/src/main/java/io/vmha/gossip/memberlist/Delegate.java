package io.vmha.gossip.memberlist;

import io.vmha.gossip.wire.Bytes;
import java.net.InetSocketAddress;
import java.util.List;

/** The layer above memberlist: hears what happens and adds its own messages. Called in the middle of decisions, so it only records. */
public interface Delegate {
    /** A node that was unknown, dead or gone is alive. Also called once for ourselves, at the start. */
    void onJoin(long nowMs, NodeView node);

    /** A node is dead, or left on purpose ({@code node.state()} tells). */
    void onLeave(long nowMs, NodeView node);

    /** The metadata of an alive node changed. */
    void onUpdate(long nowMs, NodeView node);

    /** A node does not answer, and somebody says so. */
    void onSuspect(long nowMs, NodeView node, String accuser);

    /** A suspect proved that it is alive. */
    void onRefuted(long nowMs, NodeView node);

    /** Somebody claims a name that a node at another address has. */
    void onConflict(long nowMs, NodeView existing, InetSocketAddress claimant);

    /** A message for the layer above. */
    void onUserMessage(long nowMs, Bytes body);

    /** A join that was asked for is over. */
    void onJoinFinished(long nowMs, long joinId, JoinResult result);

    /** Our leave has been spread, or its time is over. */
    void onLeaveSpread(long nowMs);

    /** What an ack of ours carries besides its number. */
    default Bytes ackPayload() {
        return Bytes.EMPTY;
    }

    /** A node answered a ping of ours straight away. */
    default void onPingAnswered(long nowMs, NodeView node, long roundTripMicros, Bytes payload) {}

    /** True if {@link #broadcasts} would return something. */
    boolean hasBroadcasts();

    /**
     * User messages to be spread, encoded as parts of a datagram.
     *
     * @param overheadBytes what each of them costs beyond its length
     * @param limitBytes what all of them may cost
     */
    List<Bytes> broadcasts(int overheadBytes, int limitBytes);

    /** Our state for a push/pull exchange. */
    Bytes localState();

    /**
     * A peer's state from a push/pull exchange.
     *
     * @param join the exchange is part of a join
     */
    void mergeRemoteState(long nowMs, Bytes state, boolean join);
}
