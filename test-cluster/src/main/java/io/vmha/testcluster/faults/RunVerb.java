package io.vmha.testcluster.faults;

import io.vmha.testcluster.faults.lab.GuestPlan;
import io.vmha.testcluster.faults.run.Console;
import io.vmha.testcluster.faults.run.RunSettings;
import io.vmha.testcluster.faults.run.Scenario;
import io.vmha.testcluster.faults.run.ScenarioFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code faults run}: composed faults for some minutes, or a scenario. */
@Command(
        name = "run",
        mixinStandardHelpOptions = true,
        description = "Composed faults for some minutes, or a scenario by its name or file; ends with the verdict.")
final class RunVerb implements Callable<Integer> {
    private static final int FAULTS_MAX = 100_000;
    private static final int TOGETHER_USUAL = 3;
    private static final int TOGETHER_MAX = 6;

    @Parameters(arity = "0..1", description = "A scenario of test-cluster/scenarios, or a file.")
    Optional<String> scenario = Optional.empty();

    @Option(names = "--all", description = "Every scenario, one after the other.")
    boolean all;

    @Option(
            names = "--duration",
            defaultValue = "180",
            description = "Seconds in which faults are begun. Default: ${DEFAULT-VALUE}")
    long seconds;

    @Option(names = "--faults", defaultValue = "100000", description = "At most so many faults.")
    int faultsMax;

    @Option(
            names = "--together",
            defaultValue = "3",
            description = "Faults at the same time at most, 1 to 6. Default: ${DEFAULT-VALUE}")
    int together;

    @Option(
            names = "--dense",
            description =
                    "Faults come one upon the other: a new one begins wherever there is room, and everything must come"
                            + " to rest after some dozens only.")
    boolean dense;

    @Option(
            names = "--longest",
            defaultValue = "20",
            description = "Seconds that one fault lasts at most. Default: ${DEFAULT-VALUE}")
    long longest;

    @Option(
            names = "--nemesis",
            split = ",",
            defaultValue = "all",
            description = "Nemeses or families, or all. See: faults list")
    List<String> nemeses = List.of("all");

    @Option(
            names = "--workload",
            split = ",",
            defaultValue = "register,append,vms,operator",
            description = "Default: ${DEFAULT-VALUE}")
    List<String> workloads = List.of();

    @Mixin
    BedOptions bed = new BedOptions();

    @Override
    public Integer call() throws IOException {
        Console console = Performance.console();
        try {
            if (all) {
                return everyScenario();
            }
            if (scenario.isPresent()) {
                Path file = Performance.scenario(scenario.get())
                        .orElseThrow(() -> new IllegalArgumentException(
                                "there is no scenario " + scenario.get() + "; see: faults list"));
                return play(ScenarioFile.read(file), console);
            }
            if (together < 1 || together > TOGETHER_MAX) {
                throw new IllegalArgumentException("--together must be 1 to " + TOGETHER_MAX + " but is " + together);
            }
            if (seconds < 0 || longest < 1) {
                throw new IllegalArgumentException("--duration must be at least 0 and --longest at least 1 but are "
                        + seconds + " and " + longest);
            }
            String again =
                    "./faults run --seed " + bed.chosenSeed() + " --hosts " + bed.hosts + " --vms " + bed.vmsPerHost()
                            + bed.guestPlan().options()
                            + " --duration " + seconds + " --longest " + longest
                            + (faultsMax == FAULTS_MAX ? "" : " --faults " + faultsMax)
                            + (dense ? " --dense" : "")
                            + bed.novaAgain()
                            + (together == TOGETHER_USUAL ? "" : " --together " + together) + " --nemesis "
                            + String.join(",", nemeses)
                            + " --workload " + String.join(",", workloads);
            var settings = new RunSettings(
                    bed.hosts,
                    bed.vmsPerHost(),
                    bed.chosenSeed(),
                    seconds,
                    faultsMax,
                    together,
                    dense,
                    BedOptions.nemeses(nemeses),
                    BedOptions.workloads(workloads),
                    Duration.ofSeconds(longest).toMillis(),
                    Optional.empty());
            return new Performance(bed, settings, console, again).give();
        } catch (IllegalArgumentException e) {
            System.err.println("faults: " + e.getMessage());
            return 2;
        }
    }

    private int play(Scenario one, Console console) {
        bed.hosts = one.hosts();
        bed.vms = Optional.of(one.vmsPerHost());
        GuestPlan wanted = one.guests().orElse(GuestPlan.PROCESSES);
        if (bed.guests.isEmpty() && bed.proof.isEmpty()) {
            bed.guests = Optional.of(wanted.kind().name().toLowerCase(Locale.ROOT));
            bed.proof = Optional.of(String.join(",", wanted.proofs()));
        }
        String differs = bed.guestPlan().equals(wanted) ? "" : bed.guestPlan().options();
        long seed = bed.seed.orElse(one.seed());
        bed.seed = Optional.of(seed);
        var settings = new RunSettings(
                one.hosts(),
                one.vmsPerHost(),
                seed,
                0,
                Integer.MAX_VALUE,
                1,
                false,
                List.of(),
                one.workloads(),
                Long.MAX_VALUE,
                Optional.of(one));
        console.line(one.name() + ": " + one.title());
        return new Performance(
                        bed,
                        settings,
                        console,
                        "./faults run " + one.name() + " --seed " + seed + differs + bed.novaAgain())
                .give();
    }

    /** Each in namespaces of its own, so that none leaves anything to the next. */
    private int everyScenario() throws IOException {
        int worst = 0;
        int passed = 0;
        var failed = new ArrayList<String>();
        try (Stream<Path> files = Files.list(Performance.scenarios())) {
            for (Path file : files.filter(f -> f.toString().endsWith(".scenario"))
                    .sorted()
                    .toList()) {
                String name = file.getFileName().toString().replaceAll("\\.scenario$", "");
                if (!bed.nova.equals("simulated")
                        && ScenarioFile.read(file).guests().isPresent()) {
                    System.out.println(name + " is left out: its guests need --nova simulated");
                    continue;
                }
                var arguments = new ArrayList<>(
                        List.of("run", name, "--nova", bed.nova, "--report", "faults-" + name + ".html"));
                bed.guests.ifPresent(words -> arguments.addAll(List.of("--guests", words)));
                bed.proof.ifPresent(words -> arguments.addAll(List.of("--proof", words)));
                int status = InnerRun.start(arguments);
                worst = Math.max(worst, status);
                if (status == 0) {
                    passed++;
                } else {
                    failed.add(name);
                }
            }
        }
        System.out.println(passed + " scenarios passed, " + failed.size() + " failed"
                + (failed.isEmpty() ? "" : ": " + String.join(", ", failed)));
        return worst;
    }
}
