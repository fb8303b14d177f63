package io.vmha.gossip.memberlist;

import io.vmha.gossip.wire.Limits;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;

/**
 * Who we are.
 *
 * @param name unique in the pool
 * @param address where peers reach us, both by UDP and TCP; resolved, with its real port
 * @param packetOverheadBytes what label and encryption add to each datagram
 */
public record MemberlistConfig(String name, InetSocketAddress address, Profile profile, int packetOverheadBytes) {
    public MemberlistConfig {
        int length = name.getBytes(StandardCharsets.UTF_8).length;
        if (length < 1 || length > Limits.NAME_BYTES_MAX) {
            throw new IllegalArgumentException("a member's name must have 1 to " + Limits.NAME_BYTES_MAX
                    + " bytes but '" + name + "' has " + length);
        }
        if (address.isUnresolved() || address.getAddress().isAnyLocalAddress() || address.getPort() == 0) {
            throw new IllegalArgumentException(
                    "peers need an address and port to reach us, but they would be told " + address);
        }
    }
}
