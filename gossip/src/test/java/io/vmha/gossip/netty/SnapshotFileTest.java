package io.vmha.gossip.netty;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vmha.gossip.serf.Snapshot;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The memory of the pool on a disk that is full, under a process that is killed, and between two agents. */
final class SnapshotFileTest {
    private static final int KILLS = 6;

    @TempDir
    private Path directory;

    private Path file() {
        return directory.resolve("local.snapshot");
    }

    private static ProcessBuilder writer(Path directory, String how) {
        return new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        "-XX:+UseSerialGC",
                        "-cp",
                        System.getProperty("java.class.path"),
                        SnapshotWriterMain.class.getName(),
                        directory.toString(),
                        how)
                .redirectErrorStream(true);
    }

    private static String firstLine(Process process, String wanted) throws IOException {
        BufferedReader lines =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
        String line = lines.readLine();
        while (line != null && !line.startsWith(wanted)) {
            line = lines.readLine();
        }
        return String.valueOf(line);
    }

    @Test
    void lineThatWasCutIsNotBelievedAndNotContinued() throws Exception {
        Files.writeString(file(), "alive: one 10.0.0.1:7946\nalive: two 10.0.0.2:79");
        SnapshotFile file = new SnapshotFile(directory);
        assertThat(file.read().alive()).containsOnlyKeys("one");

        file.append("alive: three 10.0.0.3:7946\n");

        assertThat(Files.readString(file())).isEqualTo("alive: one 10.0.0.1:7946\nalive: three 10.0.0.3:7946\n");
        assertThat(new SnapshotFile(directory).read().alive()).containsOnlyKeys("one", "three");
    }

    @Test
    void fileThatCannotBeReadCostsTheMemoryOnly() throws Exception {
        Files.createDirectory(file());

        SnapshotFile file = new SnapshotFile(directory);

        assertThat(file.read().alive()).isEmpty();
        file.append("alive: one 10.0.0.1:7946\n");
        file.rewrite(List.of("alive: one 10.0.0.1:7946\n"));
        assertThat(Files.isDirectory(file())).isTrue();
    }

    @Tag("cluster")
    @Test
    void killedInTheMiddleOfWritingLeavesWholeLinesOnly() throws Exception {
        List<Integer> sizes = new ArrayList<>();
        for (int i = 1; i <= KILLS; i++) {
            Process writer = writer(directory, "forever").start();
            try {
                assertThat(firstLine(writer, "writing")).isEqualTo("writing");
                assertThat(writer.waitFor(40L * i, TimeUnit.MILLISECONDS)).isFalse();
            } finally {
                writer.destroyForcibly();
                assertThat(writer.waitFor(20, TimeUnit.SECONDS)).isTrue();
            }

            Snapshot found = new SnapshotFile(directory).read();

            found.alive()
                    .forEach((name, address) -> assertThat(SnapshotWriterMain.isWhole(name, address))
                            .as(name + " at " + address)
                            .isTrue());
            sizes.add(found.size());
        }
        assertThat(sizes).allSatisfy(size -> assertThat(size).isGreaterThanOrEqualTo(1_999));
    }

    /** In a mount namespace of its own, so that nothing is left behind; needs root. */
    @Tag("cluster")
    @Test
    void fullDiskCostsLinesAndNotTheFile() throws Exception {
        List<String> command = new ArrayList<>(List.of(
                "unshare",
                "--mount",
                "sh",
                "-c",
                "mount -t tmpfs -o size=32k none \"$0\" && exec \"$@\"",
                directory.toString()));
        command.addAll(writer(directory, "full").command());
        Process writer = new ProcessBuilder(command).redirectErrorStream(true).start();
        try {
            assertThat(firstLine(writer, "whole=")).isEqualTo("whole=true first=true lost=true last=true");
        } finally {
            writer.destroyForcibly();
        }
    }

    @Test
    void twoAgentsDoNotRememberInOneDirectory() {
        GossipConfig config = GossipConfig.of("one", Loopback.address(7946)).withDirectory(directory);
        GossipConfig other = GossipConfig.of("two", Loopback.address(7946)).withDirectory(directory);
        try (GossipAgent one = GossipAgent.start(config, new RecordingListener())) {
            assertThatThrownBy(() -> GossipAgent.start(other, new RecordingListener()))
                    .isInstanceOf(GossipException.class)
                    .hasMessageContaining("another agent")
                    .hasMessageContaining(directory.toString());
            assertThat(one.members()).hasSize(1);
        }

        try (GossipAgent two = GossipAgent.start(other, new RecordingListener())) {
            assertThat(two.members()).anyMatch(member -> member.name().equals("two"));
        }
    }
}
