package io.vmha.testcluster.ring;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.vmha.testcluster.bench.Count;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code gossip-bench}: our agent beside Debian's serf, in pure and mixed rings, in one run. */
@Command(
        name = "gossip-bench",
        mixinStandardHelpOptions = true,
        description = {
            "Forms rings of serf agents, of ours, and of both; measures what each agent sends and costs at rest, then"
                    + " kills members one after the other and measures how long the others take to declare them dead.",
            "Exit status: 0 done, 1 an agent took a living one for dead."
        })
final class RingBenchCommand implements Callable<Integer> {
    @Option(
            names = "--sizes",
            converter = Count.class,
            split = ",",
            paramLabel = "N",
            defaultValue = "5,20",
            description = "ring sizes (default: ${DEFAULT-VALUE})")
    private List<Integer> sizes;

    @Option(
            names = "--kills",
            converter = Count.class,
            paramLabel = "N",
            defaultValue = "10",
            description = "deaths in each ring (default: ${DEFAULT-VALUE})")
    private int kills;

    @Option(
            names = "--rest",
            converter = Count.class,
            paramLabel = "SECONDS",
            defaultValue = "30",
            description = "how long rings are watched at rest (default: ${DEFAULT-VALUE})")
    private int restSeconds;

    @Option(
            names = "--rings",
            converter = Count.class,
            paramLabel = "N",
            defaultValue = "1",
            description =
                    "rings of each kind side by side, for more deaths in the same time (default: ${DEFAULT-VALUE})")
    private int rings;

    @Option(
            names = "--kinds",
            split = ",",
            paramLabel = "KIND",
            defaultValue = "serf,ours,mixed",
            description = "which rings: serf, ours, mixed (default: ${DEFAULT-VALUE})")
    private List<RingKind> kinds;

    @Option(names = "--json", description = "print the result for programs")
    private boolean json;

    private final List<Row> rows = new ArrayList<>();

    RingBenchCommand() {}

    /**
     * What one kind of agent did in one ring.
     *
     * @param streamPacketsPerSecond those of TCP among the packets
     * @param firstSeconds median time until the first agent of the kind declared a death
     * @param allSeconds median time until the last one did
     * @param deaths that were seen
     * @param falseFailures in the whole ring
     */
    record Row(
            String ring,
            int size,
            String agents,
            double packetsPerSecond,
            double streamPacketsPerSecond,
            double bytesPerSecond,
            double cpuPercent,
            double residentMiB,
            double firstSeconds,
            double allSeconds,
            int deaths,
            int falseFailures) {}

    @Override
    public Integer call() throws Exception {
        for (int size : sizes) {
            measure(size);
        }
        if (json) {
            Map<String, Object> document = new LinkedHashMap<>();
            document.put("rows", rows);
            document.put("ratios", ratios());
            System.out.println(
                    new ObjectMapper().writerWithDefaultPrettyPrinter().writeValueAsString(document));
        } else {
            print();
        }
        return rows.stream().allMatch(row -> row.falseFailures() == 0) ? 0 : 1;
    }

    /** All rings of one size live at the same time, so that the machine's load is the same for all. */
    private void measure(int size) throws InterruptedException, ExecutionException {
        Map<RingKind, RingFigures> figures = new EnumMap<>(RingKind.class);
        List<Future<?>> running = new ArrayList<>();
        ExecutorService threads = Executors.newCachedThreadPool();
        try {
            for (RingKind kind : kinds) {
                RingFigures ofKind = new RingFigures();
                figures.put(kind, ofKind);
                for (int number = 1; number <= rings; number++) {
                    String name = kind + "-" + size + "-" + number;
                    long seed = number;
                    running.add(threads.submit(() -> watch(name, kind.agents(size), seed, ofKind)));
                }
            }
            for (Future<?> ring : running) {
                ring.get();
            }
        } finally {
            threads.shutdownNow();
        }
        figures.forEach((ring, found) -> addRows(ring, size, found));
    }

    private void watch(String name, List<Kind> agents, long seed, RingFigures figures) {
        System.err.println(name + ": forming");
        try (Ring ring = new Ring(name, agents, seed)) {
            figures.addCosts(ring.rest(Duration.ofSeconds(restSeconds)));
            for (int i = 0; i < kills; i++) {
                Ring.Death death = ring.killOne();
                System.err.println(name + ": a member of " + death.victim() + " died, seen after " + death.seconds());
                figures.addDeath(death);
            }
            figures.addFalseFailures(ring.falseFailures());
        }
    }

    private void addRows(RingKind ring, int size, RingFigures figures) {
        for (Kind kind : figures.kinds()) {
            Ring.Cost cost = figures.cost(kind);
            rows.add(new Row(
                    ring.text(),
                    size,
                    kind.toString(),
                    cost.packets(),
                    cost.streamPackets(),
                    cost.bytes(),
                    cost.cpuPercent(),
                    cost.residentMiB(),
                    median(figures.first(kind)),
                    median(figures.last(kind)),
                    figures.first(kind).size(),
                    figures.falseFailures()));
        }
    }

    private static double median(List<Double> values) {
        List<Double> sorted = values.stream().sorted().toList();
        int half = sorted.size() / 2;
        if (sorted.isEmpty()) {
            return Double.NaN;
        }
        return sorted.size() % 2 == 1 ? sorted.get(half) : (sorted.get(half - 1) + sorted.get(half)) / 2;
    }

    /** Ours to serf: pure rings beside each other, and the observers of mixed ones. */
    private Map<String, Double> ratios() {
        Map<String, Double> ratios = new LinkedHashMap<>();
        for (int size : sizes) {
            ratios.put("pure rings of " + size, ratio(RingKind.OURS, RingKind.SERF, size));
            ratios.put("observers in the mixed ring of " + size, ratio(RingKind.MIXED, RingKind.MIXED, size));
        }
        return ratios;
    }

    private double ratio(RingKind ringOfOurs, RingKind ringOfSerf, int size) {
        return firstSeconds(ringOfOurs, size, Kind.OURS) / firstSeconds(ringOfSerf, size, Kind.SERF);
    }

    private double firstSeconds(RingKind ring, int size, Kind kind) {
        return rows.stream()
                .filter(row -> row.ring().equals(ring.text())
                        && row.size() == size
                        && row.agents().equals(kind.toString()))
                .mapToDouble(Row::firstSeconds)
                .findFirst()
                .orElse(Double.NaN);
    }

    private void print() {
        System.out.println(
                "| ring | agents | packets/s | of TCP | bytes/s | CPU % | MiB | first sees a death, s | last, s |"
                        + " deaths | false |");
        System.out.println("|---|---|---|---|---|---|---|---|---|---|---|");
        for (Row row : rows) {
            System.out.println(String.format(
                    Locale.ROOT,
                    "| %s, %d | %s | %.1f | %.1f | %.0f | %.2f | %.0f | %.2f | %.2f | %d | %d |",
                    row.ring(),
                    row.size(),
                    row.agents(),
                    row.packetsPerSecond(),
                    row.streamPacketsPerSecond(),
                    row.bytesPerSecond(),
                    row.cpuPercent(),
                    row.residentMiB(),
                    row.firstSeconds(),
                    row.allSeconds(),
                    row.deaths(),
                    row.falseFailures()));
        }
        ratios().forEach((what, ratio) ->
                System.out.println(String.format(Locale.ROOT, "detection, ours to serf, %s: %.2f", what, ratio)));
    }
}
