package io.vmha.testcluster.faults;

import io.vmha.testcluster.faults.report.Ledger;
import io.vmha.testcluster.faults.report.LedgerReport;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code faults ledger}: what the runs of a directory come to, with runs that were made by themselves. */
@Command(
        name = "ledger",
        mixinStandardHelpOptions = true,
        description = "Adds JSON reports of runs (run --json) to the ledger.jsonl of a directory, and makes its summary"
                + " again.")
final class LedgerVerb implements Callable<Integer> {
    @Parameters(index = "0", description = "The directory, as of faults soak.")
    Path directory = Path.of("");

    @Parameters(index = "1..*", description = "JSON reports to be added.")
    List<Path> reports = List.of();

    @Override
    public Integer call() {
        if (!Files.isDirectory(directory)) {
            System.err.println("faults: expected a directory, as faults soak makes it, but found " + directory);
            return 2;
        }
        Ledger ledger = Ledger.open(directory.resolve("ledger.jsonl"));
        reports.forEach(ledger::add);
        LedgerReport.write(ledger, directory);
        System.out.println(LedgerReport.words(ledger));
        return 0;
    }
}
