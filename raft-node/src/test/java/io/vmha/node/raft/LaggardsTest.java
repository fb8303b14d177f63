package io.vmha.node.raft;

import static io.vmha.node.raft.Laggards.ASK_PAUSE_MS;
import static io.vmha.node.raft.Laggards.PATIENCE_MS;
import static org.assertj.core.api.Assertions.assertThat;

import io.vmha.node.raft.Laggards.Follower;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Followers that live and do not get on. */
final class LaggardsTest {
    private static final PeerId NEAR = PeerId.of("near", 1);
    private static final PeerId FAR = PeerId.of("far", 2);
    private static final long TERM = 7;
    private static final long LOOK_MS = 200;
    private static final Duration PATIENT = Duration.ofSeconds(3);

    @TempDir
    Path dir;

    private final Laggards laggards = new Laggards(new NobodyAnswers(), Runnable::run);

    /** Neighbours that are not asked for anything. */
    private static final class NobodyAnswers implements Watch.Neighbours {
        @Override
        public CompletableFuture<VoterSet> voters(GroupId group, PeerInfo voter) {
            return new CompletableFuture<>();
        }

        @Override
        public CompletableFuture<Hearing> hearing(GroupId group, PeerInfo voter, Duration limit) {
            return new CompletableFuture<>();
        }

        @Override
        public CompletableFuture<Boolean> refuses(PeerInfo voter) {
            return new CompletableFuture<>();
        }

        @Override
        public boolean isConnected(PeerInfo voter) {
            return true;
        }
    }

    /**
     * The moments from one to another at which connections are replaced, if all answer, and the leader knows the same of its followers all the
     * time.
     */
    private List<Long> replaced(long fromMs, long untilMs, long term, long committed, Follower... followers) {
        var moments = new ArrayList<Long>();
        for (long at = fromMs; at < untilMs; at += LOOK_MS) {
            for (PeerId follower : laggards.due(at, term, committed, List.of(followers))) {
                laggards.replaced(at, follower);
                moments.add(at);
            }
        }
        return moments;
    }

    @Test
    void followersThatHaveEverythingAndAnswerAreLeftAlone() {
        assertThat(replaced(0, 600_000, TERM, 40, new Follower(NEAR, 20, 40), new Follower(FAR, 1_100, 41)))
                .isEmpty();
    }

    @Test
    void followerThatHearsTheLeaderAndGetsNothingGetsNewConnectionsAtGrowingIntervals() {
        laggards.due(0, TERM, 40, List.of(new Follower(NEAR, 20, 40), new Follower(FAR, 20, 31)));

        assertThat(replaced(LOOK_MS, 22_000, TERM, 40, new Follower(NEAR, 20, 40), new Follower(FAR, 20, 31)))
                .containsExactly(PATIENCE_MS, 3 * PATIENCE_MS, 7 * PATIENCE_MS);
    }

    @Test
    void silentFollowerGetsThemEvenIfNothingIsToBeSent() {
        assertThat(replaced(0, 2 * PATIENCE_MS, TERM, 40, new Follower(FAR, 60_000, 40)))
                .containsExactly(PATIENCE_MS);
    }

    @Test
    void followerThatDoesNotAnswerIsAskedOnceASecond() {
        var asked = new ArrayList<Long>();
        for (long at = 0; at < PATIENCE_MS + 2 * ASK_PAUSE_MS; at += LOOK_MS) {
            if (!laggards.due(at, TERM, 40, List.of(new Follower(FAR, 60_000, 31)))
                    .isEmpty()) {
                asked.add(at);
            }
        }

        assertThat(asked).containsExactly(PATIENCE_MS, PATIENCE_MS + ASK_PAUSE_MS);
    }

    @Test
    void slowFollowerThatGetsOnIsLeftAlone() {
        for (long at = 0; at < 200_000; at += LOOK_MS) {
            assertThat(laggards.due(at, TERM, 1_000, List.of(new Follower(FAR, 20, at / 2_000))))
                    .isEmpty();
        }
    }

    @Test
    void leaderThatWasStoppedItselfDoesNotBlameItsFollowers() {
        var follower = List.of(new Follower(FAR, 60_000, 31));
        laggards.due(0, TERM, 40, List.of(new Follower(FAR, 20, 40)));

        assertThat(laggards.due(60_000, TERM, 40, follower)).isEmpty();
        assertThat(laggards.due(60_000 + LOOK_MS, TERM, 40, follower)).isEmpty();
    }

    @Test
    void newLeaderWaitsForItsFollowersAgain() {
        laggards.due(0, TERM, 40, List.of(new Follower(FAR, 20, 31)));

        assertThat(replaced(LOOK_MS, PATIENCE_MS, TERM, 40, new Follower(FAR, 20, 31)))
                .isEmpty();
        assertThat(replaced(PATIENCE_MS, 2 * PATIENCE_MS, TERM + 1, 40, new Follower(FAR, 20, 31)))
                .isEmpty();
    }

    @Test
    void followerWhoseConnectionsWereForgottenOnTheWayGetsNewOnes() throws Exception {
        // patient ones: the leader must be the same at the end, however busy the machine is
        try (TestGroup group = TestGroup.found(dir, PATIENT, "n1");
                TestNode near = new TestNode(TestNode.config(dir, "n2").withElectionTimeout(PATIENT));
                TestNode far = new TestNode(TestNode.config(dir, "n3").withElectionTimeout(PATIENT));
                var way = new Relay(far.config.address(), Duration.ZERO)) {
            TestNode leader = group.leader();
            PeerInfo behind = new PeerInfo(far.self().id(), way.address());
            TestNode.awaitTrue(
                    "three voters",
                    () -> leader.node
                                    .changeVoters(List.of(leader.self(), near.self(), behind))
                                    .handle((change, failure) -> change)
                                    .join()
                            == VoterChange.NOTHING,
                    group::statuses);
            leader.write("a=1");
            TestNode.awaitTrue("the entry at the far one", () -> applied(far) >= applied(leader), () -> applied(far));

            way.forget();
            leader.write("a=2");

            TestNode.awaitTrue(
                    "the next entry there",
                    () -> applied(far) >= applied(leader),
                    () -> applied(far) + " of " + applied(leader));
            assertThat(leader.leads()).isTrue();
        }
    }

    private static long applied(TestNode node) {
        return node.node.status().applied().index();
    }
}
