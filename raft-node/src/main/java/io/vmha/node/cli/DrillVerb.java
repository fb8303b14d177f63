package io.vmha.node.cli;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** Rehearsals on a live cluster. */
@Command(
        name = "drill",
        description = "Rehearsals on a live cluster: a host's power is really cut, a canary VM must really come back.")
final class DrillVerb implements Callable<Integer> {
    @ParentCommand
    private VmhaCommand vmha;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        return list();
    }

    @Command(description = "All that are remembered, the newest first.")
    int list() {
        return vmha.connection().show("/v1/drills", drills -> {
            Screen screen = vmha.connection().screen();
            if (drills.items().isEmpty()) {
                screen.line("no drills; vmha drill run HOST --canary ID begins one");
                return ExitCode.OK.number();
            }
            screen.table(
                    List.of(
                            "DRILL",
                            "HOST",
                            "PHASE",
                            "STARTED",
                            "DECLARED",
                            "PROVEN",
                            "FIRST CALL",
                            "RECOVERED",
                            "BACK"),
                    drills.items().stream()
                            .map(d -> List.of(
                                    d.text("drill"),
                                    d.text("host"),
                                    d.text("phase"),
                                    d.text("started_at"),
                                    d.at("times").seconds("declared_ms"),
                                    d.at("times").seconds("certified_ms"),
                                    d.at("times").seconds("first_call_ms"),
                                    d.at("times").seconds("recovered_ms"),
                                    d.at("times").seconds("back_ms")))
                            .toList());
            return ExitCode.OK.number();
        });
    }

    @Command(
            description =
                    "One drill with its story. Times are counted from the moment its BMC was told to cut the power.")
    int show(@Parameters(paramLabel = "NUMBER") long number) {
        return vmha.connection().show("/v1/drills/" + number, drill -> {
            Screen screen = vmha.connection().screen();
            screen.fact("drill", drill.text("drill") + " on " + drill.text("host") + ": " + drill.text("phase"));
            screen.fact("canary", drill.text("canary"));
            screen.fact("incident", drill.text("incident"));
            Document times = drill.at("times");
            screen.fact("declared", times.seconds("declared_ms"));
            screen.fact("proven", times.seconds("certified_ms"));
            screen.fact("first call", times.seconds("first_call_ms"));
            screen.fact("recovered", times.seconds("recovered_ms"));
            screen.fact("back", times.seconds("back_ms"));
            drill.at("story").items().forEach(n -> screen.line(n.text("at") + "  " + n.text("text")));
            return ExitCode.OK.number();
        });
    }

    @Command(
            description = {
                "Cuts the power of a host and follows what happens.",
                "The host must be in maintenance and empty but for the canary, every other host in service. Everything"
                        + " after the cut is the ordinary way: verdict, proof, evacuation, and the host's return."
            })
    int run(
            @Parameters(paramLabel = "HOST") String host,
            @Option(names = "--canary", paramLabel = "ID", required = true, description = "the VM that must come back")
                    String canary,
            @Option(names = "--person", paramLabel = "NAME", description = "who answers for it (default: the user)")
                    String person,
            @Option(names = "--yes-i-know", description = "do not ask; for scripts") boolean known) {
        if (!known) {
            PrintWriter out = spec.commandLine().getOut();
            out.println("This cuts the power of " + host + " at once. Whatever runs on it dies with it.");
            out.print("If that is what you want, type its name: ");
            out.flush();
            if (!host.equals(line())) {
                throw new Failure(ExitCode.REFUSED, "the name was not typed; nothing was done");
            }
        }
        return vmha.connection()
                .change(
                        "/v1/hosts/" + Connection.segment(host) + "/drill?canary=" + Connection.segment(canary),
                        Person.document(person));
    }

    private static String line() {
        try {
            String typed = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8)).readLine();
            return typed == null ? "" : typed.strip();
        } catch (IOException e) {
            return "";
        }
    }
}
