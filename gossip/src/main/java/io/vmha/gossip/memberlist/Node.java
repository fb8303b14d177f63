package io.vmha.gossip.memberlist;

import io.vmha.gossip.wire.Bytes;
import io.vmha.gossip.wire.LifeState;
import io.vmha.gossip.wire.Message;
import io.vmha.gossip.wire.NodeAddress;
import io.vmha.gossip.wire.Vsn;
import java.net.InetSocketAddress;
import java.util.Optional;

/** One node in the member table. Its state is moved by {@link Membership} only. */
final class Node {
    private static final int TCP_PING_SINCE = 3;
    private static final int NACK_SINCE = 4;
    private static final int CHECKSUM_SINCE = 5;

    private InetSocketAddress address;
    /** What others are told of it; made once for each change, not for each telling. */
    private Message.NodeState told;

    private long changedAtMs;
    private Suspicion suspicion;
    /** Where {@link MemberTable} has it. */
    private int place;

    Node(String name, InetSocketAddress address, NodeAddress wireAddress, Bytes meta, Vsn vsn) {
        this.address = address;
        this.told = new Message.NodeState(name, 0, wireAddress, LifeState.DEAD, meta, vsn);
    }

    String name() {
        return told.name();
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
        return told.incarnation();
    }

    LifeState state() {
        return told.state();
    }

    boolean isAlive() {
        return told.state() == LifeState.ALIVE;
    }

    boolean isDeadOrLeft() {
        return told.state().isDeadOrLeft();
    }

    boolean answersTcpPings() {
        return told.vsn().protocolMax() >= TCP_PING_SINCE;
    }

    boolean sendsNacks() {
        return told.vsn().protocolMax() >= NACK_SINCE;
    }

    boolean readsChecksums() {
        return told.vsn().protocolMax() >= CHECKSUM_SINCE;
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
        if (told.state() != newState) {
            told = new Message.NodeState(
                    told.name(), told.incarnation(), told.address(), newState, told.meta(), told.vsn());
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
        if (told.incarnation() != newIncarnation) {
            told = new Message.NodeState(
                    told.name(), newIncarnation, told.address(), told.state(), told.meta(), told.vsn());
        }
    }

    /** It is this from now on, and reached there. */
    void become(long nowMs, Message.NodeState next, InetSocketAddress newAddress) {
        if (next.state() != told.state()) {
            changedAtMs = nowMs;
        }
        told = next;
        address = newAddress;
    }

    /** Its address as others are told of it. */
    NodeAddress wireAddress() {
        return told.address();
    }

    Message.Alive asAlive() {
        return new Message.Alive(told.name(), told.incarnation(), told.address(), told.meta(), told.vsn());
    }

    Message.NodeState asState() {
        return told;
    }

    NodeView view() {
        return new NodeView(told.name(), address, told.meta(), told.vsn(), told.incarnation(), told.state());
    }
}
