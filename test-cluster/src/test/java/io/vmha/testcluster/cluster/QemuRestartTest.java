package io.vmha.testcluster.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.vmha.testcluster.ClusterTest;
import io.vmha.testcluster.cloud.GuestLedger;
import io.vmha.testcluster.cloud.ServerSpec;
import io.vmha.testcluster.guard.LabHost;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/**
 * A QEMU that dies on a host that lives: real libvirt and QEMU on that host, real daemons, a simulated Nova that starts the domain when it is
 * told to. The guest's heartbeat sector shows who runs.
 */
@ClusterTest
class QemuRestartTest {
    private static final int LIMIT_S = 180;
    private static final String NAME = "instance-00000001";
    private static final String HOST = "hv-2";

    @TempDir(cleanup = CleanupMode.ON_SUCCESS)
    Path directory;

    @Test
    void aGuestWhoseQemuIsKilledTicksAgainAndOneThatSwitchesItselfOffStaysOff() {
        assumeTrue(LabHost.isPossible(), "needs root, libvirt-daemon-system, qemu-system-x86 and binutils");
        ExecutorService nova = Executors.newSingleThreadExecutor();
        try (var lab = LabHost.start(directory.resolve("lab"));
                var scene = new Scene(directory, Set.of(), (host, its) -> {
                    if (host.name().equals(HOST)) {
                        its.set("gate.guests", "libvirt").set("gate.libvirt_uri", lab.uri());
                    }
                })) {
            Cluster cluster = scene.cluster;
            cluster.start(3, 0);
            cluster.await("libvirt answers", LIMIT_S, lab::answers, answers -> answers);
            var spec = ServerSpec.named("db").on(HOST).inZone(Cluster.AZ);
            Path disk = LabHost.disk(directory.resolve("disk"));
            lab.persistentGuest(NAME, spec.id(), disk);
            scene.cloud().addServer(spec);
            scene.cloud().ledger().listen(new Domains(nova, lab));
            cluster.enable(3);
            LabHost.Beat first = cluster.await("it ticks", LIMIT_S, () -> LabHost.beat(disk), Optional::isPresent)
                    .orElseThrow();

            lab.killQemu(NAME);
            scene.cloud().endGuest(spec.id());

            cluster.await(
                    "it ticks again, in another boot",
                    LIMIT_S,
                    () -> LabHost.beat(disk),
                    beat -> beat.filter(b -> !b.nonce().equals(first.nonce()) && b.count() > 3)
                            .isPresent());
            cluster.await(
                    "the group knows it",
                    LIMIT_S,
                    () -> scene.get(cluster.leader(), "/v1/vms/" + spec.id() + "/explain")
                            .at("/fallen/phase")
                            .asText(),
                    "running"::equals);
            assertThat(scene.cloud().isStopped(spec.id())).isFalse();

            lab.switchOff(NAME);
            cluster.await("it is off", LIMIT_S, () -> lab.virsh("list", "--name"), String::isEmpty);
            scene.holds("nobody starts it", 10, () -> lab.virsh("list", "--name"), String::isEmpty);
            assertThat(scene.incidents()).isEmpty();
            scene.assertStatesAreEqual();
        } finally {
            nova.shutdownNow();
        }
    }

    /** What nova-compute does with libvirt. */
    private record Domains(ExecutorService nova, LabHost lab) implements GuestLedger.Listener {
        @Override
        public void started(String vm, String host) {
            nova.execute(() -> lab.virsh("start", NAME));
        }

        @Override
        public void stopped(String vm, String host) {
            // it is dead already
        }
    }
}
