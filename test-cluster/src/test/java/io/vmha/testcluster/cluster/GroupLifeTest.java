package io.vmha.testcluster.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/**
 * The life of a group on four real daemons: founded twice at once, by a node that dies over it, and over the name of a group that nobody is
 * in; a leader that leaves, a voter that does not come back, a name in Nova that is another group's.
 */
@Tag("long")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class GroupLifeTest {
    private static final int HOSTS = 4;
    private static final int VOTERS = 3;
    private static final long AGGREGATE = 1;
    private static final String GROUP_KEY = "vmha:group";
    private static final String ENABLE = "/v1/ha/az1/enable";

    private Scene scene;
    private Cluster cluster;

    @BeforeAll
    void start(@TempDir(cleanup = CleanupMode.ON_SUCCESS) Path directory) {
        scene = new Scene(directory, Set.of(), (host, settings) -> settings.set("raft.replace_after", "12s"));
        cluster = scene.cluster;
        cluster.start(HOSTS, 1);
    }

    @AfterAll
    void stop() {
        if (scene != null) {
            scene.close();
        }
    }

    private String owner() {
        return scene.nova().aggregateMetadata(AGGREGATE, GROUP_KEY);
    }

    private Set<String> groups() {
        var groups = new TreeSet<String>();
        for (ClusterHost host : cluster.living()) {
            String group = scene.get(host.name(), "/v1/view").path("group").asText("");
            if (!group.isEmpty() && !group.equals("null")) {
                groups.add(group);
            }
        }
        return groups;
    }

    /** Every host is in one group, and it is the one that the aggregate names. */
    private void assertOneGroup() {
        cluster.awaitVoters(VOTERS, HOSTS);
        cluster.await("there is one group, and Nova names it", 60, this::groups, all -> all.equals(Set.of(owner())));
    }

    private void disable() {
        scene.operator.order("/v1/ha/az1/disable");
        cluster.await("nobody is in a group any more", 60, this::groups, Set::isEmpty);
        assertThat(owner()).isEmpty();
    }

    private List<String> voters() {
        var hosts = new ArrayList<String>();
        scene.view().path("voters").forEach(v -> hosts.add(v.path("host").asText()));
        return hosts;
    }

    private String voterThatDoesNotLead() {
        String leader = cluster.leader();
        return voters().stream().filter(h -> !h.equals(leader)).findFirst().orElseThrow();
    }

    @Test
    @Order(1)
    void twoEnablesAtTheSameInstantOnTwoNodesEndInOneGroup() {
        CompletableFuture<NodeClient.Reply> one = CompletableFuture.supplyAsync(() -> scene.put("hv-1", ENABLE));
        CompletableFuture<NodeClient.Reply> two = CompletableFuture.supplyAsync(() -> scene.put("hv-2", ENABLE));

        List<NodeClient.Reply> replies = List.of(one.join(), two.join());

        assertThat(replies).as("%s", replies).anyMatch(r -> r.status() == 200);
        assertThat(replies).as("%s", replies).allMatch(r -> r.status() == 200 || r.status() == 409);
        assertOneGroup();
        disable();
    }

    @Test
    @Order(2)
    void aNodeThatDiesWhileItFoundsTheGroupLeavesNothingThatTheNextEnableCannotFinish() {
        scene.nova()
                .setAggregateMetadata(
                        AGGREGATE, GROUP_KEY, UUID.randomUUID().toString()); // by one that died sooner still
        String before = owner();
        CompletableFuture<NodeClient.Reply> enabling = CompletableFuture.supplyAsync(() -> scene.put("hv-1", ENABLE));
        cluster.await("hv-1 has recorded its group", 30, this::owner, now -> !now.equals(before));
        cluster.killDaemon("hv-1");
        assertThat(enabling.join().status()).isNotEqualTo(200);

        startAgain("hv-1");
        cluster.await(
                "HA is enabled, by hv-2 or, if hv-1 has founded the group, there",
                60,
                () -> List.of(scene.put("hv-2", ENABLE), scene.put("hv-1", ENABLE)),
                replies -> replies.stream().anyMatch(r -> r.status() == 200));

        assertOneGroup();
    }

    /** Alone, and with one other of whose two votes both are needed: what it had committed is there when it is. */
    @Test
    @Order(3)
    void aFounderThatDiesWhileItTakesTheOthersInGoesOnWhereItStopped() {
        for (int voters = 1; voters < VOTERS; voters++) {
            disable();
            int enough = voters;
            CompletableFuture<NodeClient.Reply> enabling =
                    CompletableFuture.supplyAsync(() -> scene.put("hv-1", ENABLE));
            cluster.await(
                    "hv-1 knows " + voters + " voters", 60, () -> votersKnownTo("hv-1"), known -> known >= enough);
            cluster.killDaemon("hv-1");
            assertThat(enabling.join().status())
                    .as("answered before it died, or not")
                    .isIn(200, 503);

            startAgain("hv-1");
            cluster.await("HA is enabled there", 60, () -> scene.put("hv-1", ENABLE), reply -> reply.status() == 200);

            assertOneGroup();
        }
    }

    private int votersKnownTo(String host) {
        return scene.get(host, "/v1/view").path("voters").size();
    }

    private void startAgain(String host) {
        cluster.startDaemon(host);
        cluster.await(
                "the pool is whole",
                60,
                cluster::aliveInPools,
                alive -> alive.size() == HOSTS && alive.values().stream().allMatch(count -> count >= HOSTS));
    }

    @Test
    @Order(4)
    void aLeaderWhoseUnitIsStoppedHandsOverFirstAndIsNotTakenForAFailure() {
        String leader = cluster.leader();
        cluster.stopDaemon(leader);

        assertThat(Scene.linesOf(cluster.log(leader)))
                .as("what it says when it ends")
                .anyMatch(line -> line.contains("raft leadership lost"))
                .noneMatch(line -> line.contains("leadership not handed over"));
        cluster.await("another one leads", 30, this::leaderOrNone, now -> !now.isEmpty() && !now.equals(leader));
        scene.holds(
                "no incident, no fence", 5, () -> scene.newestIncident() + scene.powerCommands(names()), n -> n == 0);
        cluster.startDaemon(leader);
        assertOneGroup();
    }

    private String leaderOrNone() {
        return scene.view().at("/leader/host").asText("");
    }

    private List<String> names() {
        return cluster.hosts().stream().map(ClusterHost::name).toList();
    }

    @Test
    @Order(5)
    void aVoterThatDoesNotComeBackIsReplacedByItselfAndIsASpareWhenItDoes() {
        String gone = voterThatDoesNotLead();
        cluster.killDaemon(gone);

        cluster.await(gone + " is replaced", 90, this::voters, now -> now.size() == VOTERS && !now.contains(gone));
        scene.holds(
                "no incident, no fence", 2, () -> scene.newestIncident() + scene.powerCommands(names()), n -> n == 0);
        cluster.startDaemon(gone);
        assertOneGroup();
        scene.holds("it stays a spare", 5, this::voters, now -> !now.contains(gone));
        assertThat(scene.get(gone, "/v1/view").path("role").asText()).isNotEqualTo("none");
    }

    @Test
    @Order(6)
    void aDeadVoterIsRemovedByHand() {
        String gone = voterThatDoesNotLead();
        String id = "";
        for (JsonNode voter : scene.get(cluster.leader(), "/v1/raft/peers").path("voters")) {
            id = voter.path("host").asText().equals(gone) ? voter.path("id").asText() : id;
        }
        String path = "/v1/raft/remove/" + id;
        cluster.killDaemon(gone);

        cluster.await(
                gone + " can be removed once gossip has given it up",
                60,
                () -> scene.operator.ask(path),
                reply -> reply.status() == 200);

        cluster.await("the spare votes", 30, this::voters, now -> now.size() == VOTERS && !now.contains(gone));
        cluster.startDaemon(gone);
        assertOneGroup();
    }

    @Test
    @Order(7)
    void aGroupThatNovaDoesNotNameAnyMoreActsNotAndFollowsNothingUntilItDoes() {
        String own = owner();
        scene.nova()
                .setAggregateMetadata(AGGREGATE, GROUP_KEY, UUID.randomUUID().toString());
        awaitTrouble("this group does not act");
        String victim = voterThatDoesNotLead();
        List<String> vms = scene.vmsOn(victim);
        cluster.cutPower(List.of(victim));
        scene.holds("nothing is declared", 6, scene::newestIncident, newest -> newest == 0);

        scene.nova().setAggregateMetadata(AGGREGATE, GROUP_KEY, own);

        scene.awaitPhase(victim, 0, "closed");
        scene.assertActiveElsewhere(vms, List.of(victim));
    }

    @Test
    @Order(8)
    void aListThatHasLostHalfOfItsHostsLetsNobodyGo() {
        scene.nova().removeFromAggregate(AGGREGATE, "hv-1");
        scene.nova().removeFromAggregate(AGGREGATE, "hv-2");
        awaitTrouble("no host is let go");
        scene.holds("all hosts stay", 7, () -> scene.view().at("/azs/0/hosts").size(), hosts -> hosts == HOSTS);
        scene.assertNothingWentWrong("this host is certified dead");
    }

    private void awaitTrouble(String words) {
        cluster.await(
                "the leader says: " + words,
                30,
                () -> scene.get(cluster.leader(), "/v1/leader").path("trouble").toString(),
                trouble -> trouble.contains(words));
    }
}
