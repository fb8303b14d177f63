package io.vmha.testcluster.bench;

import com.fasterxml.jackson.databind.JsonNode;
import io.vmha.testcluster.cluster.Loopback;
import io.vmha.testcluster.cluster.RecoveryStage;
import io.vmha.testcluster.cluster.SimulatedBackend;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * How soon real daemons know that a host is dead: one host after the other loses its power, and the leader's committed verdict is awaited.
 * A cut takes a moment: its processes die first, and until its address is dark, which is the last that happens, its kernel answers. The
 * time is told from both ends of the cut; the host is dead from the second on.
 */
@Command(
        name = "bench-verdict",
        mixinStandardHelpOptions = true,
        description = {
            "Cuts the power of one host after the other under real daemons and measures when the leader's verdict was"
                    + " committed.",
            "Exit status: 0 done, 1 a living host was declared dead."
        })
final class VerdictBench implements Callable<Integer> {
    /** A death may come at any moment of the observers' periods. */
    private static final int MOMENT_MAX_MS = 1_000;

    @Option(
            names = "--deaths",
            converter = Count.class,
            paramLabel = "N",
            defaultValue = "20",
            description = "hosts that die, one after the other (default: ${DEFAULT-VALUE})")
    private int deaths;

    @Option(
            names = "--hosts",
            converter = Count.class,
            paramLabel = "N",
            defaultValue = "5",
            description = "hosts of the zone (default: ${DEFAULT-VALUE})")
    private int hosts;

    @Option(
            names = "--minutes",
            converter = Count.class,
            paramLabel = "N",
            defaultValue = "60",
            description = "no further death after so long (default: ${DEFAULT-VALUE})")
    private int minutes;

    private final List<Long> fromBeginMs = new ArrayList<>();
    private final List<Long> fromEndMs = new ArrayList<>();
    private final SplittableRandom moments = new SplittableRandom(1);
    private int falsely;

    VerdictBench() {}

    @Override
    public Integer call() throws IOException {
        long untilMs = System.currentTimeMillis() + minutes * 60_000L;
        Path directory = Files.createTempDirectory("vmha-bench");
        try (RecoveryStage stage = open(directory)) {
            while (fromEndMs.size() < deaths && System.currentTimeMillis() < untilMs) {
                killOne(stage);
            }
        } finally {
            delete(directory);
        }
        print();
        return falsely == 0 ? 0 : 1;
    }

    private RecoveryStage open(Path directory) {
        return RecoveryStage.open(
                directory,
                new SimulatedBackend(new InetSocketAddress(Loopback.freeNet() + ".200", 5000)),
                hosts,
                host -> directory.resolve(host).resolve("guests").toAbsolutePath(),
                host -> List.of("true"));
    }

    private void killOne(RecoveryStage stage) throws IOException {
        stage.clear();
        List<String> followers = stage.followers();
        String victim = followers.get(fromEndMs.size() % followers.size());
        LockSupport.parkNanos(1_000_000L * moments.nextInt(MOMENT_MAX_MS));
        long cutAtMs = System.currentTimeMillis();
        stage.cluster().cutPower(List.of(victim));
        long cutTookMs = System.currentTimeMillis() - cutAtMs;
        List<JsonNode> incidents = stage.awaitClosed(1);
        long openedAtMs = Long.MAX_VALUE;
        for (JsonNode incident : incidents) {
            for (JsonNode host : incident.path("hosts")) {
                if (host.asText().equals(victim)) {
                    openedAtMs =
                            Math.min(openedAtMs, incident.path("opened_at_ms").asLong());
                } else {
                    falsely++;
                    System.out.println(host.asText() + " lived and was declared dead");
                }
            }
        }
        fromBeginMs.add(openedAtMs - cutAtMs);
        fromEndMs.add(openedAtMs - cutAtMs - cutTookMs);
        System.out.println(String.format(
                Locale.ROOT,
                "death %d: %s, cut within %d ms, declared %d ms after its beginning and %d ms after its end, load %s",
                fromEndMs.size(),
                victim,
                cutTookMs,
                openedAtMs - cutAtMs,
                openedAtMs - cutAtMs - cutTookMs,
                Files.readString(Path.of("/proc/loadavg")).split(" ", -1)[0]));
    }

    private void print() {
        System.out.println("| hosts | deaths | declared after | p50, ms | p90 | longest | living hosts declared |");
        System.out.println("|---|---|---|---|---|---|---|");
        printRow("the end of the cut", fromEndMs);
        printRow("its beginning", fromBeginMs);
    }

    private void printRow(String since, List<Long> times) {
        Collections.sort(times);
        System.out.println(String.format(
                Locale.ROOT,
                "| %d | %d | %s | %d | %d | %d | %d |",
                hosts,
                times.size(),
                since,
                share(times, 50),
                share(times, 90),
                share(times, 100),
                falsely));
    }

    private static long share(List<Long> sorted, int percent) {
        return sorted.get(Math.min(sorted.size() - 1, sorted.size() * percent / 100));
    }

    private static void delete(Path directory) throws IOException {
        try (Stream<Path> files = Files.walk(directory)) {
            files.sorted(Comparator.reverseOrder())
                    .forEach(file -> file.toFile().delete());
        }
    }
}
