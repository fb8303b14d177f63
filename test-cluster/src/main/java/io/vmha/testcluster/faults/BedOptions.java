package io.vmha.testcluster.faults;

import io.vmha.testcluster.faults.history.NovaKind;
import io.vmha.testcluster.faults.lab.BedPlan;
import io.vmha.testcluster.faults.lab.GuestPlan;
import io.vmha.testcluster.faults.nemesis.Family;
import io.vmha.testcluster.faults.nemesis.Nemeses;
import io.vmha.testcluster.faults.nemesis.Nemesis;
import io.vmha.testcluster.faults.workload.Workload;
import io.vmha.testcluster.faults.workload.Workloads;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Option;

/** Options of every verb that makes a test bed. */
final class BedOptions {
    @Option(names = "--hosts", defaultValue = "5", description = "Hypervisors, 3 to 50. Default: ${DEFAULT-VALUE}")
    int hosts;

    @Option(names = "--vms", description = "VMs on each at the beginning, 0 to 20. Default: 2, or 1 with --guests qemu")
    Optional<Integer> vms = Optional.empty();

    @Option(
            names = "--guests",
            description =
                    "processes, or qemu: each host has a libvirtd and a vmha-guard of its own, and its guests are boot"
                            + " sectors that beat on disks that all hosts share. Default: processes, or what a scenario"
                            + " says")
    Optional<String> guests = Optional.empty();

    @Option(
            names = "--proof",
            description =
                    "What recoveries rely on: bmc, lease (hosts have no fence device, their guards pause and kill), or"
                            + " bmc,lease. Default: bmc, or bmc,lease with --guests qemu, or what a scenario says")
    Optional<String> proof = Optional.empty();

    @Option(names = "--seed", description = "Of everything random. Default: of the clock, and printed")
    Optional<Long> seed = Optional.empty();

    @Option(
            names = "--nova",
            defaultValue = "simulated",
            description =
                    "simulated, or openstack: a real one of Debian's packages, which needs some three GiB. Default:"
                            + " ${DEFAULT-VALUE}")
    String nova = "simulated";

    @Option(
            names = "--older",
            description =
                    "Class path of an earlier build, with which the daemons start; the nemesis upgrade brings them to"
                            + " this one.")
    Optional<String> older = Optional.empty();

    @Option(
            names = "--report",
            description = "The report as one HTML file. Default: ${DEFAULT-VALUE}",
            defaultValue = "faults-report.html")
    Path report = Path.of("faults-report.html");

    @Option(names = "--json", description = "The same as JSON.")
    Optional<Path> json = Optional.empty();

    @Option(
            names = "--history",
            description = "Everything that was recorded, one event a line; faults check FILE judges it again.")
    Optional<Path> history = Optional.empty();

    @Option(names = "--logs", description = "A directory for the daemons' logs and configurations.")
    Optional<Path> logs = Optional.empty();

    long chosenSeed() {
        if (seed.isEmpty()) {
            seed = Optional.of(System.currentTimeMillis() % 1_000_000);
        }
        return seed.get();
    }

    /** What must be said to get this Nova again; empty for the usual one. */
    String novaAgain() {
        return nova.equals(NovaKind.SIMULATED.word()) ? "" : " --nova " + nova;
    }

    /** What the guests are; refuses words that mean nothing. */
    GuestPlan guestPlan() {
        return GuestPlan.of(guests.orElse("processes"), proof.orElse(""));
    }

    int vmsPerHost() {
        return vms.orElseGet(() -> guestPlan().vmsUsual());
    }

    /** A test bed for these nemeses: with movable clocks and a stock serf only where one of them needs it. */
    BedPlan plan(List<Nemesis> nemeses) {
        boolean clocks = nemeses.stream().anyMatch(n -> n.family() == Family.CLOCK);
        boolean serf = nemeses.stream().anyMatch(n -> n.name().equals("kill-serf"));
        return new BedPlan(
                hosts,
                vmsPerHost(),
                guestPlan(),
                chosenSeed(),
                clocks,
                serf,
                Path.of(System.getProperty("vmha.top", "."), "test-cluster/lab/netlab"),
                System.getProperty("java.class.path"),
                older,
                NovaKind.named(nova));
    }

    /** The nemeses of these names, families, or {@code all}. */
    static List<Nemesis> nemeses(List<String> words) {
        var chosen = new LinkedHashSet<Nemesis>();
        for (String word : words) {
            List<Nemesis> found = Nemeses.all().stream()
                    .filter(n -> word.equals("all")
                            ? !n.name().equals("long-absence")
                            : n.name().equals(word) || n.family().word().equals(word))
                    .toList();
            if (found.isEmpty()) {
                throw new IllegalArgumentException(
                        "there is no nemesis and no family '" + word + "'; see: faults list");
            }
            chosen.addAll(found);
        }
        return List.copyOf(chosen);
    }

    /** The workloads of these names, or {@code all}, or {@code none}. */
    static List<Workload> workloads(List<String> words) {
        var chosen = new ArrayList<Workload>();
        for (String word : words) {
            if (word.equals("all")) {
                chosen.addAll(Workloads.all());
            } else if (!word.equals("none")) {
                chosen.add(Workloads.named(word)
                        .orElseThrow(() ->
                                new IllegalArgumentException("there is no workload '" + word + "'; see: faults list")));
            }
        }
        return List.copyOf(chosen);
    }
}
