package io.vmha.testcluster.guard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.vmha.recovery.core.Hypervisor;
import io.vmha.recovery.core.HypervisorException;
import io.vmha.recovery.core.ServerId;
import io.vmha.recovery.hypervisor.VirshHypervisor;
import io.vmha.testcluster.ClusterTest;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Real libvirt and QEMU. */
@ClusterTest
class VirshHypervisorTest extends HypervisorContract {
    private static final Duration LIMIT = Duration.ofSeconds(60);

    @TempDir
    static Path directory;

    private static LabHost host;

    @BeforeAll
    static void switchOn() {
        assumeTrue(LabHost.isPossible(), "needs root, libvirt-daemon-system, qemu-system-x86 and binutils");
        host = LabHost.start(directory.resolve("host"));
        long endNanos = System.nanoTime() + LIMIT.toNanos();
        while (!host.answers()) {
            assertThat(System.nanoTime() - endNanos).as("libvirt answers").isNegative();
            LockSupport.parkNanos(Duration.ofMillis(100).toNanos());
        }
    }

    @AfterAll
    static void switchOff() {
        if (host != null) {
            host.close();
        }
    }

    @Override
    Hypervisor hypervisor() {
        return new VirshHypervisor(host.uri());
    }

    @Override
    void start(ServerId id) {
        host.persistentGuest(name(id), id.value(), LabHost.disk(directory.resolve(name(id))));
    }

    private static String name(ServerId id) {
        return "guest-" + id.value().substring(32);
    }

    @Override
    void crash(ServerId id) {
        host.killQemu(name(id));
    }

    @Override
    void shutDown(ServerId id) {
        host.switchOff(name(id));
    }

    @Test
    void aLibvirtThatIsNotThereIsAnErrorAndNoEmptyList() {
        var nowhere = new VirshHypervisor("qemu+unix:///system?socket=" + directory.resolve("nothing"));

        assertThatThrownBy(nowhere::domains)
                .isInstanceOf(HypervisorException.class)
                .hasMessageContaining("is libvirtd running");
    }
}
