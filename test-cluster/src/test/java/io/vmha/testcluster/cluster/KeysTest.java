package io.vmha.testcluster.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.vmha.testcluster.ClusterTest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/** Keys, sessions and locks on six real daemons, one of which does not vote, with clients that nobody here wrote and under faults. */
@ClusterTest
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class KeysTest {
    private static final int HOSTS = 6;
    private static final int SCRIPT_LIMIT_S = 300;
    private static final int LIMIT_S = 120;

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
    void aJavaClientFindsAConsul() {
        new JavaConsulClient(cluster, oneOfEach()).useEverything();
    }

    @Test
    @Order(3)
    void whatFiveClientsAreToldUnderFaultsIsLinearizable() {
        new KeysUnderFaults(scene, directory).run(1, 3);
    }

    @Test
    @Order(4)
    void aBackupIsTheSameFromEveryHostAndItsKeysComeBackIntoAnotherGroup() throws IOException {
        ClusterHost any = cluster.living().get(0);
        scene.operator.order(any.name(), "/v1/kv/backup/a?flags=9");
        scene.operator.order(any.name(), "/v1/kv/backup/b");
        Map<String, JsonNode> backups = new TreeMap<>();
        for (ClusterHost host : oneOfEach()) {
            Path file = directory.resolve("backup-" + host.name());
            vmha(host, "snapshot", "save", file.toString());
            backups.put(
                    host.name(),
                    new ObjectMapper().readTree(vmha(host, "snapshot", "inspect", file.toString(), "--json")));
        }
        assertThat(backups.values().stream().map(b -> b.path("keys").asInt()).distinct())
                .as("keys in %s", backups)
                .hasSize(1);
        backups.values()
                .forEach(a -> backups.values().stream()
                        .filter(b -> b.path("index").equals(a.path("index")))
                        .forEach(b -> assertThat(b.path("sha256")).isEqualTo(a.path("sha256"))));
        Path backup = directory.resolve("last-backup");
        vmha(any, "snapshot", "save", backup.toString());
        String keys = allKeys(any);
        String group = scene.view().path("group").asText();
        assertThat(vmhaRefused(any, "snapshot", "restore", backup.toString())).contains("a store without keys");

        scene.operator.order("/v1/ha/" + Cluster.AZ + "/disable");
        cluster.await("nobody is in a group", LIMIT_S, this::groups, List::isEmpty);
        cluster.enable(HOSTS);
        assertThat(scene.view().path("group").asText()).isNotEqualTo(group);
        assertThat(said(any, "/v1/kv/?keys").status()).isEqualTo(404);
        vmha(any, "snapshot", "restore", backup.toString());

        assertThat(allKeys(any)).isEqualTo(keys);
        assertThat(said(any, "/v1/session/list").body()).isEqualTo("[]");
        assertThat(scene.incidents()).as("nothing of the recovery came back").isEmpty();
        scene.assertStatesAreEqual();
    }

    private List<String> groups() {
        return cluster.living().stream()
                .map(h -> scene.get(h.name(), "/v1/view").path("group").asText(""))
                .filter(g -> !g.isEmpty())
                .toList();
    }

    /** What a daemon answers to a read once somebody leads and it answers in time. */
    private NodeClient.Reply said(ClusterHost host, String path) {
        return cluster.await(
                host.name() + " answers to " + path,
                LIMIT_S,
                () -> cluster.client().read(host, path),
                reply -> reply.status() < 500);
    }

    /** Keys, flags and values; their indexes are those of another log. */
    private String allKeys(ClusterHost host) throws IOException {
        var keys = new StringBuilder();
        for (JsonNode entry :
                new ObjectMapper().readTree(said(host, "/v1/kv/?recurse").body())) {
            keys.append(entry.path("Key"))
                    .append(entry.path("Flags"))
                    .append(entry.path("Value"))
                    .append('\n');
        }
        return keys.toString();
    }

    private String vmha(ClusterHost host, String... verb) throws IOException {
        Process process = command(host, verb);
        String said = output(process);
        assertThat(process.onExit().join().exitValue())
                .as("%s: %s", List.of(verb), said)
                .isZero();
        return said;
    }

    private String vmhaRefused(ClusterHost host, String... verb) throws IOException {
        Process process = command(host, verb);
        String said = output(process);
        assertThat(process.onExit().join().exitValue())
                .as("%s: %s", List.of(verb), said)
                .isEqualTo(1);
        return said;
    }

    private static Process command(ClusterHost host, String... verb) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx64m",
                "-cp",
                System.getProperty("java.class.path"),
                "io.vmha.node.cli.VmhaCommand"));
        command.addAll(List.of(verb));
        command.addAll(List.of("--address", host.address() + ":8400"));
        return new ProcessBuilder(command).redirectErrorStream(true).start();
    }
}
