package io.vmha.testcluster.faults.lab;

import io.vmha.testcluster.cloud.GuestLedger;
import java.io.BufferedReader;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BiConsumer;

/**
 * What a message bus is to Nova: brings the orders of the simulated nova-computes to the compute services in the namespaces, over the API
 * network, and hears whether they live. An order to a service that cannot be reached is kept until it can be, unless the guest is not
 * wanted there any more.
 */
final class GuestBus implements AutoCloseable, GuestLedger.Listener {
    static final int PORT = 5672;
    private static final long SILENCE_MS = 2_500;

    private final ServerSocket socket;
    private final BiConsumer<String, Boolean> reachable;
    private final ExecutorService threads;
    private final ExecutorService writer;
    private final AtomicLong nonces = new AtomicLong();
    private final Map<String, Socket> services = new ConcurrentHashMap<>();
    private final Map<String, Long> heardNanos = new ConcurrentHashMap<>();
    private final Map<String, Map<String, String>> wanted = new TreeMap<>(); // by host: the nonce of each guest

    /** @param reachable hears when a compute service is heard again, and when it has fallen silent */
    GuestBus(InetAddress address, BiConsumer<String, Boolean> reachable) throws IOException {
        this.socket = new ServerSocket(PORT, 64, address);
        this.reachable = reachable;
        this.threads = Executors.newCachedThreadPool(task -> daemon(task, "bus"));
        this.writer = Executors.newSingleThreadExecutor(task -> daemon(task, "bus-writer"));
        threads.execute(this::accept);
        threads.execute(this::watch);
    }

    static Thread daemon(Runnable task, String name) {
        var thread = new Thread(task, name);
        thread.setDaemon(true);
        return thread;
    }

    @Override
    public void started(String server, String host) {
        String nonce = Long.toString(nonces.incrementAndGet());
        synchronized (wanted) {
            wanted.computeIfAbsent(host, h -> new TreeMap<>()).put(server, nonce);
        }
        writer.execute(() -> send(host, "start " + server + " " + nonce));
    }

    @Override
    public void stopped(String server, String host) {
        boolean known;
        synchronized (wanted) {
            known = wanted.getOrDefault(host, new TreeMap<>()).remove(server) != null;
        }
        if (known) {
            writer.execute(() -> send(host, "stop " + server));
        }
    }

    private void send(String host, String order) {
        Socket service = services.get(host);
        if (service == null) {
            return; // it is asked for again when the service comes
        }
        try {
            OutputStream out = service.getOutputStream();
            out.write((order + "\n").getBytes(StandardCharsets.UTF_8));
            out.flush();
        } catch (IOException e) {
            services.remove(host, service);
        }
    }

    private void accept() {
        while (!socket.isClosed()) {
            try {
                Socket service = socket.accept();
                threads.execute(() -> serve(service));
            } catch (IOException e) {
                return; // closed
            }
        }
    }

    /** Nothing but lines: {@code hello HOST}, {@code beat}, {@code done ORDER}. */
    private void serve(Socket service) {
        String host = "";
        try (service;
                var in = new BufferedReader(new InputStreamReader(service.getInputStream(), StandardCharsets.UTF_8))) {
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                String[] words = line.split(" ", -1);
                if (words[0].equals("hello")) {
                    host = words[1];
                    services.put(host, service);
                    repeat(host);
                }
                if (!host.isEmpty() && heardNanos.put(host, System.nanoTime()) == null) {
                    reachable.accept(host, true);
                }
            }
        } catch (IOException e) {
            // the host has lost its power or its network
        }
        services.remove(host, service);
    }

    /** A service that comes back is told again what its host shall run; it knows what it has started already. */
    private void repeat(String host) {
        Map<String, String> guests;
        synchronized (wanted) {
            guests = new TreeMap<>(wanted.getOrDefault(host, new TreeMap<>()));
        }
        guests.forEach((server, nonce) -> writer.execute(() -> send(host, "start " + server + " " + nonce)));
    }

    private void watch() {
        while (!socket.isClosed()) {
            long now = System.nanoTime();
            heardNanos.forEach((host, heard) -> {
                if (now - heard > TimeUnit.MILLISECONDS.toNanos(SILENCE_MS) && heardNanos.remove(host, heard)) {
                    reachable.accept(host, false);
                }
            });
            java.util.concurrent.locks.LockSupport.parkNanos(250_000_000L);
        }
    }

    private static void closeQuietly(Closeable open) {
        try {
            open.close();
        } catch (IOException e) {
            // whoever was at its other end hears of it all the same
        }
    }

    /** True while the compute service of this host is heard. */
    boolean hears(String host) {
        return heardNanos.containsKey(host);
    }

    @Override
    public void close() {
        closeQuietly(socket);
        services.values().forEach(GuestBus::closeQuietly);
        threads.shutdownNow();
        writer.shutdownNow();
    }
}
