package io.vmha.testcluster.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
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

/** Keys, sessions and locks on six real daemons, one of which does not vote, with clients that nobody here wrote and under faults. */
@Tag("cluster")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class KeysTest {
    private static final int HOSTS = 6;
    private static final int SCRIPT_LIMIT_S = 180;

    private Scene scene;
    private Cluster cluster;
    private Path directory;

    @BeforeAll
    void start(@TempDir(cleanup = CleanupMode.ON_SUCCESS) Path temporary) {
        directory = temporary;
        scene = new Scene(directory, Set.of(), (host, settings) -> {});
        cluster = scene.cluster;
        cluster.start(HOSTS, 0);
        cluster.enable(HOSTS);
    }

    @AfterAll
    void stop() {
        if (scene != null) {
            scene.close();
        }
    }

    /** A leader, a follower, and the host that does not vote. */
    private List<ClusterHost> oneOfEach() {
        JsonNode view = scene.view();
        List<String> voters = new ArrayList<>();
        view.path("voters").forEach(v -> voters.add(v.path("host").asText()));
        String leader = cluster.leader();
        String follower =
                voters.stream().filter(v -> !v.equals(leader)).findFirst().orElseThrow();
        ClusterHost outsider = cluster.hosts().stream()
                .filter(h -> !voters.contains(h.name()))
                .findFirst()
                .orElseThrow();
        return List.of(cluster.host(leader), cluster.host(follower), outsider);
    }

    @Test
    @Order(1)
    void debiansPythonClientFindsAConsul() throws Exception {
        List<String> command = new ArrayList<>(List.of("/usr/bin/python3", script("stock_client.py")));
        oneOfEach().forEach(h -> command.add(h.address()));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();

        boolean ended = process.waitFor(SCRIPT_LIMIT_S, TimeUnit.SECONDS);
        if (!ended) {
            process.destroyForcibly();
        }

        String said = output(process);
        assertThat(ended).as("ended within %d s: %s", SCRIPT_LIMIT_S, said).isTrue();
        assertThat(process.exitValue()).as(said).isZero();
        assertThat(said).contains("told_after_s");
        System.out.println("python3-consul: " + said);
    }

    private static String output(Process process) {
        try {
            return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String script(String name) throws URISyntaxException {
        return Path.of(KeysTest.class.getResource("/consul/" + name).toURI()).toString();
    }

    @Test
    @Order(2)
    void whatFiveClientsAreToldUnderFaultsIsLinearizable() {
        new KeysUnderFaults(scene, directory).run(1, 3);
    }
}
