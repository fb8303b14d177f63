package io.vmha.testcluster.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;

/**
 * What an operator does with hosts on a real OpenStack: a drain by live migration, a person's word about a host that no BMC can prove dead, a
 * drill, a reserved host.
 */
class OpenStackUpkeepTest extends OnOpenStack {
    private static final String PERSON = "ada";

    private Operator operator;

    OpenStackUpkeepTest() {
        super(3, "vmhabru", "10.231.8");
    }

    @AfterEach
    void everythingComesBackByItself() {
        stage.clear();
    }

    @BeforeEach
    void askAsAPerson() {
        operator = new Operator(cluster, PERSON);
    }

    private JsonNode ask(String path) {
        return cluster.client().get(cluster.host(cluster.leader()), path).orElse(MissingNode.getInstance());
    }

    @Test
    @Order(1)
    void aHostIsDrainedByLiveMigrationAndTakenBack() {
        String host = stage.followers().get(0);
        List<String> vms = stage.populate(host, 4);

        operator.order("/v1/hosts/" + host + "/drain?parallel=2");
        awaitDrain(host, "drained");

        allRunOnceElsewhere(vms, host);
        JsonNode service = nova.computeService(host);
        assertThat(service.path("status").asText()).isEqualTo("disabled");
        assertThat(service.path("disabled_reason").asText()).startsWith("vmha: drain by " + PERSON);
        assertThat(stage.newIncidents()).as("nobody was lost").isEmpty();

        operator.order("/v1/hosts/" + host + "/undrain");
        awaitDrain(host, "undone");
        assertThat(nova.computeService(host).path("status").asText()).isEqualTo("enabled");
    }

    private void awaitDrain(String host, String phase) {
        cluster.await(
                "the drain of " + host + " is " + phase,
                LIMIT_S,
                () -> ask("/v1/drains/" + host + "?consistent"),
                drain -> drain.path("phase").asText().equals(phase));
    }

    @Test
    @Order(2)
    void aPersonsWordBringsBackWhatNoBmcCanProveDead() {
        String host = stage.followers().get(0);
        List<String> vms = stage.populate(host, 3);
        cluster.bmcs().unplug(host);

        cluster.cutPower(List.of(host));
        JsonNode waiting = cluster.await(
                        "a person is asked",
                        LIMIT_S,
                        stage::newIncidents,
                        all -> all.toString().contains("confirm-down"))
                .get(0);
        assertThat(operator.ask("/v1/hosts/" + host + "/confirm-down").status())
                .as("a word from before the seal counts for nothing: %s", waiting)
                .isNotEqualTo(200);
        operator.order("/v1/hosts/" + host + "/seal");
        assertThat(nova.evacuations())
                .filteredOn(m -> vms.contains(m.path("instance_uuid").asText()))
                .isEmpty();
        cluster.await(
                "the word is taken",
                LIMIT_S,
                () -> operator.ask("/v1/hosts/" + host + "/confirm-down"),
                reply -> reply.status() == 200);
        JsonNode incident = stage.awaitClosed(1).get(0);
        cluster.bmcs().plug(host);

        assertThat(incident.at("/recoveries/0/certificate/proof").asText())
                .as("%s", incident.toPrettyString())
                .isEqualTo("OPERATOR");
        allRunOnceElsewhere(vms, host);
    }

    @Test
    @Order(3)
    void aDrillCutsThePowerOfAHostAndItsCanaryAndTheHostComeBack() {
        String host = stage.followers().get(0);
        List<String> canary = stage.populate(host, 1);
        String path = "/v1/hosts/" + host + "/drill?canary=" + canary.get(0);
        assertThat(operator.ask(path).message()).contains("not in maintenance");
        operator.order("/v1/hosts/" + host + "/maintenance?on=true");
        cluster.expectEnd(host);

        operator.order(path);
        awaitDrill("returning");
        stage.startAgain(host);
        awaitDrill("passed");

        JsonNode drill = operator.read(cluster.leader(), "/v1/drills/1?consistent");
        assertThat(drill.path("person").asText()).as("%s", drill).isEqualTo(PERSON);
        for (String time : List.of("declared_ms", "certified_ms", "recovered_ms", "back_ms")) {
            assertThat(drill.at("/times/" + time).isIntegralNumber())
                    .as("%s of %s", time, drill)
                    .isTrue();
        }
        assertThat(stage.newIncidents())
                .singleElement()
                .satisfies(incident -> assertThat(
                                incident.at("/recoveries/0/certificate/proof").asText())
                        .isEqualTo("POWER_OFF"));
        allRunOnceElsewhere(canary, host);
    }

    private void awaitDrill(String phase) {
        cluster.await(
                "the drill is " + phase,
                LIMIT_S,
                () -> ask("/v1/drills/1?consistent"),
                drill -> drill.path("phase").asText().equals(phase));
    }

    @Test
    @Order(4)
    void aReservedHostStandsInForALostOneAndIsGivenBack() {
        String spare = cluster.hosts().get(2).name();
        nova.keepFree(spare);
        stage.enableWith("recovery.reserved.hosts", List.of(spare));
        String victim = stage.followers().stream()
                .filter(host -> !host.equals(spare))
                .findFirst()
                .orElseThrow();
        List<String> vms = stage.populate(victim, 3);
        String other = cluster.hosts().stream()
                .map(ClusterHost::name)
                .filter(host -> !host.equals(spare) && !host.equals(victim))
                .findFirst()
                .orElseThrow();
        nova.keepFree(other); // nobody but the reserved host can take them

        cluster.cutPower(List.of(victim));
        JsonNode incident = stage.awaitClosed(1).get(0);

        assertThat(incident.toString()).contains("reserved host " + spare + " is being enabled");
        allRunOnceElsewhere(vms, victim);
        assertThat(nova.servers()).extracting(NovaClient.Vm::host).containsOnly(spare);
        assertThat(nova.computeService(spare).path("status").asText()).isEqualTo("enabled");

        stage.powerAll();
        cluster.await(
                "it is given back",
                LIMIT_S,
                () -> nova.computeService(spare),
                service -> service.path("status").asText().equals("disabled"));
        assertThat(nova.computeService(spare).path("disabled_reason").asText()).startsWith("vmha: reserved");
        cluster.await(
                "Nova takes both, for the next test",
                LIMIT_S,
                () -> nova.forceUp(spare) && nova.forceUp(other),
                up -> up);
    }

    private void allRunOnceElsewhere(List<String> vms, String host) {
        Map<String, List<String>> guests = backend.guests();
        for (NovaClient.Vm vm : nova.servers()) {
            assertThat(vm.isActiveElsewhere(List.of(host))).as("%s", vm).isTrue();
            assertThat(guests.get(vm.id())).as("%s", vm).containsExactly(vm.host());
        }
        assertThat(nova.servers()).extracting(NovaClient.Vm::id).containsExactlyInAnyOrderElementsOf(vms);
        noGuestRunsTwice();
    }
}
