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
                        + " report and history.")
final class SoakVerb implements Callable<Integer> {
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
        int worst = 0;
        for (long next = seed; System.nanoTime() < until; next++) {
            String base = directory
                    .resolve(String.format(Locale.ROOT, "seed-%06d", next))
                    .toString();
            int status = InnerRun.start(List.of(
                    "run",
                    "--seed",
                    Long.toString(next),
                    "--duration",
                    Long.toString(slice),
                    "--hosts",
                    Integer.toString(hosts),
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
                    base + ".logs"));
            worst = Math.max(worst, status);
        }
        return worst;
    }
}
