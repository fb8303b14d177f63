package io.vmha.node.lease;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.vmha.recovery.core.Electorate;
import io.vmha.recovery.core.HostName;
import io.vmha.recovery.core.LeaseTiming;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/** What the guard reads: the lease, the seal, whether anything depends on it, and who may call. */
class HostLeaseTest {
    private static final long L = LeaseTiming.DEFAULT.leaseMs();
    private static final Electorate ABC = new Electorate(new TreeSet<>(List.of("a", "b", "c")), new TreeSet<>(), 10);
    private static final HostName SELF = new HostName("hv-1");

    @TempDir
    private Path dir;

    private long nowMs = 100_000;
    private int nonces;
    private HostLease lease;

    @BeforeEach
    void start() {
        lease = process("boot-1");
    }

    private HostLease process(String bootId) {
        return new HostLease(SELF, places(), bootId, () -> nowMs, 77, () -> "nonce-" + ++nonces, Runnable::run);
    }

    private HostLease.Places places() {
        return new HostLease.Places(
                dir.resolve("run/lease"), dir.resolve("run/guard"), dir.resolve("data/lease-terms"));
    }

    private SortedMap<String, String> file() {
        return KeyValues.read(dir.resolve("run/lease")).orElseThrow();
    }

    private void answer(String voter, long epoch, long applied, String proofs) {
        lease.onAnswer(new Heard("g1", voter, nowMs, epoch, true, false, epoch > 0, 3, applied, proofs, ABC));
    }

    private void majority() {
        answer("a", lease.epochIn("g1"), 50, "lease");
        answer("b", lease.epochIn("g1"), 50, "lease");
    }

    private void refusal(boolean known, boolean sealed, long applied) {
        lease.onAnswer(new Heard("g1", "c", nowMs, 3, known, sealed, false, 3, applied, "lease", ABC));
    }

    private void guardWrites(String lines) {
        try {
            Files.createDirectories(dir.resolve("run"));
            Files.writeString(
                    dir.resolve("run/guard"),
                    "format=1\nboot_id=boot-1\npid=9\nwritten_boottime_ms=" + nowMs + "\n" + lines + "\n",
                    StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void firstAnswersTellTheEpochAndTheNextOnesMakeTheLease() {
        assertThat(lease.epochIn("g1")).isZero();

        majority();
        assertThat(file()).containsEntry("state", "none").containsEntry("epoch", "3");
        assertThat(lease.epochIn("g1")).isEqualTo(3);
        assertThat(lease.epochIn("g2")).isZero();

        majority();
        assertThat(file())
                .containsEntry("format", "1")
                .containsEntry("host", "hv-1")
                .containsEntry("boot_id", "boot-1")
                .containsEntry("state", "held")
                .containsEntry("proofs", "lease")
                .containsEntry("deadline_boottime_ms", String.valueOf(nowMs + L))
                .containsEntry("kill_after_ms", "1000")
                .containsEntry("grace_ms", "2000")
                .containsEntry("caller_pid", "0")
                .containsEntry("leading_deadline_boottime_ms", "0");
    }

    @Test
    void sealOfThisLifeIsToldToTheGuardAndANewLifeEndsIt() {
        majority();
        majority();

        refusal(true, true, 60);
        assertThat(file()).containsEntry("state", "sealed");
        majority();
        assertThat(file()).as("an answer that was on its way does not undo it").containsEntry("state", "sealed");

        lease.onAnswer(new Heard("g1", "a", nowMs, 3, true, true, false, 4, 70, "lease", ABC));
        assertThat(file())
                .containsEntry("state", "none")
                .containsEntry("epoch", "4")
                .containsEntry("deadline_boottime_ms", "0");
    }

    @Test
    void restartedDaemonKeepsWhatTheHostWasPromisedInThisBoot() {
        majority();
        majority();
        long deadline = nowMs + L;

        nowMs += 2_000;
        lease = process("boot-1");
        lease.tick(3, 5);

        assertThat(file())
                .containsEntry("state", "held")
                .containsEntry("epoch", "3")
                .containsEntry("deadline_boottime_ms", String.valueOf(deadline))
                .containsEntry("pool_seen", "3")
                .containsEntry("pool_size", "5");
    }

    @Test
    void restartedDaemonKeepsTheLeaseOfANewGroupThatReliesOnTheSame() {
        majority();
        for (int round = 0; round < 2; round++) { // it was away while its AZ was disabled and enabled again
            for (String voter : List.of("a", "b")) {
                long epoch = lease.epochIn("g2");
                lease.onAnswer(new Heard("g2", voter, nowMs, epoch, true, false, epoch > 0, 5, 7, "lease", ABC));
            }
        }
        assertThat(file()).containsEntry("state", "held").containsEntry("epoch", "5");

        lease = process("boot-1");
        lease.tick(3, 5);

        assertThat(file())
                .as("else the guard takes epoch 0 for the end of the lease and pauses every guest")
                .containsEntry("state", "held")
                .containsEntry("epoch", "5")
                .containsEntry("deadline_boottime_ms", String.valueOf(nowMs + L));
    }

    @Test
    void whatTheDiskDidNotTakeIsKeptLaterAndUntilThenTheHostIsNotArmed() throws IOException {
        Files.writeString(dir.resolve("data"), "a full or broken disk", StandardCharsets.UTF_8);
        majority();
        assertThat(lease.claim().arming().detail()).contains("not on its disk yet");
        Files.delete(dir.resolve("data"));
        nowMs += 10_000;
        majority();
        assertThat(lease.claim().arming().detail()).doesNotContain("disk");

        lease = process("boot-2");

        assertThat(lease.status().reliesOnLease()).isTrue();
    }

    /** A group that was dissolved answers nobody any more: time alone must bring it to the disk. */
    @Test
    void endOfProtectionIsKeptAlsoIfTheDiskWasFullAndNobodyAnswersAnyMore() throws IOException {
        majority();
        majority();
        Path data = dir.resolve("data");
        Files.move(data, dir.resolve("aside"));
        Files.writeString(data, "a full or broken disk", StandardCharsets.UTF_8);
        refusal(false, false, 60);
        Files.delete(data);
        Files.move(dir.resolve("aside"), data);

        nowMs += 10_000;
        lease.tick(1, 1);
        lease = process("boot-1");

        assertThat(lease.status().reliesOnLease())
                .as("else the guard pauses the guests of a host that needs no lease")
                .isFalse();
    }

    @Test
    void aDiskThatStandsStillHoldsNoRenewalUp() {
        var stuck = new ArrayList<Runnable>();
        lease = new HostLease(SELF, places(), "boot-1", () -> nowMs, 77, () -> "nonce-" + ++nonces, stuck::add);

        majority();
        nowMs += 10_000;
        majority();

        assertThat(stuck).as("one write at a time").hasSize(1);
        assertThat(file()).containsEntry("state", "held");
        stuck.get(0).run();
        assertThat(lease.claim().arming().detail()).doesNotContain("disk");
    }

    @Test
    void noLeaseSurvivesABootButWhatTheAzReliesOnDoes() {
        majority();
        majority();

        lease = process("boot-2");
        lease.tick(1, 1);

        assertThat(file())
                .containsEntry("state", "none")
                .containsEntry("deadline_boottime_ms", "0")
                .containsEntry("proofs", "lease");
    }

    @Test
    void sealOutlivesTheDaemonToo() {
        majority();
        majority();
        refusal(true, true, 60);

        lease = process("boot-1");
        lease.tick(1, 1);

        assertThat(file()).containsEntry("state", "sealed");
    }

    @Test
    void hostThatIsProtectedNoMoreDependsOnNoLeaseAndAnOldWordDoesNotSaySo() {
        majority();
        majority();

        refusal(false, false, 40);
        assertThat(file()).as("a voter that lags behind").containsEntry("proofs", "lease");

        refusal(false, false, 61);
        assertThat(file()).containsEntry("proofs", "bmc");

        answer("a", 3, 60, "lease");
        assertThat(file()).as("another one that lags behind").containsEntry("proofs", "bmc");
    }

    @Test
    void armedIsWhatAnsweredTheSelfTestInTime() {
        lease.tick(1, 1);
        assertThat(lease.guard().armed()).isFalse();
        assertThat(lease.guard().detail()).contains("no guard");

        guardWrites("armed=1\nself_test_nonce=something else");
        lease.tick(1, 1);
        assertThat(lease.guard().detail()).contains("self-test");

        guardWrites("armed=1\nwatchdog=/dev/watchdog0\nself_test_nonce=" + file().get("self_test_nonce"));
        lease.tick(1, 1);
        assertThat(lease.guard().armed()).isTrue();
        assertThat(lease.guard().detail()).contains("watchdog0");
        assertThat(lease.claim().arming().armed())
                .as("its AZ relies on no lease yet")
                .isFalse();
    }

    @Test
    void guardThatStopsAnsweringIsNotArmed() {
        arm();

        nowMs += 3_001;
        lease.tick(1, 1);
        assertThat(lease.guard().detail()).contains("says nothing");

        nowMs += 5_000;
        guardWrites("armed=1\nself_test_nonce=nonce-1");
        lease.tick(1, 1);
        lease.tick(1, 1);
        nowMs += 2_001;
        guardWrites("armed=1\nself_test_nonce=nonce-1");
        lease.tick(1, 1);
        assertThat(lease.guard().armed()).as("it repeats an old answer").isFalse();

        guardWrites("armed=0\nreason=libvirt does not answer\nself_test_nonce=" + file().get("self_test_nonce"));
        lease.tick(1, 1);
        assertThat(lease.guard().detail()).isEqualTo("libvirt does not answer");
    }

    private void arm() {
        lease.tick(1, 1);
        guardWrites("armed=1\nself_test_nonce=" + file().get("self_test_nonce"));
        lease.tick(1, 1);
        assertThat(lease.guard().armed()).isTrue();
    }

    @Test
    void guardMustShowThatItHasReadWhatTheAzReliesOnNow() {
        arm();
        majority();

        assertThat(lease.claim().arming().armed()).isFalse();
        lease.tick(1, 1);
        assertThat(lease.claim().arming().armed())
                .as("its last answer was about other words")
                .isFalse();

        guardWrites("armed=1\nself_test_nonce=" + file().get("self_test_nonce"));
        lease.tick(1, 1);
        assertThat(lease.claim().arming().armed()).isTrue();
    }

    @Test
    void noTwoWordsOfABootHaveTheSameTime() {
        long first = lease.claim().saidAtMs();
        long second = lease.claim().saidAtMs();
        nowMs += 1_000;
        long third = process("boot-1").claim().saidAtMs();

        assertThat(List.of(first, second, third)).isSorted().doesNotHaveDuplicates();
        assertThat(third).isEqualTo(nowMs);
    }

    @Test
    void guardOfAnotherBootIsNone() {
        lease = process("boot-2");
        guardWrites("armed=1\nself_test_nonce=nonce-1");
        lease.tick(1, 1);

        assertThat(lease.guard().detail()).contains("another boot");
    }

    @Test
    void callerIsNamedWithItsDeadlineBeforeItsCallBegins() {
        assertThat(lease.isLeadershipProven(3)).isFalse();
        lease.onLeadershipProven(3, nowMs - 1_000);
        assertThat(lease.isLeadershipProven(3)).isTrue();

        lease.beginCall(3);
        lease.beginCall(3);
        assertThat(file())
                .containsEntry("caller_pid", "77")
                .containsEntry("leading_deadline_boottime_ms", String.valueOf(nowMs - 1_000 + L));
        lease.endCall(3);
        nowMs += L;
        lease.tick(1, 1);
        assertThat(lease.isLeadershipProven(3)).isFalse();
        assertThat(file())
                .as("one call is still open, and its caller's time is over")
                .containsEntry("caller_pid", "77");

        lease.endCall(3);
        assertThat(file()).containsEntry("caller_pid", "0");
        lease.tick(1, 1);
        assertThat(file()).containsEntry("leading_deadline_boottime_ms", "0");
    }

    @Test
    void aCallOfAnOldTermIsNotKeptAliveByTheNextOne() {
        lease.onLeadershipProven(3, nowMs);
        long deadlineMs = nowMs + L;
        lease.beginCall(3);
        nowMs += 5_000;
        lease.onLeadershipProven(5, nowMs);
        lease.beginCall(5);

        assertThat(file())
                .containsEntry("caller_pid", "77")
                .containsEntry("leading_deadline_boottime_ms", String.valueOf(deadlineMs));
        nowMs = deadlineMs;
        assertThat(lease.isLeadershipProven(3)).isFalse();
        assertThat(lease.isLeadershipProven(5)).isTrue();

        lease.endCall(3);
        assertThat(file())
                .containsEntry("caller_pid", "77")
                .containsEntry("leading_deadline_boottime_ms", String.valueOf(deadlineMs + 5_000));
        lease.endCall(5);
        assertThat(file()).containsEntry("caller_pid", "0");
    }

    @Test
    void aCallOfATermThatIsNotProvenHidesNoDeadline() {
        lease.onLeadershipProven(5, nowMs);
        lease.beginCall(3);
        lease.beginCall(5);

        assertThat(lease.isLeadershipProven(3)).isFalse();
        assertThat(file())
                .containsEntry("caller_pid", "77")
                .containsEntry("leading_deadline_boottime_ms", String.valueOf(nowMs + L));
    }

    @Test
    void uptimeIsReadInMilliseconds() {
        assertThat(BootClock.parse("12345.67 99.01\n")).isEqualTo(12_345_670);
        assertThat(BootClock.nowMs()).isPositive();
        assertThat(BootClock.bootId()).hasSize(36);
    }

    @Test
    void onlyALeaseThatThereWasIsTakenOver() {
        var log = (Logger) LoggerFactory.getLogger(HostLease.class);
        var said = new ListAppender<ILoggingEvent>();
        said.start();
        log.addAppender(said);
        try {
            answer("a", 0, 50, "bmc"); // tells the epoch, and makes no lease
            process("boot-1");
            assertThat(said.list).noneMatch(e -> e.getMessage().startsWith("lease taken over"));

            majority();
            majority();
            process("boot-1");
            assertThat(said.list)
                    .filteredOn(e -> e.getMessage().startsWith("lease taken over"))
                    .singleElement()
                    .satisfies(e -> assertThat(e.getFormattedMessage()).endsWith("epoch=3 remaining_ms=" + L));
        } finally {
            log.detachAppender(said);
        }
    }
}
