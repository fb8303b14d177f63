package io.vmha.testcluster.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.vmha.testcluster.ClusterTest;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A real vmhad whose configuration cannot be used: every problem on standard error, exit status 78, and nothing was begun. */
@ClusterTest
class BadConfigurationTest {
    private static final int EX_CONFIG = 78;

    @TempDir
    Path directory;

    private record Ended(int status, List<String> errors) {}

    private VmhadSettings settings() {
        return new VmhadSettings()
                .set("host", "hv-1")
                .set("cluster_ip", "127.0.0.1")
                .set("allow_loopback_cluster_ip", true)
                .set("data_dir", directory.resolve("data").toString())
                .set("lease.file", directory.resolve("run/lease").toString())
                .set("lease.guard", directory.resolve("run/guard").toString())
                .set("gossip.keys", List.of(Cluster.newGossipKey()))
                .set("openstack.auth_url", "http://127.0.0.1:9/v3")
                .set("openstack.username", "admin")
                .set("openstack.password", "secret-of-nova")
                .set("openstack.project", "admin");
    }

    private Ended run(VmhadSettings settings) throws IOException, InterruptedException {
        var host = new ClusterHost("hv-1", "127.0.0.1", "127.0.0.2", "0".repeat(32), directory);
        Process process = new ProcessBuilder(VmhadProcess.command(VmhadProcess.write(host, settings)))
                .redirectOutput(directory.resolve("out").toFile())
                .start();
        String errors = new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(120, TimeUnit.SECONDS)).as("it ends").isTrue();
        return new Ended(process.exitValue(), errors.lines().toList());
    }

    @Test
    void severalProblemsAreAllToldAtOnceWithTheirLines() throws IOException, InterruptedException {
        Ended ended = run(settings()
                .set("cluster_ip", "8.8.8.8")
                .set("colour", "red")
                .set("gossip.keys", List.of("bm90IGEga2V5"))
                .set("openstack.pasword", "mistyped"));

        assertThat(ended.status()).isEqualTo(EX_CONFIG);
        assertThat(ended.errors()).hasSize(4).allMatch(line -> line.matches(".*vmhad\\.yaml, line \\d+.*"));
        assertThat(String.join("\n", ended.errors()))
                .contains("8.8.8.8 is public")
                .contains("colour")
                .contains("pasword")
                .contains("must be a key of 16, 24 or 32 bytes in base64 but has 9 bytes")
                .doesNotContain("secret-of-nova", "mistyped", "bm90IGEga2V5");
        assertThat(directory.resolve("data")).doesNotExist();
    }

    @Test
    void aClusterIpThatIsNotOfThisMachineIsRefused() throws IOException, InterruptedException {
        Ended ended = run(settings().set("cluster_ip", "10.255.254.253"));

        assertThat(ended.status()).isEqualTo(EX_CONFIG);
        assertThat(ended.errors()).hasSize(1);
        assertThat(ended.errors().get(0)).contains("no interface here has 10.255.254.253", "ip address");
        assertThat(directory.resolve("data")).doesNotExist();
    }

    @Test
    void aLoopbackClusterIpIsRefusedUnlessItIsAllowed() throws IOException, InterruptedException {
        Ended ended = run(settings().set("allow_loopback_cluster_ip", false));

        assertThat(ended.status()).isEqualTo(EX_CONFIG);
        assertThat(ended.errors()).hasSize(1);
        assertThat(ended.errors().get(0)).contains("loopback address 127.0.0.1");
    }

    @Test
    void anAddressThatIsTakenEndsTheDaemonWithOneSentence() throws IOException, InterruptedException {
        String net = Loopback.freeNet();
        try (var taken = new java.net.ServerSocket(8300, 1, Loopback.of(net + ".1"))) {
            Ended ended = run(settings().set("cluster_ip", net + ".1").set("http.address", net + ".1"));

            assertThat(taken.isBound()).isTrue();
            assertThat(ended.status()).as("%s", ended.errors()).isEqualTo(1);
            String said = String.join("\n", ended.errors()) + Files.readString(directory.resolve("out"));
            assertThat(said).contains(net + ".1:8300").doesNotContain("\tat ", "Exception:");
        }
    }
}
