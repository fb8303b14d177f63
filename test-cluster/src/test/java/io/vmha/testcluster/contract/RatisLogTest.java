package io.vmha.testcluster.contract;

import static org.assertj.core.api.Assertions.assertThat;

import io.vmha.node.group.GroupMachine;
import io.vmha.node.group.KvMachine;
import io.vmha.node.group.StateCodec;
import io.vmha.node.raft.GroupId;
import io.vmha.node.raft.LogPosition;
import io.vmha.node.raft.PeerInfo;
import io.vmha.node.raft.PromiseFile;
import io.vmha.node.raft.RaftConfig;
import io.vmha.node.raft.RaftListener;
import io.vmha.node.raft.RaftNode;
import io.vmha.node.raft.Replicated;
import io.vmha.node.raft.VoterChange;
import io.vmha.node.raft.VoterSet;
import io.vmha.proto.v1.LogReply;
import io.vmha.recovery.core.AzCommand;
import io.vmha.recovery.core.Command;
import io.vmha.recovery.core.HostName;
import io.vmha.recovery.core.RecoveryState;
import io.vmha.testcluster.ClusterTest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The contract on a real Raft group of three, over real sockets, from disk. */
@ClusterTest
class RatisLogTest extends LogContract {
    private static final int SNAPSHOT_ENTRIES = 20;

    @TempDir
    private Path directory;

    private int groups;

    @Override
    protected LogUnderTest start() {
        return new RealLog(directory.resolve("group-" + ++groups));
    }

    @Test
    void aNewcomerIsGivenASnapshotAndNotTheWholeLog() {
        try (var log = (RealLog) start()) {
            String leader = log.awaitLeading().node.self().id().nodeName();
            String away = log.nodes().stream()
                    .filter(n -> !n.equals(leader))
                    .findFirst()
                    .orElseThrow();
            log.goAway(away);
            for (int i = 0; i < SNAPSHOT_ENTRIES * 3; i++) {
                log.commitSomething(i);
            }
            log.comeBack(away);
            log.await("the newcomer has restored a snapshot", () -> log.voters.get(away).restored);
            long wanted = log.awaitLeading().state.applied().index();
            log.await("it has caught up", () -> log.state(away).applied().index() >= wanted);

            assertThat(log.log(away)).as("entries that it applied one by one").hasSizeLessThan(SNAPSHOT_ENTRIES * 3);
            assertThat(log.state(away).az()).isEqualTo(log.awaitLeading().state.az());
        }
    }

    /** A node with what it has applied. */
    private static final class Voter {
        private final RaftConfig config;
        private final List<LogUnderTest.Written> written = new ArrayList<>();
        private final StateCodec codec = new StateCodec();
        private final RaftNode node;
        private volatile RecoveryState state = RecoveryState.empty();
        private volatile boolean restored;
        private volatile OptionalLong leads = OptionalLong.empty();

        Voter(RaftConfig config) {
            this.config = config;
            var machine = new GroupMachine(
                    codec, new KvMachine(() -> 0, touched -> {}), () -> System.nanoTime() / 1_000_000, s -> state = s);
            this.node = RaftNode.start(config, new Recording(machine), new Listening());
        }

        synchronized List<LogUnderTest.Written> written() {
            return List.copyOf(written);
        }

        private final class Recording implements Replicated {
            private final Replicated machine;

            Recording(Replicated machine) {
                this.machine = machine;
            }

            @Override
            public void promised(PromiseFile file) {
                machine.promised(file);
            }

            @Override
            public void reset() {
                machine.reset();
            }

            @Override
            public Optional<String> objection(byte[] entry) {
                return machine.objection(entry);
            }

            @Override
            public byte[] apply(LogPosition at, byte[] entry) {
                synchronized (Voter.this) {
                    written.add(new LogUnderTest.Written(at.term(), at.index(), codec.decode(entry)));
                }
                return machine.apply(at, entry);
            }

            @Override
            public void configured(LogPosition at, VoterSet voters) {
                machine.configured(at, voters);
            }

            @Override
            public byte[] snapshot() {
                return machine.snapshot();
            }

            @Override
            public void restore(LogPosition at, byte[] snapshot) {
                restored = true;
                machine.restore(at, snapshot);
            }

            @Override
            public byte[] query(byte[] request) {
                return machine.query(request);
            }

            @Override
            public byte[] peerQuery(byte[] request, Standing standing) {
                return machine.peerQuery(request, standing);
            }
        }

        private final class Listening implements RaftListener {
            @Override
            public void onLeadership(long term, boolean leader) {
                leads = leader ? OptionalLong.of(term) : OptionalLong.empty();
            }

            @Override
            public void onLeaderChanged(Optional<PeerInfo> leader, long term) {}

            @Override
            public void onConfiguration(VoterSet voters) {}

            @Override
            public void onClosed(Closure reason, String explanation) {}
        }
    }

    private static final class RealLog implements LogUnderTest {
        private static final Duration LIMIT = Duration.ofSeconds(60);
        private static final Duration PROPOSAL_LIMIT = Duration.ofSeconds(8);
        private static final Duration PROOF_LIMIT = Duration.ofSeconds(2);
        private static final List<String> NAMES = List.of("hv-1", "hv-2", "hv-3");

        private final Path directory;
        private final Map<String, Voter> voters = new TreeMap<>();
        private final List<String> closed = new ArrayList<>();
        private int lives;

        RealLog(Path directory) {
            this.directory = directory;
            NAMES.forEach(name -> voters.put(name, new Voter(config(name))));
            voters.get(NAMES.get(0)).node.bootstrap(GroupId.random());
            grow();
        }

        private RaftConfig config(String name) {
            return RaftConfig.of(directory.resolve(name + "-" + ++lives), name, freeAddress())
                    .withElectionTimeout(Duration.ofMillis(500))
                    .withSnapshotEntries(SNAPSHOT_ENTRIES);
        }

        /** A random address in 127/8 with a port that was free a moment ago: no other test guesses the same. */
        private static InetSocketAddress freeAddress() {
            ThreadLocalRandom random = ThreadLocalRandom.current();
            byte[] ip = {
                127, (byte) random.nextInt(1, 255), (byte) random.nextInt(1, 255), (byte) random.nextInt(1, 255)
            };
            try (ServerSocket probe = new ServerSocket(0, 1, InetAddress.getByAddress(ip))) {
                return new InetSocketAddress(probe.getInetAddress(), probe.getLocalPort());
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        private void grow() {
            List<PeerInfo> wanted =
                    voters.values().stream().map(v -> v.node.self()).toList();
            await("voters " + wanted, () -> stepTowards(wanted));
        }

        private boolean stepTowards(List<PeerInfo> wanted) {
            return leading()
                    .map(leader -> {
                        try {
                            return leader.node.changeVoters(wanted).join() == VoterChange.NOTHING;
                        } catch (CompletionException e) {
                            return false;
                        }
                    })
                    .orElse(false);
        }

        private Optional<Voter> leading() {
            return voters.entrySet().stream()
                    .filter(e ->
                            !closed.contains(e.getKey()) && e.getValue().leads.isPresent())
                    .map(Map.Entry::getValue)
                    .findFirst();
        }

        private Voter awaitLeading() {
            var seen = new ArrayList<Voter>();
            await("a leader", () -> {
                leading().ifPresent(seen::add);
                return !seen.isEmpty();
            });
            return seen.get(0);
        }

        @Override
        public List<String> nodes() {
            return NAMES;
        }

        @Override
        public OptionalLong leads(String node) {
            return closed.contains(node) ? OptionalLong.empty() : voters.get(node).leads;
        }

        @Override
        public Proposal propose(String node, Command command) {
            Voter voter = voters.get(node);
            CompletableFuture<OptionalLong> index = voter.node
                    .propose(voter.codec.encode(command), PROPOSAL_LIMIT)
                    .handle((reply, failure) -> failure == null ? OptionalLong.of(index(reply)) : OptionalLong.empty());
            return () -> Optional.ofNullable(index.getNow(null));
        }

        private void commitSomething(int number) {
            await(
                    "entry " + number + " is committed",
                    () -> leading()
                            .map(v -> propose(
                                    v.node.self().id().nodeName(),
                                    new AzCommand.SetMaintenance(number, new HostName("x"), true)))
                            .map(p -> {
                                await("an answer", () -> p.answer().isPresent());
                                return p.answer().orElseThrow().isPresent();
                            })
                            .orElse(false));
        }

        @Override
        public boolean provesLeadership(String node) {
            Voter voter = voters.get(node);
            if (closed.contains(node) || voter.leads.isEmpty()) {
                return false;
            }
            return voter.node.leads(PROOF_LIMIT).join().isPresent() && voter.leads.isPresent();
        }

        private static long index(byte[] reply) {
            try {
                return LogReply.parseFrom(reply).getIndex();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        @Override
        public List<Written> log(String node) {
            return voters.get(node).written();
        }

        @Override
        public RecoveryState state(String node) {
            return voters.get(node).state;
        }

        /** The others are closed: nobody else can lead meanwhile, and it believes to lead until it learns better. */
        @Override
        public void cutOff(String leader) {
            for (String name : NAMES) {
                if (!name.equals(leader)) {
                    voters.get(name).node.close();
                    closed.add(name);
                }
            }
        }

        @Override
        public void mend() {
            for (String name : closed) {
                voters.put(name, new Voter(voters.get(name).config));
            }
            closed.clear();
        }

        @Override
        public void depose() {
            leading().ifPresent(leader -> {
                Voter heir = voters.values().stream()
                        .filter(v -> v != leader)
                        .findFirst()
                        .orElseThrow();
                try {
                    leader.node.transferLeadership(heir.node.self()).join();
                } catch (CompletionException e) {
                    // it may have lost its leadership by itself just now
                    assert e.getCause() != null;
                }
            });
        }

        @Override
        public void goAway(String node) {
            voters.get(node).node.close();
            closed.add(node);
        }

        /** On an empty disk: as another peer, in the place of the one it was. */
        @Override
        public void comeBack(String node) {
            closed.remove(node);
            voters.put(node, new Voter(config(node)));
            grow();
        }

        @Override
        public void changeConfiguration() {
            List<PeerInfo> all =
                    voters.values().stream().map(v -> v.node.self()).toList();
            Voter leader = awaitLeading();
            List<PeerInfo> two = all.stream()
                    .filter(p -> !p.equals(all.stream()
                            .filter(q -> !q.equals(leader.node.self()))
                            .findFirst()
                            .orElseThrow()))
                    .toList();
            await("two voters", () -> stepTowards(two));
            String gone = NAMES.stream()
                    .filter(n -> two.stream().noneMatch(p -> p.id().nodeName().equals(n)))
                    .findFirst()
                    .orElseThrow();
            voters.get(gone).node.close();
            comeBack(gone);
        }

        @Override
        public void await(String what, BooleanSupplier condition) {
            long until = System.nanoTime() + LIMIT.toNanos();
            while (!condition.getAsBoolean()) {
                if (System.nanoTime() > until) {
                    throw new AssertionError("waited " + LIMIT + " in vain until " + what + "; "
                            + voters.values().stream().map(v -> v.node.status()).toList());
                }
                pass(20);
            }
        }

        @Override
        public void pass(long ms) {
            long until = System.nanoTime() + ms * 1_000_000;
            while (System.nanoTime() < until) {
                LockSupport.parkNanos(until - System.nanoTime());
            }
        }

        @Override
        public void close() {
            voters.forEach((name, voter) -> voter.node.close());
        }
    }
}
