package io.vmha.gossip.wire;

/** What memberlist believes about a node. */
public enum LifeState {
    ALIVE(0),
    SUSPECT(1),
    DEAD(2),
    LEFT(3);

    private final int code;

    LifeState(int code) {
        this.code = code;
    }

    /** The number on the wire. */
    public int code() {
        return code;
    }

    public boolean isDeadOrLeft() {
        return this == DEAD || this == LEFT;
    }

    static LifeState of(long code) {
        for (LifeState state : values()) {
            if (state.code == code) {
                return state;
            }
        }
        throw new WireFormatException("a node's state must be 0 to 3 but is " + code);
    }
}
