package io.vmha.node;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConfigCheckTest {
    private static final String GOOD = """
        host: hv-1
        cluster_ip: 127.0.0.1
        allow_loopback_cluster_ip: true
        openstack:
          auth_url: http://127.0.0.1:5000/v3
          username: vmha
          password: sesame-open
          project: service
        """;

    @TempDir
    Path dir;

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    private boolean check(String yaml) throws IOException {
        Path file = Files.writeString(dir.resolve("vmhad.yaml"), yaml);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
        return ConfigCheck.run(
                file.toString(),
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8));
    }

    @Test
    void aGoodFileIsSummedUpWithoutItsSecrets() throws IOException {
        assertThat(check(GOOD)).isTrue();

        assertThat(out.toString(StandardCharsets.UTF_8))
                .contains("vmhad.yaml is good", "hv-1, cluster address 127.0.0.1", "none of them for this host")
                .doesNotContain("sesame");
        assertThat(err.size()).isZero();
    }

    @Test
    void whomItJoinsThroughIsSaidAndWhenThatIsOnlyItself() throws IOException {
        assertThat(check(GOOD + "gossip: {retry_join: hv-2}\n")).isTrue();
        assertThat(out.toString(StandardCharsets.UTF_8)).contains("joins through hv-2:8301\n");

        out.reset();
        assertThat(check(GOOD + "gossip: {retry_join: [127.0.0.1]}\n")).isTrue();
        assertThat(out.toString(StandardCharsets.UTF_8))
                .contains("127.0.0.1:8301, which is only this host: add another member to gossip.retry_join");

        out.reset();
        assertThat(check(GOOD)).isTrue();
        assertThat(out.toString(StandardCharsets.UTF_8)).contains("joins through nobody");
    }

    @Test
    void everythingThatIsWrongIsSaidAtOnce() throws IOException {
        assertThat(check(GOOD + "rack: []\nports: {raft: 0}\n")).isFalse();

        assertThat(err.toString(StandardCharsets.UTF_8)).contains("rack must be", "ports.raft must be");
        assertThat(out.size()).isZero();
    }

    @Test
    void certificatesThatVmhadCouldNotUseAreFound() throws IOException {
        for (String name : new String[] {"ca", "cert", "key"}) {
            Path file = Files.writeString(dir.resolve(name), "nothing of a certificate");
            Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
        }

        assertThat(check(GOOD + "raft: {tls: {ca: " + dir.resolve("ca") + ", cert: " + dir.resolve("cert") + ", key: "
                        + dir.resolve("key") + "}}\n"))
                .isFalse();
        assertThat(err.toString(StandardCharsets.UTF_8)).contains("cannot be used");
    }
}
