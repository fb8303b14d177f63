package io.vmha.node.raft;

import java.net.ConnectException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.ratis.thirdparty.io.netty.bootstrap.Bootstrap;
import org.apache.ratis.thirdparty.io.netty.channel.ChannelFuture;
import org.apache.ratis.thirdparty.io.netty.channel.ChannelInboundHandlerAdapter;
import org.apache.ratis.thirdparty.io.netty.channel.ChannelOption;
import org.apache.ratis.thirdparty.io.netty.channel.ConnectTimeoutException;
import org.apache.ratis.thirdparty.io.netty.channel.EventLoopGroup;
import org.apache.ratis.thirdparty.io.netty.channel.nio.NioEventLoopGroup;
import org.apache.ratis.thirdparty.io.netty.channel.socket.nio.NioSocketChannel;
import org.apache.ratis.thirdparty.io.netty.handler.ssl.SslContext;
import org.apache.ratis.thirdparty.io.netty.util.concurrent.DefaultThreadFactory;

/** All connections of this node to peers as a client; one event loop, a bounded number of links, least recently used out. */
final class PeerLinks implements AutoCloseable {
    /** Voters of our group, of a group before it, of a peer invited: far below this. */
    static final int LINKS_MAX = 32;

    private final Optional<SslContext> tls;
    private final EventLoopGroup loops;
    private final boolean ownLoops;
    private final Map<PeerInfo, PeerLink> links = new LinkedHashMap<>(16, 0.75f, true);
    private boolean closed;

    PeerLinks(Optional<TlsMaterial> tls, String nodeName) {
        this(
                tls.map(TlsMaterial::clientContext),
                new NioEventLoopGroup(1, new DefaultThreadFactory("raft-link-" + nodeName, true)),
                true);
    }

    /** On threads that somebody else ends. */
    PeerLinks(Optional<SslContext> tls, EventLoopGroup loops) {
        this(tls, loops, false);
    }

    private PeerLinks(Optional<SslContext> tls, EventLoopGroup loops, boolean ownLoops) {
        this.tls = tls;
        this.loops = loops;
        this.ownLoops = ownLoops;
    }

    /** @throws RaftNodeException {@code CLOSED} */
    synchronized PeerLink to(PeerInfo peer) {
        if (closed) {
            throw new RaftNodeException(RaftNodeException.Kind.CLOSED, "the raft node is closed");
        }
        PeerLink link = links.computeIfAbsent(peer, p -> new PeerLink(p, loops, tls));
        if (links.size() > LINKS_MAX) {
            PeerInfo eldest = links.keySet().iterator().next();
            links.remove(eldest).close();
        }
        return link;
    }

    /** True if a new connection is refused by the peer's host: nothing listens on its port. False if that is not known within the limit. */
    CompletableFuture<Boolean> refuses(PeerInfo peer, Duration limit) {
        CompletableFuture<Boolean> refused = new CompletableFuture<>();
        var unused = new Bootstrap()
                .group(loops)
                .channel(NioSocketChannel.class)
                .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, (int) limit.toMillis())
                .handler(new ChannelInboundHandlerAdapter())
                .connect(peer.address())
                .addListener((ChannelFuture tried) -> {
                    refused.complete(isRefusal(tried.cause()));
                    var unusedToo = tried.channel().close();
                });
        return refused;
    }

    private static boolean isRefusal(Throwable problem) {
        return problem instanceof ConnectException
                && !(problem instanceof ConnectTimeoutException)
                && String.valueOf(problem.getMessage()).contains("refused");
    }

    @Override
    public synchronized void close() {
        if (!closed) {
            closed = true;
            links.values().forEach(PeerLink::close);
            links.clear();
            if (ownLoops) {
                var unused = loops.shutdownGracefully(0, 2, TimeUnit.SECONDS);
            }
        }
    }
}
