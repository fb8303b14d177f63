package io.vmha.node.raft;

import static io.vmha.node.raft.RegisterMachine.bytes;
import static io.vmha.node.raft.RegisterMachine.text;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import org.apache.ratis.server.RaftServer;

/** One real node on a loopback address of its own, with what its listener heard. */
final class TestNode implements AutoCloseable {
    static final Duration ELECTION = Duration.ofMillis(400);
    private static final Duration AT_MOST = Duration.ofSeconds(40);

    final RaftConfig config;
    final RegisterMachine machine = new RegisterMachine();
    final Heard heard = new Heard();
    final RaftNode node;

    /** What the listener heard, in order. */
    static final class Heard implements RaftListener {
        private final List<String> events = new ArrayList<>();
        private final List<Long> readyTerms = new ArrayList<>();

        @Override
        public synchronized void onLeadership(long term, boolean leader) {
            events.add((leader ? "leader " : "not-leader ") + term);
            if (leader) {
                readyTerms.add(term);
            }
        }

        @Override
        public synchronized void onLeaderChanged(Optional<PeerInfo> leader, long term) {
            events.add("leader-is " + leader.map(p -> p.id().nodeName()).orElse("none"));
        }

        @Override
        public synchronized void onConfiguration(VoterSet voters) {
            events.add("voters " + voters.voters().size() + (voters.joint() ? " joint" : ""));
        }

        @Override
        public synchronized void onClosed(Closure reason, String explanation) {
            events.add("closed " + reason);
        }

        synchronized List<String> events() {
            return List.copyOf(events);
        }

        synchronized List<Long> readyTerms() {
            return List.copyOf(readyTerms);
        }
    }

    TestNode(RaftConfig config) {
        this.config = config;
        this.node = RaftNode.start(config, machine, heard);
    }

    static TestNode start(Path dir, String name) {
        return new TestNode(config(dir, name));
    }

    static RaftConfig config(Path dir, String name) {
        return RaftConfig.of(dir.resolve(name), name, freeAddress()).withElectionTimeout(ELECTION);
    }

    /** The same node again, on its data directory and address. */
    TestNode restart() {
        node.close();
        return new TestNode(config);
    }

    PeerInfo self() {
        return node.self();
    }

    RaftServer.Division division() {
        return node.division().orElseThrow();
    }

    boolean leads() {
        return node.status().role() == RaftStatus.Role.LEADER;
    }

    String write(String entry) {
        return text(get(node.propose(bytes(entry))));
    }

    String read(String key) {
        return text(get(node.read(bytes(key))));
    }

    @Override
    public void close() {
        node.close();
    }

    /** A random address in 127/8 with a port that was free a moment ago: no other test guesses the same. */
    static InetSocketAddress freeAddress() {
        ThreadLocalRandom random = ThreadLocalRandom.current();
        byte[] ip = {127, (byte) random.nextInt(1, 255), (byte) random.nextInt(1, 255), (byte) random.nextInt(1, 255)};
        try (ServerSocket probe = new ServerSocket(0, 1, InetAddress.getByAddress(ip))) {
            return new InetSocketAddress(probe.getInetAddress(), probe.getLocalPort());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static <T> T get(CompletableFuture<T> future) {
        return future.orTimeout(AT_MOST.toSeconds(), TimeUnit.SECONDS).join();
    }

    /** Polls until there is a value; fails with what it saw last. */
    static <T> T await(String what, Supplier<Optional<T>> poll, Supplier<?> seen) {
        long deadline = System.nanoTime() + AT_MOST.toNanos();
        while (System.nanoTime() < deadline) {
            Optional<T> found = poll.get();
            if (found.isPresent()) {
                return found.get();
            }
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
        }
        throw new AssertionError("waited " + AT_MOST.toSeconds() + " s for " + what + ", saw " + seen.get());
    }

    static void awaitTrue(String what, Supplier<Boolean> poll, Supplier<?> seen) {
        await(what, () -> poll.get() ? Optional.of(true) : Optional.empty(), seen);
    }
}
