package io.vmha.gossip.netty;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/** {@link GossipPeerMain} in a Java process of its own. */
final class PeerProcess implements AutoCloseable {
    private static final AtomicInteger LIVES = new AtomicInteger();

    private final InetSocketAddress address;
    private final Process process;

    private PeerProcess(InetSocketAddress address, Process process) {
        this.address = address;
        this.process = process;
    }

    static PeerProcess start(String name, Path directory, byte[] key, InetSocketAddress seed) {
        return start(name, directory, key, seed, Loopback.address(7946));
    }

    static PeerProcess start(
            String name, Path directory, byte[] key, InetSocketAddress seed, InetSocketAddress address) {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx64m",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                GossipPeerMain.class.getName(),
                name,
                address.getAddress().getHostAddress(),
                String.valueOf(address.getPort()),
                key.length == 0 ? "-" : Base64.getEncoder().encodeToString(key),
                seed.getAddress().getHostAddress(),
                String.valueOf(seed.getPort())));
        Path log = directory.resolve("peer-" + name + "-" + LIVES.incrementAndGet() + ".log");
        try {
            Process process = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(log.toFile())
                    .start();
            Await.until(
                    "our agent " + name + " runs",
                    Duration.ofSeconds(30),
                    () -> read(log),
                    seen -> seen.contains("ready"));
            return new PeerProcess(address, process);
        } catch (IOException broken) {
            throw new UncheckedIOException(broken);
        }
    }

    private static String read(Path log) {
        try {
            return Files.readString(log);
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }

    InetSocketAddress address() {
        return address;
    }

    long pid() {
        return process.pid();
    }

    void order(String word) {
        try {
            process.getOutputStream().write((word + "\n").getBytes(StandardCharsets.UTF_8));
            process.getOutputStream().flush();
        } catch (IOException gone) {
            throw new UncheckedIOException(gone);
        }
    }

    /** kill -9. */
    void kill() {
        process.destroyForcibly();
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}
