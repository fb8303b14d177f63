package io.vmha.node.cli;

import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** Why things are as they are. */
@Command(
        name = "explain",
        description =
                "Which rule let each step pass, or holds it: of an incident, or of all that concerns a host or a VM.")
final class ExplainVerb implements Callable<Integer> {
    @ParentCommand
    private VmhaCommand vmha;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        throw new ParameterException(
                spec.commandLine(),
                "explain what? vmha explain incident ID, vmha explain host HOST, or vmha explain vm VM");
    }

    @Command(description = "An incident, step by step, with its story.")
    int incident(@Parameters(paramLabel = "ID") long id) {
        return vmha.connection().show("/v1/incidents/" + id + "/explain", explained -> {
            Screen screen = vmha.connection().screen();
            screen.fact("incident", explained.text("incident") + " " + explained.text("phase"));
            screen.fact(explained.text("phase").equals("closed") ? "outcome" : "so far", explained.text("summary"));
            for (Document host : explained.at("hosts").items()) {
                screen.line("");
                steps(screen, host);
            }
            screen.line("");
            List<Document> story = explained.at("story").items();
            long first = story.isEmpty() ? 0 : Long.parseLong(story.get(0).text("at_ms"));
            screen.table(
                    List.of("AFTER", "INDEX", "WHAT"),
                    story.stream()
                            .map(n -> List.of(after(n, first), n.text("index"), n.text("text")))
                            .toList());
            return ExitCode.OK.number();
        });
    }

    @Command(description = "A host: why it is as it is, and what it was part of.")
    int host(@Parameters(paramLabel = "HOST") String name) {
        return vmha.connection().show("/v1/hosts/" + Connection.segment(name) + "/explain", host -> {
            Screen screen = vmha.connection().screen();
            screen.fact("host", host.text("host") + ", epoch " + host.text("epoch"));
            host.at("why").items().forEach(w -> screen.fact("", w.text()));
            for (Document incident : host.at("incidents").items()) {
                screen.line("");
                screen.fact("incident", incident.text("incident") + " " + incident.text("phase"));
                steps(screen, incident);
            }
            return ExitCode.OK.number();
        });
    }

    @Command(
            description =
                    "A VM by its server id or name: when it died, was restarted, recovered or moved, and why not.")
    int vm(@Parameters(paramLabel = "VM") String id) {
        return vmha.connection().show("/v1/vms/" + Connection.segment(id) + "/explain", vm -> {
            Screen screen = vmha.connection().screen();
            screen.fact("VM", vm.text("name") + " " + vm.text("id"));
            vm.at("why").items().forEach(w -> screen.fact("", w.text()));
            vm.at("fallen").at("story").items().forEach(n -> screen.line(n.text("at") + "  " + n.text("text")));
            for (Document recovery : vm.at("recoveries").items()) {
                screen.fact(
                        "incident",
                        recovery.text("incident") + ", from " + recovery.text("from") + ": "
                                + (recovery.text("ending").isEmpty()
                                        ? recovery.text("step")
                                        : recovery.text("ending") + " " + recovery.text("detail")));
            }
            for (Document move : vm.at("moves").items()) {
                screen.fact("drain", "of " + move.text("from") + ": " + move.text("step") + " " + move.text("detail"));
            }
            return ExitCode.OK.number();
        });
    }

    private static void steps(Screen screen, Document host) {
        screen.fact("host", host.text("host") + ", epoch " + host.text("epoch"));
        if (!host.isEmpty("waits_for")) {
            screen.fact("waits for", host.text("waits_for"));
        }
        screen.table(
                List.of("STEP", "STATE", "RULE", "WHY"),
                host.at("steps").items().stream()
                        .map(s -> List.of(
                                s.text("step"), s.text("state").replace('_', ' '), s.text("rule"), s.text("why")))
                        .toList());
        screen.line("");
        IncidentsVerb.vms(screen, host);
    }

    private static String after(Document note, long firstMs) {
        long tenths = (Long.parseLong(note.text("at_ms")) - firstMs + 50) / 100;
        return tenths / 10 + "." + Math.abs(tenths % 10) + " s";
    }
}
