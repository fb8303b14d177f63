package io.vmha.testcluster.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.vmha.recovery.config.Secret;
import io.vmha.recovery.core.ComputeException;
import io.vmha.recovery.core.HostName;
import io.vmha.recovery.core.Operations;
import io.vmha.recovery.core.ServerId;
import io.vmha.recovery.openstack.NovaCompute;
import io.vmha.recovery.openstack.OpenStackConfig;
import io.vmha.recovery.openstack.OpenStackConfig.DomainName;
import io.vmha.recovery.openstack.OpenStackConfig.Login;
import io.vmha.testcluster.cloud.CloudSettings;
import io.vmha.testcluster.cloud.ServerSpec;
import io.vmha.testcluster.cloud.ServerSpec.VmState;
import io.vmha.testcluster.cloud.SimulatedCloud;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Migrations of VMs on living hosts through the real adapter, which the guests of the real OpenStack's test driver cannot do. */
class SimulatedOperationsTest {
    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final HostName FIRST = new HostName("hv-1");
    private static final HostName SECOND = new HostName("hv-2");

    private SimulatedCloud cloud;
    private NovaCompute compute;
    private Operations nova;

    @BeforeEach
    void start() {
        cloud = SimulatedCloud.start(CloudSettings.fast());
        cloud.addHost("hv-1");
        cloud.addHost("hv-2");
        cloud.addZone("az1", List.of("hv-1", "hv-2"));
        var login = new Login(
                DomainName.inDefaultDomain("admin"),
                new Secret(CloudSettings.fast().password()),
                DomainName.inDefaultDomain("admin"));
        compute = new NovaCompute(OpenStackConfig.of(cloud.authUrl(), login));
        nova = compute.operations();
    }

    @AfterEach
    void stop() {
        compute.close();
        cloud.close();
    }

    private ServerId server(VmState state) {
        return new ServerId(
                cloud.addServer(ServerSpec.named("vm").on("hv-1").inZone("az1").in(state)));
    }

    private void awaitState(ServerId id, String vmState, HostName host) {
        long endNanos = System.nanoTime() + LIMIT.toNanos();
        while (true) {
            var now = nova.server(id).orElseThrow();
            if (now.vmState().equals(vmState)
                    && now.taskState().isEmpty()
                    && now.host().equals(host)) {
                return;
            }
            assertThat(System.nanoTime() - endNanos)
                    .as("%s on %s; seen %s", vmState, host, now)
                    .isNegative();
            LockSupport.parkNanos(10_000_000);
        }
    }

    @Test
    void aRunningServerIsMigratedWithoutEverRunningTwice() {
        ServerId vm = server(VmState.ACTIVE);

        nova.migrateLive(vm);

        var refused = catchThrowableOfType(ComputeException.class, () -> nova.migrateLive(vm));
        assertThat(refused.status()).as("while the first is under way").isEqualTo(409);
        awaitState(vm, "active", SECOND);
        assertThat(cloud.ledger().runningOn("hv-2")).containsExactly(vm.value());
        assertThat(cloud.ledger().doubleRuns()).isEmpty();
        assertThat(compute.evacuationsFrom(FIRST)).as("no evacuation").isEmpty();
    }

    @Test
    void aStoppedServerIsMigratedColdAndConfirmed() {
        ServerId vm = server(VmState.STOPPED);
        assertThat(catchThrowableOfType(ComputeException.class, () -> nova.migrateLive(vm))
                        .status())
                .isEqualTo(409);

        nova.migrateCold(vm);
        awaitState(vm, "resized", SECOND);
        nova.confirmMigration(vm);

        awaitState(vm, "stopped", SECOND);
        assertThat(cloud.ledger().runningOn("hv-2")).isEmpty();
    }

    @Test
    void aServerStaysWhereItIsWhenNoHostTakesIt() {
        ServerId vm = server(VmState.ACTIVE);
        nova.disableLiving(SECOND, "vmha: test");

        nova.migrateLive(vm);

        awaitState(vm, "active", FIRST);
        assertThat(cloud.ledger().runningOn("hv-1")).containsExactly(vm.value());
    }

    @Test
    void aGuestThatEndsByItselfIsFoundStoppedByNovaAndARestartComesBefore() {
        var hurried = CloudSettings.fast().with(CloudSettings.Delay.LIFECYCLE, Duration.ofMillis(300));
        try (var other = SimulatedCloud.start(hurried)) {
            other.addHost("hv-1");
            other.addZone("az1", List.of("hv-1"));
            String id = other.addServer(ServerSpec.named("vm").on("hv-1").inZone("az1"));
            other.endGuest(id);
            assertThat(other.ledger().runningOn("hv-1")).isEmpty();

            long endNanos = System.nanoTime() + LIMIT.toNanos();
            while (!other.isStopped(id)) {
                assertThat(System.nanoTime() - endNanos).as("stopped by Nova").isNegative();
                LockSupport.parkNanos(10_000_000);
            }
        }
        ServerId vm = server(VmState.ACTIVE);
        cloud.endGuest(vm.value());

        nova.restart(vm);

        awaitState(vm, "active", FIRST);
        assertThat(cloud.ledger().runningOn("hv-1")).containsExactly(vm.value());
    }
}
