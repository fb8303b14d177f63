package io.vmha.testcluster.faults.lab;

import io.vmha.testcluster.faults.history.History;
import io.vmha.testcluster.faults.history.Kinds;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** The storage behind all guests' disks, on the storage network: notes whose writes arrive and when, whatever anybody else says. */
final class SharedDisk implements AutoCloseable {
    static final int PORT = 2049;

    private final ServerSocket socket;
    private final History history;
    private final ExecutorService threads = Executors.newCachedThreadPool(task -> GuestBus.daemon(task, "disk"));
    private final Map<String, Writer> writers = new LinkedHashMap<>();

    /** One life of a guest, as far as its writes tell. */
    private static final class Writer {
        private final String vm;
        private final String nonce;
        private final String host;
        private final long fromMs;
        private long toMs;
        private long writes;

        private Writer(String vm, String nonce, String host, long fromMs) {
            this.vm = vm;
            this.nonce = nonce;
            this.host = host;
            this.fromMs = fromMs;
        }
    }

    SharedDisk(InetAddress address, History history) throws IOException {
        this.socket = new ServerSocket(PORT, 256, address);
        this.history = history;
        threads.execute(this::accept);
    }

    private void accept() {
        while (!socket.isClosed()) {
            try {
                Socket guest = socket.accept();
                threads.execute(() -> serve(guest));
            } catch (IOException e) {
                return; // closed
            }
        }
    }

    /** Lines of {@code VM NONCE HOST SEQUENCE TIME}; the time that counts is that of the arrival. */
    private void serve(Socket guest) {
        try (guest;
                var in = new BufferedReader(
                        new InputStreamReader(guest.getInputStream(), StandardCharsets.UTF_8), 256)) {
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                String[] words = line.split(" ", -1);
                if (words.length == 5) {
                    note(words[0], words[1], words[2]);
                }
            }
        } catch (IOException e) {
            // the guest is gone
        }
    }

    private synchronized void note(String vm, String nonce, String host) {
        long now = history.nowMs();
        Writer writer = writers.computeIfAbsent(vm + " " + nonce, key -> new Writer(vm, nonce, host, now));
        writer.toMs = now;
        writer.writes++;
    }

    /** Puts what has been seen so far into the history. */
    synchronized void record() {
        for (Writer writer : writers.values()) {
            history.recordAt(
                    writer.fromMs,
                    Kinds.DISK,
                    event -> event.put("vm", writer.vm)
                            .put("nonce", writer.nonce)
                            .put("host", writer.host)
                            .put("from_ms", writer.fromMs)
                            .put("to_ms", writer.toMs)
                            .put("writes", writer.writes));
        }
    }

    @Override
    public void close() throws IOException {
        socket.close();
        threads.shutdownNow();
    }
}
