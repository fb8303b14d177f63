package io.vmha.node;

import io.vmha.node.cli.VmhaCommand;
import io.vmha.node.config.VmhadConfig;
import io.vmha.node.raft.GroupId;
import io.vmha.node.raft.LogPosition;
import io.vmha.node.raft.RaftConfig;
import io.vmha.node.raft.RaftListener;
import io.vmha.node.raft.RaftNode;
import io.vmha.node.raft.RaftNodeException;
import io.vmha.node.raft.RaftStatus;
import io.vmha.node.raft.Replicated;
import io.vmha.node.raft.VoterSet;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Runs a daemon, a group of one and the command line once, on loopback and in a temporary directory, so that the JVM can archive the
 * classes that they need: {@code java -XX:ArchiveClassesAtExit=FILE ... io.vmha.node.WarmUpMain}. A JVM that starts with that archive
 * ({@code -XX:SharedArchiveFile=FILE}) neither reads nor verifies them again. The package does this when it is installed.
 */
public final class WarmUpMain {
    private static final Duration LEADER_LIMIT = Duration.ofSeconds(30);

    private WarmUpMain() {}

    /** No arguments. */
    public static void main(String[] arguments) throws IOException, InterruptedException {
        Path directory = Files.createTempDirectory("vmha-warm-up");
        try {
            groupOfOne(directory);
            daemonAndCommandLine(directory);
        } finally {
            delete(directory);
        }
        System.exit(0); // some library's threads would go on
    }

    private static void daemonAndCommandLine(Path directory) throws IOException, InterruptedException {
        List<Integer> ports = freePorts(4);
        Path file = directory.resolve("vmhad.yaml");
        Files.writeString(
                file,
                String.format(
                        Locale.ROOT,
                        """
                        host: warm-up
                        cluster_ip: 127.0.0.1
                        allow_loopback_cluster_ip: true
                        data_dir: %s
                        ports: {raft: %d, gossip: %d, rpc: %d, http: %d}
                        openstack:
                          auth_url: http://127.0.0.1:1/v3
                          username: warm-up
                          password: warm-up
                          project: warm-up
                        """,
                        directory.resolve("data"),
                        ports.get(0),
                        ports.get(1),
                        ports.get(2),
                        ports.get(3)));
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
        Daemon daemon = Daemon.start(VmhadConfig.load(file), why -> {}, () -> {});
        try {
            for (String path : List.of("/v1/view", "/metrics", "/v1/agent/members", "/v1/status/leader", "/ui")) {
                get(ports.get(3), path);
            }
            for (String verb : List.of("leader", "members", "status", "az", "incidents", "raft")) {
                command("--address", "127.0.0.1:" + ports.get(2), verb);
            }
            command("--address", "127.0.0.1:" + ports.get(2), "az", "enable", "warm-up");
            command("--help");
        } finally {
            daemon.close();
        }
    }

    private static void get(int port, String path) throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                .timeout(Duration.ofSeconds(10))
                .build();
        var unused = HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.discarding());
    }

    private static void command(String... words) {
        var out = new PrintWriter(new StringWriter());
        var unused = VmhaCommand.run(out, out, words);
    }

    private static void groupOfOne(Path directory) throws IOException {
        var config = RaftConfig.of(
                directory.resolve("raft"),
                "warm-up",
                new InetSocketAddress(
                        InetAddress.getLoopbackAddress(), freePorts(1).get(0)));
        try (RaftNode node = RaftNode.start(config, new Nothing(), new NoEars())) {
            node.bootstrap(GroupId.random());
            long until = System.nanoTime() + LEADER_LIMIT.toNanos();
            while (node.status().role() != RaftStatus.Role.LEADER && System.nanoTime() < until) {
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
            }
            node.propose("warm".getBytes(StandardCharsets.UTF_8)).join();
            node.read(new byte[0]).join();
        } catch (RaftNodeException | java.util.concurrent.CompletionException e) {
            System.err.println("warm-up: the group of one did not work, its classes are missing in the archive: "
                    + e.getMessage());
        }
    }

    private static List<Integer> freePorts(int count) throws IOException {
        var sockets = new java.util.ArrayList<ServerSocket>();
        try {
            for (int i = 0; i < count; i++) {
                sockets.add(new ServerSocket(0, 1, InetAddress.getLoopbackAddress()));
            }
            return sockets.stream().map(ServerSocket::getLocalPort).toList();
        } finally {
            for (ServerSocket socket : sockets) {
                socket.close();
            }
        }
    }

    private static void delete(Path directory) throws IOException {
        try (var files = Files.walk(directory)) {
            for (Path path : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(path);
            }
        }
    }

    /** Applies nothing. */
    private static final class Nothing implements Replicated {
        @Override
        public void reset() {
            // there is no state
        }

        @Override
        public byte[] apply(LogPosition at, byte[] entry) {
            return entry;
        }

        @Override
        public void configured(LogPosition at, VoterSet voters) {
            // of no interest
        }

        @Override
        public byte[] snapshot() {
            return new byte[0];
        }

        @Override
        public void restore(LogPosition at, byte[] snapshot) {
            // there is no state
        }

        @Override
        public byte[] query(byte[] request) {
            return request;
        }

        @Override
        public byte[] peerQuery(byte[] request, Standing standing) {
            return request;
        }
    }

    private static final class NoEars implements RaftListener {
        @Override
        public void onLeadership(long term, boolean leader) {
            // looked at instead
        }

        @Override
        public void onLeaderChanged(Optional<io.vmha.node.raft.PeerInfo> leader, long term) {
            // looked at instead
        }

        @Override
        public void onConfiguration(VoterSet voters) {
            // of no interest
        }

        @Override
        public void onClosed(Closure reason, String explanation) {
            // seen as a proposal that fails
        }
    }
}
