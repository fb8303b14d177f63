package io.vmha.node.cli;

import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;

/** The protected AZ. */
@Command(name = "az", description = "The protected availability zone.")
final class AzVerb implements Callable<Integer> {
    @ParentCommand
    private VmhaCommand vmha;

    @Override
    public Integer call() {
        return list();
    }

    @Command(description = "The AZs that this node knows of.")
    int list() {
        return vmha.connection().show("/v1/ha", azs -> {
            if (azs.items().isEmpty()) {
                vmha.connection().screen().line("no AZ is protected; vmha az enable AZ protects one");
                return ExitCode.OK.number();
            }
            vmha.connection()
                    .screen()
                    .table(
                            List.of("AZ", "PROTECTION", "HOSTS", "LEADER", "OPEN INCIDENTS"),
                            azs.items().stream()
                                    .map(az -> List.of(
                                            az.text("az"),
                                            protection(az),
                                            String.valueOf(
                                                    az.at("hosts").items().size()),
                                            orDash(az.at("leader").text("host")),
                                            String.valueOf(az.at("open_incidents")
                                                    .items()
                                                    .size())))
                                    .toList());
            return ExitCode.OK.number();
        });
    }

    @Command(description = "An AZ's settings and hosts.")
    int show(@Parameters(paramLabel = "AZ") String name) {
        return vmha.connection().show(path(name, ""), az -> {
            Screen screen = vmha.connection().screen();
            screen.fact("AZ", az.text("az"));
            screen.fact("protection", protection(az));
            screen.fact("aggregate", az.text("aggregate"));
            screen.fact("group", az.text("group"));
            screen.fact("leader", orDash(az.at("leader").text("host")));
            screen.fact(
                    "limits",
                    "at most " + az.at("limits").text("max_hosts") + " hosts of one incident, and "
                            + az.at("limits").text("max_share_percent") + " % of the AZ, without a person");
            screen.fact("disks", disks(az));
            az.at("open_incidents").items().forEach(i -> screen.fact("incident", IncidentsVerb.line(i)));
            reserves(screen, az);
            screen.line("");
            hosts(screen, az);
            return ExitCode.OK.number();
        });
    }

    @Command(description = "Puts an AZ under protection: checks it against Nova and forms the group.")
    int enable(@Parameters(paramLabel = "AZ") String name) {
        return vmha.connection().change(path(name, "/enable"), "");
    }

    @Command(description = "Ends an AZ's protection.")
    int disable(@Parameters(paramLabel = "AZ") String name) {
        return vmha.connection().change(path(name, "/disable"), "");
    }

    @Command(description = "Acts upon incidents by itself again.")
    int arm(@Parameters(paramLabel = "AZ") String name) {
        return vmha.connection().change(path(name, "/arm"), "");
    }

    @Command(description = "Only records incidents and holds them for a person.")
    int disarm(@Parameters(paramLabel = "AZ") String name) {
        return vmha.connection().change(path(name, "/disarm"), "");
    }

    /** What is only configured is told from what the agents have seen: a wrong word here costs VMs their disks. */
    private static String disks(Document az) {
        boolean proven = az.isTrue("instances_proven_shared");
        if (az.isTrue("instances_shared")) {
            return "shared by all hosts, as configured"
                    + (proven ? " and as their agents have proven" : "; not proven");
        }
        return proven ? "shared by all hosts, as their agents have proven" : "only volumes are known to be shared";
    }

    static String protection(Document az) {
        return !az.isTrue("enabled") ? "disabled" : az.isTrue("armed") ? "armed" : "disarmed";
    }

    /** The reserved hosts that are in use, each with what it waits for. */
    static void reserves(Screen screen, Document az) {
        az.at("reserves").items().forEach(r -> screen.fact("reserved", r.text("host") + " " + r.text("standing")));
    }

    static void hosts(Screen screen, Document az) {
        screen.table(
                List.of("HOST", "STATUS", "AGENT", "RAFT", "EPOCH", "ADDRESS", "UPKEEP"),
                az.at("hosts").items().stream()
                        .map(h -> List.of(
                                h.text("host"),
                                h.text("status").replace('_', ' '),
                                h.text("agent"),
                                MembersVerb.raft(h),
                                h.text("epoch"),
                                orDash(h.text("address")),
                                upkeep(h)))
                        .toList());
    }

    /** What keeps a host from its usual service: until somebody ends it, so nobody should forget it. */
    private static String upkeep(Document host) {
        String drain = host.text("drain");
        String maintenance = host.isTrue("maintenance") ? "maintenance" : "";
        return orDash(maintenance + (maintenance.isEmpty() || drain.isEmpty() ? "" : ", ") + drain);
    }

    private static String path(String az, String rest) {
        return "/v1/ha/" + Connection.segment(az) + rest;
    }

    private static String orDash(String text) {
        return text.isEmpty() ? "-" : text;
    }
}
