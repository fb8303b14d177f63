package io.vmha.node.raft;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.apache.ratis.client.impl.ClientProtoUtils;
import org.apache.ratis.proto.RaftProtos.RaftClientReplyProto;
import org.apache.ratis.protocol.RaftClientRequest;
import org.apache.ratis.thirdparty.io.netty.channel.EventLoopGroup;
import org.apache.ratis.thirdparty.io.netty.channel.nio.NioEventLoopGroup;
import org.apache.ratis.thirdparty.io.netty.handler.ssl.SslContext;
import org.apache.ratis.thirdparty.io.netty.util.concurrent.DefaultThreadFactory;

/**
 * Hosts that vote nowhere, many in one process: each is a client of a group over connections of its own, as a {@link RaftNode} has them, and
 * has no server. For measuring what an AZ of many hosts asks of its voters.
 */
public final class GroupGuests implements AutoCloseable {
    private final Optional<SslContext> tls;
    private final EventLoopGroup loops;
    private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor();
    private final List<PeerLinks> hosts = new ArrayList<>();

    /** @param threads on which the connections of all hosts are served */
    public GroupGuests(int threads, Optional<RaftTls> tls) {
        this.tls = tls.map(TlsMaterial::load).map(TlsMaterial::clientContext);
        this.loops = new NioEventLoopGroup(threads, new DefaultThreadFactory("raft-guest", true));
    }

    /** One more host, as a client of this group. */
    public synchronized GroupClient host(GroupId group, List<PeerInfo> voters) {
        PeerLinks links = new PeerLinks(tls, loops);
        hosts.add(links);
        return new GroupClient(group, voters, new Ways(links), timer);
    }

    @Override
    public synchronized void close() {
        timer.shutdownNow();
        hosts.forEach(PeerLinks::close);
        hosts.clear();
        var unused = loops.shutdownGracefully(0, 2, TimeUnit.SECONDS);
    }

    private record Ways(PeerLinks links) implements Transport {
        @Override
        public CompletableFuture<RaftClientReplyProto> send(PeerInfo to, RaftClientRequest request, Duration limit) {
            return links.to(to).send(ClientProtoUtils.toRaftClientRequestProto(request), limit);
        }

        @Override
        public CompletableFuture<RaftClientReplyProto> sendOften(
                PeerInfo to, RaftClientRequest question, Duration limit) {
            return links.to(to).sendOften(ClientProtoUtils.toRaftClientRequestProto(question), limit);
        }
    }
}
