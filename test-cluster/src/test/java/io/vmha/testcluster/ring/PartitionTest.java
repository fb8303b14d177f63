package io.vmha.testcluster.ring;

import static org.assertj.core.api.Assertions.assertThat;

import io.vmha.testcluster.cluster.Cluster;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two serf agents and two of ours on a network that is cut in the middle and mended: each side keeps itself and finds the other again. */
@Tag("long")
class PartitionTest {
    private static final Path NETLAB = Path.of("lab/netlab").toAbsolutePath();
    private static final int NOTICED_S = 90;
    private static final int HEALED_S = 240; // serf asks one failed member every 30 s, and not every time

    private final String lab = "r" + ProcessHandle.current().pid() % 100_000;
    private final List<Process> running = new ArrayList<>();

    @TempDir
    private Path directory;

    @AfterEach
    void destroy() {
        running.forEach(Process::destroyForcibly);
        run(60, netlab("destroy"));
    }

    private List<String> netlab(String... words) {
        List<String> command = new ArrayList<>(List.of(NETLAB.toString(), "-l", lab));
        command.addAll(Arrays.asList(words));
        return command;
    }

    private static String run(int seconds, List<String> command) {
        try {
            Process process =
                    new ProcessBuilder(command).redirectErrorStream(true).start();
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(process.waitFor(seconds, TimeUnit.SECONDS)).as(output).isTrue();
            return output;
        } catch (IOException missing) {
            throw new UncheckedIOException(missing);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(interrupted);
        }
    }

    private static String address(int host) {
        return "10.77.0." + host;
    }

    private void start(int host, List<String> program) {
        List<String> command = netlab("exec", "h" + host, "setpriv", "--pdeathsig", "KILL");
        command.addAll(program);
        try {
            running.add(new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(directory.resolve("h" + host + ".log").toFile())
                    .start());
        } catch (IOException missing) {
            throw new UncheckedIOException(missing);
        }
    }

    private void startSerf(int host) {
        start(host, List.of("serf", "agent", "-node=h" + host, "-bind=" + address(host), "-retry-join=" + address(1)));
    }

    private void startOurs(int host) {
        start(
                host,
                List.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx64m",
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        System.getProperty("java.class.path"),
                        RingAgentMain.class.getName(),
                        "h" + host,
                        address(host),
                        "7946",
                        address(1),
                        "rpc"));
    }

    /** What a host's agent says, whosever it is: {@code h1=alive h2=failed}. */
    private String seenBy(int host) {
        Map<String, String> statuses = new TreeMap<>();
        run(30, netlab("exec", "h" + host, "serf", "members")).lines().forEach(line -> {
            String[] columns = line.strip().split("\\s+", -1);
            if (columns.length >= 3) {
                statuses.put(columns[0], columns[2]);
            }
        });
        StringBuilder text = new StringBuilder();
        statuses.forEach(
                (name, status) -> text.append(name).append('=').append(status).append(' '));
        return text.toString().strip();
    }

    private void await(int host, int seconds, String wanted) {
        long endNanos = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
        String seen = seenBy(host);
        while (!seen.equals(wanted)) {
            if (System.nanoTime() > endNanos) {
                throw new AssertionError(
                        "h" + host + " does not see " + wanted + " within " + seconds + " s but " + seen);
            }
            Cluster.pause();
            seen = seenBy(host);
        }
        System.out.println("h" + host + " sees " + wanted);
    }

    @Test
    void eachSideKeepsItselfAndBothFindTogetherAgain() {
        assertThat(run(60, netlab("create", "4"))).doesNotContain("netlab:");
        startSerf(1);
        startSerf(2);
        startOurs(3);
        startOurs(4);
        for (int host = 1; host <= 4; host++) {
            await(host, NOTICED_S, "h1=alive h2=alive h3=alive h4=alive");
        }

        run(30, netlab("partition", "cluster", "h1,h3", "h2,h4"));
        await(1, NOTICED_S, "h1=alive h2=failed h3=alive h4=failed");
        await(3, NOTICED_S, "h1=alive h2=failed h3=alive h4=failed");
        await(2, NOTICED_S, "h1=failed h2=alive h3=failed h4=alive");
        await(4, NOTICED_S, "h1=failed h2=alive h3=failed h4=alive");

        run(30, netlab("heal", "cluster"));
        for (int host = 1; host <= 4; host++) {
            await(host, HEALED_S, "h1=alive h2=alive h3=alive h4=alive");
        }
    }
}
