package io.vmha.testcluster.faults.nemesis;

import io.vmha.testcluster.bmc.SimulatedBmcs;
import io.vmha.testcluster.faults.lab.LabHost;
import io.vmha.testcluster.faults.lab.Network;
import io.vmha.testcluster.faults.lab.Shell;
import io.vmha.testcluster.faults.lab.TestBed;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** BMCs that are slow, lie, refuse, or are gone, while their host is cut off and has to be fenced. */
final class BmcFaults {
    private BmcFaults() {}

    static List<Nemesis> all() {
        return List.of(
                new Nemesis(
                        "bmc-slow",
                        Family.BMC,
                        "a host is cut off, and its BMC takes 2 to 9 s for each command",
                        12_000,
                        30_000,
                        BmcFaults::slow),
                new Nemesis(
                        "bmc-refusing",
                        Family.BMC,
                        "a host is cut off, and its BMC refuses to switch it off",
                        12_000,
                        30_000,
                        stage -> cutOff(stage, SimulatedBmcs.Fault.DENY)),
                new Nemesis(
                        "bmc-lying",
                        Family.BMC,
                        "a host is cut off, and its BMC says once that it is off though it is not",
                        12_000,
                        30_000,
                        stage -> cutOff(stage, SimulatedBmcs.Fault.LIE_ONCE)),
                new Nemesis(
                        "bmc-hanging",
                        Family.BMC,
                        "a host is cut off, and its BMC takes the command and answers no more",
                        12_000,
                        30_000,
                        stage -> cutOff(stage, SimulatedBmcs.Fault.HANG)),
                new Nemesis(
                        "bmc-unplugged",
                        Family.BMC,
                        "a host loses its power together with its BMC",
                        12_000,
                        30_000,
                        BmcFaults::unplugged));
    }

    private static Fault slow(Stage stage) {
        List<LabHost> targets = stage.hosts(1);
        Duration time = Duration.ofMillis(stage.between(2_000, 9_000));
        targets.forEach(host -> stage.bed().bmcs().slow(host.name(), time));
        return isolated(stage, targets, "its BMC takes " + time.toMillis() + " ms");
    }

    private static Fault cutOff(Stage stage, SimulatedBmcs.Fault fault) {
        List<LabHost> targets = stage.hosts(1);
        targets.forEach(host -> stage.bed().bmcs().fault(host.name(), fault));
        return isolated(stage, targets, "its BMC: " + fault);
    }

    /** The host is cut off the cluster network, so that somebody has a reason to ask the BMC. */
    private static Fault isolated(Stage stage, List<LabHost> targets, String detail) {
        TestBed bed = stage.bed();
        long before = commands(bed, targets);
        targets.forEach(
                host -> bed.network().fault("isolate", io.vmha.testcluster.faults.lab.Net.CLUSTER, host.node()));
        return new Fault(detail + ", and it is cut off", targets)
                .cutting(targets)
                .shownBy(() -> asked(bed, targets, before))
                .healedBy(() -> {
                    targets.forEach(host -> bed.bmcs().fault(host.name(), SimulatedBmcs.Fault.NONE));
                    bed.network().heal(io.vmha.testcluster.faults.lab.Net.CLUSTER);
                });
    }

    private static long commands(TestBed bed, List<LabHost> targets) {
        return targets.stream()
                .mapToLong(host -> bed.bmcs().commands(host.name()).size())
                .sum();
    }

    private static Optional<String> asked(TestBed bed, List<LabHost> targets, long before) {
        List<String> commands = bed.bmcs().commands(targets.get(0).name());
        boolean met = commands(bed, targets) > before;
        return ProcessFaults.proof(
                met, "the BMC was told: " + (commands.isEmpty() ? "" : commands.get(commands.size() - 1)));
    }

    private static Fault unplugged(Stage stage) {
        List<LabHost> targets = stage.hosts(1);
        TestBed bed = stage.bed();
        for (LabHost host : targets) {
            bed.bmcs().unplug(host.name());
            bed.cutPower(host, "the injector");
        }
        return new Fault("power lost, and the BMC with it", targets)
                .killing(targets)
                .shownBy(() -> silent(targets))
                .healedBy(() -> targets.forEach(host -> {
                    bed.bmcs().plug(host.name());
                    bed.restorePower(host, "the injector");
                }));
    }

    private static Optional<String> silent(List<LabHost> targets) {
        for (LabHost host : targets) {
            Shell.Outcome outcome = Shell.attempt(
                    List.of(
                            "timeout",
                            "3",
                            "ipmitool",
                            "-I",
                            "lanplus",
                            "-C",
                            "3",
                            "-N",
                            "1",
                            "-R",
                            "1",
                            "-H",
                            Network.bmc(host.number()),
                            "-U",
                            "admin",
                            "-P",
                            "lab-bmc",
                            "chassis",
                            "power",
                            "status"),
                    "");
            return ProcessFaults.proof(outcome.status() != 0, "ipmitool gets no answer: status " + outcome.status());
        }
        return Optional.empty();
    }
}
