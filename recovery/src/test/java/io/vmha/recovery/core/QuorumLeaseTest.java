package io.vmha.recovery.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** A host's lease: what a majority of the newest voters answered, counted from the sending. */
class QuorumLeaseTest {
    private static final long L = LeaseTiming.DEFAULT.leaseMs();
    private static final Electorate ABC = voters(10, List.of("a", "b", "c"), List.of());

    private final QuorumLease lease = new QuorumLease(LeaseTiming.DEFAULT);

    private static Electorate voters(long index, List<String> voters, List<String> outgoing) {
        return new Electorate(new TreeSet<>(voters), new TreeSet<>(outgoing), index);
    }

    private void begin() {
        lease.onEpoch(1);
    }

    /** What is sealed is lost to its host, and what is sealed late delays the recovery. */
    @Test
    void hostIsSealedAfterItsPauseAndJustInTimeForItsCertificate() {
        LeaseTiming timing = LeaseTiming.DEFAULT;

        assertThat(timing.sealDueMs()).isBetween(timing.leaseMs() + 1_000, timing.certifyAfterMs() - 500);
        assertThat(new LeaseTiming(1_000, 1_000, 500, 1, 100).sealDueMs()).isEqualTo(2_000);
    }

    @Test
    void leaseRunsFromTheSendingOfTheNewestRenewalThatAMajorityAnswered() {
        begin();
        lease.onAnswer("a", 1_000, 1, ABC);
        assertThat(lease.deadlineMs()).as("one of three is none").isZero();

        lease.onAnswer("b", 2_000, 1, ABC);
        assertThat(lease.deadlineMs())
                .as("both have answered what was sent at 1000")
                .isEqualTo(1_000 + L);

        lease.onAnswer("c", 3_000, 1, ABC);
        assertThat(lease.deadlineMs()).isEqualTo(2_000 + L);
        assertThat(lease.isHeld(2_000 + L - 1)).isTrue();
        assertThat(lease.isHeld(2_000 + L)).isFalse();
    }

    @Test
    void answerThatComesLateCountsFromItsSendingAndTakesNothingBack() {
        begin();
        lease.onAnswer("a", 5_000, 1, ABC);
        lease.onAnswer("b", 5_000, 1, ABC);

        lease.onAnswer("c", 1_000, 1, ABC);
        lease.onAnswer("a", 2_000, 1, ABC);

        assertThat(lease.deadlineMs()).isEqualTo(5_000 + L);
    }

    @Test
    void oneVoterThatAnswersTwiceIsNoMajority() {
        begin();
        lease.onAnswer("a", 1_000, 1, ABC);
        lease.onAnswer("a", 2_000, 1, ABC);
        lease.onAnswer("stranger", 2_000, 1, ABC);

        assertThat(lease.deadlineMs()).isZero();
    }

    @Test
    void jointConfigurationNeedsAMajorityOfBothHalves() {
        begin();
        var joint = voters(20, List.of("a", "d", "e"), List.of("a", "b", "c"));
        lease.onAnswer("a", 1_000, 1, joint);
        lease.onAnswer("d", 1_000, 1, joint);
        assertThat(lease.deadlineMs()).as("the outgoing half has one of three").isZero();

        lease.onAnswer("b", 1_000, 1, ABC);

        assertThat(lease.deadlineMs()).isEqualTo(1_000 + L);
    }

    @Test
    void newestConfigurationAmongTheCountedAnswersDecides() {
        begin();
        var onlyA = voters(20, List.of("a"), List.of());
        lease.onAnswer("b", 1_000, 1, ABC);
        lease.onAnswer("c", 1_000, 1, ABC);
        assertThat(lease.deadlineMs()).isEqualTo(1_000 + L);

        lease.onAnswer("b", 4_000, 1, onlyA);
        lease.onAnswer("c", 4_000, 1, ABC);
        assertThat(lease.deadlineMs())
                .as("b and c are no majority of the voters that b knows of")
                .isEqualTo(1_000 + L);

        lease.onAnswer("a", 4_000, 1, onlyA);
        assertThat(lease.deadlineMs()).isEqualTo(4_000 + L);
    }

    @Test
    void configurationThatWasNeverCommittedIsForgottenWithTheAnswerThatToldIt() {
        begin();
        lease.onAnswer("a", 1_000, 1, voters(20, List.of("x", "y", "z"), List.of("a", "b", "c")));

        lease.onAnswer("b", 2_000, 1, ABC);
        lease.onAnswer("c", 2_000, 1, ABC);

        assertThat(lease.deadlineMs()).isEqualTo(2_000 + L);
    }

    @Test
    void jointWordOutweighsTheFinalOneOfTheSameEntry() {
        begin();
        lease.onAnswer("a", 1_000, 1, voters(20, List.of("a"), List.of("a", "b", "c")));
        assertThat(lease.deadlineMs())
                .as("a has not applied it: both halves count")
                .isZero();

        lease.onAnswer("b", 1_000, 1, voters(20, List.of("a"), List.of()));

        assertThat(lease.deadlineMs()).isEqualTo(1_000 + L);
    }

    @Test
    void leaseSurvivesNoEpoch() {
        begin();
        lease.onAnswer("a", 1_000, 1, ABC);
        lease.onAnswer("b", 1_000, 1, ABC);

        lease.onEpoch(2);
        lease.onAnswer("a", 2_000, 1, ABC);
        lease.onAnswer("b", 2_000, 1, ABC);
        assertThat(lease.deadlineMs())
                .as("answers to the former life promise nothing")
                .isZero();

        lease.onAnswer("a", 3_000, 2, ABC);
        lease.onAnswer("c", 3_000, 2, ABC);
        assertThat(lease.deadlineMs()).isEqualTo(3_000 + L);
    }

    @Test
    void answerToAHostThatKnowsNoEpochCountsForNothing() {
        lease.onAnswer("a", 1_000, 0, ABC);
        lease.onAnswer("b", 1_000, 0, Electorate.NONE);

        assertThat(lease.isHeld(1_001))
                .as("no voter has told an epoch, so epoch 0 has no life")
                .isFalse();
    }

    @Test
    void promiseToTheHostOutlivesTheProcessThatHeardIt() {
        lease.resume(3, 9_000);
        assertThat(lease.deadlineMs()).isEqualTo(9_000);

        lease.onEpoch(3);
        lease.onAnswer("a", 4_000, 3, ABC);
        lease.onAnswer("b", 4_000, 3, ABC);
        assertThat(lease.deadlineMs()).isEqualTo(10_000);

        lease.onEpoch(4);
        assertThat(lease.deadlineMs()).isZero();
    }

    @Test
    void strangersDoNotFillTheMemory() {
        begin();
        for (int i = 0; i < 10_000; i++) {
            lease.onAnswer("stranger-" + i, 1_000, 1, ABC);
        }

        assertThat(lease.deadlineMs()).isZero();
    }
}
