package io.vmha.testcluster.bench;

import com.fasterxml.jackson.databind.JsonNode;
import io.vmha.testcluster.cluster.Cluster;
import io.vmha.testcluster.cluster.ClusterHost;
import io.vmha.testcluster.cluster.Loopback;
import io.vmha.testcluster.cluster.SimulatedBackend;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Random;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Five whole daemons of an enabled AZ to which nothing happens: how often they elect, and whether they fence anybody. */
@Command(
        name = "idle",
        mixinStandardHelpOptions = true,
        description =
                "Counts the elections of five whole daemons at rest, under short pauses, and short of CPU; ends with 1"
                        + " if there are any.")
final class IdleCommand implements Callable<Integer> {
    private static final int HOSTS = 5;
    private static final long LOOK_EVERY_MS = 10_000;
    private static final int PAUSE_MS = 500; // half of raft.election_timeout as the package comes
    private static final double STARVED_CORES = 0.2;

    @Option(names = "--minutes", defaultValue = "60", description = "of rest (default: ${DEFAULT-VALUE})")
    private double minutes = 60;

    @Option(
            names = "--pause-minutes",
            defaultValue = "0",
            description = "then, of daemons being stopped for half an election timeout, one after the other (default:"
                    + " ${DEFAULT-VALUE})")
    private double pauseMinutes;

    @Option(
            names = "--starve-minutes",
            defaultValue = "0",
            description = "then, of 0.2 core each beside two busy loops (default: ${DEFAULT-VALUE})")
    private double starveMinutes;

    @Option(
            names = "--unit-weight",
            description =
                    "while at rest and paused, the daemons have the CPU weight of the package's unit, whatever else"
                            + " this machine does")
    private boolean unitWeight;

    private final Random random = new Random(1);
    private int elections;
    private int incidents;

    @Override
    public Integer call() throws IOException {
        Path directory = Files.createTempDirectory("vmha-idle");
        String net = Loopback.freeNet();
        try (Cluster cluster = new Cluster(
                directory,
                net,
                new SimulatedBackend(new InetSocketAddress(net + ".200", 5000)),
                what -> say("%s", what))) {
            cluster.start(HOSTS, 2);
            cluster.enable(HOSTS);
            Await.pause(10_000); // the last of them has just started
            if (unitWeight) {
                try (UnitWeight weight = UnitWeight.of(processes(cluster))) {
                    say("%s", weight.how());
                    restAndPauses(cluster);
                }
            } else {
                restAndPauses(cluster);
            }
            starve(cluster);
        }
        ConsensusBench.delete(directory);
        return elections + incidents == 0 ? 0 : 1;
    }

    private void restAndPauses(Cluster cluster) {
        phase(cluster, "at rest", minutes, () -> Await.pause(LOOK_EVERY_MS));
        phase(cluster, "stopped for " + PAUSE_MS + " ms each, in turn", pauseMinutes, () -> pauseAll(cluster));
    }

    private static List<ProcessHandle> processes(Cluster cluster) {
        return cluster.hosts().stream().map(h -> cluster.process(h.name())).toList();
    }

    private void starve(Cluster cluster) {
        if (starveMinutes > 0) {
            try (Starvation hungry = Starvation.of(processes(cluster), STARVED_CORES)) {
                String what = "at " + STARVED_CORES + " core each (" + hungry.how() + ") beside two busy loops";
                phase(cluster, what, starveMinutes, () -> Await.pause(LOOK_EVERY_MS));
            }
        }
    }

    private void pauseAll(Cluster cluster) {
        for (ClusterHost host : cluster.hosts()) {
            cluster.signal(host.name(), "STOP");
            Await.pause(PAUSE_MS);
            cluster.signal(host.name(), "CONT");
            Await.pause(500 + random.nextInt(1_000));
        }
    }

    /** Terms are counted, not what is seen of leaders: an election that nobody looks at counts as well. */
    private void phase(Cluster cluster, String what, double length, Runnable some) {
        long until = System.nanoTime() + (long) (length * TimeUnit.MINUTES.toNanos(1));
        if (length <= 0) {
            return;
        }
        long before = term(cluster);
        long seen = before;
        double busiest = 0;
        var leaders = new TreeSet<String>();
        List<Usage> used = usage(cluster);
        long began = System.nanoTime();
        while (System.nanoTime() < until) {
            some.run();
            double load = ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage();
            busiest = Math.max(busiest, load);
            Optional<JsonNode> leader = leader(cluster);
            leader.ifPresent(l -> leaders.add(l.at("/leader/host").asText()));
            long now = leader.map(l -> l.path("term").asLong()).orElse(seen);
            if (now != seen) {
                say(
                        "  term %d -> %d, load %.1f, leader %s",
                        seen, now, load, leader.orElseThrow().at("/leader/host").asText());
                seen = now;
            }
        }
        long terms = term(cluster) - before;
        int declared = incidents(cluster);
        say(
                "%s, %.1f min, load up to %.1f: %d elections, led by %s, %d incidents, cpu %s %% of a core",
                what, length, busiest, terms, leaders, declared - incidents, cpu(used, usage(cluster), began));
        elections += (int) terms;
        incidents = declared;
    }

    private static List<Usage> usage(Cluster cluster) {
        return processes(cluster).stream().map(Usage::of).toList();
    }

    private static List<String> cpu(List<Usage> from, List<Usage> to, long sinceNanos) {
        double tookMs = (System.nanoTime() - sinceNanos) / 1e6;
        return java.util.stream.IntStream.range(0, from.size())
                .mapToObj(i -> String.format(
                        Locale.ROOT,
                        "%.1f",
                        100 * (to.get(i).cpuMs() - from.get(i).cpuMs()) / tookMs))
                .toList();
    }

    /** The newest term that a daemon tells of, and who leads in it; empty if none answers. */
    private static Optional<JsonNode> leader(Cluster cluster) {
        return cluster.hosts().stream()
                .flatMap(h -> cluster.client().get(h, "/v1/leader").stream())
                .filter(l -> l.at("/leader/host").isTextual())
                .max(java.util.Comparator.comparingLong(l -> l.path("term").asLong()));
    }

    private static long term(Cluster cluster) {
        return cluster.await("a leader is known", 60, () -> leader(cluster), Optional::isPresent)
                .orElseThrow()
                .path("term")
                .asLong();
    }

    private static int incidents(Cluster cluster) {
        return cluster.await(
                        "a daemon tells its incidents",
                        60,
                        () -> cluster.client().get(cluster.hosts().get(0), "/v1/incidents"),
                        Optional::isPresent)
                .orElseThrow()
                .size();
    }

    private static void say(String format, Object... values) {
        System.out.printf(Locale.ROOT, "%tT ", java.time.LocalTime.now(java.time.ZoneOffset.UTC));
        System.out.printf(Locale.ROOT, format + "%n", values);
        System.out.flush();
    }
}
