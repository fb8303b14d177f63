package io.vmha.gossip.netty;

import io.vmha.gossip.rpc.LogSource;
import java.net.InetSocketAddress;
import java.util.List;

/**
 * The door for Serf's own command line and other Serf clients.
 *
 * @param address on loopback: the protocol is not encrypted; port 0 takes any free one
 * @param authKey what clients have to show; empty for nothing
 * @param reservedTags tags that clients may not set, whether or not our member has them at the moment
 * @param log what {@code serf monitor} shows
 * @param coalesceEvents gather events as {@code serf agent} does, instead of handing each on at once
 */
public record RpcSettings(
        InetSocketAddress address, String authKey, List<String> reservedTags, LogSource log, boolean coalesceEvents) {
    public RpcSettings {
        if (address.isUnresolved() || !address.getAddress().isLoopbackAddress()) {
            throw new IllegalArgumentException(
                    "Serf RPC is neither encrypted nor meant for other hosts; its address must be a loopback address"
                            + " but is "
                            + address);
        }
        reservedTags = List.copyOf(reservedTags);
    }

    /** For everybody on this host. */
    public static RpcSettings of(InetSocketAddress address) {
        return new RpcSettings(address, "", List.of(), LogSource.NONE, false);
    }

    /** The same for those who know the key. */
    public RpcSettings withAuthKey(String newAuthKey) {
        return new RpcSettings(address, newAuthKey, reservedTags, log, coalesceEvents);
    }

    /** The same with tags that clients may not set. */
    public RpcSettings withReservedTags(List<String> newReservedTags) {
        return new RpcSettings(address, authKey, newReservedTags, log, coalesceEvents);
    }

    /** The same with a log. */
    public RpcSettings withLog(LogSource newLog) {
        return new RpcSettings(address, authKey, reservedTags, newLog, coalesceEvents);
    }

    /** The same, but events are gathered for one to three seconds, as {@code serf agent} does. */
    public RpcSettings withCoalescedEvents(boolean coalesce) {
        return new RpcSettings(address, authKey, reservedTags, log, coalesce);
    }

    /** Without the key. */
    @Override
    public String toString() {
        return "RpcSettings[address=" + address + ", auth=" + !authKey.isEmpty() + "]";
    }
}
