package io.vmha.testcluster.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.vmha.testcluster.ClusterTest;
import io.vmha.testcluster.cloud.CloudSettings.Delay;
import io.vmha.testcluster.cloud.RequestLog;
import io.vmha.testcluster.cloud.ServerSpec;
import io.vmha.testcluster.cloud.ServerSpec.VmState;
import io.vmha.testcluster.guard.GuardProcess;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/** Four real daemons: VMs that die on hosts that live, drains, and a drill. Guests are processes, Nova is simulated, BMCs speak IPMI. */
@ClusterTest
class LivingHostsTest {
    private static final int LIMIT_S = 120;
    private static final int HOSTS = 4;

    @TempDir(cleanup = CleanupMode.ON_SUCCESS)
    static Path directory;

    private static Scene scene;
    private static GuestProcesses guests;
    private static final List<GuardProcess> guards = new ArrayList<>();

    @BeforeAll
    static void start() {
        scene = new Scene(
                directory,
                Set.of(),
                (host, its) -> {
                    its.set("gate.return", "auto");
                    its.set("gate.restart_compute", List.of("true"));
                    its.set("recovery.restart.tries", 2);
                    its.set("recovery.restart.back_off", "500ms");
                },
                clouds -> clouds.with(Delay.SERVICE_DOWN, Duration.ofSeconds(3)));
        scene.cluster.start(HOSTS, 3);
        guests = new GuestProcesses(
                scene.cloud(), host -> directory.resolve(host).resolve("guests"));
        for (ClusterHost host : scene.cluster.hosts()) {
            Path run = directory.resolve(host.name()).resolve("run");
            guards.add(GuardProcess.start(
                    List.of(), run, "pids:" + directory.resolve(host.name()).resolve("guests")));
        }
        scene.cluster.enable(HOSTS);
    }

    @AfterAll
    static void end() {
        if (scene != null) {
            scene.close();
        }
        if (guests != null) {
            guests.close();
        }
        guards.forEach(GuardProcess::close);
    }

    /** A VM of its own for a test, that runs and has been seen to run. */
    private static String runningVm(String name, String host) {
        String vm = scene.cloud().addServer(ServerSpec.named(name).on(host).inZone(Cluster.AZ));
        Path listed = directory.resolve(host).resolve("run/guard.guests");
        scene.cluster.await(name + " runs", LIMIT_S, () -> Scene.linesOf(listed), l -> l.contains("running=" + vm));
        return vm;
    }

    private static String follower() {
        String leader = scene.cluster.leader();
        return scene.hostsThatAre("in_service").stream()
                .filter(h -> !h.equals(leader))
                .findFirst()
                .orElseThrow();
    }

    private static JsonNode explained(String vm) {
        return scene.get(scene.cluster.leader(), "/v1/vms/" + vm + "/explain?consistent");
    }

    private static void awaitPhase(String vm, String phase) {
        scene.cluster.await(
                vm + " is " + phase,
                LIMIT_S,
                () -> explained(vm).at("/fallen/phase").asText(),
                phase::equals);
    }

    private static long calls(String body) {
        return scene.cloud().requests().all().stream()
                .filter(entry -> entry.method().equals("POST") && entry.body().contains(body))
                .count();
    }

    @Test
    void aVmWhoseGuestDiesIsRestartedWhereItIsUntilItDiesTooOften() {
        String host = follower();
        String vm = runningVm("dies", host);
        List<Long> incidents = scene.incidents();
        for (int i = 1; i <= 2; i++) {
            scene.cluster.await("it runs", LIMIT_S, () -> guests.runs(vm, host), runs -> runs);
            long before = calls("reboot");
            guests.crash(vm);
            scene.cluster.await("Nova is asked", LIMIT_S, () -> calls("reboot"), now -> now == before + 1);
            scene.cluster.await("it runs again", LIMIT_S, () -> guests.runs(vm, host), runs -> runs);
            awaitPhase(vm, "running");
        }

        guests.crash(vm);
        awaitPhase(vm, "quarantined");

        scene.cluster.await(
                "a person is told what to do",
                LIMIT_S,
                () -> explained(vm).at("/why/0").asText(),
                why -> why.contains("vmha vm release"));
        scene.operator.order("/v1/vms/" + vm + "/release");
        assertThat(scene.incidents()).as("no incident for it").isEqualTo(incidents);
        assertThat(scene.cloud().requests().evacuateCalls().stream()
                        .map(RequestLog.Entry::path)
                        .filter(path -> path.contains(vm)))
                .as("never evacuated for it")
                .isEmpty();
    }

    @Test
    void whatItsOwnerEndsStaysEnded() {
        String host = follower();
        String stopped = runningVm("stopped", host);
        String switchedOff = runningVm("switched-off", host);

        scene.nova().stop(stopped);
        guests.shutDown(switchedOff);

        scene.cluster.await(
                "they end", LIMIT_S, () -> guests.runs(stopped, host) || guests.runs(switchedOff, host), r -> !r);
        scene.holds(
                "nobody starts them",
                8,
                () -> guests.runs(stopped, host) || guests.runs(switchedOff, host),
                runs -> !runs);
        assertThat(explained(stopped).isMissingNode()).isTrue();
        assertThat(explained(switchedOff).isMissingNode()).isTrue();
    }

    @Test
    void aNovaComputeThatIsDownIsToldAndNothingIsEvacuated() {
        String host = follower();
        List<String> vms = scene.vmsOn(host);
        scene.cloud().setComputeAlive(host, false);

        JsonNode told = scene.cluster.await(
                "it is told",
                LIMIT_S,
                () -> scene.get(scene.cluster.leader(), "/v1/hosts/" + host + "/explain"),
                node -> node.path("why").toString().contains("its nova-compute is down"));

        assertThat(told.path("status").asText()).isEqualTo("in_service");
        scene.cloud().setComputeAlive(host, true);
        scene.cluster.await(
                "it is up again",
                LIMIT_S,
                () -> scene.get(scene.cluster.leader(), "/v1/hosts/" + host + "/explain")
                        .path("why")
                        .toString(),
                why -> !why.contains("nova-compute is down"));
        assertThat(scene.vmsOn(host)).containsExactlyInAnyOrderElementsOf(vms);
    }

    private static JsonNode drain(String host) {
        return scene.get(scene.cluster.leader(), "/v1/drains/" + host + "?consistent");
    }

    private static void awaitDrain(String host, String phase) {
        scene.cluster.await(
                "the drain of " + host + " is " + phase,
                LIMIT_S,
                () -> drain(host),
                d -> d.path("phase").asText().equals(phase));
    }

    @Test
    void aHostIsDrainedAcrossAChangeOfLeaderAndThenDrilled() {
        String host = follower();
        String still = scene.cloud()
                .addServer(ServerSpec.named("still").on(host).inZone(Cluster.AZ).in(VmState.STOPPED));
        List<String> running = scene.nova().servers().stream()
                .filter(vm -> vm.host().equals(host) && vm.status().equals("ACTIVE"))
                .map(NovaClient.Vm::id)
                .toList();

        scene.operator.order(follower(), "/v1/hosts/" + host + "/drain?parallel=1");
        scene.cluster.await("one is moving", LIMIT_S, () -> calls("os-migrateLive"), now -> now > 0);
        String leader = scene.cluster.leader();
        scene.cluster.killDaemon(leader);
        scene.cluster.await("another leads", LIMIT_S, () -> anotherLeader(leader), other -> other);
        scene.cluster.startDaemon(leader);

        awaitDrain(host, "drained");
        assertThat(calls("os-migrateLive")).as("each VM is moved once").isEqualTo(running.size());
        assertThat(scene.vmsOn(host))
                .as("only what was stopped stays")
                .contains(still)
                .doesNotContainAnyElementsOf(running);
        JsonNode service = scene.nova().computeService(host);
        assertThat(service.path("status").asText()).isEqualTo("disabled");
        assertThat(service.path("disabled_reason").asText()).startsWith("vmha: drain by");

        undo(host);
        scene.operator.order(follower(), "/v1/hosts/" + host + "/drain?parallel=4&fallback=cold");
        awaitDrain(host, "drained");
        assertThat(scene.vmsOn(host)).as("stopped ones are moved cold").isEmpty();
        assertThat(scene.cloud().ledger().doubleRuns()).isEmpty();
        undo(host);
        drill(host);
    }

    private static boolean anotherLeader(String before) {
        String now = scene.view().at("/leader/host").asText("");
        return !now.isEmpty() && !now.equals(before);
    }

    private static void undo(String host) {
        scene.operator.order(follower(), "/v1/hosts/" + host + "/undrain");
        awaitDrain(host, "undone");
        assertThat(scene.nova().computeService(host).path("status").asText()).isEqualTo("enabled");
    }

    private void drill(String host) {
        String canary =
                scene.cloud().addServer(ServerSpec.named("canary").on(host).inZone(Cluster.AZ));
        scene.cluster.await(
                "the group is whole", LIMIT_S, () -> scene.hostsThatAre("in_service"), h -> h.size() == HOSTS);
        if (scene.cluster.leader().equals(host)) {
            scene.cluster.stopDaemon(host); // hands the leadership over
            scene.cluster.startDaemon(host);
            scene.cluster.await("another leads", LIMIT_S, () -> anotherLeader(host), other -> other);
            scene.cluster.awaitVoters(3, HOSTS);
        }
        String path = "/v1/hosts/" + host + "/drill?canary=" + canary;
        assertThat(scene.operator.ask(path).message()).contains("not in maintenance");
        scene.operator.order("/v1/hosts/" + host + "/maintenance?on=true");
        scene.cluster.expectEnd(host);

        scene.operator.order(path);

        scene.cluster.await(
                "the host has power again", LIMIT_S, () -> phaseOfDrill(), phase -> phase.equals("returning"));
        scene.cluster.startDaemon(host);
        scene.cluster.await("the drill is passed", LIMIT_S, () -> phaseOfDrill(), phase -> phase.equals("passed"));
        JsonNode drill = scene.operator.read(scene.cluster.leader(), "/v1/drills/1");
        assertThat(drill.at("/times/declared_ms").isIntegralNumber()).isTrue();
        assertThat(drill.at("/times/recovered_ms").asLong())
                .isGreaterThanOrEqualTo(drill.at("/times/certified_ms").asLong());
        scene.assertActiveElsewhere(List.of(canary), List.of(host));
        assertThat(scene.cloud().ledger().doubleRuns()).isEmpty();
    }

    private static String phaseOfDrill() {
        return scene.get(scene.cluster.leader(), "/v1/drills/1?consistent")
                .path("phase")
                .asText();
    }
}
