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

/** What an operator does to a host. */
@Command(
        name = "host",
        description = "What an operator does to a host.",
        subcommands = {DrainVerb.class})
final class HostVerb implements Callable<Integer> {
    /** Whether it begins or ends. */
    enum Switch {
        on,
        off
    }

    @ParentCommand
    private VmhaCommand vmha;

    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "HOST", arity = "0..1", description = "one host; without it, all of the AZ")
    private String shown;

    Connection connection() {
        return vmha.connection();
    }

    @Override
    public Integer call() {
        return shown == null ? list() : show();
    }

    private int list() {
        return vmha.connection().show("/v1/hosts", hosts -> {
            Screen screen = vmha.connection().screen();
            if (hosts.items().isEmpty()) {
                screen.line("no AZ is protected; vmha az enable AZ protects one");
                return ExitCode.OK.number();
            }
            screen.table(
                    List.of("HOST", "STATUS", "EPOCH", "ARMED", "WHY"),
                    hosts.items().stream()
                            .map(h -> List.of(
                                    h.text("host"),
                                    h.text("status").replace('_', ' '),
                                    h.text("epoch"),
                                    h.isTrue("armed") ? "yes" : "no",
                                    h.text("arming")))
                            .toList());
            return ExitCode.OK.number();
        });
    }

    private int show() {
        return vmha.connection().show("/v1/hosts/" + Connection.segment(shown), host -> {
            Screen screen = vmha.connection().screen();
            screen.fact("host", host.text("host"));
            screen.fact("status", host.text("status").replace('_', ' '));
            screen.fact("epoch", host.text("epoch"));
            screen.fact("agent", host.text("agent"));
            screen.fact("armed", (host.isTrue("armed") ? "yes: " : "no: ") + host.text("arming"));
            Document own = host.at("lease");
            if (own.text("state").isEmpty()) {
                screen.fact("lease", "ask the host itself: run this there");
            } else {
                screen.fact("relies on", own.text("proofs"));
                screen.fact("lease", lease(own));
                screen.fact("guard", guard(own));
            }
            return ExitCode.OK.number();
        });
    }

    private static String lease(Document own) {
        return switch (own.text("state")) {
            case "held" -> "holds for " + own.text("remaining_ms") + " ms more, in epoch " + own.text("epoch");
            case "ended" -> "has ended: no majority of the voters answers this host";
            case "sealed" -> "is sealed: this life of the host is over, its VMs may run elsewhere";
            default -> "none yet";
        };
    }

    private static String guard(Document own) {
        String words = own.isTrue("armed") ? "armed (" + own.text("arming") + ")" : "not armed: " + own.text("arming");
        return own.text("guard").isEmpty() ? words : words + "; " + own.text("guard");
    }

    @Command(
            name = "confirm-down",
            description = "Your word that a host is down, where neither its BMC nor its lease can prove it.")
    int confirmDown(
            @Parameters(paramLabel = "HOST") String host,
            @Option(names = "--person", paramLabel = "NAME", description = "who answers for it (default: the user)")
                    String person,
            @Option(names = "--yes-i-know", description = "do not ask; for scripts") boolean known) {
        if (!known) {
            PrintWriter out = spec.commandLine().getOut();
            out.println("This says that " + host + " has no power, or is cut from its disks, and stays so.");
            out.println("Its VMs will be started on other hosts at once. If one of them still runs on " + host
                    + ", both copies write to one disk and destroy it.");
            out.print("Go and look at the machine first. If you are sure, type its name: ");
            out.flush();
            if (!host.equals(line())) {
                throw new Failure(ExitCode.REFUSED, "the name was not typed; nothing was done");
            }
        }
        return vmha.connection()
                .change("/v1/hosts/" + Connection.segment(host) + "/confirm-down", Person.document(person));
    }

    private static String line() {
        try {
            String typed = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8)).readLine();
            return typed == null ? "" : typed.strip();
        } catch (IOException e) {
            return "";
        }
    }

    /** {@code return} is a word of the language. */
    @Command(
            name = "return",
            description = "Takes a recovered host back into service; you answer for its running none of its old VMs.")
    int comeBack(
            @Parameters(paramLabel = "HOST") String host,
            @Option(names = "--person", paramLabel = "NAME", description = "who answers for it (default: the user)")
                    String person) {
        return vmha.connection().change("/v1/hosts/" + Connection.segment(host) + "/return", Person.document(person));
    }

    @Command(description = "Starts or ends maintenance: a host in maintenance is never declared dead.")
    int maintenance(@Parameters(paramLabel = "HOST") String host, @Parameters(paramLabel = "on|off") Switch value) {
        return vmha.connection()
                .change("/v1/hosts/" + Connection.segment(host) + "/maintenance?on=" + (value == Switch.on), "");
    }
}
