package io.vmha.testcluster.faults;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.vmha.testcluster.faults.check.Finding;
import io.vmha.testcluster.faults.check.Finding.Verdict;
import io.vmha.testcluster.faults.check.Invariant;
import io.vmha.testcluster.faults.history.History;
import io.vmha.testcluster.faults.history.Kinds;
import io.vmha.testcluster.faults.lab.BedPlan;
import io.vmha.testcluster.faults.lab.LabException;
import io.vmha.testcluster.faults.lab.Shell;
import io.vmha.testcluster.faults.lab.TestBed;
import io.vmha.testcluster.faults.nemesis.Nemesis;
import io.vmha.testcluster.faults.report.Report;
import io.vmha.testcluster.faults.run.Console;
import io.vmha.testcluster.faults.run.FaultRun;
import io.vmha.testcluster.faults.run.RunSettings;
import io.vmha.testcluster.faults.workload.Workload;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** Makes a test bed, plays a run on it, judges it, writes the report, and says in a few lines what came of it. */
final class Performance {
    /** Memory that ends with the namespaces. */
    private static final Path DIRECTORY = Path.of("/run/vmha-faults");

    private static final int HELD = 0;
    private static final int VIOLATED = 1;
    private static final int BED_FAILED = 3;

    private final BedOptions options;
    private final RunSettings settings;
    private final Console console;
    private final String again;

    /** @param again the command that does the same again */
    Performance(BedOptions options, RunSettings settings, Console console, String again) {
        this.options = options;
        this.settings = settings;
        this.console = console;
        this.again = again;
    }

    /** Returns the exit status: 0 if every invariant held, 1 if one was violated, 3 if the test bed failed. */
    int give() {
        History history = History.begin();
        try {
            List<Nemesis> nemeses = settings.scenario()
                    .map(s -> s.steps().stream().map(step -> step.nemesis()).toList())
                    .orElse(settings.nemeses());
            BedPlan plan = options.plan(nemeses);
            note(history, plan, nemeses);
            console.line("seed " + settings.seed() + ", " + settings.hosts() + " hosts, " + nemeses.size()
                    + " kinds of faults, Nova: " + plan.nova().about());
            return play(plan, history);
        } catch (LabException e) {
            console.line("the test bed failed, which says nothing about the product: " + e.getMessage());
            keepLogs();
            keep(history);
            return BED_FAILED;
        }
    }

    private int play(BedPlan plan, History history) {
        try (TestBed bed = TestBed.start(plan, history, DIRECTORY, console::line)) {
            var run = new FaultRun(bed, settings, console);
            try {
                run.form();
                run.play();
            } finally {
                keepLogs();
            }
            keep(history);
            Map<Invariant, Finding> findings = FaultRun.judge(history, settings.scenario());
            return verdict(run, history, findings);
        }
    }

    private void note(History history, BedPlan plan, List<Nemesis> nemeses) {
        history.record(Kinds.RUN, event -> {
            event.put("seed", settings.seed())
                    .put("hosts", plan.hosts())
                    .put("vms_per_host", plan.vmsPerHost())
                    .put("guests", plan.guests().kind().name().toLowerCase(Locale.ROOT))
                    .put("proofs", String.join(",", plan.guests().proofs()))
                    .put("date", java.time.Instant.now().toString())
                    .put("title", settings.scenario().map(s -> s.title()).orElse("composed faults"))
                    .put("scenario", settings.scenario().map(s -> s.name()).orElse(""))
                    .put("nova", plan.nova().word())
                    .put("nova_about", plan.nova().about())
                    .put("version", Report.version())
                    .put("commit", System.getProperty("vmha.commit", ""))
                    .put(
                            "machine",
                            Runtime.getRuntime().availableProcessors() + " processors, " + System.getProperty("os.name")
                                    + ", Java " + System.getProperty("java.version"))
                    .put("kernel", System.getProperty("os.version"))
                    .put("again", again);
            settings.workloads().stream().map(Workload::name).forEach(event.withArray("workloads")::add);
            nemeses.stream().map(Nemesis::name).distinct().forEach(event.withArray("nemeses")::add);
        });
    }

    private void keep(History history) {
        options.history.ifPresent(history::write);
    }

    private void keepLogs() {
        options.logs.ifPresent(target -> {
            try {
                Files.createDirectories(target);
            } catch (IOException e) {
                throw new UncheckedIOException("the logs cannot be kept in " + target + ": " + e.getMessage(), e);
            }
            Shell.attempt(
                    List.of(
                            "sh",
                            "-c",
                            "cd \"$1\" && cp --parents -r */*.log */vmhad.yaml *.log openstack/log \"$2\" 2>/dev/null",
                            "keep",
                            DIRECTORY.toString(),
                            target.toAbsolutePath().toString()),
                    "");
        });
    }

    private int verdict(FaultRun run, History history, Map<Invariant, Finding> findings) {
        ObjectNode document = Report.document(history, findings);
        Report.write(document, options.report);
        options.json.ifPresent(file -> Report.writeJson(document, file));
        long violated = count(findings, Verdict.VIOLATED);
        long unknown = count(findings, Verdict.UNKNOWN);
        console.line("");
        findings.forEach((invariant, finding) -> {
            if (finding.verdict() != Verdict.HELD) {
                console.line(
                        finding.verdict() + "  " + invariant.id() + " " + invariant.title() + ": " + finding.summary());
                finding.evidence().stream().limit(5).forEach(line -> console.line("          " + line));
            }
        });
        console.line(String.format(
                Locale.ROOT,
                "%d faults, %d of them shown to have bitten; %d invariants held, %d violated, %d cannot be told",
                run.injected(),
                run.bitten(),
                count(findings, Verdict.HELD),
                violated,
                unknown));
        console.line("report: " + options.report.toAbsolutePath());
        console.line("again:  " + again);
        console.line(violated == 0 ? "1 passed, 0 failed" : "0 passed, 1 failed");
        return violated == 0 ? HELD : VIOLATED;
    }

    private static long count(Map<Invariant, Finding> findings, Verdict verdict) {
        return findings.values().stream().filter(f -> f.verdict() == verdict).count();
    }

    /** The console of this process. */
    static Console console() {
        return new Console(System.out, Boolean.getBoolean("vmha.color"));
    }

    /** Where the scenarios are kept. */
    static Path scenarios() {
        return Path.of(System.getProperty("vmha.top", "."), "test-cluster/scenarios");
    }

    /** The scenario file of this name, or the file itself. */
    static Optional<Path> scenario(String name) {
        Path file = name.contains("/") ? Path.of(name) : scenarios().resolve(name + ".scenario");
        return Files.isRegularFile(file) ? Optional.of(file) : Optional.empty();
    }
}
