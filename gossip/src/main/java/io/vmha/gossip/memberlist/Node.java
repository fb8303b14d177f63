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

    private final String name;
    private InetSocketAddress address;
    private Bytes meta;
    private Vsn vsn;
    private long incarnation;
    private LifeState state = LifeState.DEAD;
    private long changedAtMs;
    private Suspicion suspicion;
    /** Where {@link MemberTable} has it. */
    private int place;

    Node(String name, InetSocketAddress address, Bytes meta, Vsn vsn) {
        this.name = name;
        this.address = address;
        this.meta = meta;
        this.vsn = vsn;
    }

    String name() {
        return name;
    }

    InetSocketAddress address() {
        return address;
    }

    Bytes meta() {
        return meta;
    }

    Vsn vsn() {
        return vsn;
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
        return vsn.protocolMax() >= TCP_PING_SINCE;
    }

    boolean sendsNacks() {
        return vsn.protocolMax() >= NACK_SINCE;
    }

    boolean readsChecksums() {
        return vsn.protocolMax() >= CHECKSUM_SINCE;
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
            state = newState;
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
        incarnation = newIncarnation;
    }

    void describe(InetSocketAddress newAddress, Bytes newMeta, Vsn newVsn) {
        address = newAddress;
        meta = newMeta;
        vsn = newVsn;
    }

    Message.Alive asAlive() {
        return new Message.Alive(name, incarnation, NodeAddress.of(address), meta, vsn);
    }

    Message.NodeState asState() {
        return new Message.NodeState(name, incarnation, NodeAddress.of(address), state, meta, vsn);
    }

    NodeView view() {
        return new NodeView(name, address, meta, vsn, incarnation, state);
    }
}
