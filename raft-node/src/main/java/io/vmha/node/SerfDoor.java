package io.vmha.node;

import io.vmha.gossip.netty.RpcSettings;
import io.vmha.node.config.ReservedTags;
import io.vmha.node.config.VmhadConfig;

/** The door for the {@code serf} command, as it is configured. */
final class SerfDoor {
    private SerfDoor() {}

    static RpcSettings settings(VmhadConfig.SerfRpc door) {
        return RpcSettings.of(door.address())
                .withAuthKey(door.authKey().map(VmhadConfig.Token::reveal).orElse(""))
                .withReservedTags(ReservedTags.FOR_CLIENTS)
                .withLog(MonitorLog.attached())
                .withCoalescedEvents(door.coalesceEvents());
    }
}
