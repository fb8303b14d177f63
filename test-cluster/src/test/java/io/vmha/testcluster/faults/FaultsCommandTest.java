package io.vmha.testcluster.faults;

import static org.assertj.core.api.Assertions.assertThat;

import io.vmha.testcluster.ClusterTest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The command itself: it shows that faults bite, it leaves nothing behind, and it touches nothing that it has not made. */
@ClusterTest
class FaultsCommandTest {
    private static final long LIMIT_S = 600;

    @TempDir
    Path directory;

    @Test
    void faultsOfEveryKindOfToolBite() throws Exception {
        // one for each way in which faults are made: signals, packet filters, loop devices, libfaketime, control
        // groups, the proxy, BMCs
        var faults = new FaultsProcess(
                directory,
                "prove",
                "--hosts",
                "3",
                "--vms",
                "1",
                "--at-most",
                "5",
                "--nemesis",
                "pause-daemon,loss,clock-step,starve-cpu,tokens-expire");

        assertThat(faults.status(LIMIT_S)).as(faults.said()).isZero();
        assertThat(faults.said()).contains("5 passed, 0 failed");
    }

    @Test
    void whenTheCommandIsKilledEverythingItMadeIsGone() throws Exception {
        var faults = new FaultsProcess(
                directory, "run", "--hosts", "3", "--vms", "1", "--workload", "none", "--nemesis", "starve-cpu");
        await("the hosts run", () -> inside(faults.process()).size() > 12, faults);
        List<ProcessHandle> inside = inside(faults.process());

        faults.process().destroyForcibly();

        await("nothing runs any more", () -> inside.stream().noneMatch(ProcessHandle::isAlive), faults);
        await("no control group is left", () -> groups(faults.process().pid()).isEmpty(), faults);
        assertThat(Path.of("/etc/netns"))
                .satisfiesAnyOf(
                        path -> assertThat(path).doesNotExist(),
                        path -> assertThat(path.toFile().list()).noneMatch(name -> name.startsWith("nl-f-h")));
    }

    @Test
    void outsideOfItsOwnNamespacesItRefusesToTouchAnything() throws Exception {
        Process bare = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        "io.vmha.testcluster.faults.FaultsMain",
                        "run")
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .start();
        String said = new String(bare.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);

        assertThat(bare.waitFor()).isEqualTo(3);
        assertThat(said).contains("expected namespaces of my own").contains("start me by ./faults");
    }

    @Test
    void whatIsNotThereIsToldWithWhatIs() throws Exception {
        var faults = new FaultsProcess(directory, "describe", "meteor");

        assertThat(faults.status(60)).isEqualTo(2);
        assertThat(faults.said()).contains("found 'meteor'");
    }

    private interface Condition {
        boolean holds() throws IOException;
    }

    private static List<ProcessHandle> inside(Process command) {
        return command.descendants().toList();
    }

    private static List<Path> groups(long pid) throws IOException {
        try (Stream<Path> paths = Files.walk(Path.of("/sys/fs/cgroup"), 2)) {
            return paths.filter(path -> path.getFileName().toString().startsWith("vmha-faults-" + pid + "-"))
                    .toList();
        }
    }

    private static void await(String what, Condition condition, FaultsProcess faults) throws IOException {
        long until = System.nanoTime() + 120_000_000_000L;
        while (!condition.holds()) {
            assertThat(System.nanoTime())
                    .as("waited in vain until %s; it said: %s", what, faults.said())
                    .isLessThan(until);
            LockSupport.parkNanos(100_000_000L);
        }
    }
}
