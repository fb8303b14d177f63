package io.vmha.node.cli;

import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;

/** What has happened, and what is held for a person. */
@Command(name = "incidents", description = "Incidents: what happened, what became of the VMs, what waits for a person.")
final class IncidentsVerb implements Callable<Integer> {
    @ParentCommand
    private VmhaCommand vmha;

    @Override
    public Integer call() {
        return list();
    }

    @Command(description = "All incidents that are kept, the newest first.")
    int list() {
        return vmha.connection().show("/v1/incidents", incidents -> {
            Screen screen = vmha.connection().screen();
            if (incidents.items().isEmpty()) {
                screen.line("no incidents");
                return ExitCode.OK.number();
            }
            screen.table(
                    List.of("ID", "PHASE", "OPENED", "HOSTS", "RECOVERED", "LEFT", "FAILED", "UNDER WAY", "LAST VM"),
                    incidents.items().stream()
                            .map(i -> List.of(
                                    i.text("id"),
                                    i.text("phase"),
                                    i.text("opened_at"),
                                    i.joined("hosts"),
                                    i.at("vms").text("recovered"),
                                    i.at("vms").text("left"),
                                    i.at("vms").text("failed"),
                                    i.at("vms").text("under_way"),
                                    i.at("times").seconds("last_ended_ms")))
                            .toList());
            return ExitCode.OK.number();
        });
    }

    @Command(description = "One incident with its VMs.")
    int show(@Parameters(paramLabel = "ID") long id) {
        return vmha.connection().show("/v1/incidents/" + id, incident -> {
            Screen screen = vmha.connection().screen();
            screen.fact("incident", line(incident));
            screen.fact("opened", incident.text("opened_at"));
            if (!incident.isEmpty("closed_at")) {
                screen.fact("closed", incident.text("closed_at"));
            }
            Document times = incident.at("times");
            screen.fact(
                    "times",
                    "certificate " + times.seconds("certificate_ms") + ", confirmed " + times.seconds("confirmed_ms")
                            + ", forced down " + times.seconds("forced_down_ms") + ", planned "
                            + times.seconds("planned_ms") + ", first evacuate call "
                            + times.seconds("first_call_ms") + ", last VM " + times.seconds("last_ended_ms")
                            + ", closed " + times.seconds("closed_ms") + " after the declaration");
            for (Document host : incident.at("recoveries").items()) {
                screen.line("");
                host(screen, host);
            }
            return ExitCode.OK.number();
        });
    }

    private static void host(Screen screen, Document host) {
        Document certificate = host.at("certificate");
        screen.fact("host", host.text("host") + ", epoch " + host.text("epoch"));
        screen.fact(
                "proof",
                certificate.text("proof").isEmpty()
                        ? "none yet, " + host.text("fence_attempts") + " fence attempts"
                        : certificate.text("proof") + ": " + certificate.text("detail"));
        vms(screen, host);
    }

    static void vms(Screen screen, Document host) {
        if (host.at("vms").items().isEmpty()) {
            return;
        }
        screen.table(
                List.of("VM", "STATE", "TRIES", "DETAIL", "ID"),
                host.at("vms").items().stream()
                        .map(vm -> List.of(
                                vm.text("name"),
                                vm.text("ending").isEmpty() ? vm.text("step") : vm.text("ending"),
                                vm.text("attempts"),
                                vm.text("ending").equals("recovered") ? "on " + vm.text("detail") : vm.text("detail"),
                                vm.text("id")))
                        .toList());
    }

    @Command(description = "Lets a held incident go on.")
    int approve(
            @Parameters(paramLabel = "ID") long id,
            @Option(names = "--person", paramLabel = "NAME", description = "who decides this (default: the user)")
                    String person) {
        return decide(id, "approve", person);
    }

    @Command(
            description =
                    "Stops an open incident where it is, until somebody approves it; what Nova has begun goes on.")
    int hold(
            @Parameters(paramLabel = "ID") long id,
            @Option(names = "--person", paramLabel = "NAME", description = "who decides this (default: the user)")
                    String person) {
        return decide(id, "hold", person);
    }

    @Command(
            description =
                    "Calls an incident off that is held, or whose hosts cannot be fenced; refused once one is proven"
                            + " dead.")
    int cancel(
            @Parameters(paramLabel = "ID") long id,
            @Option(names = "--person", paramLabel = "NAME", description = "who decides this (default: the user)")
                    String person) {
        return decide(id, "cancel", person);
    }

    private int decide(long id, String what, String person) {
        return vmha.connection().change("/v1/incidents/" + id + "/" + what, Person.document(person));
    }

    /** An incident in one line. */
    static String line(Document incident) {
        String held = incident.text("held_because");
        return incident.text("id") + " " + incident.text("phase") + " (" + incident.joined("hosts") + "): "
                + (held.isEmpty()
                        ? incident.text("summary")
                        : held + " (vmha incidents approve " + incident.text("id") + ")");
    }
}
