package io.vmha.testcluster.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.vmha.testcluster.ClusterTest;
import io.vmha.testcluster.bmc.SimulatedBmcs.Fault;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Real daemons that fall silent on hosts that live: stopped, killed and started late, cut off for a while. None of them costs a host its
 * power; a real power cut does, and quickly.
 */
@ClusterTest
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class SilentDaemonTest {
    private static final Logger LOG = LoggerFactory.getLogger(SilentDaemonTest.class);

    private Scene scene;
    private Cluster cluster;

    @BeforeAll
    void start(@TempDir(cleanup = CleanupMode.ON_SUCCESS) Path directory) {
        scene = new Scene(directory, Set.of(), (host, settings) -> {});
        cluster = scene.cluster;
        cluster.start(5, 1);
        cluster.enable(5);
    }

    @AfterAll
    void stop() {
        if (scene != null) {
            scene.close();
        }
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

    private void nothingIsFenced(String what, int seconds) {
        List<String> all = cluster.hosts().stream().map(ClusterHost::name).toList();
        scene.holds(what, seconds, () -> scene.powerCommands(all), count -> count == 0);
        assertThat(scene.newestIncident()).as("incidents, %s", what).isZero();
    }

    /** Every daemon shows what the leader makes of the host. */
    private void awaitTrouble(String host, String fragment) {
        cluster.await(
                "every other daemon says that " + host + " is " + fragment,
                90,
                () -> cluster.hosts().stream()
                        .filter(h -> !h.name().equals(host))
                        .map(h ->
                                scene.get(h.name(), "/v1/view").path("trouble").toString())
                        .toList(),
                all -> all.stream().allMatch(trouble -> trouble.contains("host " + host + " is " + fragment)));
    }

    @Test
    @Order(1)
    void daemonThatIsStoppedForThreeAndForTenSecondsIsLeftAlone() {
        String victim = follower(h -> true);
        cluster.signal(victim, "STOP");
        nothingIsFenced("stopped for three seconds", 3);
        cluster.signal(victim, "CONT");
        scene.awaitCalm();

        cluster.signal(victim, "STOP");
        awaitTrouble(victim, "agent silent");
        nothingIsFenced("stopped for ten seconds", 10);
        cluster.signal(victim, "CONT");
        scene.awaitCalm();
    }

    @Test
    @Order(2)
    void daemonThatIsKilledAndStartedTenSecondsLaterIsLeftAlone() {
        String victim = follower(h -> true);
        cluster.killDaemon(victim);
        nothingIsFenced("killed for ten seconds", 10);
        awaitTrouble(victim, "agent silent");

        cluster.startDaemon(victim);
        scene.awaitCalm();
        cluster.awaitVoters(5, 5);
    }

    @Test
    @Order(3)
    void leaderThatIsStoppedIsReplacedAndNotFenced() {
        String leader = cluster.leader();
        cluster.signal(leader, "STOP");
        nothingIsFenced("the leader is stopped for ten seconds", 10);
        cluster.signal(leader, "CONT");
        scene.awaitCalm();
        cluster.awaitVoters(5, 5);
    }

    @Test
    @Order(4)
    void hostThatComesBackWhileItsBmcRefusesIsPutBackAndNeverFenced() {
        String victim = follower(h -> true);
        cluster.bmcs().fault(victim, Fault.DENY);
        cluster.cutOff(victim);
        scene.awaitStory(victim, 0, "fence failed, will be retried");

        cluster.startDaemon(victim); // on the same start of its kernel
        scene.awaitStory(victim, 0, "back in service");
        cluster.bmcs().fault(victim, Fault.NONE);
        scene.awaitPhase(victim, 0, "closed");
        cluster.await("it is in service", 90, () -> scene.hostsThatAre("in_service"), up -> up.contains(victim));
        scene.holds("it keeps its power", 5, () -> cluster.isPowered(victim), on -> on);
        scene.awaitCalm();
        cluster.awaitVoters(5, 5);
    }

    @Test
    @Order(5)
    void hostThatLosesItsPowerIsDeclaredDeadQuickly() {
        String victim = follower(host -> !scene.vmsOn(host).isEmpty());
        List<String> vms = scene.vmsOn(victim);
        long before = scene.newestIncident();

        long cutAtMs = System.currentTimeMillis();
        cluster.cutPower(List.of(victim));
        JsonNode incident = scene.awaitPhase(victim, before, "closed");

        long declaredMs = incident.path("opened_at_ms").asLong() - cutAtMs;
        LOG.info("declared dead declared_ms={} story={}", declaredMs, Scene.story(incident));
        assertThat(Scene.story(incident))
                .anySatisfy(line -> assertThat(line).contains("observer", "its kernel has left"));
        scene.assertActiveElsewhere(vms, List.of(victim));
        scene.assertNothingWentWrong("this host is certified dead");
    }
}
