package io.vmha.testcluster.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.vmha.testcluster.ClusterTest;
import io.vmha.testcluster.bmc.SimulatedBmcs.Fault;
import io.vmha.testcluster.cloud.Faults;
import io.vmha.testcluster.cloud.RequestLog;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/**
 * Five real daemons, one of which serves a host outside the AZ at first: what keeps HA from being enabled, what Nova's aggregate does to
 * the group, what a person and a bad BMC do to an incident, and what survives a restart.
 */
@ClusterTest
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class FiveHostsTest {
    private static final int LIMIT_S = 120;
    private static final String OUTSIDER = "hv-5";
    private static final String ENABLE = "/v1/ha/az1/enable";

    private final Map<Long, List<String>> zones = new TreeMap<>();
    private Scene scene;
    private Cluster cluster;
    private Path directory;

    @BeforeAll
    void start(@TempDir(cleanup = CleanupMode.ON_SUCCESS) Path temporary) {
        directory = temporary;
        scene = new Scene(directory, Set.of(OUTSIDER), (host, settings) -> {
            if (host.name().equals("hv-4")) {
                settings.set("fencing.hosts.hv-2.identity", "00000000-0000-0000-0000-00000000beef");
            }
            if (host.name().equals(OUTSIDER)) {
                settings.set("openstack.password", "mistyped");
            }
        });
        cluster = scene.cluster;
        cluster.start(5, 2);
    }

    @AfterAll
    void stop() {
        if (scene != null) {
            scene.close();
        }
    }

    @AfterEach
    void repair() {
        scene.cloud().faults().clear();
        cluster.hosts().forEach(h -> cluster.bmcs().fault(h.name(), Fault.NONE));
    }

    private void assertRefused(String host, String path, int status, String... words) {
        NodeClient.Reply reply = scene.operator.ask(host, path);

        assertThat(reply.status()).as(reply.body()).isEqualTo(status);
        assertThat(reply.body()).contains(words);
        assertThat(reply.body().lines()).as("one sentence: %s", reply.body()).hasSize(1);
    }

    private void assertNothingChanged() {
        assertThat(scene.cloud().requests().all().stream().filter(FiveHostsTest::isChange))
                .as("changes in Nova")
                .isEmpty();
        for (ClusterHost host : cluster.hosts()) {
            assertThat(scene.operator.read(host.name(), "/v1/view").path("role").asText())
                    .as("role of %s", host.name())
                    .isEqualTo("none");
        }
    }

    private static boolean isChange(RequestLog.Entry entry) {
        boolean ours = entry.body().contains("remove_host"); // how this test tidies up
        return !entry.method().equals("GET") && entry.path().startsWith("/v2.1") && !ours;
    }

    @Test
    @Order(1)
    void withoutAGroupEveryNodeSaysThatThereIsNoLeaderAndWhatToDo() {
        for (ClusterHost host : cluster.hosts()) {
            assertThat(scene.operator.read(host.name(), "/v1/status/leader").asText("none"))
                    .isEmpty();
            JsonNode said = scene.operator.read(host.name(), "/v1/leader");
            assertThat(said.path("leader").isNull()).isTrue();
            assertThat(said.path("reason").asText()).contains("belongs to no group", "enable");
        }
    }

    @Test
    @Order(2)
    void anAzIsRefusedWithOneSentenceAndNothingChanges() {
        scene.cloud().addHost("hv-9");
        addZone("az-small", "hv-1", "hv-2");
        addZone("az-twice", "hv-1", "hv-2", "hv-3");
        addZone("az-twice", "hv-4");
        addZone("az-offline", "hv-1", "hv-2", "hv-9");

        assertRefused("hv-1", "/v1/ha/az-none/enable", 404, "no availability zone 'az-none'", "az1");
        assertRefused("hv-1", "/v1/ha/az-small/enable", 400, "has 2 hosts", "at least 3 are needed");
        assertRefused("hv-1", "/v1/ha/az-twice/enable", 409, "2 aggregates", "exactly one is needed");
        assertRefused("hv-1", "/v1/ha/az-offline/enable", 409, "host hv-9 has no living vmhad");
        assertRefused(OUTSIDER, ENABLE, 502, "refused the login of user 'admin'", "check username, password");
        assertNothingChanged();
        removeZones();
    }

    private void addZone(String name, String... hosts) {
        zones.put(scene.cloud().addZone(name, List.of(hosts)), List.of(hosts));
    }

    private void removeZones() {
        zones.forEach((id, hosts) -> hosts.forEach(host -> scene.nova().removeFromAggregate(id, host)));
        zones.clear();
    }

    @Test
    @Order(3)
    void aBmcThatProvesNothingKeepsHaFromBeingEnabled() {
        assertRefused("hv-4", ENABLE, 409, "BMC of host hv-2", "is that of another machine", "is configured");
        cluster.bmcs().unplug("hv-3");
        assertRefused("hv-1", ENABLE, 409, "the BMC of host hv-3 does not answer");
        cluster.bmcs().plug("hv-3");
        assertNothingChanged();
    }

    @Test
    @Order(4)
    void aHostThatNovaHoldsDownKeepsHaFromBeingEnabled() {
        scene.nova().forceDown("hv-3");

        assertRefused("hv-1", ENABLE, 409, "Nova holds host hv-3 forced down", "compute service set --up hv-3");
        assertThat(scene.nova().metadataKeys(Cluster.AZ))
                .as("keys of the aggregate's metadata")
                .containsExactly("availability_zone");
        assertThat(scene.nova().forceUp("hv-3")).isTrue();
    }

    @Test
    @Order(5)
    void aNodeWithAnotherGossipKeyDoesNotGetInAndEverybodySaysSoOnce() {
        var stranger = new ClusterHost(
                "stranger", scene.net + ".77", scene.net + ".177", "0".repeat(32), directory.resolve("stranger"));
        VmhadSettings settings = cluster.usualSettings(stranger, Cluster.newGossipKey());
        VmhadProcess process = VmhadProcess.start(stranger, settings);
        try {
            cluster.await(
                    "the stranger is told why it is alone",
                    LIMIT_S,
                    () -> said(VmhadProcess.log(stranger), "WARN"),
                    lines -> lines.stream().anyMatch(line -> line.contains("key")));
            cluster.await(
                    "the members that it asked say so",
                    LIMIT_S,
                    () -> cluster.hosts().stream()
                            .filter(h -> !said(cluster.log(h.name()), stranger.address())
                                    .isEmpty())
                            .count(),
                    count -> count >= 3);
            scene.holds(
                    "the stranger stays outside",
                    12,
                    () -> cluster.aliveInPools().values(),
                    counts -> counts.stream().allMatch(count -> count == 5));

            for (ClusterHost host : cluster.hosts()) {
                assertThat(said(cluster.log(host.name()), stranger.address()))
                        .as("what %s says", host.name())
                        .hasSizeLessThanOrEqualTo(5); // the 1st, 2nd, 4th, 8th… of some forty
            }
            assertThat(said(VmhadProcess.log(stranger), "nobody could be joined"))
                    .as("what the stranger says of its joins")
                    .hasSizeBetween(1, 6) // the 1st, 2nd, 4th, 8th…
                    .first()
                    .asString()
                    .contains("no gossip key of ours opens this message");
        } finally {
            process.kill();
        }
    }

    private static List<String> said(Path log, String fragment) {
        return Scene.linesOf(log).stream()
                .filter(line -> line.contains(fragment))
                .toList();
    }

    @Test
    @Order(6)
    void theGroupGrowsToThreeVotersAndAHostOfAnotherGroupIsRefused() {
        cluster.settings("hv-4")
                .set("fencing.hosts.hv-2.identity", cluster.host("hv-2").bmcGuid());
        cluster.settings(OUTSIDER).set("openstack.password", "vmha-secret");
        for (String host : List.of("hv-4", OUTSIDER)) {
            cluster.stopDaemon(host);
            cluster.startDaemon(host);
        }
        scene.awaitWholePool();

        cluster.enable(4);

        addZone("az-stolen", OUTSIDER, "hv-1", "hv-2");
        assertRefused(OUTSIDER, "/v1/ha/az-stolen/enable", 412, "host hv-1 belongs to group", "another AZ");
        assertThat(scene.operator.read(OUTSIDER, "/v1/view").path("role").asText())
                .isEqualTo("none");
        removeZones();
    }

    @Test
    @Order(7)
    void anAnswerAboutAggregatesThatCannotBeTrueChangesNothing() {
        for (Faults.Kind kind : List.of(Faults.Kind.UNAVAILABLE, Faults.Kind.NO_AGGREGATES, Faults.Kind.NOT_FOUND)) {
            scene.cloud().faults().nextMatching(500, kind, line -> line.startsWith("GET /v2.1/os-aggregates"));
            cluster.await(
                    "the leader says that it cannot follow the aggregate (" + kind + ")",
                    LIMIT_S,
                    () -> scene.get(cluster.leader(), "/v1/leader").path("trouble"),
                    trouble -> trouble.toString().contains("aggregate"));
            scene.holds("all hosts stay (" + kind + ")", 4, this::hosts, hosts -> hosts.size() == 4);
            scene.cloud().faults().clear();
            cluster.await(
                    "the trouble is over",
                    LIMIT_S,
                    () -> scene.get(cluster.leader(), "/v1/leader").path("trouble"),
                    JsonNode::isEmpty);
        }
    }

    private List<String> hosts() {
        return scene.hostsThatAre("in_service");
    }

    @Test
    @Order(8)
    void aHostAddedToTheAggregateJoinsByItselfAndOneRemovedLeavesByItself() {
        scene.nova().forceDown(OUTSIDER);
        scene.nova().addToAggregate(1, OUTSIDER);
        scene.holds("a host that Nova holds down is not taken in", 8, this::hosts, hosts -> !hosts.contains(OUTSIDER));
        assertThat(scene.nova().forceUp(OUTSIDER)).isTrue();
        cluster.awaitVoters(5, 5);
        cluster.await("it is in service", LIMIT_S, this::hosts, hosts -> hosts.contains(OUTSIDER));

        String leaver = cluster.leader().equals("hv-4") ? "hv-3" : "hv-4";
        scene.nova().removeFromAggregate(1, leaver);

        cluster.await(
                "four hosts are left", LIMIT_S, this::hosts, hosts -> hosts.size() == 4 && !hosts.contains(leaver));
        cluster.await(
                leaver + " has let its group go",
                LIMIT_S,
                () -> scene.get(leaver, "/v1/view"),
                view -> view.path("role").asText().equals("none"));
        assertThat(scene.operator.read(leaver, "/v1/leader").path("reason").asText())
                .contains("belongs to no group");
        scene.nova().addToAggregate(1, leaver);
        cluster.awaitVoters(5, 5);
    }

    @Test
    @Order(9)
    void realSerfSeesTheDaemonsAndMaintenanceKeepsADeadOneFromBeingDeclared() {
        String victim = follower(host -> true);
        long before = scene.newestIncident();
        scene.operator.order("/v1/hosts/" + victim + "/maintenance?on=true");
        try (var serf = new SerfAgent(scene.net + ".88", cluster.gossipKey(), directory)) {
            serf.join(cluster.hosts().get(0).address());
            cluster.await(
                    "serf sees five daemons alive",
                    LIMIT_S,
                    serf::members,
                    members -> cluster.hosts().stream()
                            .allMatch(h -> members.path(h.name())
                                    .path("status")
                                    .asText()
                                    .equals("alive")));
            cluster.await(
                    "serf sees the tags of " + victim, // that it votes again is told a moment after it does
                    LIMIT_S,
                    () -> serf.members().path(victim).path("tags"),
                    tags -> tags.path("host").asText().equals(victim)
                            && tags.path("voter").asText().equals("1"));

            cluster.killDaemon(victim);

            cluster.await(
                    "serf sees it failed",
                    LIMIT_S,
                    serf::members,
                    members -> members.path(victim).path("status").asText().equals("failed"));
        }
        scene.noIncidentAfter(before, 5);
        cluster.startDaemon(victim);
        scene.awaitCalm();
        scene.operator.order("/v1/hosts/" + victim + "/maintenance?on=false");
        scene.noIncidentAfter(before, 4);
    }

    private String follower(Predicate<String> fit) {
        String leader = cluster.leader();
        return cluster.hosts().stream()
                .map(ClusterHost::name)
                .filter(h -> !h.equals(leader))
                .filter(fit)
                .findFirst()
                .orElseThrow();
    }

    @Test
    @Order(10)
    void aDisarmedAzHoldsAnIncidentAndABadBmcHoldsTheEvacuationUntilItProvesTheHostOff() {
        String victim = follower(host -> !scene.vmsOn(host).isEmpty());
        List<String> vms = scene.vmsOn(victim);
        long before = scene.newestIncident();
        int calls = scene.cloud().requests().evacuateCalls().size();
        scene.operator.order("/v1/ha/az1/disarm");
        cluster.bmcs().fault(victim, Fault.DENY);
        cluster.cutOff(victim); // its VMs run on: nothing but its BMC can prove it dead

        JsonNode first = scene.awaitPhase(victim, before, "held");
        assertThat(first.path("held_because").asText()).isEqualTo("the AZ is disarmed");
        JsonNode held = cancelledAndHeldAgain(victim, first.path("id").asLong());
        scene.holds("nothing is fenced", 3, () -> cluster.bmcs().commands(victim), List::isEmpty);
        String id = held.path("id").asText();
        scene.operator.order("/v1/incidents/" + id + "/approve");

        scene.awaitStory(victim, before, "fence failed, will be retried");
        scene.operator.order("/v1/incidents/" + id + "/hold");
        scene.awaitPhase(victim, before, "held");
        scene.operator.order("/v1/incidents/" + id + "/approve");
        cluster.bmcs().fault(victim, Fault.HANG);
        scene.holds(
                "no evacuation without proof",
                6,
                () -> scene.cloud().requests().evacuateCalls().size(),
                now -> now == calls);
        assertThat(cluster.isPowered(victim)).isTrue();
        cluster.bmcs().fault(victim, Fault.NONE);

        scene.awaitPhase(victim, before, "closed");
        scene.assertActiveElsewhere(vms, List.of(victim));
        scene.operator.order("/v1/ha/az1/arm");
        scene.settle(5);
        scene.assertNothingWentWrong("this host is certified dead");
    }

    /** A person calls the incident off for a host in maintenance; when that ends it is declared again. */
    private JsonNode cancelledAndHeldAgain(String victim, long first) {
        scene.operator.order("/v1/hosts/" + victim + "/maintenance?on=true");
        scene.operator.order("/v1/incidents/" + first + "/cancel");
        scene.awaitPhase(victim, first - 1, "closed");
        scene.noIncidentAfter(first, 3); // it is left alone in maintenance
        scene.operator.order("/v1/hosts/" + victim + "/maintenance?on=false");
        return scene.awaitPhase(victim, first, "held");
    }

    @Test
    @Order(11)
    void afterOneAndAfterAllHaveBeenRestartedTheGroupGoesOnAndStillRecovers() {
        String group = scene.view().path("group").asText();
        Map<String, Long> epochs = epochs();
        long before = scene.newestIncident();
        String one = cluster.leader();
        cluster.stopDaemon(one);
        cluster.startDaemon(one);
        cluster.awaitVoters(5, 5);

        cluster.hosts().forEach(h -> cluster.killDaemon(h.name()));
        cluster.hosts().forEach(h -> cluster.startDaemon(h.name()));

        cluster.awaitVoters(5, 5);
        assertThat(scene.view().path("group").asText()).isEqualTo(group);
        assertThat(epochs()).isEqualTo(epochs);
        scene.noIncidentAfter(before, 5);
        String victim = follower(host -> !scene.vmsOn(host).isEmpty());
        List<String> vms = scene.vmsOn(victim);
        cluster.cutPower(List.of(victim));
        scene.awaitPhase(victim, before, "closed");
        scene.assertActiveElsewhere(vms, List.of(victim));
        scene.assertNothingWentWrong("this host is certified dead");
    }

    /** As the hosts' records have them; the daemon that is asked tells the epoch of its own lease too. */
    private Map<String, Long> epochs() {
        var epochs = new TreeMap<String, Long>();
        scene.view()
                .at("/azs/0/hosts")
                .forEach(host -> epochs.put(
                        host.path("host").asText(), host.path("epoch").asLong()));
        assertThat(epochs).hasSize(5);
        return epochs;
    }

    @Test
    @Order(12)
    void theLeadershipIsHandedOverByHandAndOnlyByTheLeader() {
        cluster.awaitVoters(5, 5);
        String leader = cluster.leader();
        List<String> living = cluster.living().stream().map(ClusterHost::name).toList();
        String heir = follower(living::contains); // one is still without power
        // voters find each other again by their records, long before gossip has told everybody of everybody
        cluster.await(
                leader + " has " + heir + " alive in its pool",
                LIMIT_S,
                () -> scene.get(leader, "/v1/view").path("members"),
                members -> isAlive(members, heir));

        assertRefused(heir, "/v1/raft/transfer/" + heir, 409, leader + " leads: run it there");
        assertRefused(leader, "/v1/raft/transfer/hv-77", 404, "has no voter");
        scene.operator.order(leader, "/v1/raft/transfer/" + heir);

        cluster.await(heir + " leads", LIMIT_S, cluster::leader, heir::equals);
        String alive = voterId(heir, leader);
        assertRefusedAs(heir, "/v1/raft/remove/" + alive, 409, alive + " is alive in the pool");
        String own = voterId(heir, heir);
        assertRefusedAs(heir, "/v1/raft/remove/" + own, 409, "this node leads; hand over first");
        assertRefusedAs(heir, "/v1/raft/remove/hv-1@0000000000000000", 404, "there is no voter hv-1@0000000000000000");
    }

    private static boolean isAlive(JsonNode members, String host) {
        for (JsonNode member : members) {
            if (member.path("name").asText().equals(host)
                    && member.path("status").asText().equals("alive")) {
                return true;
            }
        }
        return false;
    }

    /** The id of a host's voter, as a daemon tells it; a list in which one voter does not answer takes its time. */
    private String voterId(String asked, String host) {
        JsonNode voters = cluster.await(
                asked + " lists the voters, " + host + " among them",
                LIMIT_S,
                () -> scene.get(asked, "/v1/raft/peers").path("voters"),
                all -> all.findValuesAsText("host").contains(host));
        for (JsonNode voter : voters) {
            if (voter.path("host").asText().equals(host)) {
                return voter.path("id").asText();
            }
        }
        throw new AssertionError("no voter of " + host + " among " + voters);
    }

    private void assertRefusedAs(String host, String path, int status, String... words) {
        NodeClient.Reply reply = scene.operator.ask(host, path);

        assertThat(reply.status()).as(reply.body()).isEqualTo(status);
        assertThat(reply.body()).contains(words);
    }

    @Test
    @Order(13)
    void anAzThatIsDisabledLeavesNothingInNovaAndItsHostsAreFree() {
        scene.operator.order("/v1/ha/az1/disable");
        cluster.await(
                "every living daemon has left the dissolved group",
                LIMIT_S,
                () -> cluster.living().stream()
                        .filter(h -> !scene.get(h.name(), "/v1/view")
                                .path("role")
                                .asText()
                                .equals("none"))
                        .map(ClusterHost::name)
                        .toList(),
                List::isEmpty);
        assertThat(scene.nova().metadataKeys(Cluster.AZ))
                .as("keys of the aggregate's metadata")
                .containsExactly("availability_zone");
    }
}
