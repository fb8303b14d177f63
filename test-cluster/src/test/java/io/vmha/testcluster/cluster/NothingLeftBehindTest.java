package io.vmha.testcluster.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.vmha.testcluster.ClusterTest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The demonstration is killed, and everything that it started ends with it. */
@ClusterTest
class NothingLeftBehindTest {
    private static final int LIMIT_S = 60;

    @TempDir
    Path directory;

    @Test
    void whenTheDemonstrationIsKilledItsDaemonsAndItsBmcsDieWithIt() throws IOException {
        Path out = directory.resolve("out");
        Process demo = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Djava.io.tmpdir=" + directory,
                        "-cp",
                        System.getProperty("java.class.path"),
                        "io.vmha.testcluster.demo.DemoMain",
                        "--hosts",
                        "3")
                .redirectErrorStream(true)
                .redirectOutput(out.toFile())
                .start();
        try {
            await("the demonstration has started its daemons", out, list -> list.size() >= 10);
        } finally {
            demo.destroyForcibly();
        }

        await("nothing is left", out, List::isEmpty);
    }

    /** The processes whose command line or working directory names our temporary directory: three daemons, three BMCs with their guards, the demonstration. */
    private List<String> ours() throws IOException {
        try (Stream<ProcessHandle> all = ProcessHandle.allProcesses()) {
            return all.filter(p -> p.pid() != ProcessHandle.current().pid())
                    .filter(p -> isOurs(p.pid()))
                    .map(p -> p.pid() + " " + p.info().command().orElse("?"))
                    .toList();
        }
    }

    private boolean isOurs(long pid) {
        Path process = Path.of("/proc", Long.toString(pid));
        try {
            return Files.readString(process.resolve("cmdline")).contains(directory.toString())
                    || process.resolve("cwd").toRealPath().startsWith(directory);
        } catch (IOException e) {
            return false; // it has ended meanwhile
        }
    }

    private void await(String what, Path out, Predicate<List<String>> wanted) throws IOException {
        long until = System.nanoTime() + LIMIT_S * 1_000_000_000L;
        List<String> seen = ours();
        while (!wanted.test(seen)) {
            assertThat(System.nanoTime())
                    .as("waited in vain until %s; saw %s; it said: %s", what, seen, Files.readString(out))
                    .isLessThan(until);
            Cluster.pause();
            seen = ours();
        }
    }
}
