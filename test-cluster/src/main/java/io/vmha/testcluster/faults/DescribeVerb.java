package io.vmha.testcluster.faults;

import io.vmha.testcluster.faults.check.Invariants;
import io.vmha.testcluster.faults.nemesis.Nemeses;
import io.vmha.testcluster.faults.nemesis.Nemesis;
import io.vmha.testcluster.faults.workload.Workloads;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code faults describe}: one scenario, nemesis, workload, or the invariants. */
@Command(
        name = "describe",
        mixinStandardHelpOptions = true,
        description = "What a scenario, a nemesis or a workload is; 'invariants' for what every run is judged by.")
final class DescribeVerb implements Callable<Integer> {
    @Parameters(description = "Its name.")
    String name = "";

    @Override
    public Integer call() throws IOException {
        if (name.equals("invariants")) {
            Invariants.all().forEach(i -> System.out.printf(Locale.ROOT, "%-4s %s%n", i.id(), i.title()));
            return 0;
        }
        Optional<Path> scenario = Performance.scenario(name);
        if (scenario.isPresent()) {
            System.out.print(Files.readString(scenario.get()));
            return 0;
        }
        Optional<Nemesis> nemesis = Nemeses.named(name);
        if (nemesis.isPresent()) {
            System.out.printf(
                    Locale.ROOT,
                    "%s (%s): %s; lasts %.1f to %.1f s%n",
                    name,
                    nemesis.get().family().word(),
                    nemesis.get().about(),
                    nemesis.get().shortestMs() / 1e3,
                    nemesis.get().longestMs() / 1e3);
            return 0;
        }
        if (Workloads.named(name).isPresent()) {
            System.out.println(name + ": " + Workloads.named(name).get().about());
            return 0;
        }
        System.err.println("faults: expected a scenario, a nemesis, a workload or 'invariants' but found '" + name
                + "'; see: faults list");
        return 2;
    }
}
