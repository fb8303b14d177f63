package io.vmha.testcluster.faults.nemesis;

import io.vmha.testcluster.faults.lab.LabHost;
import io.vmha.testcluster.faults.lab.Network;
import io.vmha.testcluster.faults.lab.Shell;
import io.vmha.testcluster.faults.lab.TestBed;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Hosts that lose their power with everything on them. */
final class PowerFaults {
    private PowerFaults() {}

    static List<Nemesis> all() {
        return List.of(
                new Nemesis(
                        "power-off",
                        Family.POWER,
                        "the plug of a host is pulled",
                        1_000,
                        30_000,
                        stage -> unplug(stage, 1)),
                new Nemesis(
                        "power-off-leader",
                        Family.POWER,
                        "the plug of the leader's host is pulled",
                        8_000,
                        25_000,
                        PowerFaults::unplugLeader),
                new Nemesis(
                        "power-off-by-bmc",
                        Family.POWER,
                        "somebody switches a host off through its BMC",
                        8_000,
                        25_000,
                        PowerFaults::byBmc),
                new Nemesis(
                        "power-blink",
                        Family.POWER,
                        "a host loses its power and boots again within 1 to 3 s",
                        1_000,
                        3_000,
                        stage -> unplug(stage, 1)),
                new Nemesis(
                        "long-absence",
                        Family.POWER,
                        "a host returns after one to ten minutes",
                        60_000,
                        600_000,
                        stage -> unplug(stage, 1)),
                new Nemesis(
                        "double-fault",
                        Family.POWER,
                        "two hosts die, 1 to 3 s apart",
                        15_000,
                        30_000,
                        PowerFaults::twoInARow),
                new Nemesis(
                        "rack-loss",
                        Family.POWER,
                        "a rack of two hosts loses its power",
                        15_000,
                        30_000,
                        PowerFaults::rack),
                new Nemesis(
                        "power-off-all",
                        Family.POWER,
                        "the whole site loses its power and boots again",
                        1_000,
                        5_000,
                        PowerFaults::everything));
    }

    private static Fault unplug(Stage stage, int count) {
        List<LabHost> targets = stage.hosts(count);
        targets.forEach(host -> stage.bed().cutPower(host, "the injector"));
        return off(stage.bed(), targets, "power lost");
    }

    private static Fault unplugLeader(Stage stage) {
        List<LabHost> targets = stage.bed().leader().map(List::of).orElseGet(() -> stage.hosts(1));
        stage.take(targets);
        targets.forEach(host -> stage.bed().cutPower(host, "the injector"));
        return off(stage.bed(), targets, "power of the leader lost");
    }

    private static Fault byBmc(Stage stage) {
        List<LabHost> targets = stage.hosts(1);
        for (LabHost host : targets) {
            Shell.attempt(
                    List.of(
                            "ipmitool",
                            "-I",
                            "lanplus",
                            "-C",
                            "3",
                            "-H",
                            Network.bmc(host.number()),
                            "-U",
                            "admin",
                            "-P",
                            "lab-bmc",
                            "chassis",
                            "power",
                            "off"),
                    "");
        }
        return off(stage.bed(), targets, "switched off by IPMI");
    }

    private static Fault twoInARow(Stage stage) {
        List<LabHost> targets = stage.hosts(2);
        for (LabHost host : targets) {
            stage.bed().cutPower(host, "the injector");
            Shell.pass(stage.between(1_000, 3_000));
        }
        return off(stage.bed(), targets, "power lost, one after the other");
    }

    /** The racks are hosts 1 and 2, 3 and 4, and so on, as the configuration of the test bed has them. */
    private static Fault rack(Stage stage) {
        List<LabHost> first = stage.hosts(1);
        var rack = new ArrayList<>(first);
        for (LabHost host : first) {
            stage.bed().hosts().stream()
                    .filter(h -> !h.equals(host) && (h.number() + 1) / 2 == (host.number() + 1) / 2)
                    .forEach(rack::add);
        }
        stage.take(rack);
        rack.parallelStream().forEach(host -> stage.bed().cutPower(host, "the injector"));
        return off(stage.bed(), rack, "power of the rack lost");
    }

    private static Fault everything(Stage stage) {
        List<LabHost> all = stage.bed().hosts();
        all.parallelStream().forEach(host -> stage.bed().cutPower(host, "the injector"));
        return off(stage.bed(), all, "power of the site lost").concerningAll();
    }

    private static Fault off(TestBed bed, List<LabHost> targets, String detail) {
        return new Fault(detail, targets)
                .killing(targets)
                .shownBy(() -> bite(bed, targets))
                .healedBy(() -> targets.forEach(host -> bed.restorePower(host, "the injector")));
    }

    private static Optional<String> bite(TestBed bed, List<LabHost> targets) {
        boolean dead = targets.stream()
                .allMatch(host ->
                        !bed.isOn(host) && bed.network().pids(host.node()).isEmpty());
        return ProcessFaults.proof(dead, "no process is left in " + targets.size() + " namespace(s)");
    }
}
