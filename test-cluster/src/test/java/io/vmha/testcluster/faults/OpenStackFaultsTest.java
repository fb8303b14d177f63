package io.vmha.testcluster.faults;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The same faults and the same invariants on a real Nova of Debian's packages. Minutes, and three GiB of memory. */
@Tag("long")
class OpenStackFaultsTest {
    private static final long LIMIT_S = 1_500;

    @TempDir
    Path directory;

    @Test
    void aRackIsLostAndNoInvariantIsViolated() throws Exception {
        holds("run", "rack-loss", "--nova", "openstack");
    }

    @Test
    void theLeaderDiesAtTheFirstCallAndNothingIsDoneTwice() throws Exception {
        holds("run", "leader-dies-mid-plan", "--nova", "openstack");
    }

    @Test
    void everyFaultOfTheCloudBites() throws Exception {
        var faults = new FaultsProcess(
                directory, "prove", "--nova", "openstack", "--hosts", "3", "--vms", "1", "--nemesis", "cloud,cut-api");

        assertThat(faults.status(LIMIT_S)).as(faults.said()).isZero();
        assertThat(faults.said()).contains("8 passed, 0 failed");
    }

    @Test
    void whenTheCommandIsKilledNothingOfTheCloudIsLeft() throws Exception {
        var faults = new FaultsProcess(directory, "run", "--nova", "openstack", "--hosts", "3", "--vms", "1");
        await("the cloud's services run", () -> faults.said().contains("rabbitmq up"), faults);
        List<ProcessHandle> inside = faults.process().descendants().toList();
        assertThat(inside).hasSizeGreaterThan(10);

        faults.process().destroyForcibly();

        await("nothing runs any more", () -> inside.stream().noneMatch(ProcessHandle::isAlive), faults);
        assertThat(Path.of("/run/vmha-faults")).doesNotExist();
    }

    private static void await(String what, Callable<Boolean> condition, FaultsProcess faults) throws Exception {
        long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(LIMIT_S);
        while (!condition.call()) {
            assertThat(System.nanoTime() < until)
                    .as(what + "\n" + faults.said())
                    .isTrue();
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(200));
        }
    }

    private void holds(String... words) throws Exception {
        var faults = new FaultsProcess(directory, words);

        assertThat(faults.status(LIMIT_S)).as(faults.said()).isZero();
        assertThat(faults.said()).contains("0 violated").contains("1 passed, 0 failed");
        assertThat(Files.readString(directory.resolve("faults-report.html")))
                .contains("\"nova\":\"openstack\"")
                .contains("Debian's OpenStack");
    }
}
