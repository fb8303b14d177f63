package io.vmha.node.raft;

import static io.vmha.node.raft.RegisterMachine.bytes;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The connection to one peer, and what it makes of silence. */
final class PeerLinkTest {
    /** What a host waits for the answer to its renewal. */
    private static final Duration LIMIT = Duration.ofMillis(900);

    @TempDir
    Path dir;

    /** A peer before which connections queue: each is taken at once, as by a kernel, and served after a while. */
    private static final class Queueing implements AutoCloseable {
        private static final long BEFORE_SERVED_MS = 3_000;

        private final ServerSocket door;
        private final InetSocketAddress behind;
        private final Queue<Socket> sockets = new ConcurrentLinkedQueue<>();
        final AtomicInteger taken = new AtomicInteger();

        Queueing(InetSocketAddress behind) throws IOException {
            this.behind = behind;
            InetSocketAddress free = TestNode.freeAddress();
            this.door = new ServerSocket(free.getPort(), 50, free.getAddress());
            run(this::take);
        }

        InetSocketAddress address() {
            return (InetSocketAddress) door.getLocalSocketAddress();
        }

        private void take() throws IOException {
            while (true) {
                Socket client = door.accept();
                sockets.add(client);
                taken.incrementAndGet();
                run(() -> {
                    LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(BEFORE_SERVED_MS));
                    Socket server = new Socket(behind.getAddress(), behind.getPort());
                    sockets.add(server);
                    run(() -> carry(client.getInputStream(), server.getOutputStream()));
                    carry(server.getInputStream(), client.getOutputStream());
                });
            }
        }

        private static void carry(InputStream from, OutputStream to) throws IOException {
            from.transferTo(to);
        }

        /** Something that a closed socket ends. */
        private interface Work {
            void run() throws IOException;
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

    @Test
    void connectionThatQueuesIsNotGivenUpForOneAtTheEndOfTheQueue() throws Exception {
        try (TestNode server = TestNode.start(dir, "n1");
                TestNode client = TestNode.start(dir, "n2");
                var queue = new Queueing(server.config.address())) {
            server.node.bootstrap(GroupId.random());
            PeerInfo behind = new PeerInfo(server.self().id(), queue.address());
            GroupClient group = client.node.client(server.node.group().orElseThrow(), List.of(behind));

            String answer = TestNode.await(
                    "an answer",
                    () -> group.ask(behind, bytes("who"), LIMIT)
                            .handle((reply, failure) ->
                                    Optional.ofNullable(reply).map(RegisterMachine::text))
                            .join(),
                    () -> queue.taken.get() + " connections");

            assertThat(answer).startsWith(server.self().id().value());
        }
    }
}
