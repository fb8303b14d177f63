package io.vmha.gossip.memberlist;

import io.vmha.gossip.wire.Bytes;
import io.vmha.gossip.wire.LifeState;
import io.vmha.gossip.wire.NodeState;
import io.vmha.gossip.wire.Vsn;
import java.net.InetSocketAddress;

/** What memberlist knows about one node, at one moment. */
public record NodeView(NodeState told, InetSocketAddress address) {
    public String name() {
        return told.name();
    }

    public Bytes meta() {
        return told.meta();
    }

    public Vsn vsn() {
        return told.vsn();
    }

    public long incarnation() {
        return told.incarnation();
    }

    public LifeState state() {
        return told.state();
    }
}
