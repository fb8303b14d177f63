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
        boolean isNeeded = own.text("proofs").isEmpty() || own.text("proofs").contains("lease");
        String words = own.isTrue("armed")
                ? "armed (" + own.text("arming") + ")"
                : "not armed" + (isNeeded ? ": " + own.text("arming") : ", nor needed: its AZ does not rely on leases");
        return own.text("guard").isEmpty() ? words : words + "; " + own.text("guard");
    }

    @Command(
            name = "seal",
            description = "Ends the life of a host that was declared dead, before you look at it and confirm that it is"
                    + " down.")
    int seal(
            @Parameters(paramLabel = "HOST") String host,
            @Option(names = "--person", paramLabel = "NAME", description = "who is about to look (default: the user)")
                    String person) {
        return change(host, "seal", person);
    }

    @Command(
            name = "confirm-down",
            description =
                    "Your word that a host is down, where neither its BMC nor its lease can prove it. It is sealed"
                            + " first.")
    int confirmDown(
            @Parameters(paramLabel = "HOST") String host,
            @Option(names = "--person", paramLabel = "NAME", description = "who answers for it (default: the user)")
                    String person,
            @Option(
                            names = "--yes-i-know",
                            description = "do not ask; for scripts that have called vmha host seal and looked since")
                    boolean known) {
        return known ? change(host, "confirm-down", person) : sealThenConfirm(host, person);
    }

    /** The word counts only about what was seen after the seal, so it is asked for after the seal (S2). */
    private int sealThenConfirm(String host, String person) {
        PrintWriter out = spec.commandLine().getOut();
        var typed = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        out.println("You are about to say that " + host + " has no power, or is cut from its disks, and stays so.");
        out.println(
                "Step 1 of 2 seals it: from then on it cannot renew its lease, its VMs never run there again, and the");
        out.println("incident cannot be cancelled any more.");
        ask(typed, host, "To seal it, type its name: ", "nothing was done");
        int sealed = change(host, "seal", person);
        if (sealed != ExitCode.OK.number()) {
            return sealed;
        }
        out.println(
                "Step 2 of 2 is your word. Its VMs will be started on other hosts at once. If one of them still runs"
                        + " on");
        out.println(
                host + ", both copies write to one disk and destroy it. What you saw before the seal does not count:");
        ask(
                typed,
                host,
                "go and look at the machine now. If it is down, type its name: ",
                "it stays sealed and is waited for; run this again when it is down");
        return change(host, "confirm-down", person);
    }

    private void ask(BufferedReader typed, String host, String question, String otherwise) {
        PrintWriter out = spec.commandLine().getOut();
        out.print(question);
        out.flush();
        if (!host.equals(line(typed))) {
            throw new Failure(ExitCode.REFUSED, "the name was not typed; " + otherwise);
        }
    }

    private int change(String host, String what, String person) {
        return vmha.connection().change("/v1/hosts/" + Connection.segment(host) + "/" + what, Person.document(person));
    }

    private static String line(BufferedReader input) {
        try {
            String typed = input.readLine();
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
