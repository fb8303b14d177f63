package io.vmha.node.rpc;

import io.grpc.Server;
import io.grpc.ServerInterceptors;
import io.grpc.netty.NettyServerBuilder;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.vmha.node.documents.Api;
import io.vmha.node.kv.KvLimits;
import io.vmha.node.view.Backups;
import io.vmha.node.view.NodeRequests;
import io.vmha.node.view.NodeView;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import java.util.logging.Level;
import java.util.logging.Logger;

/** The gRPC server. One thread for its sockets, two for its calls; no call holds a thread while the cluster works on it. */
public final class AdminServer implements AutoCloseable {
    /** A key's longest value with what surrounds it. */
    static final int REQUEST_BYTES_MAX = KvLimits.VALUE_BYTES_MAX + 16 * 1024;

    private static final int THREADS = 2;
    private static final int QUEUE_MAX = 256;
    private static final int CALLS_PER_CONNECTION_MAX = 32;

    /** gRPC tells every malformed request with a stack trace; clients see the reason. Kept, for JUL forgets loggers nobody holds. */
    private static final Logger GRPC = Logger.getLogger("io.grpc");

    private final Server server;
    private final EventLoopGroup sockets;
    private final ThreadPoolExecutor workers;

    /**
     * Ready to bind.
     *
     * @param port 0 for any free one
     * @param backups where backups of the group come from
     * @param token what a client must show to change anything; without one, changes are refused unless the address is loopback
     */
    public AdminServer(
            InetAddress address,
            int port,
            Supplier<NodeView> view,
            NodeRequests requests,
            Backups backups,
            Optional<String> token) {
        GRPC.setLevel(Level.SEVERE);
        var number = new AtomicInteger();
        ThreadFactory io = task -> thread(task, "rpc-io");
        this.sockets = new MultiThreadIoEventLoopGroup(1, io, NioIoHandler.newFactory());
        this.workers = new ThreadPoolExecutor(
                THREADS,
                THREADS,
                30,
                TimeUnit.SECONDS,
                new ArrayBlockingQueue<>(QUEUE_MAX),
                task -> thread(task, "rpc-" + number.incrementAndGet()),
                new ThreadPoolExecutor.CallerRunsPolicy());
        workers.allowCoreThreadTimeOut(true);
        this.server = NettyServerBuilder.forAddress(new InetSocketAddress(address, port))
                .bossEventLoopGroup(sockets)
                .workerEventLoopGroup(sockets)
                .channelType(NioServerSocketChannel.class)
                .executor(workers)
                .maxInboundMessageSize(REQUEST_BYTES_MAX)
                .maxConcurrentCallsPerConnection(CALLS_PER_CONNECTION_MAX)
                .handshakeTimeout(5, TimeUnit.SECONDS)
                .maxConnectionIdle(5, TimeUnit.MINUTES)
                .addService(ServerInterceptors.intercept(
                        new AdminCalls(new Api(view, requests), backups),
                        new TokenCheck(address.isLoopbackAddress(), token)))
                .build();
    }

    private static Thread thread(Runnable task, String name) {
        var thread = new Thread(task, name);
        thread.setDaemon(true);
        return thread;
    }

    /**
     * Binds the port and begins to answer.
     *
     * @throws IOException if the address cannot be bound
     */
    public void start() throws IOException {
        server.start();
    }

    /** The port that was really bound. */
    public int port() {
        return server.getPort();
    }

    @Override
    public void close() {
        server.shutdownNow();
        workers.shutdown();
        var unused = sockets.shutdownGracefully(0, 1, TimeUnit.SECONDS);
    }
}
