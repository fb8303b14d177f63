package io.vmha.testcluster.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.vmha.testcluster.ClusterTest;
import io.vmha.testcluster.guard.LabHost;
import java.nio.file.Path;
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
}
