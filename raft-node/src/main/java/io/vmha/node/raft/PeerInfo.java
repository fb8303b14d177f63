package io.vmha.node.raft;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Comparator;
import java.util.Objects;
import org.apache.ratis.proto.RaftProtos.RaftPeerProto;
import org.apache.ratis.protocol.RaftPeer;
import org.apache.ratis.protocol.RaftPeerId;

/**
 * A Raft server and where it listens. An id never changes its address: Ratis keeps the first address of an id for the life of the
 * process, so a server that moves is a new peer.
 *
 * @param address an address, not a name to resolve, and a port
 */
public record PeerInfo(PeerId id, InetSocketAddress address) {
    /** By id: the order in which voters are listed everywhere. */
    public static final Comparator<PeerInfo> BY_ID = Comparator.comparing(PeerInfo::id);

    public PeerInfo {
        Objects.requireNonNull(id, "id");
        if (address.isUnresolved() || address.getPort() == 0) {
            throw new IllegalArgumentException("peer " + id + " needs an IP address and a port but has " + address);
        }
    }

    /** {@code 192.0.2.1:8300}, or {@code [2001:db8::1]:8300}. */
    public String hostAndPort() {
        return hostAndPort(address);
    }

    /**
     * Reads an id and an address; names are not resolved.
     *
     * @throws IllegalArgumentException if either text is malformed
     */
    public static PeerInfo parse(String id, String hostAndPort) {
        return new PeerInfo(new PeerId(id), parseAddress(hostAndPort));
    }

    @Override
    public String toString() {
        return id + "/" + hostAndPort();
    }

    static String hostAndPort(InetSocketAddress address) {
        String host = address.getAddress().getHostAddress();
        return (host.indexOf(':') < 0 ? host : "[" + host + "]") + ":" + address.getPort();
    }

    static InetSocketAddress parseAddress(String text) {
        int colon = text.lastIndexOf(':');
        if (colon < 1) {
            throw new IllegalArgumentException("expected <ip>:<port> but found " + text);
        }
        String host = text.substring(0, colon);
        String bare = host.startsWith("[") && host.endsWith("]") ? host.substring(1, host.length() - 1) : host;
        boolean literal =
                bare.indexOf(':') >= 0 ? bare.matches("[0-9A-Fa-f:.%a-z]+") : bare.matches("[0-9]+(\\.[0-9]+){3}");
        if (!literal) {
            throw new IllegalArgumentException("expected <ip>:<port> but found " + text);
        }
        try {
            // a literal is parsed, never looked up
            return new InetSocketAddress(InetAddress.getByName(bare), Integer.parseInt(text.substring(colon + 1)));
        } catch (java.net.UnknownHostException e) {
            throw new IllegalArgumentException("expected <ip>:<port> but found " + text, e);
        }
    }

    RaftPeerId ratisId() {
        return RaftPeerId.valueOf(id.value());
    }

    RaftPeer ratisPeer() {
        return RaftPeer.newBuilder().setId(ratisId()).setAddress(hostAndPort()).build();
    }

    static PeerInfo of(RaftPeer peer) {
        return parse(peer.getId().toString(), peer.getAddress());
    }

    static PeerInfo of(RaftPeerProto proto) {
        return parse(proto.getId().toStringUtf8(), proto.getAddress());
    }
}
