package io.vmha.node.observe;

import static org.assertj.core.api.Assertions.assertThat;

import io.vmha.gossip.observe.Sighting;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;

/** What a kernel's ports say of it, over real sockets. */
final class KernelProberTest {
    private static final long LIMIT_S = 30;
    private static final long LOOK_AGAIN_NS = TimeUnit.MILLISECONDS.toNanos(20);
    private static final String HOST = "hv-2";

    /** Its steady asking and several close looks. */
    private static final int CHANGES_MAX = 3;

    private final InetAddress loopback = InetAddress.getLoopbackAddress();
    private final BlockingQueue<String> changes = new LinkedBlockingQueue<>();

    @Test
    void aHostWhosePortsAllSayNothingIsSilent() throws Exception {
        try (var one = new SilentPort();
                var two = new SilentPort();
                KernelProber prober = prober(List.of(one.address(), two.address()))) {
            Sighting seen = await(prober, Sighting::isSilent);

            assertThat(seen.answeredMs()).as("when it has answered").isNegative();
        }
    }

    @Test
    void aFirewallBeforeOnePortIsNoSilence() throws Exception {
        try (var closed = new SilentPort();
                var open = new ServerSocket(0, 50, loopback);
                KernelProber prober =
                        prober(List.of(closed.address(), (InetSocketAddress) open.getLocalSocketAddress()))) {
            await(prober, seen -> seen.answeredMs() >= 0 && !seen.isSilent());
            int before = changes.size();
            // from here on the port that answers is asked: nothing changes any more
            Sighting later = await(prober, seen -> seen.answeredMs() > 500);
            await(prober, seen -> seen.answeredMs() >= 0 && seen.answeredMs() < later.answeredMs());

            assertThat(changes.size()).isEqualTo(before).isLessThan(CHANGES_MAX);
        }
    }

    @Test
    void aPortThatIsRefusedIsAnAnswer() throws Exception {
        int port;
        try (var free = new ServerSocket(0, 1, loopback)) {
            port = free.getLocalPort();
        }
        try (KernelProber prober = prober(List.of(new InetSocketAddress(loopback, port)))) {
            assertThat(await(prober, seen -> seen.answeredMs() >= 0).answer()).isEqualTo("refused");
        }
    }

    private KernelProber prober(List<InetSocketAddress> ports) {
        var prober =
                new KernelProber(() -> TimeUnit.NANOSECONDS.toMillis(System.nanoTime()), loopback, 1, changes::add);
        prober.know(Map.of(HOST, ports));
        prober.observe(List.of(HOST));
        prober.start();
        return prober;
    }

    private Sighting await(KernelProber prober, Predicate<Sighting> wanted) {
        long untilNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(LIMIT_S);
        Sighting seen = null;
        while (System.nanoTime() < untilNs) {
            long nowMs = TimeUnit.NANOSECONDS.toMillis(System.nanoTime());
            seen = KernelProber.now(prober.seen(), nowMs).get(HOST);
            if (seen != null && wanted.test(seen)) {
                return seen;
            }
            LockSupport.parkNanos(LOOK_AGAIN_NS);
        }
        throw new AssertionError("waited " + LIMIT_S + " s, saw " + seen);
    }

    /** A port of a living kernel that leaves every new connection unanswered, as a firewall makes it: its queue is full. */
    private final class SilentPort implements AutoCloseable {
        private static final int FULL = 4;
        private final ServerSocket server;
        private final List<Socket> queue = new ArrayList<>();

        SilentPort() throws IOException {
            server = new ServerSocket(0, 1, loopback);
            for (int i = 0; i < FULL; i++) {
                var one = new Socket();
                queue.add(one);
                try {
                    one.connect(server.getLocalSocketAddress(), 200);
                } catch (IOException e) {
                    return; // full
                }
            }
            throw new IOException("the queue of a port does not fill up");
        }

        InetSocketAddress address() {
            return (InetSocketAddress) server.getLocalSocketAddress();
        }

        @Override
        public void close() throws IOException {
            for (Socket one : queue) {
                one.close();
            }
            server.close();
        }
    }
}
