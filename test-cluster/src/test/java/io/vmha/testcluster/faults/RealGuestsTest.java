package io.vmha.testcluster.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.vmha.testcluster.ClusterTest;
import io.vmha.testcluster.guard.LabHost;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs with libvirt and QEMU on each host, and guards: minutes each. */
@Tag("long")
@ClusterTest
class RealGuestsTest {
    private static final long LIMIT_S = 900;

    @TempDir
    Path directory;

    private void holds(String... arguments) throws Exception {
        assumeTrue(LabHost.isPossible(), "needs root, libvirt-daemon-system, qemu-system-x86 and binutils");
        var faults = new FaultsProcess(directory, arguments);

        assertThat(faults.status(LIMIT_S)).as(faults.said()).isZero();
        assertThat(faults.said()).contains("1 passed, 0 failed");
    }

    @Test
    void aSwitchThatRebootsPausesThemAndMovesNone() throws Exception {
        holds("run", "paused-guests");
    }

    @Test
    void anIsolatedHostFencesItself() throws Exception {
        holds("run", "self-fencing");
    }

    @Test
    void theirHostsMayDieAndBeSilent() throws Exception {
        holds(
                "run",
                "--guests",
                "qemu",
                "--hosts",
                "3",
                "--together",
                "1",
                "--faults",
                "5",
                "--longest",
                "12",
                "--seed",
                "7",
                "--nemesis",
                "power-off,partition-one,pause-daemon,kill-daemon,cut-raft");
    }

    @Test
    void whenTheCommandIsKilledNoGuestIsLeft() throws Exception {
        assumeTrue(LabHost.isPossible(), "needs root, libvirt-daemon-system, qemu-system-x86 and binutils");
        var faults = new FaultsProcess(directory, "run", "paused-guests");
        await("three guests run", () -> guests(faults).size() == 3, faults);
        List<ProcessHandle> inside = faults.process().descendants().toList();

        faults.process().destroyForcibly();

        await("nothing runs any more", () -> inside.stream().noneMatch(ProcessHandle::isAlive), faults);
    }

    /** QEMU leaves its libvirtd, but not the namespace. */
    private static List<ProcessHandle> guests(FaultsProcess faults) {
        return faults.process()
                .descendants()
                .filter(process -> process.info().command().orElse("").contains("qemu-system"))
                .toList();
    }

    private static void await(String what, BooleanSupplier condition, FaultsProcess faults) throws IOException {
        long until = System.nanoTime() + LIMIT_S * 1_000_000_000L;
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime())
                    .as("waited in vain until %s; it said: %s", what, faults.said())
                    .isLessThan(until);
            LockSupport.parkNanos(100_000_000L);
        }
    }
}
