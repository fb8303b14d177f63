package io.vmha.node.raft;

import static io.vmha.node.raft.RaftGroupTest.assertFails;
import static io.vmha.node.raft.RegisterMachine.bytes;
import static io.vmha.node.raft.TestNode.awaitTrue;
import static io.vmha.node.raft.TestNode.get;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vmha.node.raft.RaftNodeException.Kind;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.ratis.client.impl.ClientProtoUtils;
import org.apache.ratis.protocol.ClientId;
import org.apache.ratis.protocol.GroupManagementRequest;
import org.apache.ratis.protocol.RaftGroup;
import org.apache.ratis.protocol.RaftGroupId;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What survives: leaders that go, restarts from disk, storage that is lost, damaged or moved. */
final class RaftRecoveryTest {
    private static final Duration SHORT = Duration.ofSeconds(6);

    @TempDir
    Path dir;

    @Test
    void groupSurvivesItsLeaderAndNoTermHasTwoReadyLeaders() {
        List<TestNode.Heard> heard = new ArrayList<>();
        try (TestGroup group = TestGroup.grown(dir, "n1", "n2", "n3")) {
            group.nodes.forEach(n -> heard.add(n.heard));
            for (int round = 1; round <= 3; round++) {
                TestNode leader = group.leader();
                group.leader().write("round=" + round);
                leader.close();
                TestNode survivor = group.nodes.stream()
                        .filter(n -> n != leader)
                        .findFirst()
                        .orElseThrow();
                assertThat(survivor.write("after=" + round)).isEqualTo(Integer.toString(2 * round));
                assertThat(survivor.read("round")).isEqualTo(Integer.toString(round));

                TestNode back = leader.restart();
                heard.add(back.heard);
                group.replace(leader, back);
                assertThat(back.read("after")).isEqualTo(Integer.toString(round));
            }
        }
        List<Long> ready = heard.stream().flatMap(h -> h.readyTerms().stream()).toList();
        assertThat(ready).doesNotHaveDuplicates().hasSizeGreaterThanOrEqualTo(4);
    }

    @Test
    void wholeGroupComesBackFromDisk() {
        try (TestGroup group = TestGroup.grown(dir, "n1", "n2", "n3")) {
            group.leader().write("kept=1");
            List<PeerId> ids = group.nodes.stream().map(n -> n.self().id()).toList();
            group.nodes.forEach(TestNode::close);

            List<TestNode> again = group.nodes.stream().map(TestNode::restart).toList();
            for (int i = 0; i < again.size(); i++) {
                group.nodes.set(i, again.get(i));
            }

            assertThat(group.nodes).extracting(n -> n.self().id()).isEqualTo(ids);
            assertThat(group.nodes).allSatisfy(n -> assertThat(n.node.group()).contains(group.id));
            assertThat(group.nodes.get(0).read("kept")).isEqualTo("1");
            assertThat(group.nodes.get(1).write("kept=2")).isEqualTo("2");
        }
    }

    @Test
    void newcomerAndRestartedNodeStartFromASnapshot() {
        TestGroup group = new TestGroup();
        try (group) {
            for (String name : List.of("n1", "n2", "n3")) {
                group.nodes.add(new TestNode(TestNode.config(dir, name).withSnapshotEntries(20)));
            }
            TestNode first = group.nodes.get(0);
            first.node.bootstrap(group.id);
            group.leader();
            // the log keeps 1000 entries before a snapshot, in whole gaps of 1024
            List<java.util.concurrent.CompletableFuture<byte[]>> writes = new ArrayList<>();
            for (int i = 1; i <= 2300; i++) {
                writes.add(first.node.propose(bytes("k" + i % 50 + "=" + i)));
                if (i % 200 == 0) {
                    writes.forEach(TestNode::get);
                }
            }
            writes.forEach(TestNode::get);
            assertThat(first.node.status().snapshot()).isPresent();
            awaitTrue( // older ones are removed after a newer one is there
                    "two snapshots at most",
                    () -> snapshots(dir.resolve("n1")).size() <= 2,
                    () -> snapshots(dir.resolve("n1")));
            assertThat(snapshots(dir.resolve("n1"))).isNotEmpty();

            group.grow(group.nodes);
            TestNode newcomer = group.nodes.get(2);
            awaitTrue("all entries on the newcomer", () -> newcomer.machine.entries() == 2300, newcomer.node::status);
            assertThat(newcomer.machine.restores()).isEqualTo(1);
            assertThat(newcomer.read("k0")).isEqualTo("2300");

            newcomer.close();
            TestNode back = newcomer.restart();
            group.replace(newcomer, back);
            assertThat(back.read("k0")).isEqualTo("2300");
            assertThat(back.machine.restores()).isEqualTo(1);
            assertThat(back.node.status().voters().voters()).hasSize(3);
        }
    }

    @Test
    void nodeThatLostItsStorageIsANewPeerAndIsTakenInAgain() throws IOException {
        try (TestGroup group = TestGroup.grown(dir, "n1", "n2", "n3")) {
            group.leader().write("a=1");
            TestNode victim = group.followers().get(0);
            PeerId before = victim.self().id();
            victim.close();
            delete(dir.resolve(victim.config.nodeName()).resolve("groups"));

            TestNode wiped = victim.restart();
            group.replace(victim, wiped);
            assertThat(wiped.self().id()).isNotEqualTo(before);
            assertThat(wiped.node.group()).isEmpty();

            group.grow(group.nodes);
            awaitTrue(
                    "the register on the wiped node",
                    () -> wiped.machine.register("a").equals("1"),
                    wiped.node::status);
            VoterSet voters = group.leader().node.status().voters();
            assertThat(voters.voters()).hasSize(3);
            assertThat(voters.contains(before)).isFalse();
        }
    }

    @Test
    void nodeThatMovedToAnotherAddressIsANewPeer() {
        RaftConfig config = TestNode.config(dir, "n1");
        PeerId before;
        try (TestNode node = new TestNode(config)) {
            node.node.bootstrap(GroupId.random());
            before = node.self().id();
        }
        RaftConfig moved = RaftConfig.of(config.dataDir(), "n1", TestNode.freeAddress());
        try (TestNode node = new TestNode(moved)) {
            assertThat(node.self().id()).isNotEqualTo(before);
            assertThat(node.node.group()).isEmpty();
            assertThat(config.dataDir().resolve("old").resolve("000001-address-changed"))
                    .exists();
        }
    }

    @Test
    void damagedLogIsSetAsideAndNotTrusted() throws IOException {
        TestNode node = TestNode.start(dir, "n1");
        node.node.bootstrap(GroupId.random());
        node.write("a=" + "x".repeat(1000));
        node.write("b=" + "x".repeat(1000));
        PeerId before = node.self().id();
        node.close();
        flipByte(onlyFile(dir.resolve("n1").resolve("groups"), "log_inprogress"), 500);

        try (TestNode again = node.restart()) {
            assertThat(again.self().id()).isNotEqualTo(before);
            assertThat(again.node.group()).isEmpty();
            assertThat(dir.resolve("n1").resolve("old").resolve("000001-damaged"))
                    .exists();
            assertThat(again.machine.register("a")).isEmpty();
        }
    }

    @Test
    void emptyVoteFileIsDamageToo() throws IOException {
        TestNode node = TestNode.start(dir, "n1");
        node.node.bootstrap(GroupId.random());
        PeerId before = node.self().id();
        node.close();
        Files.write(onlyFile(dir.resolve("n1").resolve("groups"), "raft-meta"), new byte[0]);

        try (TestNode again = node.restart()) {
            assertThat(again.self().id()).isNotEqualTo(before);
        }
    }

    /** What kill -9 left of a founder a moment after the founding: a vote file in which no term has begun, and nothing else. */
    @Test
    void founderThatEndedBeforeItsFirstTermIsInNoGroupAndCanFoundAnother() throws IOException {
        TestNode node = TestNode.start(dir, "n1");
        node.node.bootstrap(GroupId.random());
        PeerId before = node.self().id();
        node.close();
        Path votes = onlyFile(dir.resolve("n1").resolve("groups"), "raft-meta");
        delete(votes.getParent());
        Files.createDirectories(votes.getParent());
        Files.writeString(votes, "votedFor=\nterm=0\n");

        try (TestNode again = node.restart()) {
            assertThat(again.self().id()).isNotEqualTo(before);
            assertThat(again.node.status().group()).isEmpty();
            again.node.bootstrap(GroupId.random());
            assertThat(again.write("a=1")).isEqualTo("1");
        }
    }

    /** How far it had come is known only up to the last note in the log: what it had acknowledged last may be missing in its state. */
    @Test
    void restartedVoterBearsNoWitnessBeforeItHasAppliedWhatItsLogHeld() {
        try (TestGroup group = TestGroup.grown(dir, "n1", "n2", "n3")) {
            group.leader().write("a=1");
            assertThat(group.leader().write("a=2")).isEqualTo("2");
            TestNode asking = TestNode.start(dir, "n9");
            TestNode voter = group.followers().get(0);
            TestNode other = group.followers().get(1);
            List<PeerInfo> peers = group.nodes.stream().map(TestNode::self).toList();
            group.nodes.forEach(TestNode::close);

            TestNode again = voter.restart();
            group.replace(voter, again);
            GroupClient client = asking.node.client(group.id, peers);
            assertFails(client.ask(again.self(), bytes("who"), SHORT), Kind.REFUSED, "not yet applied its log");
            awaitTrue(
                    "it to say where it stands", // once it has read its configuration from its log
                    () -> client.standing(again.self(), SHORT)
                            .handle((word, refused) -> word != null
                                    && word.self().equals(again.self().id()))
                            .join(),
                    again.node::status);

            group.replace(other, other.restart());
            awaitTrue(
                    "it to bear witness",
                    () -> client.ask(again.self(), bytes("who"), SHORT)
                            .thenApply(answer -> true)
                            .exceptionally(refused -> false)
                            .join(),
                    group::statuses);
            asking.close();
        }
    }

    /** What is left of an invitation whose leader dies before it takes the newcomer in: the newcomer is in that group, and nobody else is. */
    @Test
    void newcomerThatWasInvitedAndNotTakenInDeclinesAndCanBeTakenIntoAnotherGroup() {
        try (TestGroup group = TestGroup.found(dir, "n1");
                TestNode newcomer = TestNode.start(dir, "n9")) {
            PeerInfo invited = newcomer.self();
            try (PeerLinks links = new PeerLinks(Optional.empty(), "inviter")) {
                get(links.to(invited)
                        .invite(
                                ClientProtoUtils.toGroupManagementRequestProto(GroupManagementRequest.newAdd(
                                        ClientId.randomId(),
                                        invited.ratisId(),
                                        1,
                                        RaftGroup.valueOf(
                                                RaftGroupId.valueOf(
                                                        GroupId.random().value()),
                                                List.of()),
                                        true)),
                                Duration.ofSeconds(5)));
            }
            assertThat(newcomer.node.group()).isPresent();
            assertThat(newcomer.node.status().voters()).isEqualTo(VoterSet.NONE);
            assertThat(newcomer.node.status().term()).isZero();

            assertThat(newcomer.node.declineInvitation()).isTrue();

            assertThat(newcomer.node.group()).isEmpty();
            assertThat(newcomer.self().id()).isNotEqualTo(invited.id());
            group.nodes.add(newcomer);
            group.grow(group.nodes);
            assertThat(group.leader().write("a=1")).isEqualTo("1");

            PeerId voter = newcomer.self().id();
            assertThat(newcomer.node.declineInvitation())
                    .as("it has been taken in")
                    .isFalse();
            assertThat(newcomer.self().id()).isEqualTo(voter);
            assertThat(group.leader().write("a=2")).isEqualTo("2");
        }
    }

    @Test
    void damagedSnapshotIsSetAsideAndNotTrusted() throws IOException {
        TestNode node = new TestNode(TestNode.config(dir, "n1").withSnapshotEntries(10));
        node.node.bootstrap(GroupId.random());
        for (int i = 0; i < 15; i++) {
            node.write("a=" + i);
        }
        awaitTrue("a snapshot", () -> !snapshots(dir.resolve("n1")).isEmpty(), node.node::status);
        PeerId before = node.self().id();
        node.close();
        for (Path snapshot : snapshots(dir.resolve("n1"))) {
            flipByte(snapshot, 12);
        }

        try (TestNode again = node.restart()) {
            assertThat(again.self().id()).isNotEqualTo(before);
            assertThat(again.node.group()).isEmpty();
        }
    }

    @Test
    void logThatLostWhatItsPeerHadAppliedIsSetAside() throws IOException {
        TestNode node = TestNode.start(dir, "n1");
        node.node.bootstrap(GroupId.random());
        node.write("a=" + "x".repeat(1000));
        node.write("b=" + "x".repeat(1000));
        PeerId before = node.self().id();
        long applied = node.node.status().applied().index();
        AppliedMark mark = AppliedMark.in(dir.resolve("n1"), before);
        awaitTrue("the mark", () -> mark.read().orElse(-1) >= applied, mark::read);
        node.close();
        cutTail(onlyFile(dir.resolve("n1").resolve("groups"), "log_inprogress"), 1500);

        try (TestNode again = node.restart()) {
            assertThat(again.self().id()).isNotEqualTo(before);
            assertThat(again.node.group()).isEmpty();
            assertThat(dir.resolve("n1").resolve("old").resolve("000001-damaged"))
                    .exists();
        }
    }

    @Test
    void tornEndOfALogThatWasNeverAppliedIsDroppedAndThePeerStays() throws IOException {
        TestNode node = TestNode.start(dir, "n1");
        node.node.bootstrap(GroupId.random());
        node.write("a=1");
        PeerId before = node.self().id();
        node.close();
        // as a crash leaves it: the last entry is half there, and nobody has applied it
        Files.deleteIfExists(dir.resolve("n1").resolve("applied"));
        cutTail(onlyFile(dir.resolve("n1").resolve("groups"), "log_inprogress"), 3);

        try (TestNode again = node.restart()) {
            assertThat(again.self().id()).isEqualTo(before);
            assertThat(again.write("a=2")).isNotEmpty();
        }
    }

    @Test
    void markOfAnotherPeerOrADamagedOneProvesNothing() throws IOException {
        PeerId one = PeerId.of("n1", 1);
        AppliedMark.in(dir, one).write(77);

        assertThat(AppliedMark.in(dir, one).read()).hasValue(77);
        assertThat(AppliedMark.in(dir, PeerId.of("n1", 2)).read()).isEmpty();

        AppliedMark again = AppliedMark.in(dir, one);
        assertThat(again.read()).hasValue(77);
        again.write(70); // after a restart the log is applied from the snapshot on: the mark does not go back
        assertThat(AppliedMark.in(dir, one).read()).hasValue(77);

        flipByte(dir.resolve("applied"), 30);
        assertThat(AppliedMark.in(dir, one).read()).isEmpty();
        Files.write(dir.resolve("applied"), new byte[1]);
        assertThat(AppliedMark.in(dir, one).read()).isEmpty();
    }

    @Test
    void machineThatThrowsStopsTheNodeInsteadOfDiverging() {
        try (TestNode node = TestNode.start(dir, "n1")) {
            node.node.bootstrap(GroupId.random());
            assertThat(node.write("a=1")).isEqualTo("1");

            awaitTrue("it to hear that it leads", () -> node.heard.events().contains("leader 1"), node.heard::events);
            var unused = node.node.propose(bytes("throw"));

            awaitTrue("the node to be closed", () -> node.heard.events().contains("closed FAILED"), node.heard::events);
            assertThat(node.heard.events()).contains("not-leader 1");
        }
    }

    @Test
    void busyPortUsedDirectoryAndUnusableDirectoryAreSaidClearly() throws IOException {
        RaftConfig config = TestNode.config(dir, "n1");
        try (ServerSocket busy =
                new ServerSocket(config.address().getPort(), 1, config.address().getAddress())) {
            assertThat(busy.isBound()).isTrue();
            assertStartFails(config, Kind.ADDRESS, "cannot listen on " + PeerInfo.hostAndPort(config.address()));
        }
        try (TestNode node = new TestNode(config)) {
            assertStartFails(
                    RaftConfig.of(config.dataDir(), "n1", TestNode.freeAddress()),
                    Kind.STORAGE,
                    "used by another process");
            assertThat(node.node.status().life()).isEqualTo(RaftStatus.Life.IDLE);
        }
        Path file = Files.createFile(dir.resolve("file"));
        assertStartFails(
                RaftConfig.of(file, "n2", TestNode.freeAddress()), Kind.STORAGE, file + "/groups: Not a directory)");
        Path nowhere = Path.of("/proc/vmha");
        assertStartFails(
                RaftConfig.of(nowhere.resolve("raft"), "n2", TestNode.freeAddress()),
                Kind.STORAGE,
                nowhere + " does not exist and cannot be made");
    }

    @Test
    void writeWithoutAMajorityIsNeverReportedAsDone() {
        try (TestGroup group = TestGroup.grown(dir, "n1", "n2", "n3")) {
            TestNode leader = group.leader();
            group.followers().forEach(TestNode::close);

            assertThatThrownBy(() -> get(leader.node.propose(bytes("a=1"), SHORT)))
                    .hasCauseInstanceOf(RaftNodeException.class)
                    .satisfies(e -> assertThat(((RaftNodeException) e.getCause()).kind())
                            .isIn(Kind.UNKNOWN_OUTCOME, Kind.NOT_COMMITTED));
            // by now everybody knows that there is no leader: nothing reaches a log
            assertFails(leader.node.propose(bytes("a=2"), SHORT), Kind.NOT_COMMITTED, "no leader accepted the entry");
            assertFails(leader.node.read(bytes("a"), SHORT), Kind.UNAVAILABLE, "no linearizable read");
        }
    }

    private static void assertStartFails(RaftConfig config, Kind kind, String message) {
        assertThatThrownBy(() -> new TestNode(config))
                .isInstanceOf(RaftNodeException.class)
                .satisfies(e -> assertThat(((RaftNodeException) e).kind()).isEqualTo(kind))
                .hasMessageContaining(message);
    }

    /** Lists names only: a snapshot may be removed while it is looked for. */
    private static List<Path> snapshots(Path nodeDir) {
        var found = new ArrayList<Path>();
        try (DirectoryStream<Path> groups = Files.newDirectoryStream(nodeDir.resolve("groups"))) {
            for (Path group : groups) {
                try (DirectoryStream<Path> files = Files.newDirectoryStream(group.resolve("sm"))) {
                    files.forEach(found::add);
                }
            }
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
        found.removeIf(p -> !p.getFileName().toString().matches("snapshot\\.\\d+_\\d+"));
        return found;
    }

    private static Path onlyFile(Path root, String prefix) throws IOException {
        try (Stream<Path> files = Files.walk(root)) {
            return files.filter(p -> p.getFileName().toString().startsWith(prefix)
                            && !p.getFileName().toString().endsWith(".conf"))
                    .findFirst()
                    .orElseThrow();
        }
    }

    private static void flipByte(Path file, int at) throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        bytes[at] ^= 1;
        Files.write(file, bytes);
    }

    /** Cuts so many bytes off a log, not counting the zeros that Ratis has written in advance. */
    private static void cutTail(Path log, int bytes) throws IOException {
        byte[] all = Files.readAllBytes(log);
        int end = all.length;
        while (end > 0 && all[end - 1] == 0) {
            end--;
        }
        Files.write(log, Arrays.copyOf(all, end - bytes));
    }

    private static void delete(Path root) throws IOException {
        try (Stream<Path> files = Files.walk(root)) {
            for (Path p : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(p);
            }
        }
    }
}
