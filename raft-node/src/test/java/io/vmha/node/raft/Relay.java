package io.vmha.node.raft;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/** A way to a node on which connections can queue, or lose everything without a word. */
final class Relay implements AutoCloseable {
    private final ServerSocket door;
    private final InetSocketAddress behind;
    private final Duration queue;
    private volatile Duration slowness = Duration.ZERO;
    private final Queue<Socket> sockets = new ConcurrentLinkedQueue<>();
    private final AtomicInteger taken = new AtomicInteger();
    private final AtomicInteger lost = new AtomicInteger();

    /** Something that a closed socket ends. */
    private interface Work {
        void run() throws IOException;
    }

    /** @param queue each connection is taken at once, as by a kernel, and served after so long */
    Relay(InetSocketAddress behind, Duration queue) throws IOException {
        this.behind = behind;
        this.queue = queue;
        InetSocketAddress free = TestNode.freeAddress();
        this.door = new ServerSocket(free.getPort(), 50, free.getAddress());
        run(this::take);
    }

    InetSocketAddress address() {
        return (InetSocketAddress) door.getLocalSocketAddress();
    }

    /** Connections that were made. */
    int taken() {
        return taken.get();
    }

    /** What stands now carries nothing any more and is not closed either, as where a firewall has forgotten it; new connections work. */
    void forget() {
        lost.set(taken.get());
    }

    /** From now on whatever comes is passed on so much later. */
    void slowDown(Duration by) {
        slowness = by;
    }

    private void take() throws IOException {
        while (true) {
            Socket client = door.accept();
            sockets.add(client);
            int number = taken.incrementAndGet();
            run(() -> {
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(queue.toMillis()));
                Socket server = new Socket(behind.getAddress(), behind.getPort());
                sockets.add(server);
                run(() -> carry(number, client.getInputStream(), server.getOutputStream()));
                carry(number, server.getInputStream(), client.getOutputStream());
            });
        }
    }

    private void carry(int number, InputStream from, OutputStream to) throws IOException {
        byte[] some = new byte[8192];
        for (int n = from.read(some); n >= 0; n = from.read(some)) {
            LockSupport.parkNanos(slowness.toNanos());
            if (number > lost.get()) {
                to.write(some, 0, n);
            }
        }
    }

    private static void run(Work work) {
        var thread = new Thread(() -> {
            try {
                work.run();
            } catch (IOException e) {
                // closed: the test is over, or the client has given this connection up
            }
        });
        thread.setDaemon(true);
        thread.start();
    }

    @Override
    public void close() throws IOException {
        door.close();
        for (Socket socket : sockets) {
            socket.close();
        }
    }
}
