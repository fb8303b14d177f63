package io.vmha.testcluster.bench;

import com.fasterxml.jackson.databind.JsonNode;
import io.vmha.testcluster.cluster.CloudBackend;
import io.vmha.testcluster.cluster.ClusterException;
import io.vmha.testcluster.cluster.ClusterHost;
import io.vmha.testcluster.cluster.Loopback;
import io.vmha.testcluster.cluster.NovaClient;
import io.vmha.testcluster.cluster.OpenStackBackend;
import io.vmha.testcluster.cluster.RecoveryStage;
import io.vmha.testcluster.cluster.SimulatedBackend;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.Function;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * How much slower a proven recovery is than a script that knows the truth, and whether it moves as many VMs per second. Both are measured in
 * one run, in turns, on the same hosts, each with its own number of VMs, by the same reading of Nova.
 */
@Command(
        name = "bench-recovery",
        mixinStandardHelpOptions = true,
        description = "Measures recoveries beside a plain script that is told of the death and evacuates at once.")
final class RecoveryBench implements Callable<Integer> {
    private static final int LIMIT_S = 300;

    /** What is under Nova. */
    enum Cloud {
        openstack,
        simulated
    }

    /** What proves the host dead. */
    enum Proof {
        bmc,
        lease
    }

    @Option(
            names = "--cloud",
            defaultValue = "openstack",
            description = "a real OpenStack of Debian's packages, or the simulated one: ${COMPLETION-CANDIDATES}"
                    + " (default: ${DEFAULT-VALUE})")
    private Cloud cloud = Cloud.openstack;

    @Option(
            names = "--proofs",
            split = ",",
            defaultValue = "bmc,lease",
            description = "what proves the host dead, in this order (default: ${DEFAULT-VALUE})")
    private List<Proof> proofs = List.of();

    @Option(
            names = "--vms",
            converter = Count.class,
            split = ",",
            defaultValue = "3,10,30",
            description = "VMs on the dead host (default: ${DEFAULT-VALUE})")
    private List<Integer> sizes = List.of();

    @Option(
            names = "--rounds",
            converter = Count.class,
            defaultValue = "1",
            description = "recoveries of each kind and size (default: ${DEFAULT-VALUE})")
    private int rounds = 1;

    @Option(
            names = "--threads",
            converter = Count.class,
            defaultValue = "10",
            description = "parallel calls of the script (default: ${DEFAULT-VALUE})")
    private int threads = 10;

    @Option(
            names = "--hosts",
            converter = Count.class,
            defaultValue = "5",
            description = "hosts of the zone (default: ${DEFAULT-VALUE})")
    private int hosts = 5;

    @Option(names = "--stories", description = "print the story of each incident as well")
    private boolean stories;

    private RecoveryStage stage;

    @Override
    public Integer call() throws IOException {
        Path directory = Files.createTempDirectory("vmha-bench");
        try {
            stage = open(directory);
            for (Proof proof : proofs) {
                measure(proof);
            }
            return 0;
        } finally {
            if (stage != null) {
                stage.close();
            }
            delete(directory);
        }
    }

    private RecoveryStage open(Path directory) {
        if (cloud == Cloud.openstack) {
            var real = new OpenStackBackend(
                    Path.of("test-cluster", "openstack"),
                    directory.resolve("openstack"),
                    what -> {},
                    Map.of("VMHA_NETNS", "1"));
            return RecoveryStage.open(directory, real, hosts, real::guestsOf, real::restartComputeCommand);
        }
        CloudBackend simulated = new SimulatedBackend(new InetSocketAddress(Loopback.freeNet() + ".200", 5000));
        Function<String, Path> guests =
                host -> directory.resolve(host).resolve("guests").toAbsolutePath();
        // the simulated nova-compute has completed its evacuations when its host has power again
        return RecoveryStage.open(directory, simulated, hosts, guests, host -> List.of("true"));
    }

    private void measure(Proof proof) throws IOException {
        say("%n%s, proof by %s, %d hosts; load %s", cloud, proof, hosts, load());
        stage.clear(); // no AZ is enabled with a host that Nova holds down
        stage.relyOn(proof.name());
        List<String> lines = new ArrayList<>();
        for (int size : sizes) {
            var ours = new ArrayList<RecoveryTimes>();
            var script = new ArrayList<RecoveryTimes>();
            for (int i = 0; i < rounds; i++) {
                script.add(byScript(size));
                ours.add(byUs(size));
            }
            lines.add(RecoveryTimes.row("script", script));
            lines.add(RecoveryTimes.row("vmha", ours));
            lines.add(String.format(
                    Locale.ROOT,
                    "overhead of %d VMs: %.2f s; throughput ratio %.2f; load %s",
                    size,
                    RecoveryTimes.median(ours, RecoveryTimes::total)
                            - RecoveryTimes.median(script, RecoveryTimes::total),
                    RecoveryTimes.median(ours, RecoveryTimes::throughput)
                            / RecoveryTimes.median(script, RecoveryTimes::throughput),
                    load()));
        }
        say("| who | VMs | rounds | verdict | certificate | first call | first ACTIVE | last ACTIVE | VMs/s |");
        say("|---|---|---|---|---|---|---|---|---|");
        lines.forEach(line -> say("%s", line));
    }

    private RecoveryTimes byUs(int size) {
        stage.clear();
        String victim = stage.followers().get(0);
        List<String> vms = stage.populate(victim, size);
        long cutAtMs = System.currentTimeMillis();
        stage.cluster().cutPower(List.of(victim));
        Seen seen = awaitActive(vms, victim);
        JsonNode incident = stage.awaitClosed(1).get(0);
        JsonNode recovery = incident.at("/recoveries/0");
        long firstCallAtMs = Long.MAX_VALUE;
        for (JsonNode vm : recovery.path("vms")) {
            firstCallAtMs = Math.min(firstCallAtMs, vm.path("requested_at_ms").asLong(Long.MAX_VALUE));
        }
        var times = new RecoveryTimes(
                size,
                0,
                (incident.path("opened_at_ms").asLong() - cutAtMs) / 1000.0,
                (recovery.at("/certificate/committed_at_ms").asLong() - cutAtMs) / 1000.0,
                (firstCallAtMs - cutAtMs) / 1000.0,
                (seen.firstAtMs() - cutAtMs) / 1000.0,
                (seen.lastAtMs() - cutAtMs) / 1000.0);
        say("%s", RecoveryTimes.row("vmha", List.of(times)));
        if (stories) {
            incident.path("story")
                    .forEach(note -> say(
                            "  %7.2f  %s",
                            (note.path("at_ms").asLong() - cutAtMs) / 1000.0,
                            note.path("text").asText()));
        }
        return times;
    }

    /** The host is in maintenance meanwhile, so that nobody but the script acts. */
    private RecoveryTimes byScript(int size) {
        stage.clear();
        String victim = stage.followers().get(0);
        maintenance(victim, true);
        List<String> vms = stage.populate(victim, size);
        long cutAtMs = System.currentTimeMillis();
        stage.cluster().cutPower(List.of(victim));
        long beganAtMs = System.currentTimeMillis();
        long firstCallAtMs = new PlainScript(stage.nova(), threads).recover(victim);
        Seen seen = awaitActive(vms, victim);
        var times = new RecoveryTimes(
                size,
                (beganAtMs - cutAtMs) / 1000.0,
                Double.NaN,
                Double.NaN,
                (firstCallAtMs - cutAtMs) / 1000.0,
                (seen.firstAtMs() - cutAtMs) / 1000.0,
                (seen.lastAtMs() - cutAtMs) / 1000.0);
        say("%s", RecoveryTimes.row("script", List.of(times)));
        stage.powerAll();
        stage.cluster()
                .await(
                        "Nova takes " + victim + " back",
                        LIMIT_S,
                        () -> stage.nova().forceUp(victim),
                        up -> up);
        maintenance(victim, false);
        return times;
    }

    private void maintenance(String host, boolean on) {
        ClusterHost leader = stage.cluster().host(stage.cluster().leader());
        var reply = stage.cluster().client().put(leader, "/v1/hosts/" + host + "/maintenance?on=" + on);
        if (reply.status() != 200) {
            throw new ClusterException("maintenance of " + host + ": " + reply.message());
        }
    }

    /** When Nova first showed one, and all, of the VMs ACTIVE elsewhere. */
    private record Seen(long firstAtMs, long lastAtMs) {}

    private Seen awaitActive(List<String> vms, String victim) {
        long[] first = {0};
        stage.cluster()
                .await(
                        "all VMs are ACTIVE elsewhere",
                        LIMIT_S,
                        () -> {
                            List<NovaClient.Vm> active = stage.nova().servers().stream()
                                    .filter(vm -> vms.contains(vm.id()) && vm.isActiveElsewhere(List.of(victim)))
                                    .toList();
                            if (!active.isEmpty() && first[0] == 0) {
                                first[0] = System.currentTimeMillis();
                            }
                            return active.size();
                        },
                        count -> count == vms.size());
        return new Seen(first[0], System.currentTimeMillis());
    }

    private static String load() throws IOException {
        return Files.readString(Path.of("/proc/loadavg")).split(" ", -1)[0];
    }

    private static void say(String format, Object... values) {
        System.out.println(String.format(Locale.ROOT, format, values));
    }

    private static void delete(Path directory) throws IOException {
        try (Stream<Path> files = Files.walk(directory)) {
            files.sorted(Comparator.reverseOrder())
                    .forEach(file -> file.toFile().delete());
        }
    }
}
