package io.vmha.testcluster.faults;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.vmha.testcluster.faults.history.Event;
import io.vmha.testcluster.faults.history.History;
import io.vmha.testcluster.faults.history.Kinds;
import io.vmha.testcluster.faults.lab.LabException;
import io.vmha.testcluster.faults.lab.TestBed;
import io.vmha.testcluster.faults.nemesis.Nemesis;
import io.vmha.testcluster.faults.run.Console;
import io.vmha.testcluster.faults.run.FaultRun;
import io.vmha.testcluster.faults.run.RunSettings;
import io.vmha.testcluster.faults.run.Scenario;
import io.vmha.testcluster.faults.run.Scenario.Step;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code faults prove}: shows that each fault really happens on this machine, one after the other. */
@Command(
        name = "prove",
        mixinStandardHelpOptions = true,
        description =
                "Injects each fault once, alone, and says what shows that it happened. Fails if one of them does not"
                        + " bite.")
final class ProveVerb implements Callable<Integer> {
    @Option(names = "--nemesis", split = ",", defaultValue = "all", description = "As of faults run.")
    List<String> nemeses = List.of("all");

    @Option(
            names = "--at-most",
            defaultValue = "12",
            description = "Seconds that each lasts at most, if it bites sooner. Default: ${DEFAULT-VALUE}")
    long seconds;

    private int turn; // another seed for each fault, so that other hosts are met

    @Mixin
    BedOptions bed = new BedOptions();

    @Override
    public Integer call() {
        Console console = Performance.console();
        History history = History.begin();
        List<Nemesis> chosen = BedOptions.nemeses(nemeses);
        try (TestBed made = TestBed.start(bed.plan(chosen), history, Path.of("/run/vmha-faults"), console::line)) {
            new FaultRun(made, settings(List.of()), console).form();
            for (Nemesis nemesis : chosen) {
                long lasts = Math.max(nemesis.shortestMs(), Math.min(nemesis.longestMs(), seconds * 1_000));
                new FaultRun(made, settings(List.of(Step.anywhere(0, nemesis, lasts))), console).playScenario();
            }
            return say(history, chosen, console);
        } catch (LabException e) {
            console.line("the test bed failed: " + e.getMessage());
            return 3;
        }
    }

    private RunSettings settings(List<Step> steps) {
        var scenario = new Scenario(
                "prove",
                "each fault once",
                bed.hosts,
                bed.vmsPerHost(),
                bed.chosenSeed(),
                List.of(),
                steps,
                List.of(),
                Optional.empty());
        return new RunSettings(
                bed.hosts,
                bed.vmsPerHost(),
                bed.chosenSeed() + turn++,
                0,
                Integer.MAX_VALUE,
                1,
                false,
                List.of(),
                List.of(),
                Long.MAX_VALUE,
                Optional.of(scenario));
    }

    private int say(History history, List<Nemesis> chosen, Console console) {
        ArrayNode document = JsonNodeFactory.instance.arrayNode();
        List<Event> bites = history.of(Kinds.BITE);
        List<String> without = new ArrayList<>();
        for (int i = 0; i < chosen.size() && i < bites.size(); i++) {
            Event bite = bites.get(i);
            String name = chosen.get(i).name();
            document.addObject()
                    .put("name", name)
                    .put("bit", bite.isTrue("bit"))
                    .put("proof", bite.text("proof"));
            console.line((bite.isTrue("bit") ? "bit       " : "NO BITE   ") + name + ": " + bite.text("proof"));
            if (!bite.isTrue("bit")) {
                without.add(name);
            }
        }
        bed.json.ifPresent(file -> io.vmha.testcluster.faults.report.Report.writeJson(document, file));
        console.line(bites.size() - without.size() + " passed, " + without.size() + " failed");
        return without.isEmpty() && bites.size() == chosen.size() ? 0 : 1;
    }
}
