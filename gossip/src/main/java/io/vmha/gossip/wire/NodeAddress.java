package io.vmha.gossip.wire;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.Arrays;

/** An address inside a message. What it is as a socket address is found out once, for a node is told of many times. */
public final class NodeAddress {
    public static final NodeAddress NONE = new NodeAddress(Bytes.EMPTY, 0);

    private final Bytes ip;
    private final int port;
    private InetSocketAddress socketAddress;

    /**
     * An address as it was received.
     *
     * @param ip 4 or 16 bytes, or none if the sender gave none
     * @param port 0 to 65535; 0 means "the port everybody uses"
     */
    public NodeAddress(Bytes ip, int port) {
        if (ip.length() != 0 && ip.length() != 4 && ip.length() != 16) {
            throw new WireFormatException("an IP address must have 4 or 16 bytes but has " + ip.length());
        }
        if (port < 0 || port > 0xffff) {
            throw new WireFormatException("a port must be in 0..65535 but is " + port);
        }
        this.ip = ip;
        this.port = port;
    }

    /** The address of a resolved socket address. */
    public static NodeAddress of(InetSocketAddress socketAddress) {
        return new NodeAddress(Bytes.copyOf(socketAddress.getAddress().getAddress()), socketAddress.getPort());
    }

    public Bytes ip() {
        return ip;
    }

    public int port() {
        return port;
    }

    public boolean isComplete() {
        return !ip.isEmpty() && port != 0;
    }

    /** As a socket address; a mapped IPv4 address becomes plain IPv4, so that the result can be compared. */
    public InetSocketAddress toSocketAddress(int portIfZero) {
        if (port == 0) {
            return resolve(portIfZero);
        }
        if (socketAddress == null) {
            socketAddress = resolve(port); // two threads would find the same
        }
        return socketAddress;
    }

    /** Says the same as this socket address. */
    public boolean isAt(InetSocketAddress other) {
        return port == other.getPort()
                && Arrays.equals(ip.shared(), other.getAddress().getAddress());
    }

    private InetSocketAddress resolve(int itsPort) {
        try {
            return new InetSocketAddress(InetAddress.getByAddress(ip.toArray()), itsPort);
        } catch (UnknownHostException wrongLength) {
            throw new WireFormatException("a node without an IP address cannot be reached", wrongLength);
        }
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof NodeAddress that && port == that.port && ip.equals(that.ip);
    }

    @Override
    public int hashCode() {
        return 31 * ip.hashCode() + port;
    }

    @Override
    public String toString() {
        return "NodeAddress[ip=" + ip + ", port=" + port + "]";
    }
}
