package io.vmha.testcluster.model;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code test-cluster/bin/model}: asks TLC whether the rules of the recovery protocol hold, and whether each of them is needed. */
@Command(
        name = "model",
        description = "Checks the TLA+ model in docs/tla: that the rules hold, and that each of them is needed.",
        footer = {
            "",
            "Exit status: 0 every run went as expected, 1 one did not, 2 wrong usage.",
            "A run that is not finished in its time counts as not gone as expected: nothing is known about it."
        })
public final class ModelCommand implements Callable<Integer> {
    @Spec
    private CommandSpec command;

    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            description = "show this help")
    @SuppressWarnings("UnusedVariable") // picocli looks at the annotation
    private boolean help;

    @Option(
            names = "--scope",
            paramLabel = "SCOPE",
            defaultValue = "small",
            description = "${COMPLETION-CANDIDATES} (default ${DEFAULT-VALUE}); large means both")
    private ModelRun.Scope scope;

    @Option(
            names = "--folder",
            paramLabel = "DIR",
            defaultValue = "docs/tla",
            description = "where the modules and runs.txt are (default ${DEFAULT-VALUE})")
    private Path folder;

    @Option(
            names = "--minutes",
            paramLabel = "N",
            defaultValue = "30",
            description = "the longest time for one run (default ${DEFAULT-VALUE})")
    private int minutes;

    @Option(
            names = "--heap",
            paramLabel = "MIB",
            defaultValue = "3072",
            description = "memory of one run (default ${DEFAULT-VALUE})")
    private int heapMb;

    @Option(names = "--list", description = "only list the runs")
    private boolean list;

    @Option(names = "--trace", description = "show the steps to every failure, expected ones too")
    private boolean trace;

    @Option(names = "--json", description = "one JSON document instead of text")
    private boolean json;

    @Parameters(
            paramLabel = "NAME",
            arity = "0..*",
            description = "only the runs whose name contains one of these, of any scope")
    private List<String> names = new ArrayList<>();

    @Override
    public Integer call() {
        PrintWriter out = command.commandLine().getOut();
        List<ModelRun> runs;
        try {
            runs = ModelRuns.read(folder.resolve("runs.txt")).stream()
                    .filter(this::isAsked)
                    .toList();
        } catch (ModelException e) {
            command.commandLine().getErr().println("model: " + e.getMessage());
            return CommandLine.ExitCode.USAGE;
        }
        if (runs.isEmpty()) {
            command.commandLine()
                    .getErr()
                    .println("model: no run is called like " + names + "; --list --scope large shows all");
            return CommandLine.ExitCode.USAGE;
        }
        if (list) {
            runs.forEach(run -> out.printf(
                    Locale.ROOT,
                    "%-40s %-9s %-6s %s%n",
                    run.name(),
                    run.module(),
                    run.scope(),
                    run.expectedFailure().orElse("holds")));
            return CommandLine.ExitCode.OK;
        }
        return check(runs, out);
    }

    private boolean isAsked(ModelRun run) {
        return names.isEmpty()
                ? run.scope() == ModelRun.Scope.small || scope == ModelRun.Scope.large
                : names.stream().anyMatch(run.name()::contains);
    }

    private int check(List<ModelRun> runs, PrintWriter out) {
        var tlc = new Tlc(folder, heapMb);
        var document = JsonNodeFactory.instance.objectNode();
        ArrayNode rows = document.putArray("runs");
        int asExpected = 0;
        for (ModelRun run : runs) {
            ModelResult result = tlc.run(run, Duration.ofMinutes(minutes));
            boolean expected = result.isExpectedBy(run);
            asExpected += expected ? 1 : 0;
            if (json) {
                row(rows.addObject(), run, result, expected);
            } else {
                text(out, run, result, expected);
            }
        }
        if (json) {
            document.put("passed", asExpected).put("failed", runs.size() - asExpected);
            out.println(document.toPrettyString());
        } else {
            out.printf(Locale.ROOT, "%d passed, %d failed%n", asExpected, runs.size() - asExpected);
        }
        out.flush();
        return asExpected == runs.size() ? 0 : 1;
    }

    private void text(PrintWriter out, ModelRun run, ModelResult result, boolean expected) {
        String found = result.failed().isEmpty() ? "holds" : "fails: " + result.failed();
        out.printf(
                Locale.ROOT,
                "%-4s %-40s %-32s %,12d states %6.1f s%n",
                expected ? "ok" : "NOT",
                run.name(),
                found,
                result.states(),
                result.seconds());
        if (trace || !expected) {
            result.trace().forEach(step -> out.println("       " + step));
        }
        out.flush();
    }

    private static void row(ObjectNode row, ModelRun run, ModelResult result, boolean expected) {
        row.put("name", run.name())
                .put("module", run.module())
                .put("scope", run.scope().name())
                .put("expected", run.expectedFailure().orElse("holds"))
                .put("outcome", result.outcome().name())
                .put("failed", result.failed())
                .put("as_expected", expected)
                .put("states", result.states())
                .put("seconds", result.seconds());
        ArrayNode steps = row.putArray("trace");
        result.trace().forEach(steps::add);
    }
}
