package io.vmha.testcluster.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.vmha.testcluster.ClusterTest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/** Every command of Debian's {@code serf} against a running vmhad, in a pool with a stock agent. */
@ClusterTest
class SerfCommandTest {
    private static final String AUTH = "sesame-open-and-shut";
    private static final int SOON_S = 90;

    private Scene scene;
    private Cluster cluster;
    private SerfAgent stock;
    private Path directory;

    @BeforeEach
    void start(@TempDir(cleanup = CleanupMode.ON_SUCCESS) Path temporary) throws IOException {
        directory = temporary;
        Path key = directory.resolve("serf-rpc.key");
        Files.writeString(key, AUTH + "\n");
        assertThat(key.toFile().setReadable(false, false)).isTrue();
        assertThat(key.toFile().setReadable(true, true)).isTrue();
        scene = new Scene(
                directory,
                Set.of(),
                (host, settings) -> settings.set("gossip.serf_rpc.address", host.address())
                        .set("gossip.serf_rpc.auth_key_file", key.toString()));
        cluster = scene.cluster;
        cluster.start(3, 0);
        stock = new SerfAgent(scene.net + ".90", cluster.gossipKey(), directory);
    }

    @AfterEach
    void stop() {
        stock.close();
        scene.close();
    }

    private List<String> command(String host, String... arguments) {
        var command = new ArrayList<>(List.of(
                "serf", arguments[0], "-rpc-addr=" + cluster.host(host).address() + ":7373", "-rpc-auth=" + AUTH));
        command.addAll(Arrays.asList(arguments).subList(1, arguments.length));
        return command;
    }

    private String serf(String host, String... arguments) {
        return run(command(host, arguments));
    }

    private static String run(List<String> command) {
        try {
            Process process =
                    new ProcessBuilder(command).redirectErrorStream(true).start();
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(process.waitFor(SOON_S, TimeUnit.SECONDS)).as(output).isTrue();
            return output;
        } catch (IOException e) {
            throw new UncheckedIOException("is the Debian package serf installed?", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    private void awaitMembers(String host, String... words) {
        cluster.await(
                "serf members on " + host + " shows " + List.of(words),
                SOON_S,
                () -> serf(host, "members").replaceAll(" +", " "),
                text -> Arrays.stream(words).allMatch(text::contains));
    }

    @Test
    void everyCommandOfTheStockSerfWorks() throws IOException {
        assertThat(run(List.of(
                        "serf", "members", "-rpc-addr=" + cluster.host("hv-1").address() + ":7373")))
                .contains("Authentication required");
        cluster.await(
                "hv-1 joins the stock agent", // which may still be starting
                SOON_S,
                () -> serf("hv-1", "join", scene.net + ".90:8301"),
                said -> said.contains("Successfully joined cluster by contacting 1 nodes"));
        awaitMembers("hv-2", "hv-1 ", "hv-3 ", "stock-serf " + scene.net + ".90:8301 alive");

        assertThat(serf("hv-1", "info"))
                .contains("name = hv-1")
                .contains("encrypted = true")
                .contains("host = hv-1");
        assertThat(serf("hv-1", "tags", "-set", "shelf=top")).contains("Successfully updated");
        assertThat(serf("hv-1", "tags", "-set", "host=hv-2")).contains("set by the agent itself");
        cluster.await(
                "the stock agent sees the tag",
                SOON_S,
                () -> stock.members().path("hv-1").path("tags"),
                tags -> tags.path("shelf").asText().equals("top")
                        && tags.path("host").asText().equals("hv-1"));

        Path shown = directory.resolve("monitor.log");
        Process monitor = new ProcessBuilder(command("hv-1", "monitor"))
                .redirectErrorStream(true)
                .redirectOutput(shown.toFile())
                .start();
        try {
            cluster.await("monitor shows the log", SOON_S, () -> read(shown), text -> text.contains("vmhad started"));
            assertThat(serf("hv-2", "event", "drill", "now")).contains("dispatched");
            cluster.await("monitor shows the event", SOON_S, () -> read(shown), text -> text.contains("drill"));
        } finally {
            monitor.destroyForcibly();
        }

        assertThat(serf("hv-1", "query", "-timeout=1s", "anybody"))
                .contains("Query 'anybody' dispatched")
                .contains("Total Responses: 0");
        cluster.await(
                "all answer in time", // which is two seconds
                SOON_S,
                () -> serf("hv-1", "reachability"),
                said -> said.contains("Successfully contacted all live nodes"));
        cluster.await(
                "all have answered pings", SOON_S, () -> serf("hv-1", "rtt", "hv-2"), text -> text.contains(" ms"));
        assertThat(serf("hv-1", "keys", "-list")).contains(cluster.gossipKey());

        stock.close();
        awaitMembers("hv-1", "stock-serf " + scene.net + ".90:8301 failed");
        assertThat(serf("hv-1", "force-leave", "stock-serf")).isEmpty();
        awaitMembers("hv-3", "stock-serf " + scene.net + ".90:8301 left");

        cluster.expectEnd("hv-3");
        assertThat(serf("hv-3", "leave")).contains("Graceful leave complete");
        awaitMembers("hv-1", "left");
        cluster.await(
                "the daemon that left has ended", SOON_S, () -> cluster.living().size(), living -> living == 2);
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
