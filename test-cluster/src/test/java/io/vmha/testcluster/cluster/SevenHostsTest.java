package io.vmha.testcluster.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import io.vmha.testcluster.bmc.SimulatedBmcs.Fault;
import io.vmha.testcluster.cloud.Faults;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/** Seven real daemons with mutual TLS, five of which vote: who leads, what happens when leaders die, and when most hosts do. */
@Tag("long")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class SevenHostsTest {
    private static final int HOSTS = 7;
    private static final int VOTERS = 5;
    private static final int MAJORITY = 3;

    private Scene scene;
    private Cluster cluster;

    @BeforeAll
    void start(@TempDir(cleanup = CleanupMode.ON_SUCCESS) Path directory) {
        var tls = new TlsFiles(directory.resolve("tls"));
        scene = new Scene(directory, Set.of(), tls::configure);
        cluster = scene.cluster;
        cluster.start(HOSTS, 2);
        cluster.enable(HOSTS);
    }

    @AfterAll
    void stop() {
        if (scene != null) {
            scene.close();
        }
    }

    @AfterEach
    void nothingWentWrong() {
        scene.cloud().faults().clear();
        cluster.hosts().forEach(h -> cluster.bmcs().fault(h.name(), Fault.NONE));
        scene.settle(HOSTS);
        scene.assertNothingWentWrong("this host is certified dead");
    }

    private List<String> voters() {
        var voters = new ArrayList<String>();
        scene.view().path("voters").forEach(v -> voters.add(v.path("host").asText()));
        return voters;
    }

    private List<String> clients() {
        List<String> voters = voters();
        return cluster.hosts().stream()
                .map(ClusterHost::name)
                .filter(h -> !voters.contains(h))
                .toList();
    }

    private List<String> followers() {
        String leader = cluster.leader();
        return voters().stream().filter(v -> !v.equals(leader)).toList();
    }

    /**
     * The leader. Nova gives it no more servers: an evacuation to a host that is dead, but not yet known to Nova as dead, is one that Nova
     * never ends, and these tests are about leaders.
     */
    private String leaderThatShallDie() {
        String leader = cluster.leader();
        scene.nova().keepFree(leader);
        return leader;
    }

    @Test
    @Order(1)
    void everyNodeNamesTheSameLeaderWhetherItVotesOrNot() {
        String leader = cluster.leader();
        String address = cluster.host(leader).address() + ":8300";

        var roles = new TreeMap<String, Integer>();
        for (ClusterHost host : cluster.hosts()) {
            JsonNode own = scene.get(host.name(), "/v1/leader");
            assertThat(scene.get(host.name(), "/v1/status/leader").asText()).isEqualTo(address);
            assertThat(own.at("/leader/host").asText()).isEqualTo(leader);
            assertThat(own.path("trouble")).as("trouble of %s", host.name()).isEmpty();
            assertThat(scene.get(host.name(), "/v1/status/peers")).hasSize(VOTERS);
            roles.merge(own.path("role").asText(), 1, Integer::sum);
        }

        assertThat(roles).isEqualTo(new TreeMap<>(java.util.Map.of("leader", 1, "follower", 4, "client", 2)));
    }

    @Test
    @Order(2)
    void aFollowerThatStandsStillForTwoSecondsIsForgiven() {
        String follower = followers().get(0);
        String leader = cluster.leader();
        long before = scene.newestIncident();

        cluster.signal(follower, "STOP");
        scene.holds("the leader stays", 2, cluster::leader, leader::equals);
        cluster.signal(follower, "CONT");

        scene.noIncidentAfter(before, 6);
        assertThat(cluster.leader()).isEqualTo(leader);
        assertThat(cluster.isPowered(follower)).isTrue();
    }

    @Test
    @Order(3)
    void aLeaderThatDiesAfterTheVerdictIsFollowedByOneThatFinishes() {
        String victim = clients().get(0);
        String leader = leaderThatShallDie();
        List<String> vms = new ArrayList<>(scene.vmsOn(victim));
        vms.addAll(scene.vmsOn(leader));
        long before = scene.newestIncident();

        cluster.cutPower(List.of(victim));
        scene.awaitStory(victim, before, "declared dead");
        cluster.cutPower(List.of(leader));

        scene.awaitPhase(victim, before, "closed");
        scene.awaitPhase(leader, before, "closed");
        scene.assertActiveElsewhere(vms, List.of(victim, leader));
    }

    @Test
    @Order(4)
    void aLeaderKilledWhileItFencesIsFollowedByOneThatFinishes() {
        String victim = clients().get(0);
        String leader = leaderThatShallDie();
        List<String> vms = new ArrayList<>(scene.vmsOn(victim));
        vms.addAll(scene.vmsOn(leader));
        long before = scene.newestIncident();
        cluster.bmcs().slow(victim, java.time.Duration.ofSeconds(3));

        cluster.cutOff(victim); // its VMs run on until its BMC has cut the power
        scene.awaitStory(victim, before, "powering off");
        cluster.killDaemon(leader);

        scene.awaitPhase(victim, before, "closed");
        scene.awaitPhase(leader, before, "closed");
        scene.assertActiveElsewhere(vms, List.of(victim, leader));
    }

    @Test
    @Order(5)
    void aLeaderKilledWithACertificateInHandIsFollowedByOneThatFinishes() {
        String victim = clients().get(0);
        String leader = leaderThatShallDie();
        List<String> vms = new ArrayList<>(scene.vmsOn(victim));
        vms.addAll(scene.vmsOn(leader));
        long before = scene.newestIncident();
        scene.cloud()
                .faults()
                .nextMatching(1000, Faults.Kind.UNAVAILABLE, line -> line.startsWith("PUT /v2.1/os-services"));

        cluster.cutPower(List.of(victim));
        scene.awaitStory(victim, before, "telling Nova that it is down");
        assertThat(Scene.story(scene.incidentOf(victim))).anyMatch(line -> line.contains("certificate POWER_OFF"));
        cluster.killDaemon(leader);
        scene.cloud().faults().clear();

        scene.awaitPhase(victim, before, "closed");
        scene.awaitPhase(leader, before, "closed");
        scene.assertActiveElsewhere(vms, List.of(victim, leader));
    }

    @Test
    @Order(6)
    void aLeaderThatDiesInTheMiddleOfItsEvacuateCallsIsFollowedByOneThatCallsNoneTwice() {
        String victim = clients().get(0);
        String leader = leaderThatShallDie();
        List<String> vms = new ArrayList<>(scene.vmsOn(victim));
        vms.addAll(scene.vmsOn(leader));
        long before = scene.newestIncident();
        int calls = scene.cloud().requests().evacuateCalls().size();
        scene.nova()
                .keepFree(leader); // a target that dies over an evacuation leaves the server in Nova's hands for good
        // done by Nova, but the caller never hears of it
        scene.cloud().faults().nextMatching(1000, Faults.Kind.RESET_AFTER, line -> line.contains("\"evacuate\""));

        cluster.cutPower(List.of(victim));
        cluster.await(
                "an evacuate call has reached Nova",
                60,
                () -> scene.cloud().requests().evacuateCalls().size(),
                now -> now > calls);
        cluster.cutPower(List.of(leader));
        scene.cloud().faults().clear();

        scene.awaitPhase(victim, before, "closed");
        scene.awaitPhase(leader, before, "closed");
        scene.assertActiveElsewhere(vms, List.of(victim, leader));
        assertThat(scene.cloud().requests().evacuateCalls().size() - calls)
                .as("evacuate calls")
                .isEqualTo(vms.size());
    }

    @Test
    @Order(7)
    void anIncidentAboveTheLimitIsHeldUntilAPersonApproves() {
        List<String> dead = new ArrayList<>(clients());
        dead.addAll(followers().subList(0, 2));
        List<String> vms =
                dead.stream().flatMap(host -> scene.vmsOn(host).stream()).toList();
        long before = scene.newestIncident();

        cluster.cutPower(dead);
        // usually one incident of all four; on a machine that is slow enough to see them die one by one, the last is
        // above the limit
        JsonNode held = cluster.await(
                "all four are declared, and held above the limit",
                60,
                () -> heldAfter(before, dead),
                incident -> !incident.isMissingNode());

        assertThat(held.path("held_because").asText())
                .contains("4 of 7 hosts are lost and the limit is 49 %", "a person must approve");
        List<String> hosts = Scene.texts(held.path("hosts"));
        long commands = scene.powerCommands(hosts);
        scene.holds("nothing is fenced", 5, () -> scene.powerCommands(hosts), now -> now == commands);
        String approve = "/v1/incidents/" + held.path("id").asText() + "/approve";
        assertThat(scene.put(cluster.leader(), approve).status())
                .as("without a name")
                .isEqualTo(400);
        scene.operator.order(approve);

        dead.forEach(host -> scene.awaitPhase(host, before, "closed"));
        scene.assertActiveElsewhere(vms, dead);
    }

    /** The held incident, once all these hosts are declared dead. */
    private JsonNode heldAfter(long before, List<String> dead) {
        JsonNode held = MissingNode.getInstance();
        for (String host : dead) {
            JsonNode incident = scene.incidentOf(host);
            if (incident.path("id").asLong() <= before) {
                return MissingNode.getInstance();
            }
            held = incident.path("phase").asText().equals("held") ? incident : held;
        }
        return held;
    }

    @Test
    @Order(8)
    void withoutAQuorumNobodyLeadsAndEverybodySaysWhyAndNothingIsDone() {
        List<String> dead = new ArrayList<>(followers().subList(0, MAJORITY - 1));
        dead.add(cluster.leader());
        List<String> left = cluster.hosts().stream()
                .map(ClusterHost::name)
                .filter(h -> !dead.contains(h))
                .toList();
        long incidents = scene.newestIncident();
        long commands = scene.powerCommands(dead);
        int calls = scene.cloud().requests().evacuateCalls().size();

        cluster.cutPower(dead);

        for (String host : left) {
            JsonNode said = cluster.await(
                    host + " says why there is no leader",
                    40,
                    () -> scene.get(host, "/v1/leader"),
                    answer -> answer.path("leader").isNull()
                            && answer.path("reason").asText().contains("only 2 of 5 voters are alive"));
            assertThat(said.path("reason").asText())
                    .contains("3 are needed: bring back")
                    .contains(dead.get(0));
            assertThat(scene.get(host, "/v1/status/leader").asText("none")).isEmpty();
        }
        NodeClient.Reply refused = scene.put(left.get(0), "/v1/ha/az1/disarm");
        assertThat(refused.status()).as(refused.body()).isEqualTo(503);
        assertThat(refused.body()).contains("leader");
        scene.noIncidentAfter(incidents, 4);
        assertThat(scene.powerCommands(dead)).isEqualTo(commands);
        assertThat(scene.cloud().requests().evacuateCalls()).hasSize(calls);
        cluster.restorePower(dead);
        dead.forEach(cluster::startDaemon);
    }
}
