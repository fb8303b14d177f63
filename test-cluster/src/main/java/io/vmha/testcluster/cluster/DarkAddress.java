package io.vmha.testcluster.cluster;

import java.io.IOException;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;

/**
 * An address of this machine that says nothing, as that of a host without power: whoever connects to it waits in vain. The loopback's
 * kernel would refuse at once, and so tell that it lives.
 *
 * <p>A port is listened to and never served, and its queue is filled: Linux then drops what else arrives (tcp_conn_request, SYN dropped when
 * the accept queue is full). No rule of a firewall is needed, and nothing is left behind when the process ends.
 */
final class DarkAddress implements AutoCloseable {
    private static final int FILL_MAX = 8;
    private static final long ACCEPTED_WITHIN_MS = 60;
    private static final int BIND_TRIES = 300;
    private static final long BIND_PAUSE_NANOS = 10_000_000;

    private final List<AutoCloseable> held = new ArrayList<>();

    private DarkAddress() {}

    /** Silences these TCP ports of the address; whatever listened there must be dead. */
    static DarkAddress at(String address, int... ports) {
        var dark = new DarkAddress();
        try {
            for (int port : ports) {
                dark.silence(new InetSocketAddress(Loopback.of(address), port));
            }
            return dark;
        } catch (IOException e) {
            dark.close();
            throw new ClusterException(address + " cannot be made silent: " + e.getMessage(), e);
        }
    }

    private void silence(InetSocketAddress at) throws IOException {
        listen(at);
        try (Selector selector = Selector.open()) {
            for (int i = 0; i < FILL_MAX; i++) {
                var filler = SocketChannel.open();
                held.add(filler);
                filler.configureBlocking(false);
                if (!filler.connect(at)) {
                    filler.register(selector, SelectionKey.OP_CONNECT);
                    if (selector.select(ACCEPTED_WITHIN_MS) == 0) {
                        return; // full: this one waits in vain, and so will all others
                    }
                    selector.selectedKeys().clear();
                    filler.finishConnect();
                }
            }
        }
        throw new IOException("port " + at.getPort() + " still takes connections after " + FILL_MAX);
    }

    /** A process that has just been killed may hold its port for a moment longer. */
    private void listen(InetSocketAddress at) throws IOException {
        for (int tries = 1; ; tries++) {
            var listener = new ServerSocket();
            try {
                listener.setReuseAddress(true);
                listener.bind(at, 1);
                held.add(listener);
                return;
            } catch (BindException e) {
                listener.close();
                if (tries >= BIND_TRIES) {
                    throw e;
                }
                LockSupport.parkNanos(BIND_PAUSE_NANOS);
            }
        }
    }

    @Override
    public void close() {
        for (AutoCloseable one : held) {
            try {
                one.close();
            } catch (Exception e) {
                throw new ClusterException("a socket could not be closed: " + e.getMessage(), e);
            }
        }
        held.clear();
    }
}
