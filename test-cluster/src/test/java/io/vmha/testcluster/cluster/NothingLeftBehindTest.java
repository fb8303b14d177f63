package io.vmha.testcluster.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.vmha.testcluster.ClusterTest;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The demonstration or a benchmark is killed, and everything that it started ends with it. */
@ClusterTest
class NothingLeftBehindTest {
    private static final int LIMIT_S = 180;
    private static final Path NAMED = Path.of("/run/netns");

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

    @Test
    void whenTheRecoveryBenchmarkIsKilledItsDaemonsAndItsFilesAreGone() throws IOException {
        // the cloud, five BMCs and five daemons, in namespaces of their own
        endsWithoutATrace(15, "bench-recovery", "--cloud", "simulated", "--vms", "1");
    }

    @Test
    void whenTheGossipBenchmarkIsKilledItsAgentsAndTheirNamespacesAreGone() throws IOException {
        endsWithoutATrace(
                8, "gossip-bench", "--sizes", "3", "--kills", "1", "--rings", "1", "--rest", "600", "--kinds", "ours");
    }

    /** @param least how many processes there are before it is killed */
    private void endsWithoutATrace(int least, String name, String... arguments) throws IOException {
        Path out = directory.resolve("out");
        Path files = Files.createDirectory(directory.resolve("files"));
        List<String> before = rings();
        var command =
                new ArrayList<>(List.of(Path.of("bin", name).toAbsolutePath().toString()));
        command.addAll(List.of(arguments));
        var builder = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(out.toFile());
        builder.environment().put("TMPDIR", files.toString());
        builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
        builder.environment().put("VMHA_CLASSPATH", System.getProperty("java.class.path"));
        Process bench = builder.start();
        try {
            await(name + " has started its processes", out, list -> list.size() >= least);
        } finally {
            bench.destroyForcibly();
        }

        await("nothing is left", out, List::isEmpty);
        await("its files are removed", out, list -> isEmpty(files));
        assertThat(before).as("named network namespaces").containsAll(rings());
    }

    private static List<String> rings() throws IOException {
        try (Stream<Path> named = Files.isDirectory(NAMED) ? Files.list(NAMED) : Stream.of()) {
            return named.map(file -> file.getFileName().toString())
                    .filter(name -> name.startsWith("vmha-ring-"))
                    .toList();
        }
    }

    private static boolean isEmpty(Path directory) {
        try (Stream<Path> files = Files.list(directory)) {
            return files.findAny().isEmpty();
        } catch (IOException e) {
            return false;
        }
    }

    /** The processes whose command line, environment or working directory names our temporary directory: three daemons, three BMCs with their guards, the demonstration. */
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
                    || Files.readString(process.resolve("environ"), StandardCharsets.ISO_8859_1)
                            .contains(directory.toString())
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
