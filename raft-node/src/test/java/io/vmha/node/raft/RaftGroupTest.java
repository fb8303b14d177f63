package io.vmha.node.raft;

import static io.vmha.node.raft.RegisterMachine.bytes;
import static io.vmha.node.raft.RegisterMachine.text;
import static io.vmha.node.raft.TestNode.awaitTrue;
import static io.vmha.node.raft.TestNode.get;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vmha.node.raft.RaftNodeException.Kind;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Real servers on loopback addresses: a group grows, serves, and tells who asks. */
final class RaftGroupTest {
    private static final Duration LIMIT = Duration.ofSeconds(20);

    /** Ratis' leader steps down after two of them without a majority: longer than its followers take to end on a busy machine. */
    private static final Duration PATIENT = Duration.ofSeconds(5);

    @TempDir
    Path dir;

    @Test
    void groupGrowsFromOneToFiveAndServesEveryNode() {
        try (TestGroup group = TestGroup.found(dir, "n1", "n2", "n3", "n4", "n5")) {
            assertThat(group.nodes.get(0).write("a=1")).isEqualTo("1");

            group.grow(group.nodes.subList(0, 3));
            assertThat(group.nodes.get(2).write("a=2")).isEqualTo("2");
            assertThat(group.nodes.get(1).read("a")).isEqualTo("2");

            group.grow(group.nodes);
            TestNode follower = group.followers().get(0);
            assertThat(follower.write("b=3")).isEqualTo("3");
            for (TestNode node : group.nodes) {
                assertThat(node.read("b")).isEqualTo("3");
                assertThat(node.node.status().voters().voters()).hasSize(5);
                assertThat(node.node.group()).contains(group.id);
            }
            awaitTrue(
                    "all listeners to hear of five voters",
                    () -> group.nodes.stream().allMatch(n -> n.heard.events().contains("voters 5")),
                    () -> group.nodes.stream().map(n -> n.heard.events()).toList());
        }
    }

    @Test
    void voterOfOneGroupCannotBeTakenIntoAnother() {
        try (TestGroup group = TestGroup.found(dir, "n1");
                TestGroup other = TestGroup.found(dir, "m1")) {
            TestNode wanted = group.nodes.get(0);
            TestNode greedy = other.nodes.get(0);
            List<PeerInfo> both = List.of(greedy.self(), wanted.self());

            for (int attempt = 0; attempt < 4; attempt++) {
                assertFails(greedy.node.changeVoters(both), Kind.CHANGE_REFUSED, "cannot join");
            }

            assertThat(wanted.leads()).isTrue();
            assertThat(wanted.node.status().voters().voters()).containsExactly(wanted.self());
            assertThat(wanted.write("a=1")).isEqualTo("1");
            assertThat(greedy.write("b=1")).isEqualTo("1");
        }
    }

    @Test
    void aLeaderWithoutAMajorityAnswersNoReadEvenIfNothingWasCommittedSinceTheLast() {
        try (TestGroup group = TestGroup.found(dir, PATIENT, "n1", "n2", "n3")) {
            group.grow(group.nodes);
            TestNode leader = group.leader();
            leader.write("a=1");
            for (int i = 0;
                    i < 10;
                    i++) { // until what follows a write is committed too, and a read has been confirmed after it
                assertThat(leader.read("a")).isEqualTo("1");
                LockSupport.parkNanos(50_000_000);
            }
            assertThat(get(leader.node.leads(LIMIT)))
                    .hasValue(leader.node.status().term());

            CompletableFuture.allOf(group.followers().stream()
                            .map(n -> CompletableFuture.runAsync(n::close))
                            .toArray(CompletableFuture<?>[]::new))
                    .join();

            assertThat(leader.leads()).as("it does not know yet").isTrue();
            assertFails(leader.node.read(bytes("a"), Duration.ofSeconds(1)), Kind.UNAVAILABLE, "linearizable read");
            assertThat(get(leader.node.leads(Duration.ofSeconds(1)))).isEmpty();
        }
    }

    /** What Ratis' public call refuses to one without an entry of the current term. */
    @Test
    void aFollowerCanBeMadeToStandAtOnceButNotForATermThatIsOver() {
        try (TestGroup group = TestGroup.found(dir, PATIENT, "n1", "n2", "n3")) {
            group.grow(group.nodes);
            TestNode leader = group.leader();
            TestNode heir = group.followers().get(0);
            awaitTrue("the heir to have all entries", () -> hasAllEntries(group, heir), group::statuses);
            long term = heir.node.status().term();

            assertThat(Candidacy.stand(heir.division(), term - 1)).isFalse();
            assertThat(Candidacy.stand(leader.division(), term)).as("it leads").isFalse();
            assertThat(leader.leads()).isTrue();
            assertThat(Candidacy.stand(heir.division(), term)).isTrue();

            awaitTrue(
                    "the heir to lead in a new term",
                    () -> (heir.leads() && !leader.leads()) || standsAgainIfItLost(group, heir),
                    group::statuses);
            assertThat(heir.node.status().term()).isGreaterThan(term);
        }
    }

    /**
     * Whoever stands may lose: to one whose log is an entry longer, or because votes come too late on a busy machine. It stands again when it
     * has what the others have.
     */
    private static boolean standsAgainIfItLost(TestGroup group, TestNode heir) {
        RaftStatus status = heir.node.status();
        if (status.leader().isPresent() && !heir.leads() && hasAllEntries(group, heir)) {
            Candidacy.stand(heir.division(), status.term());
        }
        return false;
    }

    private static boolean hasAllEntries(TestGroup group, TestNode heir) {
        var last = heir.division().getRaftLog().getLastEntryTermIndex();
        return last != null
                && group.nodes.stream()
                        .map(n -> n.division().getRaftLog().getLastEntryTermIndex())
                        .allMatch(last::equals);
    }

    @Test
    void whatTheMachineObjectsToNeverGetsIntoTheLog() {
        try (TestGroup group = TestGroup.found(dir, "n1");
                TestNode outsider = TestNode.start(dir, "outsider")) {
            TestNode leader = group.nodes.get(0);
            GroupClient client = outsider.node.client(group.id, List.of(leader.self()));

            assertThatThrownBy(() -> get(client.propose(bytes("poison"))))
                    .hasCauseInstanceOf(RaftNodeException.class)
                    .hasMessageContaining("poison is not applied");

            assertThat(leader.write("a=1")).isEqualTo("1");
        }
    }

    @Test
    void hostThatIsNoVoterWritesReadsAndAsks() {
        try (TestGroup group = TestGroup.grown(dir, "n1", "n2", "n3");
                TestNode outsider = TestNode.start(dir, "outsider")) {
            List<PeerInfo> peers = group.nodes.stream().map(TestNode::self).toList();
            GroupClient client = outsider.node.client(group.id, peers);

            assertThat(text(get(client.propose(bytes("x=7"))))).isEqualTo("1");
            assertThat(text(get(client.read(bytes("x"))))).isEqualTo("7");
            for (TestNode voter : group.nodes) {
                String answer = text(get(client.ask(voter.self(), bytes("who"), LIMIT)));
                assertThat(answer).startsWith(voter.self().id().value()).endsWith(" 3");
            }
            assertThat(outsider.node.group()).isEmpty();
            assertThatThrownBy(() -> get(outsider.node.propose(bytes("x=8"))))
                    .hasCauseInstanceOf(RaftNodeException.class)
                    .hasMessageContaining("in no raft group");
        }
    }

    @Test
    void questionReachesExactlyTheServerItNames() {
        try (TestGroup group = TestGroup.grown(dir, "n1", "n2", "n3")) {
            TestNode asker = group.nodes.get(0);
            PeerInfo right = group.nodes.get(1).self();
            PeerInfo former = new PeerInfo(PeerId.of("n2", 42), right.address());

            assertThat(text(get(asker.node.ask(right, bytes("who"), LIMIT))))
                    .startsWith(right.id().value());
            assertFails(
                    asker.node.ask(former, bytes("who"), LIMIT),
                    Kind.UNAVAILABLE,
                    "addressed to peer n2@000000000000002a");
            assertFails(asker.node.ask(right, bytes("nonsense"), LIMIT), Kind.REFUSED, "no such question");
            assertFails(
                    asker.node.ask(new PeerInfo(right.id(), TestNode.freeAddress()), bytes("who"), LIMIT),
                    Kind.UNAVAILABLE,
                    "refused");
        }
    }

    @Test
    void standingSaysHowFarAServerIs() {
        try (TestGroup group = TestGroup.grown(dir, "n1", "n2", "n3")) {
            group.nodes.get(0).write("a=1");
            long applied = group.leader().node.status().applied().index();
            GroupClient client = group.nodes
                    .get(0)
                    .node
                    .client(group.id, group.nodes.stream().map(TestNode::self).toList());

            for (TestNode node : group.nodes) {
                awaitTrue(
                        node.self() + " to have applied " + applied,
                        () -> get(client.standing(node.self(), LIMIT)).applied().index() >= applied,
                        node.node::status);
                VoterSet voters = get(client.standing(node.self(), LIMIT)).voters();
                assertThat(voters.joint()).isFalse();
                assertThat(voters.voters()).hasSize(3);
            }
        }
    }

    @Test
    void entryThatIsTooLongIsRefusedAndHarmsNobody() {
        try (TestGroup group = TestGroup.found(dir, "n1")) {
            TestNode node = group.nodes.get(0);
            String longest = "k=" + "v".repeat(RaftNode.ENTRY_BYTES_MAX - 2);

            assertFails(
                    node.node.propose(bytes(longest + "v")),
                    Kind.TOO_LARGE,
                    "at most 540672 bytes but this one has 540673");
            assertThat(node.write(longest)).isEqualTo("1");
            assertThat(node.leads()).isTrue();
        }
    }

    @Test
    void onlyTheLeaderChangesVotersAndASilentNewcomerChangesNothing() {
        try (TestGroup group = TestGroup.grown(dir, "n1", "n2", "n3")) {
            List<PeerInfo> voters = group.nodes.stream().map(TestNode::self).toList();
            PeerInfo nobody = new PeerInfo(PeerId.of("ghost", 1), TestNode.freeAddress());
            List<PeerInfo> withGhost = List.of(voters.get(0), voters.get(1), voters.get(2), nobody);

            assertFails(group.followers().get(0).node.changeVoters(withGhost), Kind.NOT_LEADER, "only the leader");
            assertFails(refusalOfTheLeader(group, withGhost), Kind.CHANGE_REFUSED, "nothing changed");
            assertThat(group.leader().node.status().voters().voters()).hasSize(3);
        }
    }

    /** Asked again if it led no more when it was asked. */
    private static CompletableFuture<VoterChange> refusalOfTheLeader(TestGroup group, List<PeerInfo> voters) {
        return TestNode.await(
                "a word of the leader",
                () -> Optional.of(group.leader().node.changeVoters(voters))
                        .filter(answer ->
                                !(failure(answer) instanceof RaftNodeException e && e.kind() == Kind.NOT_LEADER)),
                group::statuses);
    }

    private static Throwable failure(CompletableFuture<?> future) {
        return future.handle((value, problem) -> GroupClient.unwrap(problem)).join();
    }

    @Test
    void leadershipIsHandedOver() {
        try (TestGroup group = TestGroup.grown(dir, "n1", "n2", "n3")) {
            TestNode old = group.leader();
            TestNode heir = group.followers().get(0);

            awaitTrue(
                    "the leader to hand over", // it may have other things to do first
                    () -> old.node
                            .transferLeadership(heir.self())
                            .handle((done, problem) -> heir.leads())
                            .join(),
                    group::statuses);
            awaitTrue(
                    "the old leader to know",
                    () -> old.heard.events().stream().anyMatch(e -> e.startsWith("not-leader")),
                    old.heard::events);
        }
    }

    @Test
    void leaderThatIsToLeaveHandsOverAndIsThenRemoved() {
        try (TestGroup group = TestGroup.grown(dir, "n1", "n2", "n3", "n4")) {
            TestNode leaving = group.leader();

            group.grow(group.followers());

            awaitTrue(
                    "the removed node to be told",
                    () -> leaving.heard.events().contains("closed REMOVED"),
                    leaving.heard::events);
            PeerInfo before = leaving.self();
            leaving.node.leaveGroup();
            assertThat(leaving.node.group()).isEmpty();
            assertThat(leaving.self().id()).isNotEqualTo(before.id());
            group.grow(group.nodes);
            assertThat(leaving.read("nothing")).isEmpty();
        }
    }

    @Test
    void nodeInAGroupNeitherFoundsNorJoinsAnotherOne() {
        try (TestGroup first = TestGroup.found(dir.resolve("a"), "n1");
                TestGroup second = TestGroup.found(dir.resolve("b"), "m1")) {
            assertThatThrownBy(() -> first.nodes.get(0).node.bootstrap(GroupId.random()))
                    .isInstanceOf(RaftNodeException.class)
                    .hasMessageContaining("already");

            PeerInfo taken = first.nodes.get(0).self();
            PeerInfo own = second.nodes.get(0).self();
            assertFails(
                    second.nodes.get(0).node.changeVoters(List.of(own, taken)), Kind.CHANGE_REFUSED, "nothing changed");
            assertThat(first.nodes.get(0).node.group()).contains(first.id);
            assertThat(first.nodes.get(0).write("still=alive")).isEqualTo("1");
        }
    }

    static void assertFails(CompletableFuture<?> future, Kind kind, String message) {
        assertThatThrownBy(() -> get(future))
                .hasCauseInstanceOf(RaftNodeException.class)
                .satisfies(e ->
                        assertThat(((RaftNodeException) e.getCause()).kind()).isEqualTo(kind))
                .hasMessageContaining(message);
    }
}
