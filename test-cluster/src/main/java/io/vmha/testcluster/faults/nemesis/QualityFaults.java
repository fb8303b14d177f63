package io.vmha.testcluster.faults.nemesis;

import io.vmha.testcluster.faults.lab.LabHost;
import io.vmha.testcluster.faults.lab.Net;
import io.vmha.testcluster.faults.lab.Network;
import io.vmha.testcluster.faults.lab.Shell;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A cluster network that works badly for one host: nobody is dead, so nobody may be fenced. */
final class QualityFaults {
    private static final Pattern OVERLIMITS = Pattern.compile("overlimits (\\d+)");
    private static final Pattern PACKETS = Pattern.compile("^\\s*(\\d+)\\s");

    private QualityFaults() {}

    static List<Nemesis> all() {
        return List.of(
                new Nemesis(
                        "loss",
                        Family.QUALITY,
                        "5 to 25 % of one host's packets are lost, both ways",
                        6_000,
                        25_000,
                        QualityFaults::loss),
                new Nemesis(
                        "delay",
                        Family.QUALITY,
                        "one host's packets take 20 to 200 ms longer",
                        6_000,
                        25_000,
                        stage -> delay(stage, false)),
                new Nemesis(
                        "reorder",
                        Family.QUALITY,
                        "one host's packets overtake each other",
                        6_000,
                        25_000,
                        stage -> delay(stage, true)),
                new Nemesis(
                        "duplicate",
                        Family.QUALITY,
                        "a third of one host's packets arrive twice",
                        6_000,
                        25_000,
                        QualityFaults::duplicate),
                new Nemesis(
                        "slow-link",
                        Family.QUALITY,
                        "one host's link carries 256 to 2000 kbit/s",
                        6_000,
                        25_000,
                        QualityFaults::slow));
    }

    private static Fault loss(Stage stage) {
        List<LabHost> targets = stage.hosts(1);
        String percent = Integer.toString(stage.between(5, 25));
        Network network = stage.bed().network();
        for (LabHost host : targets) {
            for (LabHost other : stage.others(targets)) {
                network.fault("loss", Net.CLUSTER, host.node(), other.node(), percent);
                network.fault("loss", Net.CLUSTER, other.node(), host.node(), percent);
            }
        }
        return new Fault(percent + " % lost", targets)
                .shownBy(() -> ProcessFaults.proof(
                        network.dropped(Net.CLUSTER) > 0, network.dropped(Net.CLUSTER) + " packets lost"))
                .healedBy(() -> network.heal(Net.CLUSTER));
    }

    private static Fault delay(Stage stage, boolean jitter) {
        List<LabHost> targets = stage.hosts(1);
        int ms = stage.between(20, 200);
        Network network = stage.bed().network();
        for (LabHost host : targets) {
            for (LabHost other : stage.others(targets)) {
                network.fault(
                        "delay",
                        Net.CLUSTER,
                        host.node(),
                        other.node(),
                        Integer.toString(ms),
                        Integer.toString(jitter ? ms * 3 / 4 : 0));
            }
        }
        return new Fault(ms + " ms later" + (jitter ? ", give or take three quarters" : ""), targets)
                .shownBy(() -> roundTrip(stage, targets, jitter ? ms / 4 : ms))
                .healedBy(() -> network.heal(Net.CLUSTER));
    }

    /** A TCP connection to a neighbour's Raft port shows the time that one packet takes each way. */
    private static Optional<String> roundTrip(Stage stage, List<LabHost> targets, int atLeastMs) {
        for (LabHost host : targets) {
            List<LabHost> living = stage.bed().living();
            LabHost other = stage.others(targets).stream()
                    .filter(living::contains)
                    .findFirst()
                    .orElse(host);
            String took = ProcessFaults.ask(
                    stage.bed(),
                    host,
                    "python3",
                    "-S",
                    "-c",
                    "import socket,time;s=socket.socket();s.settimeout(5);t=time.monotonic()\n"
                            + "try: s.connect(('" + other.address(Net.CLUSTER) + "',8300))\n"
                            + "except ConnectionError: pass\n"
                            + "print(int((time.monotonic()-t)*1000))");
            return ProcessFaults.proof(
                    took.matches("\\d{1,6}") && Integer.parseInt(took) >= atLeastMs * 9 / 10,
                    "connecting takes " + took + " ms");
        }
        return Optional.empty();
    }

    private static Fault duplicate(Stage stage) {
        List<LabHost> targets = stage.hosts(1);
        Network network = stage.bed().network();
        for (LabHost host : targets) {
            for (LabHost other : stage.others(targets)) {
                network.fault("dup", Net.CLUSTER, host.node(), other.node(), "33");
            }
        }
        return new Fault("33 % twice", targets)
                .shownBy(() -> duplicated(stage, targets))
                .healedBy(() -> network.heal(Net.CLUSTER));
    }

    private static Optional<String> duplicated(Stage stage, List<LabHost> targets) {
        long packets = targets.stream()
                .flatMap(host -> ProcessFaults.ask(
                                stage.bed(), host, "iptables", "-w", "-t", "mangle", "-nvxL", "OUTPUT")
                        .lines())
                .filter(line -> line.contains("TEE"))
                .map(PACKETS::matcher)
                .filter(Matcher::find)
                .mapToLong(matcher -> Long.parseLong(matcher.group(1)))
                .sum();
        return ProcessFaults.proof(packets > 0, packets + " packets sent twice");
    }

    private static Fault slow(Stage stage) {
        List<LabHost> targets = stage.hosts(1);
        int kbit = stage.between(256, 2_000);
        Network network = stage.bed().network();
        targets.forEach(host -> network.fault("rate", Net.CLUSTER, host.node(), Integer.toString(kbit)));
        return new Fault(kbit + " kbit/s", targets)
                .shownBy(() -> overlimits(network, targets))
                .healedBy(() -> network.heal(Net.CLUSTER));
    }

    /** A burst shows the bucket at work: 120 packets of 1200 bytes need more than half a second at 2 Mbit/s. */
    private static Optional<String> overlimits(Network network, List<LabHost> targets) {
        for (LabHost host : targets) {
            String burst = "import socket;s=socket.socket(socket.AF_INET,socket.SOCK_DGRAM)\n"
                    + "for i in range(120): s.sendto(bytes(1200),('" + host.address(Net.CLUSTER) + "',9))";
            String from = host.number() == 1 ? "h2" : "h1";
            Shell.attempt(network.in(from, "python3", "-S", "-c", burst), "");
            String port = "p" + Net.CLUSTER.number() + "." + host.number();
            String shown = Shell.attempt(network.in("sw", "tc", "-s", "qdisc", "show", "dev", port), "")
                    .output();
            Matcher matcher = OVERLIMITS.matcher(shown);
            return ProcessFaults.proof(
                    matcher.find() && !matcher.group(1).equals("0"),
                    "packets had to wait: " + shown.replaceAll("\\s+", " "));
        }
        return Optional.empty();
    }
}
