package io.vmha.gossip.memberlist;

import io.vmha.gossip.wire.Bytes;
import io.vmha.gossip.wire.LifeState;
import io.vmha.gossip.wire.Vsn;
import java.net.InetSocketAddress;

/** What memberlist knows about one node, at one moment. */
public record NodeView(
        String name, InetSocketAddress address, Bytes meta, Vsn vsn, long incarnation, LifeState state) {}
