package io.vmha.node.raft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** What a leader may take for a proof that it still leads, and how many questions that costs. */
final class LeadershipRoundsTest {
    private static final PeerInfo A = peer("a", 1);
    private static final PeerInfo B = peer("b", 2);
    private static final PeerInfo C = peer("c", 3);
    private static final PeerInfo D = peer("d", 4);
    private static final PeerInfo E = peer("e", 5);

    private final LeadershipRounds rounds = new LeadershipRounds();
    private final FakeLeader leader = new FakeLeader(A, new VoterSet(List.of(A, B, C), List.of(), 1));

    @Test
    void aLeaderThatIsAloneProvesItAtOnce() {
        leader.voters = new VoterSet(List.of(A), List.of(), 1);

        assertThat(rounds.confirm(leader)).isCompletedWithValue(7L);
        assertThat(leader.questions).isEmpty();
    }

    @Test
    void oneOtherOfThreeIsAMajorityAndAnOlderTermAgrees() {
        CompletableFuture<Long> proof = rounds.confirm(leader);
        assertThat(proof).isNotDone();

        leader.answer(C, 6);

        assertThat(proof).isCompletedWithValue(7L);
    }

    @Test
    void aNewerTermOrSilenceOfAllIsNoProof() {
        CompletableFuture<Long> refuted = rounds.confirm(leader);
        leader.answer(C, 8);
        CompletableFuture<Long> unanswered = rounds.confirm(leader);
        leader.answer(B, 7); // to the first question
        leader.fail(B);
        assertThat(unanswered).isNotDone();
        leader.fail(C);

        assertFails(refuted, "is in term 8, not 7");
        assertFails(unanswered, "no majority of the voters");
    }

    @Test
    void whoLeadsNoMoreWhenTheAnswersComeHasProvenNothing() {
        CompletableFuture<Long> lost = rounds.confirm(leader);
        leader.term = OptionalLong.empty();
        leader.answer(B, 7);
        leader.answer(C, 7);
        assertFails(lost, "no majority");

        assertFails(rounds.confirm(leader), "does not lead");
        assertThat(leader.questions)
                .as("nobody is asked by one who does not lead")
                .isEmpty();
    }

    @Test
    void aLeaderThatWasElectedAgainMeanwhileDoesNotCountTheAnswersForItsOldTerm() {
        CompletableFuture<Long> old = rounds.confirm(leader);
        leader.term = OptionalLong.of(9);
        leader.answer(B, 7);
        leader.answer(C, 7);

        assertFails(old, "in term 7");
    }

    @Test
    void aJointConfigurationNeedsBothMajorities() {
        leader.voters = new VoterSet(List.of(A, B, C), List.of(A, D, E), 1);
        CompletableFuture<Long> proof = rounds.confirm(leader);
        leader.answer(B, 7);
        leader.answer(C, 7);
        assertThat(proof).isNotDone();

        leader.answer(E, 7);

        assertThat(proof).isCompletedWithValue(7L);
    }

    @Test
    void aLeaderThatIsRemovingItselfDoesNotCount() {
        leader.voters = new VoterSet(List.of(B, C, D), List.of(), 1);
        CompletableFuture<Long> proof = rounds.confirm(leader);
        leader.answer(B, 7);
        assertThat(proof).isNotDone();

        leader.answer(D, 7);

        assertThat(proof).isCompletedWithValue(7L);
    }

    @Test
    void whoAsksWhileARoundIsUnderWayWaitsForTheNextAndAllOfThemShareIt() {
        CompletableFuture<Long> first = rounds.confirm(leader);
        List<CompletableFuture<Long>> later = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            later.add(rounds.confirm(leader));
        }
        assertThat(leader.questions).as("one round, of two questions").hasSize(2);

        leader.answer(B, 7); // asked before the others have asked: says nothing to them
        assertThat(first).isCompletedWithValue(7L);
        assertThat(later).noneMatch(CompletableFuture::isDone);
        leader.answer(C, 7);
        assertThat(later).as("a late answer to the first question").noneMatch(CompletableFuture::isDone);
        assertThat(leader.questions).hasSize(2);

        leader.answer(B, 7);

        assertThat(later).allMatch(proof -> proof.isDone() && proof.join() == 7);
        assertThat(leader.asked).isEqualTo(4);
    }

    @Test
    void whatGoesWrongWhileARoundBeginsReachesThoseWhoWaitForIt() {
        CompletableFuture<Long> first = rounds.confirm(leader);
        CompletableFuture<Long> waiting = rounds.confirm(leader);
        leader.broken = true;
        leader.answer(B, 7);

        assertThat(first).isCompletedWithValue(7L);
        assertFails(waiting, "cannot find out whether it leads");
        leader.broken = false;
        CompletableFuture<Long> next = rounds.confirm(leader);
        leader.answer(C, 7); // to the first question
        leader.answer(C, 7);
        assertThat(next).isCompletedWithValue(7L);
    }

    @Test
    void aVoterThatDoesNotAnswerIsOwedABoundedNumberOfQuestions() {
        for (int i = 0; i < 10 * LeadershipRounds.UNANSWERED_MAX; i++) {
            CompletableFuture<Long> proof = rounds.confirm(leader);
            leader.answer(B, 7);
            assertThat(proof).isCompletedWithValue(7L);
        }
        assertThat(leader.questions).hasSize(LeadershipRounds.UNANSWERED_MAX);

        leader.fail(C);
        CompletableFuture<Long> proof = rounds.confirm(leader);

        assertThat(leader.questions).as("asked again").hasSize(LeadershipRounds.UNANSWERED_MAX + 1);
        leader.answer(B, 7);
        assertThat(proof).isCompletedWithValue(7L);
    }

    private static void assertFails(CompletableFuture<Long> proof, String why) {
        assertThat(proof).isCompletedExceptionally();
        assertThatThrownBy(proof::join).hasMessageContaining(why);
    }

    private static PeerInfo peer(String name, int number) {
        return new PeerInfo(
                PeerId.of(name, number), new InetSocketAddress(InetAddress.getLoopbackAddress(), 8300 + number));
    }

    /** Questions wait in it until the test answers them, the oldest first. */
    private static final class FakeLeader implements LeadershipRounds.Leader {
        private record Asked(PeerInfo voter, CompletableFuture<Hearing> answer) {}

        private final PeerInfo self;
        private final List<Asked> questions = new ArrayList<>();
        private OptionalLong term = OptionalLong.of(7);
        private VoterSet voters;
        private boolean broken;
        private int asked;

        FakeLeader(PeerInfo self, VoterSet voters) {
            this.self = self;
            this.voters = voters;
        }

        @Override
        public PeerInfo self() {
            return self;
        }

        @Override
        public OptionalLong term() {
            return term;
        }

        @Override
        public VoterSet voters() {
            if (broken) {
                throw new IllegalArgumentException("no voters just now");
            }
            return voters;
        }

        @Override
        public CompletableFuture<Hearing> hearing(PeerInfo voter, Duration limit) {
            Asked question = new Asked(voter, new CompletableFuture<>());
            questions.add(question);
            asked++;
            return question.answer;
        }

        void answer(PeerInfo voter, long itsTerm) {
            take(voter)
                    .complete(new Hearing(
                            voter.id(), false, itsTerm, Optional.of(self.id()), 10, false, new LogPosition(7, 20)));
        }

        void fail(PeerInfo voter) {
            take(voter).completeExceptionally(new IllegalStateException("no answer within 1 s"));
        }

        private CompletableFuture<Hearing> take(PeerInfo voter) {
            Asked oldest = questions.stream()
                    .filter(q -> q.voter.equals(voter))
                    .findFirst()
                    .orElseThrow();
            questions.remove(oldest);
            return oldest.answer;
        }
    }
}
