package io.vmha.testcluster.faults.nemesis;

import io.vmha.testcluster.faults.lab.LabHost;
import io.vmha.testcluster.faults.lab.Net;
import io.vmha.testcluster.faults.lab.Network;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;

/** Partitions of the cluster network, and cuts of one network or port. */
final class NetworkFaults {
    private NetworkFaults() {}

    static List<Nemesis> partitions() {
        return List.of(
                new Nemesis(
                        "partition-halves",
                        Family.PARTITION,
                        "the cluster network falls into two parts, one with the majority",
                        5_000,
                        25_000,
                        NetworkFaults::halves),
                new Nemesis(
                        "partition-one",
                        Family.PARTITION,
                        "one host is cut off the cluster network",
                        5_000,
                        25_000,
                        NetworkFaults::isolate),
                new Nemesis(
                        "partition-bridge",
                        Family.PARTITION,
                        "two parts that see each other only through one host",
                        5_000,
                        20_000,
                        NetworkFaults::bridge),
                new Nemesis(
                        "partition-ring",
                        Family.PARTITION,
                        "every host sees only its two neighbours",
                        5_000,
                        20_000,
                        NetworkFaults::ring),
                new Nemesis(
                        "one-way",
                        Family.PARTITION,
                        "one host hears another no more, but is heard by it",
                        5_000,
                        25_000,
                        NetworkFaults::oneWay),
                new Nemesis(
                        "mute", Family.PARTITION, "nobody hears a host", 5_000, 20_000, stage -> halfDeaf(stage, true)),
                new Nemesis(
                        "deaf",
                        Family.PARTITION,
                        "a host hears nobody",
                        5_000,
                        20_000,
                        stage -> halfDeaf(stage, false)),
                new Nemesis(
                        "flapping",
                        Family.PARTITION,
                        "a host is cut off and reconnected again and again",
                        6_000,
                        25_000,
                        NetworkFaults::flap),
                new Nemesis(
                        "switch-reboot",
                        Family.PARTITION,
                        "the whole cluster network is gone: everybody pauses, nobody is evacuated",
                        5_000,
                        25_000,
                        NetworkFaults::switchReboot));
    }

    static List<Nemesis> cuts() {
        return List.of(
                new Nemesis(
                        "cut-gossip",
                        Family.CUT,
                        "port 8301 of one host is closed to the others",
                        5_000,
                        25_000,
                        stage -> port(stage, 8301, "tcp", "udp")),
                new Nemesis(
                        "cut-raft",
                        Family.CUT,
                        "port 8300 of one host is closed to the others",
                        5_000,
                        25_000,
                        stage -> port(stage, 8300, "tcp")),
                new Nemesis(
                        "cut-bmc", Family.CUT, "a host reaches no BMC", 5_000, 30_000, stage -> one(stage, Net.BMC)),
                new Nemesis(
                        "cut-api",
                        Family.CUT,
                        "a host reaches neither Keystone nor Nova",
                        5_000,
                        30_000,
                        stage -> one(stage, Net.API)),
                new Nemesis(
                        "cut-storage",
                        Family.CUT,
                        "a host reaches no storage",
                        3_000,
                        15_000,
                        stage -> one(stage, Net.STORAGE)));
    }

    private static String group(List<LabHost> hosts) {
        return hosts.stream().map(LabHost::node).collect(Collectors.joining(","));
    }

    /** What is dropped between now and the proof shows that something is cut. */
    private static Fault onNet(Stage stage, Net net, String detail, List<LabHost> targets) {
        Network network = stage.bed().network();
        return new Fault(detail, targets).shownBy(() -> dropped(network, net)).healedBy(() -> network.heal(net));
    }

    private static Optional<String> dropped(Network network, Net net) {
        long packets = network.dropped(net);
        return ProcessFaults.proof(packets > 0, packets + " packets dropped on the " + net.word() + " network");
    }

    private static Fault halves(Stage stage) {
        List<LabHost> minority = stage.hosts((stage.bed().hosts().size() - 1) / 2);
        stage.bed().network().partition(Net.CLUSTER, List.of(group(minority), group(stage.others(minority))));
        return onNet(stage, Net.CLUSTER, "cut off the rest: " + group(minority), minority)
                .cutting(minority);
    }

    private static Fault isolate(Stage stage) {
        List<LabHost> targets = stage.hosts(1);
        targets.forEach(host -> stage.bed().network().fault("isolate", Net.CLUSTER, host.node()));
        return onNet(stage, Net.CLUSTER, "isolated", targets).cutting(targets);
    }

    private static Fault bridge(Stage stage) {
        var all = new ArrayList<>(stage.bed().hosts());
        Collections.shuffle(all, stage.dice());
        int half = (all.size() - 1) / 2;
        List<LabHost> left = all.subList(0, half);
        List<LabHost> right = all.subList(half, 2 * half);
        stage.bed().network().partition(Net.CLUSTER, List.of(group(left), group(right)));
        String detail = group(left) + " | " + group(right) + ", bridged by " + group(all.subList(2 * half, all.size()));
        return onNet(stage, Net.CLUSTER, detail, stage.bed().hosts());
    }

    private static Fault ring(Stage stage) {
        List<LabHost> all = stage.bed().hosts();
        Network network = stage.bed().network();
        int n = all.size();
        for (int i = 0; i < n; i++) {
            for (int j = 0; j < n; j++) {
                int distance = Math.min(Math.floorMod(i - j, n), Math.floorMod(j - i, n));
                if (distance > 1) {
                    network.fault(
                            "cut", Net.CLUSTER, all.get(i).node(), all.get(j).node());
                }
            }
        }
        Fault fault = onNet(stage, Net.CLUSTER, "each sees its neighbours only", all);
        return n == 5 ? fault : fault.cutting(all); // with five, everybody still sees a majority of the voters
    }

    private static Fault oneWay(Stage stage) {
        List<LabHost> pair = stage.hosts(2);
        if (pair.size() < 2) {
            return isolate(stage);
        }
        stage.bed()
                .network()
                .fault("cut", Net.CLUSTER, pair.get(0).node(), pair.get(1).node());
        return onNet(
                stage, Net.CLUSTER, pair.get(1).name() + " hears " + pair.get(0).name() + " no more", pair);
    }

    private static Fault halfDeaf(Stage stage, boolean mute) {
        List<LabHost> targets = stage.hosts(1);
        for (LabHost host : targets) {
            for (LabHost other : stage.others(targets)) {
                stage.bed()
                        .network()
                        .fault(
                                "cut",
                                Net.CLUSTER,
                                mute ? host.node() : other.node(),
                                mute ? other.node() : host.node());
            }
        }
        return onNet(stage, Net.CLUSTER, mute ? "nobody hears it" : "it hears nobody", targets)
                .cutting(targets);
    }

    private static Fault flap(Stage stage) {
        List<LabHost> targets = stage.hosts(1);
        Network network = stage.bed().network();
        var ended = new AtomicBoolean();
        targets.forEach(host -> network.fault("link", Net.CLUSTER, host.node(), "down"));
        var thread = new Thread(() -> flapUntil(ended, network, targets), "flapping");
        thread.setDaemon(true);
        thread.start();
        return new Fault("its link goes down and up every 1.5 s", targets)
                .cutting(targets)
                .shownBy(() -> carrierChanges(stage, targets))
                .healedBy(() -> {
                    synchronized (ended) {
                        ended.set(true);
                    }
                    network.heal(Net.CLUSTER);
                });
    }

    private static void flapUntil(AtomicBoolean ended, Network network, List<LabHost> targets) {
        for (boolean up = true; ; up = !up) {
            java.util.concurrent.locks.LockSupport.parkNanos(1_500_000_000L);
            synchronized (ended) {
                if (ended.get()) {
                    return;
                }
                for (LabHost host : targets) {
                    network.fault("link", Net.CLUSTER, host.node(), up ? "up" : "down");
                }
            }
        }
    }

    private static Optional<String> carrierChanges(Stage stage, List<LabHost> targets) {
        String changes = targets.stream()
                .map(host -> ProcessFaults.ask(stage.bed(), host, "cat", "/sys/class/net/cluster/carrier_changes"))
                .collect(Collectors.joining(", "));
        return ProcessFaults.proof(
                changes.matches("\\d{1,6}") && Integer.parseInt(changes) > 2, changes + " changes of carrier");
    }

    private static Fault switchReboot(Stage stage) {
        List<LabHost> all = stage.bed().hosts();
        stage.bed()
                .network()
                .partition(Net.CLUSTER, all.stream().map(LabHost::node).toList());
        stage.take(all);
        return onNet(stage, Net.CLUSTER, "everybody is cut off everybody", all).concerningAll();
    }

    private static Fault port(Stage stage, int port, String... protocols) {
        List<LabHost> targets = stage.hosts(1);
        for (LabHost host : targets) {
            for (LabHost other : stage.others(targets)) {
                for (String protocol : protocols) {
                    stage.bed().network().fault("cut", Net.CLUSTER, host.node(), other.node(), protocol + ":" + port);
                    stage.bed().network().fault("cut", Net.CLUSTER, other.node(), host.node(), protocol + ":" + port);
                }
            }
        }
        return onNet(stage, Net.CLUSTER, "port " + port + " closed both ways", targets);
    }

    /** Nobody may have had a reason to use the network meanwhile: a probe from the host shows that nothing gets through. */
    private static Fault one(Stage stage, Net net) {
        List<LabHost> targets = stage.hosts(1);
        Network network = stage.bed().network();
        targets.forEach(host -> network.fault("isolate", net, host.node()));
        String probe = "import socket;socket.socket(socket.AF_INET,socket.SOCK_DGRAM).sendto(b'probe',('"
                + Network.up(net) + "',9))";
        return new Fault("cut off the " + net.word() + " network", targets)
                .shownBy(() -> {
                    targets.forEach(host -> ProcessFaults.ask(stage.bed(), host, "python3", "-S", "-c", probe));
                    return dropped(network, net);
                })
                .healedBy(() -> network.heal(net));
    }
}
