package io.vmha.testcluster.guard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.vmha.testcluster.ClusterTest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The real vmha-guard with real processes for guests: what it does to them, and what it says of itself. */
@ClusterTest
class GuardTest {
    private static final Duration LIMIT = Duration.ofSeconds(60);

    @TempDir
    Path directory;

    private final List<AutoCloseable> parts = new ArrayList<>();
    private Path pids;
    private LeaseFile lease;

    @BeforeEach
    void prepare() throws IOException {
        pids = Files.createDirectory(directory.resolve("pids"));
        lease = new LeaseFile(directory);
    }

    @AfterEach
    void end() throws Exception {
        for (AutoCloseable part : parts) {
            part.close();
        }
    }

    @Test
    void aGuestIsPausedAtTheEndOfTheLeaseAndGoesOnWithTheNextOne() throws IOException {
        Guest guest = guest("a");
        Guest stoppedByItsOwner = guest("b");
        stoppedByItsOwner.signal("STOP");
        GuardProcess guard = armedGuard();
        lease.hold(2_000);

        await("paused", guest::isPaused);
        lease.hold(30_000);
        await("going on", () -> !guest.isPaused());

        assertThat(stoppedByItsOwner.isPaused())
                .as("what its owner paused is not the guard's to resume")
                .isTrue();
        await("counted", () -> says(guard, "domains_running", "1") && says(guard, "domains_paused", "1"));
    }

    @Test
    void noGuestWritesAfterTheLeaseAndTheGrace() throws IOException {
        Guest guest = guest("a");
        GuardProcess guard = guard();
        lease.hold(2_000);
        long endMs = LeaseFile.boottimeMs() + 2_000;

        await("paused, or killed where it hangs in a write", () -> guest.isPaused() || !guest.isAlive());

        await("said", () -> guard.status().get("last_action").matches("(suspended|killed) .*"));
        long suspendedMs = Long.parseLong(guard.status().get("last_action").replaceFirst(".*at_boottime_ms=", ""));
        assertThat(suspendedMs).as("not before the end").isGreaterThanOrEqualTo(endMs - 100);
        assertThat(guest.lastBeatMs())
                .as("the guest's last write, against a lease that ended at %d", endMs)
                .isLessThan(endMs + 2_000);
    }

    @Test
    void aGuestThatTheKernelDoesNotLetStopIsKilledInTimeAndToldOnce() throws IOException {
        // whoever waits for its vfork(2) stops for nobody, and may be killed
        Guest guest = new Guest(
                "a",
                List.of(
                        "python3",
                        "-c",
                        "import ctypes; c = ctypes.CDLL(None); c.vfork() or (c.prctl(1, 9), c.sleep(60), c._exit(0))"));
        parts.add(guest);
        armedGuard();
        lease.hold(1_500);

        await("killed", () -> !guest.isAlive());

        await("said", () -> log().contains("killed guests=1"));
        assertThat(log().lines().filter(line -> line.startsWith("suspended"))).hasSize(1);
    }

    @Test
    void aLibvirtThatIsNotThereIsToldOnceAndLookedForAgainAndAgain() {
        String nobody = "qemu+unix:///system?socket=" + directory.resolve("nobody");
        GuardProcess guard = GuardProcess.start(List.of(), directory, "libvirt", "--libvirt-uri", nobody);
        parts.add(guard);
        var workers = new HashSet<Long>();

        await("started again", () -> {
            guard.handle().children().forEach(worker -> workers.add(worker.pid()));
            return workers.size() >= 3;
        });

        assertThat(log().lines().filter(line -> line.contains("libvirt cannot be")))
                .as("lines in the journal for %d workers", workers.size())
                .hasSize(1);
    }

    @Test
    void aSealDestroysPausedGuests() throws IOException {
        Guest guest = guest("a");
        guard();
        lease.hold(1_500);
        await("paused", guest::isPaused);

        lease.set("state", "sealed").write();

        await("destroyed", () -> !guest.isAlive());
    }

    @Test
    void aHostThatReturnsInANewEpochHasNoOldGuests() throws IOException {
        Guest old = guest("old");
        GuardProcess guard = guard();
        lease.hold(1_500);
        await("paused", old::isPaused);

        lease.set("epoch", 4).hold(30_000);

        await("destroyed", () -> !old.isAlive());
        Guest fresh = guest("fresh");
        await("seen", () -> says(guard, "domains_running", "1"));
        assertThat(fresh.isPaused()).isFalse();
    }

    @Test
    void withoutLeaseAmongTheProofsNothingIsPaused() throws IOException {
        Guest guest = guest("a");
        lease.set("proofs", "bmc").set("state", "sealed").write();
        GuardProcess guard = guard();
        await("seen", () -> says(guard, "domains_running", "1"));

        lease.replace("garbage");

        await("said", () -> says(guard, "armed", "0"));
        assertThat(guest.isPaused()).isFalse();
    }

    @Test
    void aGarbageFileGivesNoLease() throws IOException {
        Guest guest = guest("a");
        GuardProcess guard = armedGuard();
        lease.hold(2_000);

        lease.replace("\0\0\0state=held\ndeadline_boottime_ms=99999999999999\n");

        await("paused when what was proven is over", guest::isPaused);
        assertThat(guard.status().get("armed")).isEqualTo("0");
        assertThat(guard.status().get("reason")).contains("lease file");
    }

    @Test
    void aGuardThatIsKilledIsSucceededByOneThatKnowsWhatItPaused() throws IOException {
        Guest guest = guest("a");
        Guest stoppedByItsOwner = guest("b");
        stoppedByItsOwner.signal("STOP");
        GuardProcess first = guard();
        lease.hold(1_500);
        await("paused", guest::isPaused);

        first.close();
        first.awaitEnd();
        lease.hold(30_000);
        guard();

        await("going on", () -> !guest.isPaused());
        assertThat(stoppedByItsOwner.isPaused()).isTrue();
    }

    @Test
    void aGuardThatWasStoppedIsLateAndSaysSo() throws IOException {
        Guest guest = guest("a");
        GuardProcess guard = armedGuard();
        lease.hold(30_000);

        signal("STOP", guard.handle().pid());
        long said = Long.parseLong(guard.status().get("written_boottime_ms"));
        await("late", () -> LeaseFile.boottimeMs() - said > 2_000);
        assertThat(Long.parseLong(guard.status().get("written_boottime_ms")))
                .as("a stopped guard says nothing new: what it said grows old")
                .isLessThanOrEqualTo(said + 500);
        signal("CONT", guard.handle().pid());

        await("not armed", () -> says(guard, "armed", "0"));
        assertThat(guard.status().get("reason")).contains("held up");
        assertThat(guest.isPaused()).isFalse();
        lease.hold(30_000);
        await("armed again", () -> says(guard, "armed", "1"));
    }

    @Test
    void aGuardThatWakesAfterTheGraceKillsInsteadOfPausing() throws IOException {
        Guest guest = guest("a");
        GuardProcess guard = armedGuard();
        lease.hold(2_000);
        signal("STOP", guard.handle().pid());
        long stoppedMs = LeaseFile.boottimeMs();
        await("the lease to end", () -> LeaseFile.boottimeMs() - stoppedMs > 3_200);

        signal("CONT", guard.handle().pid());

        await("killed", () -> !guest.isAlive());
    }

    @Test
    void aFullDiskDisarmsButTheGuestIsPausedAllTheSame() throws IOException {
        assumeTrue(isRoot(), "mounting needs root");
        Path small = Files.createDirectory(directory.resolve("small"));
        assertThat(run("mount", "-t", "tmpfs", "-o", "size=64k", "none", small.toString()))
                .isZero();
        parts.add(() -> run("umount", "-l", small.toString()));
        var leaseThere = new LeaseFile(small);
        Guest guest = guest("a");
        GuardProcess guard = GuardProcess.start(List.of(), small, "pids:" + pids);
        parts.add(0, guard);
        await("armed", () -> {
            leaseThere.hold(1_000);
            return says(guard, "armed", "1");
        });
        long before = Long.parseLong(guard.status().get("written_boottime_ms"));

        leaseThere.hold(2_000);
        run("sh", "-c", "dd if=/dev/zero of=" + small.resolve("fill") + " bs=1k 2>/dev/null");

        await("paused", guest::isPaused);
        assertThat(Long.parseLong(guard.status().get("written_boottime_ms")))
                .as("what it said grows old, and so it does not count as armed")
                .isLessThan(before + 2_000);
    }

    @Test
    void aSelfTestIsAnsweredByItsNonce() {
        lease.set("self_test_nonce", "one").hold(30_000);
        GuardProcess guard = guard();
        await("first", () -> says(guard, "self_test_nonce", "one") && says(guard, "armed", "1"));

        lease.set("self_test_nonce", "two").hold(30_000);

        await("second", () -> says(guard, "self_test_nonce", "two") && says(guard, "armed", "1"));
        assertThat(guard.status())
                .containsEntry("format", "1")
                .containsEntry("pid", Long.toString(guard.handle().pid()))
                .containsEntry("watchdog", "exit");
    }

    @Test
    void aGuardThatIsAskedAgainStaysArmedWhileItTests() {
        lease.set("self_test_nonce", "0").hold(30_000);
        GuardProcess guard = guard();
        await("first", () -> says(guard, "self_test_nonce", "0") && says(guard, "armed", "1"));
        var armed = new HashSet<String>();

        for (int i = 1; i <= 12; i++) {
            String nonce = Integer.toString(i);
            LockSupport.parkNanos(
                    i * 37_000_000L % 300_000_000L); // at another point of the guard's own period each time
            lease.set("self_test_nonce", nonce).hold(30_000);
            long untilMs = LeaseFile.boottimeMs() + LIMIT.toMillis();
            Map<String, String> said = guard.status();
            while (!nonce.equals(said.get("self_test_nonce")) && LeaseFile.boottimeMs() < untilMs) { // without a pause
                armed.add(said.get("armed"));
                said = guard.status();
            }
            assertThat(said).containsEntry("self_test_nonce", nonce).containsEntry("armed", "1");
        }

        assertThat(armed)
                .as("one renewal in twenty would say that the host is not armed")
                .isSubsetOf("1");
    }

    @Test
    void aCallerWhoseLeadershipIsNotProvenAnyMoreIsKilledAndNobodyElse() throws IOException {
        Guest caller = guest("caller");
        lease.set("proofs", "bmc").set("caller_pid", caller.pid());
        lease.set("leading_deadline_boottime_ms", LeaseFile.boottimeMs() + 3_000)
                .write();
        guard();
        long startedMs = LeaseFile.boottimeMs();
        await("some time", () -> LeaseFile.boottimeMs() - startedMs > 1_500);
        assertThat(caller.isAlive()).as("its leadership is still proven").isTrue();

        await("killed", () -> !caller.isAlive());

        Guest stranger = guest("stranger"); // began after the file was written: its pid was given to another
        Path file = directory.resolve("lease");
        lease.replace(Files.readString(file).replaceAll("caller_pid=\\d+", "caller_pid=" + stranger.pid()));
        long replacedMs = LeaseFile.boottimeMs();
        await("some time", () -> LeaseFile.boottimeMs() - replacedMs > 1_000);
        assertThat(stranger.isAlive()).isTrue();
    }

    @Test
    void aLinkInPlaceOfTheLeaseFileDoesNotSpeakForTheOwnerOfItsTarget() throws IOException {
        assumeTrue(isRoot(), "giving a link away needs root");
        Guest caller = guest("caller");
        Path elsewhere = Files.createDirectory(directory.resolve("elsewhere"));
        var real = new LeaseFile(elsewhere);
        real.set("proofs", "bmc").set("caller_pid", caller.pid());
        real.set("leading_deadline_boottime_ms", LeaseFile.boottimeMs() + 500).write();
        Files.createSymbolicLink(directory.resolve("lease"), elsewhere.resolve("lease"));
        assertThat(run("chown", "-h", "nobody", directory.resolve("lease").toString()))
                .isZero();
        GuardProcess guard = guard();

        long startedMs = LeaseFile.boottimeMs();
        await(
                "the deadline is over",
                () -> LeaseFile.boottimeMs() - startedMs > 2_000
                        && says(guard, "pid", Long.toString(guard.handle().pid())));

        assertThat(caller.isAlive()).isTrue();
    }

    @Test
    void aGuardThatIsKilledAtAnyMomentIsSucceededByOneThatKeepsThePromise() throws IOException {
        Guest guest = guest("a0");
        Guest stoppedByItsOwner = guest("b");
        stoppedByItsOwner.signal("STOP");
        GuardProcess guard = armedGuard();
        var dice = new SplittableRandom(9);
        for (int round = 1; round <= 8; round++) {
            lease.hold(1_200);
            guard = killedAndSucceeded(guard, dice.nextInt(300)); // over resuming what an earlier one paused
            Files.writeString(directory.resolve("guard.guests"), "garbage\0\n");
            Files.writeString(directory.resolve("guard"), "format=9\narmed=1\n");
            guard = killedAndSucceeded(guard, dice.nextInt(1_400)); // over the end of the lease
            Guest now = guest;
            await("paused or killed in round " + round, () -> now.isPaused() || !now.isAlive());
            assertThat(stoppedByItsOwner.isPaused())
                    .as("what its owner paused is not the guard's, in round %d", round)
                    .isTrue();
            guest = guest.isAlive() ? guest : guest("a" + round);
        }
        lease.hold(50_000);
        killedAndSucceeded(guard, 0);
        Guest last = guest;
        await("it goes on with the next lease", () -> !last.isPaused());
        assertThat(last.isAlive()).isTrue();
        assertThat(stoppedByItsOwner.isPaused()).isTrue();
    }

    private GuardProcess killedAndSucceeded(GuardProcess guard, int afterMs) {
        LockSupport.parkNanos(Duration.ofMillis(afterMs).toNanos());
        signal("KILL", guard.handle().pid());
        return guard();
    }

    @Test
    void aGuestThatCannotBeKilledEndsTheGuardWithTheStatusThatResetsTheHost() throws IOException {
        assumeTrue(isRoot(), "needs root");
        Guest guest = guest("a");
        lease.hold(1_500);
        // a guard without the right to signal another user's process cannot kill it either
        assertThat(run("chmod", "-R", "a+rwX", directory.toString())).isZero();
        Path binary = Files.copy(GuardProcess.binary(), directory.resolve("vmha-guard"));
        Files.setPosixFilePermissions(binary, PosixFilePermissions.fromString("rwxr-xr-x"));
        GuardProcess guard =
                GuardProcess.start(List.of("setpriv", "--reuid", "65534", "--clear-groups"), directory, "pids:" + pids);
        parts.add(guard);

        assertThat(guard.awaitEnd()).isEqualTo(70);

        assertThat(guest.isAlive()).isTrue();
        assertThat(Files.readString(directory.resolve("guard.log"))).contains("a guest cannot be killed");
    }

    @Test
    void aGuardThatIsToldToEndDisarmsFirstAndStillKeepsThePromise() throws IOException {
        Guest guest = guest("a");
        GuardProcess guard = armedGuard();
        lease.hold(2_000);

        guard.handle().destroy();

        await("disarmed", () -> says(guard, "armed", "0"));
        assertThat(guard.handle().isAlive()).isTrue();
        await("paused", guest::isPaused);
        assertThat(guard.awaitEnd()).isZero();
    }

    /** Armed, with a lease that runs for another second. */
    private GuardProcess armedGuard() {
        GuardProcess guard = guard();
        lease.hold(1_000);
        await("armed", () -> {
            lease.hold(1_000);
            return says(guard, "armed", "1");
        });
        return guard;
    }

    private GuardProcess guard() {
        GuardProcess guard = GuardProcess.start(List.of(), directory, "pids:" + pids.toAbsolutePath());
        parts.add(guard);
        return guard;
    }

    private Guest guest(String name) throws IOException {
        var guest = new Guest(name);
        parts.add(guest);
        return guest;
    }

    private static boolean says(GuardProcess guard, String key, String value) {
        return value.equals(guard.status().get(key));
    }

    private static boolean isRoot() {
        return "root".equals(System.getProperty("user.name"));
    }

    private static int run(String... command) {
        try {
            return new ProcessBuilder(command).inheritIO().start().waitFor();
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    private static void signal(String name, long pid) {
        assertThat(run("kill", "-" + name, Long.toString(pid))).isZero();
    }

    private void await(String what, BooleanSupplier condition) {
        long endNanos = System.nanoTime() + LIMIT.toNanos();
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime() - endNanos)
                    .as(() -> what + " within " + LIMIT + "; the guard's log: " + log())
                    .isNegative();
            LockSupport.parkNanos(Duration.ofMillis(20).toNanos());
        }
    }

    private String log() {
        try {
            return Files.readString(directory.resolve("guard.log"));
        } catch (IOException e) {
            return "(none: " + e.getMessage() + ")";
        }
    }

    /** A process that writes to its disk all the time. */
    private final class Guest implements AutoCloseable {
        private final Path disk;
        private final Process process;

        Guest(String name) throws IOException {
            this(
                    name,
                    List.of(
                            "sh",
                            "-c",
                            "while :; do read up rest </proc/uptime; echo $up >" + directory.resolve(name + ".disk")
                                    + "; sleep 0.02; done"));
        }

        Guest(String name, List<String> command) throws IOException {
            disk = directory.resolve(name + ".disk");
            var whole = new ArrayList<>(List.of("setpriv", "--pdeathsig", "KILL"));
            whole.addAll(command);
            process = new ProcessBuilder(whole).start();
            Path part = directory.resolve(name + ".part");
            Files.writeString(part, process.pid() + "\n");
            Files.move(part, pids.resolve(name + ".pid"));
        }

        long pid() {
            return process.pid();
        }

        boolean isAlive() {
            return process.isAlive();
        }

        boolean isPaused() {
            try {
                String stat = Files.readString(Path.of("/proc/" + process.pid() + "/stat"));
                return stat.substring(stat.lastIndexOf(')') + 2).startsWith("T");
            } catch (IOException e) {
                return false;
            }
        }

        long lastBeatMs() throws IOException {
            return Math.round(Double.parseDouble(Files.readString(disk).strip()) * 1_000);
        }

        void signal(String name) {
            GuardTest.signal(name, process.pid());
        }

        @Override
        public void close() {
            process.destroyForcibly();
        }
    }
}
