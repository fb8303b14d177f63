package io.vmha.gossip.memberlist;

import io.vmha.gossip.wire.Bytes;
import io.vmha.gossip.wire.LifeState;
import io.vmha.gossip.wire.Message;
import io.vmha.gossip.wire.NodeAddress;
import io.vmha.gossip.wire.NodeState;
import io.vmha.gossip.wire.Vsn;
import java.net.InetSocketAddress;
import java.util.Optional;

/** One node in the member table. Its state is moved by {@link Membership} only. */
final class Node extends NameTable.Entry {
    private static final int TCP_PING_SINCE = 3;
    private static final int NACK_SINCE = 4;
    private static final int CHECKSUM_SINCE = 5;

    private InetSocketAddress address;
    /** What others are told of it; made once for each change, not for each telling. */
    private NodeState told;

    /** These as in {@link #told}: in a large pool each look at a further object is a wait for memory. */
    private LifeState state;

    private long incarnation;
    private byte protocolMax;

    private boolean ours;
    private long changedAtMs;
    private Suspicion suspicion;
    /** Where {@link MemberTable} has it. */
    private int place;

    Node(String name, InetSocketAddress address, NodeAddress wireAddress, Bytes meta, Vsn vsn) {
        super(name);
        this.address = address;
        tell(new NodeState(name, 0, wireAddress, LifeState.DEAD, meta, vsn));
    }

    /** The node that keeps the table. */
    static Node ours(MemberlistConfig config, Bytes meta) {
        Node self = new Node(config.name(), config.address(), NodeAddress.of(config.address()), meta, Vsn.OURS);
        self.ours = true;
        return self;
    }

    private void tell(NodeState next) {
        told = next;
        state = next.state();
        incarnation = next.incarnation();
        protocolMax = (byte) Math.min(Byte.MAX_VALUE, next.vsn().protocolMax());
    }

    /** It is the node that keeps the table. */
    boolean isOurs() {
        return ours;
    }

    InetSocketAddress address() {
        return address;
    }

    Bytes meta() {
        return told.meta();
    }

    Vsn vsn() {
        return told.vsn();
    }

    long incarnation() {
        return incarnation;
    }

    LifeState state() {
        return state;
    }

    boolean isAlive() {
        return state == LifeState.ALIVE;
    }

    boolean isDeadOrLeft() {
        return state.isDeadOrLeft();
    }

    boolean answersTcpPings() {
        return protocolMax >= TCP_PING_SINCE;
    }

    boolean sendsNacks() {
        return protocolMax >= NACK_SINCE;
    }

    boolean readsChecksums() {
        return protocolMax >= CHECKSUM_SINCE;
    }

    long msInState(long nowMs) {
        return nowMs - changedAtMs;
    }

    Optional<Suspicion> suspicion() {
        return Optional.ofNullable(suspicion);
    }

    void suspect(Suspicion newSuspicion) {
        suspicion = newSuspicion;
    }

    void cancelSuspicion() {
        suspicion = null;
    }

    void enter(LifeState newState, long nowMs) {
        if (state != newState) {
            tell(told.with(newState, incarnation));
            changedAtMs = nowMs;
        }
    }

    int place() {
        return place;
    }

    void place(int newPlace) {
        place = newPlace;
    }

    void incarnation(long newIncarnation) {
        tell(told.with(state, newIncarnation));
    }

    /** It is this from now on, and reached there. */
    void become(long nowMs, NodeState next, InetSocketAddress newAddress) {
        if (next.state() != state) {
            changedAtMs = nowMs;
        }
        tell(next);
        address = newAddress;
    }

    /** Its address as others are told of it. */
    NodeAddress wireAddress() {
        return told.address();
    }

    /** That it is alive, whatever it is to us. */
    Message.Alive asAlive() {
        return new Message.Alive(told.with(LifeState.ALIVE, incarnation));
    }

    NodeState asState() {
        return told;
    }

    NodeView view() {
        return new NodeView(told, address);
    }
}
