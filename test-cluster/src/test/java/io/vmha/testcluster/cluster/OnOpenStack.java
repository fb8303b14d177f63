package io.vmha.testcluster.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.vmha.testcluster.FailureLogs;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/** A real OpenStack with a network namespace for each host, and a cluster on it, for all tests of a class. */
@Tag("long")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
@ExtendWith(FailureLogs.class)
abstract class OnOpenStack {
    static final int LIMIT_S = 240;

    @TempDir(cleanup = CleanupMode.ON_SUCCESS)
    static Path directory;

    private final int hosts;
    private final Map<String, String> network;

    OpenStackBackend backend;
    RecoveryStage stage;
    Cluster cluster;
    NovaClient nova;
    NovaWorkshop workshop;

    /**
     * @param bridge of this class alone: two clouds may run at a time
     * @param subnet its first three numbers
     */
    OnOpenStack(int hosts, String bridge, String subnet) {
        this.hosts = hosts;
        this.network = Map.of("VMHA_NETNS", "1", "VMHA_BRIDGE", bridge, "VMHA_SUBNET", subnet);
    }

    @BeforeAll
    void start() {
        FailureLogs.watch(directory);
        backend = new OpenStackBackend(Path.of("openstack"), directory.resolve("openstack"), what -> {}, network)
                .keepingLogs(FailureLogs.of(getClass()).resolve("openstack"));
        stage = RecoveryStage.open(directory, backend, hosts, backend::guestsOf, backend::restartComputeCommand);
        cluster = stage.cluster();
        nova = stage.nova();
        workshop = stage.workshop();
    }

    @AfterAll
    void stop() {
        if (stage != null) {
            stage.close();
        }
    }

    void noGuestRunsTwice() {
        assertThat(backend.runningTwice()).isEmpty();
    }
}
