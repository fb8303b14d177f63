package io.vmha.testcluster.faults;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code faults soak}: one composed run after the other, each with a seed of its own, for hours. */
@Command(
        name = "soak",
        mixinStandardHelpOptions = true,
        description =
                "One composed run after the other, each with the next seed, for hours. A directory keeps each run's"
                        + " report, history and logs, and summary.md with a line for each.")
final class SoakVerb implements Callable<Integer> {
    private static final int WRONG_USAGE = 2;
    private static final int BED_FAILED = 3;
    private static final int IN_VAIN_MAX = 3;

    @Option(names = "--hours", defaultValue = "1", description = "Default: ${DEFAULT-VALUE}")
    double hours;

    @Option(names = "--seed", defaultValue = "1", description = "Of the first run. Default: ${DEFAULT-VALUE}")
    long seed;

    @Option(
            names = "--slice",
            defaultValue = "600",
            description = "Seconds of faults in each run. Default: ${DEFAULT-VALUE}")
    long slice;

    @Option(names = "--hosts", defaultValue = "5", description = "Default: ${DEFAULT-VALUE}")
    int hosts;

    @Option(
            names = "--vms",
            defaultValue = "2",
            description = "VMs on each at the beginning. Default: ${DEFAULT-VALUE}")
    int vms;

    @Option(
            names = "--longest",
            defaultValue = "20",
            description = "Seconds that one fault lasts at most. Default: ${DEFAULT-VALUE}")
    long longest;

    @Option(names = "--together", defaultValue = "3", description = "As of faults run. Default: ${DEFAULT-VALUE}")
    int together;

    @Option(names = "--nemesis", defaultValue = "all", description = "As of faults run.")
    String nemesis = "all";

    @Option(names = "--workload", defaultValue = "register,append,vms,operator", description = "As of faults run.")
    String workload = "register,append,vms,operator";

    @Option(names = "--directory", defaultValue = "faults-soak", description = "Default: ${DEFAULT-VALUE}")
    Path directory = Path.of("faults-soak");

    @Override
    public Integer call() throws IOException {
        Files.createDirectories(directory);
        long until = System.nanoTime() + (long) (hours * TimeUnit.HOURS.toNanos(1));
        var totals = new SoakTotals(directory.resolve("summary.md"));
        int worst = 0;
        int inVain = 0; // so many test beds in a row that could not be made
        for (long next = seed; System.nanoTime() < until && inVain < IN_VAIN_MAX; next++) {
            String base = directory
                    .resolve(String.format(Locale.ROOT, "seed-%06d", next))
                    .toString();
            Path report = Path.of(base + ".json");
            Files.deleteIfExists(report); // of an earlier soak: it must not be taken for this run's
            int status = InnerRun.start(arguments(next, base));
            if (status == WRONG_USAGE) {
                return status;
            }
            inVain = status == BED_FAILED ? inVain + 1 : 0;
            worst = Math.max(worst, status);
            totals.add(next, report);
            System.out.println("soak: " + totals.words());
        }
        System.out.println("summary: " + directory.resolve("summary.md").toAbsolutePath());
        return worst;
    }

    private List<String> arguments(long next, String base) {
        return List.of(
                "run",
                "--seed",
                Long.toString(next),
                "--duration",
                Long.toString(slice),
                "--hosts",
                Integer.toString(hosts),
                "--vms",
                Integer.toString(vms),
                "--longest",
                Long.toString(longest),
                "--together",
                Integer.toString(together),
                "--nemesis",
                nemesis,
                "--workload",
                workload,
                "--report",
                base + ".html",
                "--json",
                base + ".json",
                "--history",
                base + ".history",
                "--logs",
                base + ".logs");
    }
}
