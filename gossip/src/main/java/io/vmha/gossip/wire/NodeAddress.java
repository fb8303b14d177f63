package io.vmha.gossip.wire;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;

/**
 * An address inside a message.
 *
 * @param ip 4 or 16 bytes, or none if the sender gave none
 * @param port 0 to 65535; 0 means "the port everybody uses"
 */
public record NodeAddress(Bytes ip, int port) {
    public static final NodeAddress NONE = new NodeAddress(Bytes.EMPTY, 0);

    public NodeAddress {
        if (ip.length() != 0 && ip.length() != 4 && ip.length() != 16) {
            throw new WireFormatException("an IP address must have 4 or 16 bytes but has " + ip.length());
        }
        if (port < 0 || port > 0xffff) {
            throw new WireFormatException("a port must be in 0..65535 but is " + port);
        }
    }

    /** The address of a resolved socket address. */
    public static NodeAddress of(InetSocketAddress socketAddress) {
        return new NodeAddress(Bytes.copyOf(socketAddress.getAddress().getAddress()), socketAddress.getPort());
    }

    public boolean isComplete() {
        return !ip.isEmpty() && port != 0;
    }

    /** As a socket address; a mapped IPv4 address becomes plain IPv4, so that the result can be compared. */
    public InetSocketAddress toSocketAddress(int portIfZero) {
        try {
            return new InetSocketAddress(InetAddress.getByAddress(ip.toArray()), port == 0 ? portIfZero : port);
        } catch (UnknownHostException wrongLength) {
            throw new WireFormatException("a node without an IP address cannot be reached", wrongLength);
        }
    }
}
