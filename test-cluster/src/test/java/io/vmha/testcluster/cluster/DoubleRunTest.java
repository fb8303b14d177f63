package io.vmha.testcluster.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.vmha.testcluster.ClusterTest;
import io.vmha.testcluster.guard.GuardProcess;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/** The double-run alarm (S12) on real daemons with real guards: somebody starts a second copy of a VM by hand. */
@ClusterTest
class DoubleRunTest {
    private static final int LIMIT_S = 120;
    private static final String ALARM = "a VM runs on more than one host";

    @TempDir(cleanup = CleanupMode.ON_SUCCESS)
    Path directory;

    private final List<AutoCloseable> parts = new ArrayList<>();

    @Test
    void aSecondCopyIsFoundAndSuspendedWhereItsHostsLifeIsOver() throws Exception {
        try (var scene = new Scene(directory, Set.of(), (host, its) -> {})) {
            Cluster cluster = scene.cluster;
            cluster.start(3, 1);
            parts.add(new GuestProcesses(scene.cloud(), this::guestsOf));
            for (ClusterHost host : cluster.hosts()) {
                Files.createDirectories(guestsOf(host.name()));
                Path run = directory.resolve(host.name()).resolve("run");
                parts.add(GuardProcess.start(List.of(), run, "pids:" + guestsOf(host.name())));
            }
            cluster.enable(3);
            String leader = cluster.leader();
            String follower = cluster.hosts().stream()
                    .map(ClusterHost::name)
                    .filter(h -> !h.equals(leader))
                    .findFirst()
                    .orElseThrow();

            // both hosts are in service: nobody but a person can know which copy is the right one
            Process second = copy(scene.vmsOn(follower).get(0), leader);
            cluster.await("it is found", LIMIT_S, () -> doubleRuns(scene), found -> found == 1);
            assertThat(isSuspended(second)).isFalse();
            cluster.await(
                    "the leader's log has it",
                    LIMIT_S,
                    () -> Scene.linesOf(cluster.log(cluster.leader())),
                    lines -> lines.stream().anyMatch(line -> line.contains(ALARM)));
            second.destroyForcibly();
            Files.delete(guestsOf(leader).resolve(scene.vmsOn(follower).get(0) + ".pid"));
            cluster.await("it is over", LIMIT_S, () -> doubleRuns(scene), found -> found == 0);

            // the host was recovered from: the copy there is the wrong one
            String vm = scene.vmsOn(follower).get(0);
            long before = scene.newestIncident();
            cluster.cutPower(List.of(follower));
            scene.awaitPhase(follower, before, "closed");
            Process old = copy(vm, follower);
            cluster.restorePower(List.of(follower));
            cluster.startDaemon(follower);
            cluster.await("the old copy stands still", LIMIT_S, () -> isSuspended(old), stopped -> stopped);
            scene.assertActiveElsewhere(List.of(vm), List.of(follower));
            scene.assertNothingWentWrong(
                    ALARM,
                    "guest suspended: it runs on another host too",
                    "this host is certified dead and has no lease");
        } finally {
            for (AutoCloseable part : parts) {
                part.close();
            }
        }
    }

    private Path guestsOf(String host) {
        return directory.resolve(host).resolve("guests");
    }

    private Process copy(String vm, String host) {
        try {
            Process copy = new ProcessBuilder("setpriv", "--pdeathsig", "KILL", "sleep", "900").start();
            parts.add(copy::destroyForcibly);
            Files.writeString(guestsOf(host).resolve(vm + ".pid"), copy.pid() + "\n");
            return copy;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static boolean isSuspended(Process process) {
        try {
            String stat = Files.readString(Path.of("/proc/" + process.pid() + "/stat"));
            return stat.charAt(stat.lastIndexOf(')') + 2) == 'T';
        } catch (IOException e) {
            return false;
        }
    }

    private static double doubleRuns(Scene scene) {
        return scene.cluster
                .client()
                .read(scene.cluster.host(scene.cluster.leader()), "/metrics")
                .body()
                .lines()
                .filter(line -> line.startsWith("vmha_double_runs "))
                .mapToDouble(line -> Double.parseDouble(line.split(" ", 2)[1]))
                .findFirst()
                .orElse(-1);
    }
}
