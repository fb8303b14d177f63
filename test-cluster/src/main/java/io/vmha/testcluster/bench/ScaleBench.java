package io.vmha.testcluster.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.vmha.testcluster.cluster.Loopback;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.function.ToIntFunction;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** What the hosts of a large AZ ask of its three voters: connecting all at once, renewing, and a voter that restarts. */
@Command(
        name = "bench-scale",
        mixinStandardHelpOptions = true,
        description = {
            "Measures three voters under the renewals of many hosts, over mutual TLS on loopback.",
            "Voters and hosts are the product's own code; the hosts share one process, whose cost is shown beside."
        })
final class ScaleBench implements Callable<Integer> {
    private static final int HOSTS_MAX = 1_000;

    @Option(
            names = "--hosts",
            split = ",",
            converter = Count.class,
            defaultValue = "100,300",
            description = "how many hosts, one run each (default: ${DEFAULT-VALUE})")
    private List<Integer> hosts = List.of(100, 300);

    @Option(
            names = "--seconds",
            converter = Count.class,
            defaultValue = "20",
            description = "of renewing that are measured (default: ${DEFAULT-VALUE})")
    private int seconds = 20;

    @Option(
            names = "--limit",
            converter = Count.class,
            defaultValue = "180",
            description = "seconds until all hosts must renew, or the run ends with 1 (default: ${DEFAULT-VALUE})")
    private int limit = 180;

    @Option(
            names = "--json",
            description = "one JSON document at the end on standard output, progress on standard error")
    private boolean json;

    @Spec
    private CommandSpec spec;

    private final ObjectMapper mapper = new ObjectMapper();

    @Override
    public Integer call() throws IOException {
        if (hosts.stream().anyMatch(n -> n > HOSTS_MAX)) {
            throw new ParameterException(
                    spec.commandLine(), "--hosts takes numbers up to " + HOSTS_MAX + " but found " + hosts);
        }
        Path directory = Files.createTempDirectory("vmha-scale");
        ArrayNode runs = mapper.createArrayNode();
        boolean allRenewed = true;
        try {
            for (int count : hosts) {
                ObjectNode run = runs.addObject().put("hosts", count);
                try (var group = new ScaleGroup(directory.resolve(Integer.toString(count)), Loopback.freeNet())) {
                    allRenewed &= measure(group, count, run);
                }
            }
        } finally {
            ConsensusBench.delete(directory);
        }
        if (json) {
            System.out.println(mapper.writerWithDefaultPrettyPrinter().writeValueAsString(runs));
        }
        return allRenewed ? 0 : 1;
    }

    private boolean measure(ScaleGroup group, int count, ObjectNode run) throws IOException {
        say("%d hosts: making certificates and starting three voters", count);
        group.start(count);
        group.startHosts(count);
        List<Usage> before = group.usages();
        long began = System.nanoTime();
        group.beginRenewing();
        long leasesMs = await(group, count, "lease", ScaleGroup.Report::held);
        long allMs = leasesMs < 0 ? -1 : await(group, count, "answers from all voters", ScaleGroup.Report::withAll);
        long connectMs = (System.nanoTime() - began) / 1_000_000;
        cost(run.putObject("connecting"), before, group.usages(), connectMs, count)
                .put("all_leases_ms", leasesMs)
                .put("all_voters_ms", allMs < 0 ? -1 : connectMs);
        tell(run, "connecting", "all at once");
        if (allMs < 0) {
            say("%d hosts: not all renewed within %d s", count, limit);
            return false;
        }
        rest(group, count, run);
        return restart(group, count, run);
    }

    private void rest(ScaleGroup group, int count, ObjectNode run) {
        Await.pause(3_000);
        group.reset();
        List<Usage> before = group.usages();
        long began = System.nanoTime();
        Await.pause(TimeUnit.SECONDS.toMillis(seconds));
        ScaleGroup.Report report = group.report();
        List<Usage> after = group.usages();
        long tookMs = (System.nanoTime() - began) / 1_000_000;
        cost(run.putObject("renewing"), before, after, tookMs, count)
                .put("renewals_per_s", Math.round(report.answers() * 1000.0 / tookMs))
                .put("longest_gap_ms", report.longestGapMs())
                .put("leases_lost", report.lost());
        tell(run, "renewing", seconds + " s");
    }

    /** What a voter's restart does to the leases of hosts that renew with the others meanwhile. */
    private boolean restart(ScaleGroup group, int count, ObjectNode run) {
        int follower = group.killFollower();
        group.reset();
        group.restart(follower);
        List<Usage> before = group.usages();
        long began = System.nanoTime();
        long allMs = await(group, count, "answers from the voter that has restarted", ScaleGroup.Report::withAll);
        ScaleGroup.Report report = group.report();
        cost(run.putObject("restart"), before, group.usages(), (System.nanoTime() - began) / 1_000_000, count)
                .put("all_back_ms", allMs)
                .put("longest_gap_ms", report.longestGapMs())
                .put("leases_lost", report.lost());
        tell(run, "restart", "of a voter that does not lead");
        return allMs >= 0;
    }

    private long await(ScaleGroup group, int count, String what, ToIntFunction<ScaleGroup.Report> number) {
        long began = System.nanoTime();
        long told = began;
        while (true) {
            int now = number.applyAsInt(group.report());
            long at = System.nanoTime();
            if (now >= count) {
                return (at - began) / 1_000_000;
            }
            if (at - began > TimeUnit.SECONDS.toNanos(limit)) {
                return -1;
            }
            if (at - told > TimeUnit.SECONDS.toNanos(5)) {
                told = at;
                say("%d hosts: %d have %s after %d s", count, now, what, (at - began) / 1_000_000_000);
            }
            Await.pause(50);
        }
    }

    /** CPU of each voter and of a host in percent of a core, and memory, over so long. The last usage is of the process of all hosts. */
    private ObjectNode cost(ObjectNode to, List<Usage> before, List<Usage> after, long tookMs, int count) {
        int voters = ServerGroup.SERVERS;
        ArrayNode cpu = to.putArray("voter_cpu_percent");
        ArrayNode memory = to.putArray("voter_mib");
        for (int i = 0; i < voters; i++) {
            cpu.add(tenths(100.0 * (after.get(i).cpuMs() - before.get(i).cpuMs()) / tookMs));
            memory.add(after.get(i).residentMib());
        }
        double all = 100.0 * (after.get(voters).cpuMs() - before.get(voters).cpuMs()) / tookMs;
        to.put("took_ms", tookMs);
        to.put("hosts_process_cpu_percent", tenths(all));
        to.put("host_cpu_percent", Math.round(1000.0 * all / count) / 1000.0);
        to.put("hosts_process_mib", after.get(voters).residentMib());
        to.put("load", tenths(ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage()));
        return to;
    }

    private static double tenths(double value) {
        return Math.round(value * 10) / 10.0;
    }

    private void tell(ObjectNode run, String phase, String what) {
        say("%d hosts, %s, %s:", run.get("hosts").asInt(), phase, what);
        run.get(phase).properties().forEach(f -> say("  %-28s %s", f.getKey(), f.getValue()));
    }

    private void say(String format, Object... values) {
        (json ? System.err : System.out).printf(Locale.ROOT, format + "%n", values);
    }
}
