package io.vmha.testcluster.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.vmha.testcluster.ClusterTest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/** A host that was recovered from comes back by itself (S11), with old copies of its VMs on it that must not live. */
@ClusterTest
class HostReturnTest {
    private static final int LIMIT_S = 180;

    @TempDir(cleanup = CleanupMode.ON_SUCCESS)
    Path directory;

    @Test
    void aRecoveredHostIsSweptAndComesBackInANewEpochBehindItsGate() {
        try (var scene = new Scene(directory, Set.of(), (host, its) -> {
            its.set("gate.return", "auto");
            its.set(
                    "gate.restart_compute",
                    List.of("touch", restartMark(host.name()).toString()));
            makeGuests(host.name());
        })) {
            Cluster cluster = scene.cluster;
            cluster.start(3, 2);
            cluster.enable(3);
            for (ClusterHost host : cluster.hosts()) {
                cluster.await(
                        "the gate of " + host.name(),
                        LIMIT_S,
                        () -> gate(host.name()),
                        said -> said.contains("open=1"));
            }
            String victim = cluster.hosts().stream()
                    .map(ClusterHost::name)
                    .filter(h -> !h.equals(cluster.leader()))
                    .findFirst()
                    .orElseThrow();
            List<String> vms = scene.vmsOn(victim);
            long before = scene.newestIncident();
            cluster.cutPower(List.of(victim));
            scene.awaitPhase(victim, before, "closed");
            scene.assertActiveElsewhere(vms, List.of(victim));

            // somebody has started an old copy by hand before the daemon is up; another process is nobody's VM
            Process old = guest(victim, vms.get(0));
            Process foreign = guest(victim, "11111111-2222-4333-8444-555555555555");
            scene.cloud().gateCompute(victim);
            try {
                cluster.restorePower(List.of(victim));
                if (!cluster.living().contains(cluster.host(victim))) {
                    cluster.startDaemon(victim);
                }
                cluster.await(
                        "nova-compute was restarted", LIMIT_S, () -> Files.exists(restartMark(victim)), mark -> mark);
                scene.cloud().setComputeAlive(victim, true);
                cluster.await("in service", LIMIT_S, () -> scene.hostsThatAre("in_service"), in -> in.contains(victim));

                assertThat(old.isAlive()).as("the old copy").isFalse();
                assertThat(foreign.isAlive()).as("what Nova does not know").isTrue();
                cluster.await("the gate opens", LIMIT_S, () -> gate(victim), said -> said.contains("open=1"));
                assertThat(epochOf(scene, victim)).isEqualTo(2);
                var service = scene.nova().computeService(victim);
                assertThat(service.path("forced_down").asBoolean(true)).isFalse();
                assertThat(service.path("status").asText()).isEqualTo("enabled");
                scene.assertNothingWentWrong("this host is certified dead");
            } finally {
                old.destroyForcibly();
                foreign.destroyForcibly();
            }
        }
    }

    @Test
    void whereAPersonBringsHostsBackTheGateStaysClosedUntilTheHostIsTold() {
        try (var scene = new Scene(directory, Set.of(), (host, its) -> {
            its.set("gate.return", "by-hand");
            its.set("gate.restart_compute", List.of("true"));
            makeGuests(host.name());
        })) {
            Cluster cluster = scene.cluster;
            cluster.start(3, 1);
            cluster.enable(3);
            String leader = cluster.leader();
            String victim = cluster.hosts().stream()
                    .map(ClusterHost::name)
                    .filter(h -> !h.equals(leader))
                    .findFirst()
                    .orElseThrow();
            String vm = scene.vmsOn(victim).get(0);
            long before = scene.newestIncident();
            cluster.cutPower(List.of(victim));
            scene.awaitPhase(victim, before, "closed");
            Process old = guest(victim, vm);
            try {
                cluster.restorePower(List.of(victim));
                if (!cluster.living().contains(cluster.host(victim))) {
                    cluster.startDaemon(victim);
                }
                cluster.await(
                        "it waits for a person",
                        LIMIT_S,
                        () -> gate(victim),
                        said -> said.contains("open=0") && said.contains("vmha host return " + victim));
                assertThat(old.isAlive()).as("nothing is destroyed unasked").isTrue();
                String path = "/v1/hosts/" + victim + "/return";
                assertThat(scene.operator.ask(leader, path).message()).contains("ask this of its own vmhad");

                scene.operator.order(victim, path);

                cluster.await("in service", LIMIT_S, () -> scene.hostsThatAre("in_service"), in -> in.contains(victim));
                cluster.await("the gate opens", LIMIT_S, () -> gate(victim), said -> said.contains("open=1"));
                assertThat(old.isAlive()).as("the old copy").isFalse();
                scene.assertNothingWentWrong("this host is certified dead");
            } finally {
                old.destroyForcibly();
            }
        }
    }

    private static long epochOf(Scene scene, String name) {
        for (JsonNode host : scene.view().at("/azs/0/hosts")) {
            if (host.path("host").asText().equals(name)) {
                return host.path("epoch").asLong();
            }
        }
        return -1;
    }

    private Path restartMark(String host) {
        return directory.resolve(host).resolve("nova-compute-restarted");
    }

    private void makeGuests(String host) {
        try {
            Files.createDirectories(directory.resolve(host).resolve("guests"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Process guest(String host, String id) {
        try {
            Process guest = new ProcessBuilder("setpriv", "--pdeathsig", "KILL", "sleep", "600").start();
            Files.writeString(directory.resolve(host).resolve("guests").resolve(id + ".pid"), guest.pid() + "\n");
            return guest;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private String gate(String host) {
        try {
            return Files.readString(directory.resolve(host).resolve("run/gate"));
        } catch (IOException e) {
            return "none: " + e.getMessage();
        }
    }
}
