package io.vmha.gossip.netty;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Looks up the members that an operator wants to join, away from the gossip thread: a name server may take its time. */
final class PeerNames implements AutoCloseable {
    private static final int WAITING_MAX = 16;
    private static final int PEERS_MAX = 256;
    private static final long IDLE_S = 5;

    /** An optional node name, then an IPv4 address or a name, or an IPv6 address in brackets or bare, then an optional port. */
    private static final Pattern PEER =
            Pattern.compile("(?:[^/]{0,255}/)?(?:\\[([0-9a-fA-F:.]+)\\]|([A-Za-z0-9._-]{1,253}))(?::([0-9]{1,5}))?");

    private static final Pattern BARE_IPV6 = Pattern.compile("[0-9a-fA-F]*:[0-9a-fA-F:.]*:[0-9a-fA-F:.]*");

    private final ThreadPoolExecutor executor =
            new ThreadPoolExecutor(1, 1, IDLE_S, TimeUnit.SECONDS, new ArrayBlockingQueue<>(WAITING_MAX), work -> {
                Thread thread = new Thread(work, "gossip-names");
                thread.setDaemon(true);
                return thread;
            });

    PeerNames() {
        executor.allowCoreThreadTimeOut(true);
    }

    /**
     * The addresses of the peers, and a sentence for each that has none.
     */
    record Found(List<InetSocketAddress> addresses, List<String> failures) {
        Found {
            addresses = List.copyOf(addresses);
            failures = List.copyOf(failures);
        }
    }

    /** Done on another thread; exceptionally if too many such questions wait. */
    CompletableFuture<Found> find(List<String> peers, int portIfNone) {
        if (peers.size() > PEERS_MAX) {
            return CompletableFuture.failedFuture(new IllegalArgumentException(
                    "expected at most " + PEERS_MAX + " members to join but found " + peers.size()));
        }
        try {
            return CompletableFuture.supplyAsync(() -> resolve(peers, portIfNone), executor);
        } catch (RejectedExecutionException full) {
            return CompletableFuture.failedFuture(
                    new IllegalStateException("too many joins wait for the name server; try again later", full));
        }
    }

    private static Found resolve(List<String> peers, int portIfNone) {
        List<InetSocketAddress> addresses = new ArrayList<>();
        List<String> failures = new ArrayList<>();
        for (String peer : peers) {
            Matcher parts = PEER.matcher(peer);
            String host = BARE_IPV6.matcher(peer).matches() ? peer : "";
            int port = portIfNone;
            if (host.isEmpty() && parts.matches()) {
                host = parts.group(1) == null ? parts.group(2) : parts.group(1);
                port = parts.group(3) == null ? portIfNone : Integer.parseInt(parts.group(3));
            }
            try {
                if (host.isEmpty() || port < 1 || port > 0xffff) {
                    throw new UnknownHostException("expected an address or a host name, and a port or none");
                }
                addresses.add(new InetSocketAddress(InetAddress.getByName(host), port));
            } catch (UnknownHostException unknown) {
                failures.add("Failed to resolve " + peer + ": " + unknown.getMessage());
            }
        }
        return new Found(addresses, failures);
    }

    @Override
    public void close() {
        executor.shutdownNow();
    }
}
