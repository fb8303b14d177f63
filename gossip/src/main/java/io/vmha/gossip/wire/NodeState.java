package io.vmha.gossip.wire;

import java.util.SortedMap;

/**
 * What is told of one node: in a push/pull state, and in an alive message. Immutable; whoever keeps it shares it. Its tags are found out
 * once, for a node is told of many times.
 */
public final class NodeState {
    private final String name;
    private final long incarnation;
    private final NodeAddress address;
    private final LifeState state;
    private final Bytes meta;
    private final Vsn vsn;
    private SortedMap<String, String> tags;

    public NodeState(String name, long incarnation, NodeAddress address, LifeState state, Bytes meta, Vsn vsn) {
        this.name = name;
        this.incarnation = incarnation;
        this.address = address;
        this.state = state;
        this.meta = meta;
        this.vsn = vsn;
    }

    public String name() {
        return name;
    }

    public long incarnation() {
        return incarnation;
    }

    public NodeAddress address() {
        return address;
    }

    public LifeState state() {
        return state;
    }

    public Bytes meta() {
        return meta;
    }

    public Vsn vsn() {
        return vsn;
    }

    /** The tags inside the metadata; they cannot be changed. */
    public SortedMap<String, String> tags() {
        if (tags == null) {
            tags = Tags.decode(meta); // two threads would find the same
        }
        return tags;
    }

    /** The same node in another state, or of another incarnation. */
    public NodeState with(LifeState newState, long newIncarnation) {
        return newState == state && newIncarnation == incarnation
                ? this
                : new NodeState(name, newIncarnation, address, newState, meta, vsn);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof NodeState that
                && incarnation == that.incarnation
                && state == that.state
                && name.equals(that.name)
                && address.equals(that.address)
                && meta.equals(that.meta)
                && vsn.equals(that.vsn);
    }

    @Override
    public int hashCode() {
        return 31 * name.hashCode() + Long.hashCode(incarnation);
    }

    @Override
    public String toString() {
        return "NodeState[name=" + name + ", incarnation=" + incarnation + ", address=" + address + ", state=" + state
                + ", meta=" + meta + ", vsn=" + vsn + "]";
    }
}
