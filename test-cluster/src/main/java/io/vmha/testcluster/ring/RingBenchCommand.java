package io.vmha.testcluster.ring;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
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
            split = ",",
            paramLabel = "N",
            defaultValue = "5,20",
            description = "ring sizes (default: ${DEFAULT-VALUE})")
    private List<Integer> sizes;

    @Option(
            names = "--kills",
            paramLabel = "N",
            defaultValue = "10",
            description = "deaths in each ring (default: ${DEFAULT-VALUE})")
    private int kills;

    @Option(
            names = "--rest",
            paramLabel = "SECONDS",
            defaultValue = "30",
            description = "how long rings are watched at rest (default: ${DEFAULT-VALUE})")
    private int restSeconds;

    @Option(names = "--json", description = "print the result for programs")
    private boolean json;

    private final List<Row> rows = new ArrayList<>();

    RingBenchCommand() {}

    /**
     * What one kind of agent did in one ring.
     *
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
            measure("pure serf", size, kinds(size, Kind.SERF, Kind.SERF));
            measure("pure ours", size, kinds(size, Kind.OURS, Kind.OURS));
            measure("mixed", size, kinds(size, Kind.OURS, Kind.SERF));
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

    private static List<Kind> kinds(int size, Kind even, Kind odd) {
        List<Kind> kinds = new ArrayList<>();
        for (int i = 0; i < size; i++) {
            kinds.add(i % 2 == 0 ? even : odd);
        }
        return kinds;
    }

    private void measure(String name, int size, List<Kind> kinds) {
        System.err.println(name + " of " + size + ": forming");
        try (Ring ring = new Ring(name.replace(' ', '-') + size, kinds)) {
            Map<Kind, Ring.Cost> costs = ring.rest(Duration.ofSeconds(restSeconds));
            Map<Kind, List<Double>> first = new EnumMap<>(Kind.class);
            Map<Kind, List<Double>> last = new EnumMap<>(Kind.class);
            for (int i = 0; i < kills; i++) {
                Ring.Death death = ring.killOne();
                System.err.println(name + " of " + size + ": a member of " + death.victim() + " died, seen after "
                        + death.seconds());
                death.seconds().forEach((kind, seconds) -> {
                    first.computeIfAbsent(kind, any -> new ArrayList<>())
                            .add(seconds.stream().mapToDouble(s -> s).min().orElseThrow());
                    last.computeIfAbsent(kind, any -> new ArrayList<>())
                            .add(seconds.stream().mapToDouble(s -> s).max().orElseThrow());
                });
            }
            costs.forEach((kind, cost) -> rows.add(new Row(
                    name,
                    size,
                    kind.toString(),
                    cost.packets(),
                    cost.bytes(),
                    cost.cpuPercent(),
                    cost.residentMiB(),
                    median(first.getOrDefault(kind, List.of())),
                    median(last.getOrDefault(kind, List.of())),
                    first.getOrDefault(kind, List.of()).size(),
                    ring.falseFailures())));
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
            ratios.put("pure rings of " + size, ratio("pure ours", "pure serf", size));
            ratios.put("observers in the mixed ring of " + size, ratio("mixed", "mixed", size));
        }
        return ratios;
    }

    private double ratio(String ringOfOurs, String ringOfSerf, int size) {
        return firstSeconds(ringOfOurs, size, Kind.OURS) / firstSeconds(ringOfSerf, size, Kind.SERF);
    }

    private double firstSeconds(String ring, int size, Kind kind) {
        return rows.stream()
                .filter(row -> row.ring().equals(ring)
                        && row.size() == size
                        && row.agents().equals(kind.toString()))
                .mapToDouble(Row::firstSeconds)
                .findFirst()
                .orElse(Double.NaN);
    }

    private void print() {
        System.out.println(
                "| ring | agents | packets/s | bytes/s | CPU % | MiB | first sees a death, s | last, s | deaths |"
                        + " false |");
        System.out.println("|---|---|---|---|---|---|---|---|---|---|");
        for (Row row : rows) {
            System.out.println(String.format(
                    Locale.ROOT,
                    "| %s, %d | %s | %.1f | %.0f | %.2f | %.0f | %.2f | %.2f | %d | %d |",
                    row.ring(),
                    row.size(),
                    row.agents(),
                    row.packetsPerSecond(),
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
