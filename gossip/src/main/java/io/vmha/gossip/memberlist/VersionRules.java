package io.vmha.gossip.memberlist;

import io.vmha.gossip.wire.LifeState;
import io.vmha.gossip.wire.NodeState;
import io.vmha.gossip.wire.Vsn;
import io.vmha.gossip.wire.WireFormatException;
import java.util.Collection;
import java.util.List;

/** May two groups of nodes merge? Every node must speak a version that every alive node understands: state.go, verifyProtocol. */
final class VersionRules {
    private int protocolFloor;
    private int protocolCeiling = 255;
    private int delegateFloor;
    private int delegateCeiling = 255;

    private VersionRules() {}

    static void check(List<NodeState> remote, Collection<Node> local) {
        VersionRules rules = new VersionRules();
        for (NodeState node : remote) {
            if (node.state() == LifeState.ALIVE && !node.vsn().raw().isEmpty()) {
                rules.narrow(node.vsn());
            }
        }
        for (Node node : local) {
            if (node.isAlive()) {
                rules.narrow(node.vsn());
            }
        }
        remote.forEach(node -> rules.require(node.name(), node.vsn()));
        local.forEach(node -> rules.require(node.name(), node.vsn()));
    }

    private void narrow(Vsn vsn) {
        protocolFloor = Math.max(protocolFloor, vsn.protocolMin());
        protocolCeiling = Math.min(protocolCeiling, vsn.protocolMax());
        delegateFloor = Math.max(delegateFloor, vsn.delegateMin());
        delegateCeiling = Math.min(delegateCeiling, vsn.delegateMax());
    }

    private void require(String name, Vsn vsn) {
        int protocol = vsn.protocolCurrent();
        int delegate = vsn.delegateCurrent();
        if (protocol < protocolFloor
                || protocol > protocolCeiling
                || delegate < delegateFloor
                || delegate > delegateCeiling) {
            throw new WireFormatException("node " + name + " speaks memberlist " + protocol + " and Serf " + delegate
                    + ", but the pool understands " + protocolFloor + ".." + protocolCeiling + " and " + delegateFloor
                    + ".." + delegateCeiling);
        }
    }
}
