package io.vmha.testcluster.faults;

import io.vmha.testcluster.faults.history.NovaKind;
import io.vmha.testcluster.faults.report.Ledger;
import io.vmha.testcluster.faults.report.LedgerReport;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
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
                        + " report, history and logs, ledger.jsonl with a line for each run, to which the next soak adds,"
                        + " and what they come to in summary.md and summary.html.")
final class SoakVerb implements Callable<Integer> {
    private static final int WRONG_USAGE = 2;
    private static final int BED_FAILED = 3;
    private static final int IN_VAIN_MAX = 3;

    private static final int HOURS_MAX = 1_000;

    @Option(names = "--hours", defaultValue = "1", description = "Default: ${DEFAULT-VALUE}")
    double hours;

    @Option(names = "--seed", description = "Of the first run. Default: the one after the highest of the ledger")
    Optional<Long> seed = Optional.empty();

    @Option(
            names = "--faults",
            defaultValue = "1000000",
            description = "Ends when the ledger has so many faults, if the hours are not over before.")
    long faults;

    @Option(
            names = "--slice",
            defaultValue = "600",
            description = "Seconds of faults in each run. Default: ${DEFAULT-VALUE}")
    long slice;

    @Option(names = "--hosts", defaultValue = "5", description = "Default: ${DEFAULT-VALUE}")
    int hosts;

    @Option(names = "--vms", description = "As of faults run.")
    Optional<Integer> vms = Optional.empty();

    @Option(names = "--guests", description = "As of faults run.")
    Optional<String> guests = Optional.empty();

    @Option(names = "--proof", description = "As of faults run.")
    Optional<String> proof = Optional.empty();

    @Option(
            names = "--longest",
            defaultValue = "20",
            description = "Seconds that one fault lasts at most. Default: ${DEFAULT-VALUE}")
    long longest;

    @Option(names = "--together", defaultValue = "3", description = "As of faults run. Default: ${DEFAULT-VALUE}")
    int together;

    @Option(names = "--dense", description = "As of faults run.")
    boolean dense;

    @Option(names = "--nemesis", defaultValue = "all", description = "As of faults run.")
    String nemesis = "all";

    @Option(names = "--workload", defaultValue = "register,append,vms,operator", description = "As of faults run.")
    String workload = "register,append,vms,operator";

    @Option(names = "--nova", defaultValue = "simulated", description = "As of faults run.")
    String nova = "simulated";

    @Option(names = "--directory", defaultValue = "faults-soak", description = "Default: ${DEFAULT-VALUE}")
    Path directory = Path.of("faults-soak");

    @Override
    public Integer call() throws IOException {
        if (!(hours > 0 && hours <= HOURS_MAX)) {
            throw new IllegalArgumentException("--hours must be above 0 and at most " + HOURS_MAX + " but is " + hours);
        }
        NovaKind.named(nova);
        Files.createDirectories(directory);
        long until = System.nanoTime() + (long) (hours * TimeUnit.HOURS.toNanos(1));
        Ledger ledger = Ledger.open(directory.resolve("ledger.jsonl"));
        int worst = 0;
        int inVain = 0; // so many test beds in a row that could not be made
        long first = seed.orElse(ledger.lastSeed() + 1);
        for (long next = first; System.nanoTime() < until && ledger.faults() < faults && inVain < IN_VAIN_MAX; next++) {
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
            if (Files.exists(report)) {
                ledger.add(report);
            } else {
                ledger.addFailedBed(next);
            }
            LedgerReport.write(ledger, directory);
            System.out.println("soak: " + LedgerReport.words(ledger));
        }
        System.out.println("summary: " + directory.resolve("summary.html").toAbsolutePath());
        return worst;
    }

    private List<String> arguments(long next, String base) {
        var arguments = new ArrayList<>(List.of(
                "run",
                "--seed",
                Long.toString(next),
                "--duration",
                Long.toString(slice),
                "--hosts",
                Integer.toString(hosts),
                "--longest",
                Long.toString(longest),
                "--together",
                Integer.toString(together),
                "--nemesis",
                nemesis,
                "--workload",
                workload,
                "--nova",
                nova,
                "--report",
                base + ".html",
                "--json",
                base + ".json",
                "--history",
                base + ".history",
                "--logs",
                base + ".logs"));
        vms.ifPresent(number -> arguments.addAll(List.of("--vms", Integer.toString(number))));
        guests.ifPresent(words -> arguments.addAll(List.of("--guests", words)));
        proof.ifPresent(words -> arguments.addAll(List.of("--proof", words)));
        if (dense) {
            arguments.add("--dense");
        }
        return arguments;
    }
}
