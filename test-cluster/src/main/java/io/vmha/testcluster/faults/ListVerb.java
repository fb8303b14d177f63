package io.vmha.testcluster.faults;

import io.vmha.testcluster.faults.nemesis.Nemeses;
import io.vmha.testcluster.faults.nemesis.Nemesis;
import io.vmha.testcluster.faults.run.ScenarioFile;
import io.vmha.testcluster.faults.workload.Workloads;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;

/** {@code faults list}: scenarios, nemeses and workloads. */
@Command(name = "list", mixinStandardHelpOptions = true, description = "Scenarios, nemeses by families, and workloads.")
final class ListVerb implements Callable<Integer> {
    @Override
    public Integer call() throws IOException {
        System.out.println("scenarios (faults run NAME)");
        if (Files.isDirectory(Performance.scenarios())) {
            try (Stream<Path> files = Files.list(Performance.scenarios())) {
                files.filter(file -> file.toString().endsWith(".scenario"))
                        .sorted()
                        .map(ScenarioFile::read)
                        .forEach(s -> System.out.printf(Locale.ROOT, "  %-22s %s%n", s.name(), s.title()));
            }
        }
        System.out.println("\nnemeses (faults run --nemesis NAME or FAMILY)");
        for (Nemesis nemesis : Nemeses.all()) {
            System.out.printf(
                    Locale.ROOT, "  %-10s %-22s %s%n", nemesis.family().word(), nemesis.name(), nemesis.about());
        }
        System.out.println("\nworkloads (faults run --workload NAME)");
        Workloads.all().forEach(w -> System.out.printf(Locale.ROOT, "  %-22s %s%n", w.name(), w.about()));
        return 0;
    }
}
