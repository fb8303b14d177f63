package io.vmha.testcluster.faults;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.vmha.testcluster.faults.check.Finding.Verdict;
import io.vmha.testcluster.faults.history.History;
import io.vmha.testcluster.faults.report.Report;
import io.vmha.testcluster.faults.run.FaultRun;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code faults check}: judges a history that was kept. */
@Command(
        name = "check",
        mixinStandardHelpOptions = true,
        description = "Judges a history that a run has kept (--history), and makes its report again.")
final class CheckVerb implements Callable<Integer> {
    @Parameters(description = "The file.")
    Path file = Path.of("");

    @Option(names = "--report", description = "The report as one HTML file.")
    Optional<Path> report = Optional.empty();

    @Option(names = "--json", description = "The same as JSON, for faults ledger.")
    Optional<Path> json = Optional.empty();

    @Override
    public Integer call() {
        History history = History.read(file);
        var findings = FaultRun.judge(history, Optional.empty());
        findings.forEach((invariant, finding) -> {
            System.out.println(
                    finding.verdict() + "  " + invariant.id() + "  " + invariant.title() + ": " + finding.summary());
            finding.evidence().forEach(line -> System.out.println("    " + line));
        });
        ObjectNode document = Report.document(history, findings);
        report.ifPresent(target -> Report.write(document, target));
        json.ifPresent(target -> Report.writeJson(document, target));
        return findings.values().stream().anyMatch(f -> f.verdict() == Verdict.VIOLATED) ? 1 : 0;
    }
}
