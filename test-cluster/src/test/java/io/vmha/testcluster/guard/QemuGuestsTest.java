package io.vmha.testcluster.guard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.vmha.testcluster.ClusterTest;
import io.vmha.testcluster.guard.Watcher.Seen;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Self-fencing on real libvirt and QEMU: guests that beat on their disks, on two hosts that share them. QEMU's own image lock is off, so that
 * a copy that should be dead could write, and the disk would show it.
 */
@ClusterTest
class QemuGuestsTest {
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final long GRACE_MS = 2_000;
    private static final String UUID = "6a1d7a52-0c0e-4a8e-9a4e-2f6f2d6f1c0";

    @TempDir
    static Path directory;

    private static LabHost first;
    private static LabHost second;
    private static int guests;

    private final List<AutoCloseable> parts = new ArrayList<>();
    private LeaseFile lease;
    private GuardProcess guard;
    private Path disk;
    private Watcher watcher;

    @BeforeAll
    static void switchOn() {
        assumeTrue(LabHost.isPossible(), "needs root, libvirt-daemon-system, qemu-system-x86 and binutils");
        first = LabHost.start(directory.resolve("first"));
        second = LabHost.start(directory.resolve("second"));
        await("libvirt", () -> first.answers() && second.answers(), () -> "");
    }

    @AfterAll
    static void switchOff() {
        if (second != null) {
            first.close();
            second.close();
        }
    }

    @BeforeEach
    void oneGuestOnTheFirstHost() throws IOException {
        guests++;
        Path home = Files.createDirectory(directory.resolve("test-" + guests));
        lease = new LeaseFile(home);
        guard = GuardProcess.start(first.inside(), home, "libvirt");
        parts.add(guard);
        parts.add(() -> first.virsh("destroy", name())); // gone already in most tests
        disk = LabHost.disk(home.resolve("disk"));
        lease.hold(20_000);
        first.guest(name(), uuid(), disk);
        watcher = new Watcher(disk);
        parts.add(watcher);
        await(
                "the guest beats",
                () -> !watcher.seen().isEmpty() && watcher.last().beat().count() > 3);
        await("the guard is armed", () -> "1".equals(guard.status().get("armed")));
    }

    @AfterEach
    void end() throws Exception {
        for (AutoCloseable part : parts) {
            try {
                part.close();
            } catch (IllegalStateException e) {
                assertThat(e).hasMessageContaining("failed: ");
            }
        }
    }

    private static String name() {
        return "guest-" + guests;
    }

    private static String uuid() {
        return UUID + guests;
    }

    /** In a new epoch the lease may be shorter than what was proven in the old one. */
    private long leaseThatEndsIn(long ms) {
        lease.set("epoch", 4).hold(ms);
        return LeaseFile.boottimeMs() + ms;
    }

    @Test
    void aCutThatHealsInTimeCostsAPause() {
        long endMs = leaseThatEndsIn(3_000);
        await("the guest stands still", () -> "paused".equals(first.virsh("domstate", name())));
        await("the time when the others may act", () -> LeaseFile.boottimeMs() > endMs + GRACE_MS + 1_000);
        Seen paused = watcher.last();
        assertThat(paused.atMs())
                .as("the last beat, with a lease that ended at %d", endMs)
                .isLessThan(endMs + GRACE_MS);
        assertThat(paused.atMs()).as("no pause before the end of the lease").isGreaterThan(endMs - 1_500);

        lease.hold(30_000);

        await("it goes on", () -> watcher.last().beat().count() > paused.beat().count() + 3);
        assertThat(watcher.writers()).as("the same boot goes on").hasSize(1);
    }

    @Test
    void aCutThatHealsLateLeavesNoOldCopyBehind() {
        leaseThatEndsIn(2_000);
        await("the guest stands still", () -> "paused".equals(first.virsh("domstate", name())));
        // the others certify this host and start the guest elsewhere, on the same disk
        second.guest(name(), uuid(), disk);
        await("the new copy beats", () -> watcher.writers().size() == 2);

        lease.set("state", "sealed").write(); // the cut has healed, too late

        await("the old copy is gone", () -> first.virsh("list", "--name").isEmpty());
        lease.set("epoch", 5).hold(20_000); // the host is back in service
        long count = watcher.last().beat().count();
        await("the new copy beats on", () -> watcher.last().beat().count() > count + 3);
        assertThat(watcher.writers()).as("who wrote, one after the other").hasSize(2);
        second.virsh("destroy", name());
    }

    @Test
    void aLibvirtThatHangsCannotHoldTheGuardUp() {
        String libvirtd = pidOfLibvirtd();
        LabHost.must(first.inside("kill", "-STOP", libvirtd));
        try {
            long endMs = leaseThatEndsIn(2_000);

            await("killed", () -> guard.status().get("last_action").startsWith("killed"));
            await("the time when the others may act", () -> LeaseFile.boottimeMs() > endMs + GRACE_MS + 500);
            assertThat(watcher.last().atMs()).isLessThan(endMs + GRACE_MS);
        } finally {
            LabHost.must(first.inside("kill", "-CONT", libvirtd));
        }
        await("libvirt sees it gone", () -> first.virsh("list", "--name").isEmpty());
        assertThat(watcher.writers()).hasSize(1);
    }

    @Test
    void aGuestThatSomebodyResumesWithoutALeaseIsKilled() {
        leaseThatEndsIn(2_000);
        await("the guest stands still", () -> "paused".equals(first.virsh("domstate", name())));

        first.virsh("resume", name());

        await("gone", () -> first.virsh("list", "--name").isEmpty());
    }

    @Test
    void withoutAGuardTheDiskShowsTwoWriters() {
        guard.close();
        guard.awaitEnd();

        second.guest(name(), uuid(), disk);

        await("both write by turns", () -> watcher.writers().size() > 4);
        second.virsh("destroy", name());
    }

    private static String pidOfLibvirtd() {
        return LabHost.run(first.inside("cat", "/run/libvirtd.pid"))
                .orElseThrow()
                .strip();
    }

    private void await(String what, BooleanSupplier condition) {
        await(what, condition, () -> "the guard says " + guard.status() + ", its disk " + watcherWords());
    }

    private String watcherWords() {
        return watcher == null ? "nothing" : watcher.writers().toString();
    }

    private static void await(String what, BooleanSupplier condition, Supplier<String> seen) {
        long endNanos = System.nanoTime() + LIMIT.toNanos();
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime() - endNanos)
                    .as(() -> what + " within " + LIMIT + "; " + seen.get())
                    .isNegative();
            LockSupport.parkNanos(Duration.ofMillis(50).toNanos());
        }
    }
}
