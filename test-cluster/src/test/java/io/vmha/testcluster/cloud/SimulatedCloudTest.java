package io.vmha.testcluster.cloud;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.vmha.testcluster.cloud.CloudClient.Reply;
import io.vmha.testcluster.cloud.CloudSettings.Delay;
import io.vmha.testcluster.cloud.ServerSpec.VmState;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The simulated cloud behaves in time as Zed was measured to; every step over HTTP, with the clock moved by hand. */
class SimulatedCloudTest {
    private final HandClock clock = new HandClock();
    private final SimulatedCloud cloud = SimulatedCloud.start(
            new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
            CloudSettings.defaults().with(Delay.RPC_TIMEOUT, Duration.ofMillis(200)),
            clock);
    private final CloudClient client = new CloudClient(cloud).login("vmha-secret");
    private String server = "";

    @BeforeEach
    void threeHostsAndOneServer() {
        List.of("hv-1", "hv-2", "hv-3").forEach(cloud::addHost);
        cloud.addZone("az1", List.of("hv-1", "hv-2", "hv-3"));
        server = cloud.addServer(ServerSpec.named("vm-1").on("hv-1"));
    }

    @AfterEach
    void stop() {
        cloud.close();
    }

    @Test
    void rebuildGoesThroughNovasPhasesAndTheHostChangesOnlyAtTheEnd() {
        cloud.setPower("hv-1", false);
        client.forceDown("hv-1", true);

        Reply accepted = client.evacuate(server, "2.68", "{}");

        assertThat(accepted.status()).isEqualTo(200);
        assertThat(accepted.raw().body()).isEmpty();
        assertPhase("REBUILD", "rebuilding", "hv-1", "accepted");
        clock.passMs(500);
        assertPhase("REBUILD", "rebuilding", "hv-1", "pre-migrating");
        clock.passMs(500);
        assertPhase("REBUILD", "rebuild_block_device_mapping", "hv-1", "pre-migrating");
        clock.passMs(500);
        assertPhase("REBUILD", "rebuild_spawning", "hv-1", "pre-migrating");
        clock.passMs(2000);
        assertPhase("ACTIVE", "null", "hv-2", "done");
        assertThat(cloud.ledger().doubleRuns()).isEmpty();
        assertThat(cloud.ledger().runningOn("hv-2")).containsExactly(server);
        assertThat(cloud.requests().evacuateCalls()).hasSize(1);
    }

    private void assertPhase(String status, String task, String host, String migration) {
        JsonNode now = client.server(server);
        assertThat(now.path("status").asText()).isEqualTo(status);
        assertThat(now.path("OS-EXT-STS:task_state").asText()).isEqualTo(task);
        assertThat(now.path("OS-EXT-SRV-ATTR:host").asText()).isEqualTo(host);
        assertThat(migrations().at("/0/status").asText()).isEqualTo(migration);
    }

    private JsonNode migrations() {
        return client.get("/v2.1/os-migrations?migration_type=evacuation&source_compute=hv-1", "2.59")
                .body()
                .path("migrations");
    }

    @Test
    void secondEvacuationWhileOneRunsIsAcceptedAndBreaksTheServerForGood() {
        cloud.setPower("hv-1", false);
        client.forceDown("hv-1", true);
        client.evacuate(server, "2.68", "{}");
        clock.passMs(700);

        Reply second = client.evacuate(server, "2.68", "{}");
        clock.pass(Duration.ofHours(1));

        assertThat(second.status()).isEqualTo(200);
        JsonNode broken = client.server(server);
        assertThat(broken.path("OS-EXT-STS:vm_state").asText()).isEqualTo("error");
        assertThat(broken.path("OS-EXT-STS:task_state").asText()).isEqualTo("rebuilding");
        assertThat(migrations().findValuesAsText("status")).containsExactly("accepted", "failed");
    }

    @Test
    void serviceIsDownOnlyAfterServiceDownTimeAndEvacuateIsRefusedUntilThen() {
        cloud.setPower("hv-1", false);
        clock.passMs(59_999);

        Reply early = client.evacuate(server, "2.68", "{}");
        clock.passMs(1);
        Reply late = client.evacuate(server, "2.68", "{}");

        assertThat(early.status()).isEqualTo(400);
        assertThat(early.body().at("/badRequest/message").asText())
                .isEqualTo("Compute service of hv-1 is still in use.");
        assertThat(late.status()).isEqualTo(200);
    }

    @Test
    void disablingADeadHostBlocksUnlessItIsForcedDown() {
        cloud.setPower("hv-1", false);
        String path = "/v2.1/os-services/" + client.serviceId("hv-1");

        client.put(path, "2.53", "{'status':'disabled','disabled_reason':'vmha'}");
        client.forceDown("hv-1", true);
        client.put(path, "2.53", "{'status':'disabled','disabled_reason':'vmha'}");

        List<Long> took = cloud.requests().all().stream()
                .filter(entry -> entry.body().contains("disabled_reason"))
                .map(RequestLog.Entry::tookMs)
                .toList();
        assertThat(took.get(0)).isGreaterThanOrEqualTo(200);
        assertThat(took.get(1)).isLessThan(took.get(0));
    }

    @Test
    void forceUpIsRefusedUntilTheSourcesNovaComputeHasRestarted() {
        cloud.setPower("hv-1", false);
        client.forceDown("hv-1", true);
        client.evacuate(server, "2.68", "{}");
        clock.pass(Duration.ofSeconds(4));

        Reply refused = client.forceDown("hv-1", false);
        cloud.setPower("hv-1", true);
        clock.pass(Duration.ofSeconds(2));
        Reply accepted = client.forceDown("hv-1", false);

        assertThat(refused.status()).isEqualTo(400);
        assertThat(refused.body().at("/badRequest/message").asText()).startsWith("Unable to force up host hv-1 as");
        assertThat(accepted.status()).isEqualTo(200);
        assertThat(migrations().at("/0/status").asText()).isEqualTo("completed");
    }

    @Test
    void hostThatWasOnlyCutOffRunsItsGuestsTwiceUntilNovaComputeRestarts() {
        cloud.setConnected("hv-1", false);
        client.forceDown("hv-1", true);
        client.evacuate(server, "2.68", "{}");
        clock.pass(Duration.ofSeconds(10));
        cloud.setConnected("hv-1", true);
        clock.pass(Duration.ofMinutes(5));

        assertThat(cloud.ledger().runningOn("hv-1")).containsExactly(server);
        assertThat(cloud.ledger().doubleRuns()).hasSize(1);
        cloud.restartCompute("hv-1");
        clock.pass(Duration.ofSeconds(2));

        assertThat(cloud.ledger().runningOn("hv-1")).isEmpty();
    }

    @Test
    void deadAgentLeavesItsGuestsRunningAndPowerLossDoesNot() {
        cloud.setComputeAlive("hv-1", false);
        assertThat(cloud.ledger().runningOn("hv-1")).containsExactly(server);

        cloud.setPower("hv-1", false);

        assertThat(cloud.ledger().runningOn("hv-1")).isEmpty();
        assertThat(cloud.isPowered("hv-1")).isFalse();
    }

    @Test
    void stoppedServerArrivesStoppedAndOneInErrorArrivesActive() {
        String stopped = cloud.addServer(ServerSpec.named("vm-2").on("hv-1").in(VmState.STOPPED));
        String inError = cloud.addServer(ServerSpec.named("vm-3").on("hv-1").in(VmState.ERROR));
        cloud.setPower("hv-1", false);
        client.forceDown("hv-1", true);

        client.evacuate(stopped, "2.68", "{}");
        client.evacuate(inError, "2.68", "{}");
        clock.pass(Duration.ofSeconds(4));

        assertThat(client.server(stopped).path("status").asText()).isEqualTo("SHUTOFF");
        assertThat(client.server(inError).path("status").asText()).isEqualTo("ACTIVE");
    }

    @Test
    void deadTargetLeavesTheRebuildHangingAndFailedSpawnEndsInError() {
        String second = cloud.addServer(ServerSpec.named("vm-2").on("hv-1"));
        cloud.setPower("hv-1", false);
        client.forceDown("hv-1", true);
        cloud.setSpawnFails("hv-3", true);
        client.evacuate(server, "2.68", "{'host':'hv-2'}");
        client.evacuate(second, "2.68", "{'host':'hv-3'}");
        clock.passMs(600);

        cloud.setPower("hv-2", false);
        clock.pass(Duration.ofHours(1));

        assertThat(client.server(server).path("status").asText()).isEqualTo("REBUILD");
        assertThat(client.server(second).path("status").asText()).isEqualTo("ERROR");
        assertThat(migrations().findValuesAsText("status")).containsExactly("failed", "pre-migrating");
    }

    @Test
    void evacuationAfterOneThatNobodyTookUpIsFiledUnderThatOnesRecord() {
        cloud.setPower("hv-1", false);
        client.forceDown("hv-1", true);
        cloud.setPower("hv-2", false); // Nova does not know it yet
        client.evacuate(server, "2.68", "{'host':'hv-2'}");
        clock.pass(Duration.ofHours(1));
        assertThat(migrations().findValuesAsText("status")).containsExactly("accepted");

        client.evacuate(server, "2.68", "{}");
        clock.pass(Duration.ofHours(1));

        assertThat(client.server(server).path("OS-EXT-SRV-ATTR:host").asText()).isEqualTo("hv-3");
        assertThat(migrations().findValuesAsText("status"))
                .as("the newest first")
                .containsExactly("accepted", "done");
    }

    @Test
    void schedulerSpreadsOverLiveEnabledHostsOfTheZone() {
        cloud.addHost("hv-4"); // in no zone
        String second = cloud.addServer(ServerSpec.named("vm-2").on("hv-1"));
        cloud.setPower("hv-1", false);
        client.forceDown("hv-1", true);

        client.evacuate(server, "2.68", "{}");
        clock.passMs(500);
        client.evacuate(second, "2.68", "{}");
        clock.pass(Duration.ofSeconds(4));

        assertThat(client.server(server).path("OS-EXT-SRV-ATTR:host").asText()).isEqualTo("hv-2");
        assertThat(client.server(second).path("OS-EXT-SRV-ATTR:host").asText()).isEqualTo("hv-3");
    }

    @Test
    void withoutAValidHostTheServerEndsInErrorOnTheDeadHost() {
        cloud.setPower("hv-1", false);
        List.of("hv-1", "hv-2", "hv-3").forEach(host -> client.forceDown(host, true));

        client.evacuate(server, "2.68", "{}");
        clock.pass(Duration.ofSeconds(4));

        JsonNode now = client.server(server);
        assertThat(now.path("status").asText()).isEqualTo("ERROR");
        assertThat(now.path("OS-EXT-SRV-ATTR:host").asText()).isEqualTo("hv-1");
        assertThat(now.at("/fault/message").asText()).startsWith("No valid host was found.");
        assertThat(migrations().at("/0/status").asText()).isEqualTo("error");
    }

    @Test
    void tokensExpireAndAWrongPasswordIsRefused() {
        cloud.expireTokens();
        assertThat(client.get("/v2.1/os-aggregates", "2.1").status()).isEqualTo(401);

        client.login("wrong");
        assertThat(client.get("/v2.1/os-aggregates", "2.1").status()).isEqualTo(401);

        client.login("vmha-secret");
        assertThat(client.get("/v2.1/os-aggregates", "2.1").status()).isEqualTo(200);
        clock.pass(Duration.ofHours(24));
        assertThat(client.get("/v2.1/os-aggregates", "2.1").status()).isEqualTo(401);
    }

    @Test
    void faultsMeetTheRequestsTheyAreMeantFor() {
        cloud.setPower("hv-1", false);
        client.forceDown("hv-1", true);
        cloud.faults().nextMatching(1, Faults.Kind.RESET_AFTER, line -> line.contains("evacuate"));
        cloud.faults().nextMatching(2, Faults.Kind.UNAVAILABLE, line -> line.contains("os-services"));

        Reply reset = client.evacuate(server, "2.68", "{}");

        assertThat(reset.status()).isZero();
        assertThat(client.server(server).path("status").asText()).isEqualTo("REBUILD");
        assertThat(client.get("/v2.1/os-services", "2.1").status()).isEqualTo(503);
        assertThat(client.get("/v2.1/os-services", "2.1").status()).isEqualTo(503);
        assertThat(client.get("/v2.1/os-services", "2.1").status()).isEqualTo(200);
        cloud.faults().keystoneDown(true);
        assertThat(client.ask("POST", "/v3/auth/tokens", "", Optional.of("{}")).status())
                .isEqualTo(503);
    }

    @Test
    void serversOfOtherProjectsAreListedOnlyWithAllTenantsAndInPages() {
        String second = cloud.addServer(ServerSpec.named("vm-2").on("hv-1"));

        JsonNode own = client.get("/v2.1/servers/detail?host=hv-1", "2.68").body();
        JsonNode first = client.get("/v2.1/servers/detail?all_tenants=True&host=hv-1&limit=1", "2.68")
                .body();
        String next = first.at("/servers_links/0/href").asText();
        JsonNode rest =
                client.get(next.substring(next.indexOf("/v2.1")), "2.68").body();

        assertThat(own.path("servers")).isEmpty();
        assertThat(first.at("/servers/0/id").asText()).isEqualTo(second);
        assertThat(rest.at("/servers/0/id").asText()).isEqualTo(server);
    }

    @Test
    void controlEndpointShowsTheTruthAndCutsPower() {
        client.put("/_sim/hosts/hv-1/power", "", "{'on':false}");

        JsonNode host = client.get("/_sim/hosts", "").body().at("/hosts/0");
        JsonNode ledger = client.get("/_sim/ledger", "").body();
        Reply unknown = client.put("/_sim/hosts/hv-9/power", "", "{'on':false}");

        assertThat(host.path("power").asBoolean()).isFalse();
        assertThat(host.path("nova_up").asBoolean()).isTrue();
        assertThat(ledger.at("/runs/0/to_ms").isNumber()).isTrue();
        assertThat(unknown.status()).isEqualTo(400);
    }

    @Test
    void evacuateAsksForWhatEachMicroversionAsksFor() {
        cloud.setPower("hv-1", false);
        client.forceDown("hv-1", true);

        assertThat(client.evacuate(server, "2.13", "{}").status()).isEqualTo(400);
        assertThat(client.evacuate(server, "2.14", "{'onSharedStorage':false}").status())
                .isEqualTo(400);
        assertThat(client.evacuate(server, "2.28", "{'force':true,'host':'hv-2'}")
                        .status())
                .isEqualTo(400);
        assertThat(client.evacuate(server, "2.68", "{'force':true,'host':'hv-2'}")
                        .status())
                .isEqualTo(400);
        assertThat(client.evacuate(server, "2.94", "{}").status()).isEqualTo(406);
        assertThat(client.evacuate(server, "2.67", "{'force':true,'host':'hv-2'}")
                        .status())
                .isEqualTo(200);
    }

    @Test
    void serverThatNeverGotAHostCannotBeEvacuated() {
        Reply created = client.post(
                "/v2.1/servers",
                "2.68",
                "{'server':{'name':'lost','flavorRef':'tiny','imageRef':'x','availability_zone':'nowhere'}}");
        String lost = created.body().at("/server/id").asText();

        assertThat(created.status()).isEqualTo(202);
        assertThat(client.server(lost).path("status").asText()).isEqualTo("ERROR");
        assertThat(client.evacuate(lost, "2.68", "{}").status()).isEqualTo(400);
        assertThat(client.evacuate(lost, "2.68", "{'host':'hv-2'}").status()).isEqualTo(404);
    }

    @Test
    void createdServerIsBuiltOnThePinnedHostAndDeletedAgain() {
        Reply created = client.post(
                "/v2.1/servers",
                "2.68",
                "{'server':{'name':'new','flavorRef':'tiny','imageRef':'x','availability_zone':'az1:hv-3'}}");
        String id = created.body().at("/server/id").asText();

        assertThat(client.server(id).path("status").asText()).isEqualTo("BUILD");
        clock.pass(Duration.ofSeconds(2));
        assertThat(client.server(id).path("status").asText()).isEqualTo("ACTIVE");
        assertThat(cloud.ledger().runningOn("hv-3")).containsExactly(id);
        assertThat(client.ask("DELETE", "/v2.1/servers/" + id, "2.68", Optional.empty())
                        .status())
                .isEqualTo(204);
        assertThat(cloud.ledger().runningOn("hv-3")).isEmpty();
    }

    @Test
    void oldEvacuateThatIsWrongAboutTheStorageEndsInError() {
        cloud.setPower("hv-1", false);
        client.forceDown("hv-1", true);

        Reply reply = client.evacuate(server, "2.1", "{'onSharedStorage':true}");
        clock.pass(Duration.ofSeconds(4));

        assertThat(reply.body().has("adminPass")).isTrue();
        assertThat(client.server(server).path("status").asText()).isEqualTo("ERROR");
        assertThat(migrations().at("/0/status").asText()).isEqualTo("failed");
    }
}
