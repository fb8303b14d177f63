package io.vmha.testcluster.cloud;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.vmha.testcluster.ClusterTest;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The simulated cloud as a process: says where it is, and is gone when its parent closes its standard input. */
@ClusterTest
class CloudMainTest {
    @TempDir
    private Path directory;

    @Test
    void processWritesItsStateAndEndsWithItsParent() throws IOException, InterruptedException {
        Path state = directory.resolve("cloud.json");
        Process process = start("--hosts", "hv-1,hv-2,hv-3", "--vms-per-host", "2", "--state-file", state.toString());
        try (BufferedReader output = process.inputReader(StandardCharsets.UTF_8)) {
            assertThat(output.readLine()).startsWith("cloud ready auth_url=http://127.0.0.1:");

            JsonNode written = new ObjectMapper().readTree(Files.readAllBytes(state));

            assertThat(written.path("pid").asLong()).isEqualTo(process.pid());
            assertThat(written.path("servers")).hasSize(6);
            assertThat(written.at("/servers/0/host").asText()).isEqualTo("hv-1");
            process.getOutputStream().close();
            assertThat(process.waitFor(20, TimeUnit.SECONDS)).isTrue();
            assertThat(process.exitValue()).isZero();
        } finally {
            process.destroyForcibly();
        }
    }

    @Test
    void tooManyServersAreRefusedWithOneSentence() throws IOException, InterruptedException {
        Process process = start("--hosts", "hv-1", "--vms-per-host", "10001", "--state-file", "unused");
        try (BufferedReader errors = process.errorReader(StandardCharsets.UTF_8)) {
            assertThat(errors.readLine())
                    .contains("--vms-per-host must give 0 to 10000 servers in all but gives 10001");
            assertThat(process.waitFor(20, TimeUnit.SECONDS)).isTrue();
            assertThat(process.exitValue()).isEqualTo(78);
        } finally {
            process.destroyForcibly();
        }
    }

    private static Process start(String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                CloudMain.class.getName(),
                "--until-stdin-ends"));
        command.addAll(List.of(arguments));
        return new ProcessBuilder(command).start();
    }
}
