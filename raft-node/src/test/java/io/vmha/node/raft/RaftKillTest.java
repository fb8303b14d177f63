package io.vmha.node.raft;

import static io.vmha.node.raft.RegisterMachine.bytes;
import static io.vmha.node.raft.RegisterMachine.text;
import static io.vmha.node.raft.TestNode.get;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Voters in processes of their own, killed without warning. */
@Tag("cluster")
final class RaftKillTest {
    private static final Logger LOG = LoggerFactory.getLogger(RaftKillTest.class);
    private static final Duration ELECTION = Duration.ofSeconds(1);

    @TempDir
    Path dir;

    /** A voter in a process of its own. */
    private record Child(RaftConfig config, Process process) {
        static Child start(RaftConfig config) throws IOException {
            Process process = new ProcessBuilder(
                            Path.of(System.getProperty("java.home"), "bin", "java")
                                    .toString(),
                            "-Xmx128m",
                            "-XX:+UseSerialGC",
                            "-XX:TieredStopAtLevel=1",
                            "-cp",
                            System.getProperty("java.class.path"),
                            ChildNode.class.getName(),
                            config.dataDir().toString(),
                            config.nodeName(),
                            PeerInfo.hostAndPort(config.address()),
                            Long.toString(ELECTION.toMillis()))
                    .redirectErrorStream(true)
                    .redirectOutput(new File(config.dataDir() + ".log"))
                    .start();
            return new Child(config, process);
        }

        void kill() throws InterruptedException {
            process.destroyForcibly().waitFor();
        }
    }

    @Test
    void acknowledgedWritesSurviveKilledLeadersAndNothingIsAppliedTwice() throws Exception {
        List<Child> children = new ArrayList<>();
        // the test's own node is a voter too, so that it can see the voters and found the group
        try (TestNode own = new TestNode(TestNode.config(dir, "own").withElectionTimeout(ELECTION))) {
            own.node.bootstrap(GroupId.random());
            for (String name : List.of("k1", "k2")) {
                children.add(Child.start(TestNode.config(dir, name)));
            }
            List<PeerInfo> voters = new ArrayList<>(List.of(own.self()));
            for (Child child : children) {
                voters.add(selfOf(child));
            }
            grow(own, voters);
            own.write("n=0");

            long written = 1;
            List<Long> gapsMs = new ArrayList<>();
            for (int round = 0; round < 5; round++) {
                int victim = makeAChildLead(own, children);
                children.get(victim).kill();
                long killed = System.nanoTime();
                written++;
                assertThat(own.write("n=" + written)).isEqualTo(Long.toString(written));
                gapsMs.add((System.nanoTime() - killed) / 1_000_000);
                children.set(victim, Child.start(children.get(victim).config()));
                written++;
                assertThat(own.write("n=" + written)).isEqualTo(Long.toString(written));
                caughtUp(own, children.get(victim), written);
            }
            LOG.warn("write gaps after kill -9 of the leader gaps_ms={}", gapsMs);
            assertThat(own.read("n")).isEqualTo(Long.toString(written));
            assertThat(own.heard.readyTerms()).doesNotHaveDuplicates();
        } finally {
            for (Child child : children) {
                child.kill();
            }
        }
    }

    @Test
    void newcomerInAProcessOfItsOwnStartsFromASnapshotBecauseTheLogBeforeItIsPurged() throws Exception {
        RaftConfig config =
                TestNode.config(dir, "own").withElectionTimeout(ELECTION).withSnapshotEntries(200);
        Child newcomer = null;
        try (TestNode own = new TestNode(config)) {
            own.node.bootstrap(GroupId.random());
            int entries = 4_000;
            String filler = "x".repeat(3_000); // three segments of 4 MB: only whole ones are purged
            List<CompletableFuture<byte[]>> writes = new ArrayList<>();
            for (int i = 1; i <= entries; i++) {
                writes.add(own.node.propose(bytes("k" + i % 20 + "=" + i + filler)));
                if (i % 100 == 0) {
                    writes.forEach(TestNode::get);
                    writes.clear();
                }
            }
            assertThat(files(dir.resolve("own"), "snapshot\\.\\d+_\\d+"))
                    .as("snapshots kept")
                    .hasSizeBetween(1, 2);
            TestNode.awaitTrue(
                    "the first segment of the log to be purged",
                    () -> files(dir.resolve("own"), "log_0-.*").isEmpty(),
                    () -> files(dir.resolve("own"), "log_.*"));

            newcomer = Child.start(TestNode.config(dir, "new"));
            grow(own, List.of(own.self(), selfOf(newcomer)));
            caughtUp(own, newcomer, entries);

            assertThat(files(dir.resolve("new"), "snapshot\\.\\d+_\\d+")).hasSize(1);
            assertThat(files(dir.resolve("new"), "log_(inprogress_)?0(-.*)?"))
                    .as("a log from the beginning")
                    .isEmpty();

            newcomer.kill();
            newcomer = Child.start(newcomer.config());
            caughtUp(own, newcomer, entries);
            assertThat(own.write("after=1")).isEqualTo(Integer.toString(entries + 1));
            caughtUp(own, newcomer, entries + 1);
        } finally {
            if (newcomer != null) {
                newcomer.kill();
            }
        }
    }

    private static List<String> files(Path root, String name) {
        try (Stream<Path> all = Files.walk(root)) {
            return all.map(p -> p.getFileName().toString())
                    .filter(n -> n.matches(name))
                    .toList();
        } catch (IOException | UncheckedIOException e) {
            return List.of("changing: " + e.getMessage()); // a file that was purged just now
        }
    }

    private static PeerInfo selfOf(Child child) {
        return TestNode.await(
                child.config().nodeName() + " to write its identity",
                () -> {
                    try {
                        List<String> lines = java.nio.file.Files.readAllLines(
                                child.config().dataDir().resolve("peer"));
                        return lines.stream()
                                .filter(l -> l.startsWith("storage="))
                                .map(l -> PeerInfo.parse(
                                        child.config().nodeName() + "@" + l.substring("storage=".length()),
                                        PeerInfo.hostAndPort(child.config().address())))
                                .findFirst();
                    } catch (IOException e) {
                        return Optional.empty();
                    }
                },
                child.process()::isAlive);
    }

    private static void grow(TestNode own, List<PeerInfo> voters) {
        TestNode.await(
                "voters " + voters,
                () -> {
                    try {
                        VoterChange done = get(own.node.changeVoters(voters));
                        return done == VoterChange.NOTHING ? Optional.of(done) : Optional.empty();
                    } catch (CompletionException e) {
                        return Optional.empty();
                    }
                },
                own.node::status);
    }

    private static int makeAChildLead(TestNode own, List<Child> children) {
        return TestNode.await(
                "a child to lead",
                () -> {
                    RaftStatus status = own.node.status();
                    if (own.leads()) {
                        PeerInfo heir = status.voters().voters().stream()
                                .filter(v -> !v.equals(own.self()))
                                .findFirst()
                                .orElseThrow();
                        own.node
                                .transferLeadership(heir)
                                .exceptionally(e -> null)
                                .join();
                        return Optional.empty();
                    }
                    return status.leader().flatMap(leader -> {
                        for (int i = 0; i < children.size(); i++) {
                            if (children.get(i)
                                    .config()
                                    .nodeName()
                                    .equals(leader.id().nodeName())) {
                                return Optional.of(i);
                            }
                        }
                        return Optional.empty();
                    });
                },
                own.node::status);
    }

    private static void caughtUp(TestNode own, Child child, long written) {
        PeerInfo peer = selfOf(child);
        TestNode.awaitTrue(
                peer + " to catch up",
                () -> own.node
                        .ask(peer, bytes("who"), Duration.ofSeconds(1))
                        .thenApply(b -> Long.parseLong(text(b).split(" ", -1)[1]) >= written)
                        .exceptionally(e -> false)
                        .join(),
                own.node::status);
    }

    /** Main of a child: a node with a register machine, until it is killed. */
    static final class ChildNode {
        private ChildNode() {}

        public static void main(String[] args) {
            RaftConfig config = RaftConfig.of(Path.of(args[0]), args[1], PeerInfo.parseAddress(args[2]))
                    .withElectionTimeout(Duration.ofMillis(Long.parseLong(args[3])));
            try (TestNode node = new TestNode(config)) {
                CompletableFuture<Void> never = new CompletableFuture<>();
                never.completeOnTimeout(null, 10, TimeUnit.MINUTES).join(); // no orphan outlives a broken test run
                LOG.info("child ends self={}", node.self());
            }
        }
    }
}
