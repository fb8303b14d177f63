package io.vmha.testcluster.bench;

import io.vmha.node.raft.GroupClient;
import io.vmha.node.raft.GroupId;
import io.vmha.node.raft.LogPosition;
import io.vmha.node.raft.PeerInfo;
import io.vmha.node.raft.RaftConfig;
import io.vmha.node.raft.RaftListener;
import io.vmha.node.raft.RaftNode;
import io.vmha.node.raft.Replicated;
import io.vmha.node.raft.VoterSet;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** Three voters of {@code node.raft} with the daemon's JVM flags, and a client beside them as a host that does not vote has one. */
final class VmhaGroup implements ServerGroup {
    private static final int PORT = 8300;
    private static final Duration WRITE_LIMIT = Duration.ofSeconds(29);

    private final Path directory;
    private final String net;
    private final Duration electionTimeout;
    private final List<Child> children = new ArrayList<>();
    private final GroupId group = GroupId.random();
    private RaftNode own;
    private GroupClient client;

    /** @param net the first three numbers of loopback addresses that nobody uses */
    VmhaGroup(Path directory, String net, Duration electionTimeout) {
        this.directory = directory;
        this.net = net;
        this.electionTimeout = electionTimeout;
    }

    @Override
    public String name() {
        return "vmha";
    }

    @Override
    public void start() {
        for (int i = 0; i < SERVERS; i++) {
            children.add(child(i));
        }
        List<String> selves = children.stream().map(c -> c.await("self")).toList();
        children.get(0).order("bootstrap " + group);
        children.get(0).await("leader");
        String wanted = "voters " + String.join(" ", selves);
        String done = "";
        for (int tries = 0; !done.equals("NOTHING") && tries < 20; tries++) {
            children.get(leader()).order(wanted);
            done = children.get(leader()).await("voters");
        }
        if (!done.equals("NOTHING")) {
            throw new IllegalStateException("the group did not grow to three voters, last answer: " + done);
        }
        own = RaftNode.start(
                RaftConfig.of(directory.resolve("client"), "client", new InetSocketAddress(net + ".9", PORT)),
                new NoState(),
                new NoEars());
        List<String> words = new ArrayList<>(List.of("voters"));
        selves.forEach(s -> words.addAll(List.of(s.split(" ", -1))));
        List<PeerInfo> voters = BenchVoter.peers(words);
        client = own.client(group, voters);
    }

    private Child child(int server) {
        List<String> command = new ArrayList<>(
                List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString()));
        command.addAll(io.vmha.testcluster.cluster.VmhadProcess.jvm());
        command.addAll(List.of(
                "-cp",
                System.getProperty("java.class.path"),
                BenchVoter.class.getName(),
                directory.resolve("v" + server).toString(),
                "v" + server,
                net + "." + (server + 1),
                Integer.toString(PORT),
                Long.toString(electionTimeout.toMillis())));
        try {
            return Child.start(command, directory.resolve("v" + server + ".log"));
        } catch (IOException e) {
            throw new UncheckedIOException("a voter cannot be started", e);
        }
    }

    @Override
    public CompletableFuture<Void> put(String key, byte[] value) {
        byte[] name = (key + "\0").getBytes(StandardCharsets.UTF_8);
        byte[] entry = java.util.Arrays.copyOf(name, name.length + value.length);
        System.arraycopy(value, 0, entry, name.length, value.length);
        return client.propose(entry, WRITE_LIMIT).thenApply(reply -> null);
    }

    @Override
    public int leader() {
        return Await.that("a voter to lead", Duration.ofSeconds(60), () -> {
            long newest = 0;
            int leader = -1;
            for (int i = 0; i < children.size(); i++) {
                long term = children.get(i).last("leader").map(Long::parseLong).orElse(0L);
                if (term > newest && children.get(i).isAlive()) {
                    newest = term;
                    leader = i;
                }
            }
            return leader < 0 ? Optional.empty() : Optional.of(leader);
        });
    }

    @Override
    public int elections() {
        return children.stream().mapToInt(c -> c.count("leader")).sum();
    }

    @Override
    public ProcessHandle process(int server) {
        return children.get(server).handle();
    }

    @Override
    public void restart(int server) {
        int elections = children.get(server).count("leader");
        children.set(server, child(server).counting("leader", elections));
        children.get(server).await("self");
        int leader = leader();
        children.get(leader).order("applied");
        long wanted = Long.parseLong(children.get(leader).await("applied"));
        Await.that("v" + server + " to catch up", Duration.ofSeconds(60), () -> {
            children.get(server).order("applied");
            return Long.parseLong(children.get(server).await("applied")) >= wanted
                    ? Optional.of(true)
                    : Optional.empty();
        });
    }

    @Override
    public void close() {
        if (own != null) {
            own.close();
        }
        children.forEach(Child::end);
    }

    /** The client's own server is in no group. */
    private static final class NoState implements Replicated {
        @Override
        public void reset() {
            // nothing to forget
        }

        @Override
        public byte[] apply(LogPosition at, byte[] entry) {
            throw new IllegalStateException("the client is in no group");
        }

        @Override
        public void configured(LogPosition at, VoterSet voters) {
            throw new IllegalStateException("the client is in no group");
        }

        @Override
        public byte[] snapshot() {
            return new byte[0];
        }

        @Override
        public void restore(LogPosition at, byte[] snapshot) {
            throw new IllegalStateException("the client is in no group");
        }

        @Override
        public byte[] query(byte[] request) {
            return new byte[0];
        }

        @Override
        public byte[] peerQuery(byte[] request, Standing standing) {
            return new byte[0];
        }
    }

    private static final class NoEars implements RaftListener {
        @Override
        public void onLeadership(long term, boolean leader) {
            // never
        }

        @Override
        public void onLeaderChanged(Optional<PeerInfo> leader, long term) {
            // never
        }

        @Override
        public void onConfiguration(VoterSet voters) {
            // never
        }

        @Override
        public void onClosed(Closure reason, String explanation) {
            throw new IllegalStateException("the client's server closed: " + explanation);
        }
    }
}
