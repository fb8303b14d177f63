package io.vmha.testcluster.cloud;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.vmha.testcluster.cloud.CloudClient.Reply;
import io.vmha.testcluster.cloud.ServerSpec.VmState;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * The simulated cloud answers as the real one did. The recorded exchanges are one story of about a minute; it is told again, in the
 * same order, to a cloud that is put into the same situation, and every answer is compared with the recorded one.
 */
class NovaFixturesTest {
    /** Recordings that are not replayed, and why. */
    private static final Map<String, String> LEFT_OUT =
            Map.of("server_groups_2.64", "the simulated scheduler knows no affinity, so it offers no server groups");

    private static final Set<String> HEADERS =
            Set.of("Content-Type", "Openstack-Api-Version", "X-Openstack-Nova-Api-Version", "Vary", "Www-Authenticate");

    private final HandClock clock = new HandClock();
    private final SimulatedCloud cloud = SimulatedCloud.start(
            new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), CloudSettings.defaults(), clock);
    private final CloudClient client = new CloudClient(cloud);
    private final List<String> differences = new ArrayList<>();
    private final Set<String> replayed = new TreeSet<>();

    @AfterEach
    void stop() {
        cloud.close();
    }

    @Test
    void everyRecordedAnswerIsGivenAgain() {
        List.of("hv2", "hv1", "hv3").forEach(cloud::addHost);
        cloud.addZone("az1", List.of("hv1", "hv2", "hv3"));
        seedServers();

        replay(
                "nova_unauthorized",
                "nova_versions",
                "keystone_versions",
                "keystone_token_bad_password",
                "keystone_token");
        client.login("vmha-secret");
        client.post(
                "/v2.1/servers/6a8141e8-f217-44eb-9579-f2f549981d5b/action",
                "2.73",
                "{'lock':{'locked_reason':'maintenance'}}");
        replayAggregates();
        replayListsWhileAllIsWell();
        cloud.setPower("hv1", false);
        clock.pass(Duration.ofSeconds(3));
        replayForceDown();
        replayEvacuations();
        replayReturn();

        assertThat(differences).isEmpty();
        Set<String> accountedFor = new TreeSet<>(replayed);
        accountedFor.addAll(LEFT_OUT.keySet());
        assertThat(accountedFor).containsExactlyElementsOf(RecordedExchange.names());
    }

    /** The servers of the recording, oldest first. */
    private void seedServers() {
        JsonNode servers =
                RecordedExchange.of("servers_by_host_2.68", 0).response().at("/body/servers");
        for (int i = servers.size() - 1; i >= 0; i--) {
            JsonNode server = servers.get(i);
            Map<String, String> metadata = new TreeMap<>();
            server.path("metadata")
                    .properties()
                    .forEach(entry ->
                            metadata.put(entry.getKey(), entry.getValue().asText()));
            ServerSpec spec = ServerSpec.named(server.path("name").asText())
                    .withId(server.path("id").asText())
                    .on("hv1")
                    .inZone("az1")
                    .withMetadata(metadata)
                    .in(VmState.valueOf(
                            server.path("OS-EXT-STS:vm_state").asText().toUpperCase(Locale.ROOT)));
            cloud.addServer(spec);
        }
    }

    private void replayAggregates() {
        replay("aggregates_list_2.1", "aggregates_list_2.41", "aggregate_show_2.1", "aggregate_show_404");
        replay("aggregate_create_2nd_az", "aggregate_add_host_2nd_az_409");
        replay("aggregate_remove_host", "aggregate_add_host", "aggregate_add_host_again_409", "aggregate_add_host_404");
        replay("aggregate_remove_host_with_servers", "aggregate_add_host_other_az_with_servers");
        client.post("/v2.1/os-aggregates/2/action", "2.1", "{'remove_host':{'host':'hv1'}}");
        client.post("/v2.1/os-aggregates/1/action", "2.1", "{'add_host':{'host':'hv1'}}");
        replay("aggregate_rename_az_with_servers", "aggregate_delete", "aggregate_set_metadata");
    }

    private void replayListsWhileAllIsWell() {
        replay("services_list_2.1", "services_list_2.11", "services_list_2.53", "services_list_2.69");
        replay(
                "hypervisors_detail_2.1",
                "hypervisors_detail_2.53",
                "hypervisors_detail_2.88",
                "availability_zones_detail");
        replay("servers_by_host_2.1", "servers_by_host_2.68", "servers_by_host_2.93", "servers_by_host_paged_2.68");
        replay("evacuate_while_host_up_400");
    }

    private void replayForceDown() {
        replay("force_down_2.53", "force_down_2.11", "force_down_unknown_404", "disable_2.53", "disable_2.1");
        replay("services_list_forced_down_2.53", "hypervisors_detail_one_down_2.53", "availability_zones_one_down");
    }

    private void replayEvacuations() {
        replay("evacuate_2.68");
        replayOne("server_show_through_rebuild", 0);
        clock.passMs(1000);
        replayOne("server_show_through_rebuild", 1);
        clock.passMs(500);
        replayOne("server_show_through_rebuild", 2);
        clock.passMs(2000);
        replayOne("server_show_through_rebuild", 3);
        replay("instance_actions_after_evacuate");
        replay("evacuate_2.1", "evacuate_2.14", "evacuate_2.29_host");
        replay("evacuate_stopped_2.68", "evacuate_locked_2.68", "evacuate_error_2.68", "migrations_in_progress_2.59");
        replay("evacuate_paused_409", "evacuate_2.95_406", "evacuate_unknown_server_404");
        replay("evacuate_unknown_host_404", "evacuate_to_same_host_400");
        clock.passMs(100);
        replay("evacuate_twice_first", "evacuate_twice_second");
        clock.pass(Duration.ofSeconds(25));
        replay("server_after_double_evacuate", "servers_by_dead_host_after_2.68");
        replay("migrations_done_2.1", "migrations_done_2.23", "migrations_done_2.59", "migrations_done_2.80");
    }

    private void replayReturn() {
        replay("force_up_refused_400_2.53", "force_up_refused_400_2.11");
        cloud.setPower("hv1", true);
        clock.pass(Duration.ofSeconds(11));
        replay("force_up_2.53", "enable_2.53", "migrations_completed_2.59");
    }

    private void replay(String... names) {
        for (String name : names) {
            int exchanges = name.equals("nova_versions") ? 2 : 1;
            for (int i = 0; i < exchanges; i++) {
                replayOne(name, i);
            }
        }
    }

    private void replayOne(String name, int index) {
        replayed.add(name);
        RecordedExchange recorded = RecordedExchange.of(name, index);
        Optional<String> body = recorded.body().isNull()
                ? Optional.empty()
                : Optional.of(recorded.body().toString());
        Reply reply = client.ask(recorded.method(), ownServiceId(recorded.path()), recorded.microversion(), body);
        if (reply.status() != recorded.status()) {
            differences.add(name + "[" + index + "]: status " + recorded.status() + " recorded but " + reply.status()
                    + " found: " + reply.body());
            return;
        }
        JsonNode expected = recorded.response().path("body");
        AnswerComparison.differences(expected, reply.body())
                .forEach(difference -> differences.add(name + "[" + index + "] " + difference));
        compareHeaders(name, recorded.response().path("headers"), reply);
    }

    /** The recorded id of hv1's service stands for that of ours. */
    private String ownServiceId(String path) {
        String recordedId = "a215c7af-bd89-4825-8eaa-5e6175ae974c";
        return path.contains(recordedId) ? path.replace(recordedId, client.serviceId("hv1")) : path;
    }

    private void compareHeaders(String name, JsonNode headers, Reply reply) {
        headers.properties().forEach(header -> {
            if (HEADERS.contains(header.getKey())) {
                String found = reply.raw().headers().firstValue(header.getKey()).orElse("(none)");
                String wanted = header.getValue().asText();
                boolean isAddress = header.getKey().equals("Www-Authenticate");
                boolean isSame = isAddress ? found.startsWith("Keystone uri=\"http://") : found.equals(wanted);
                if (!isSame) {
                    differences.add(
                            name + " header " + header.getKey() + ": recorded " + wanted + " but found " + found);
                }
            }
        });
    }
}
