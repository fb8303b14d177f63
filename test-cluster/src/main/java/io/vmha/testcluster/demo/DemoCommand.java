package io.vmha.testcluster.demo;

import com.fasterxml.jackson.databind.JsonNode;
import io.vmha.testcluster.cluster.CloudBackend;
import io.vmha.testcluster.cluster.Cluster;
import io.vmha.testcluster.cluster.ClusterException;
import io.vmha.testcluster.cluster.ClusterHost;
import io.vmha.testcluster.cluster.Loopback;
import io.vmha.testcluster.cluster.NovaClient;
import io.vmha.testcluster.cluster.OpenStackBackend;
import io.vmha.testcluster.cluster.SimulatedBackend;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code ./demo}: starts a cluster, cuts a host's power, shows the recovery, checks the end in Nova. */
@Command(name = "demo", description = "A cluster on this machine loses a host, and its VMs come back.")
final class DemoCommand implements Callable<Integer> {
    private static final int SIMULATED_LIMIT_S = 180;
    private static final int OPENSTACK_LIMIT_S = 300;

    /** Whose power is cut. */
    enum Kill {
        leader,
        follower,
        two
    }

    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            description = "show this help")
    @SuppressWarnings("UnusedVariable") // picocli looks at the annotation
    private boolean help;

    @Option(
            names = "--hosts",
            paramLabel = "N",
            defaultValue = "5",
            description = "hosts, 3 to 20 (default ${DEFAULT-VALUE})")
    private int hosts;

    @Option(
            names = "--vms",
            paramLabel = "N",
            defaultValue = "2",
            description = "VMs on each host, 1 to 20 (default ${DEFAULT-VALUE})")
    private int vms;

    @Option(
            names = "--kill",
            paramLabel = "WHO",
            defaultValue = "follower",
            description = "whose power is cut: ${COMPLETION-CANDIDATES} (default ${DEFAULT-VALUE})")
    private Kill kill;

    @Option(
            names = "--openstack",
            description = "on a real OpenStack from Debian's packages instead of the simulated one")
    private boolean openstack;

    @Option(
            names = "--keep",
            description = "leave everything running afterwards and say how to look around; Ctrl-C ends it")
    private boolean keep;

    @Option(names = "--json", paramLabel = "FILE", description = "write the report as JSON to this file, too")
    private Optional<Path> json;

    private final Screen screen =
            new Screen(System.out, Boolean.getBoolean("vmha.color") && System.getenv("NO_COLOR") == null);

    @Override
    public Integer call() {
        Optional<String> wrong = wrongOption();
        if (wrong.isPresent()) {
            System.err.println("demo: " + wrong.get());
            return 2;
        }
        Path directory = temporaryDirectory();
        String net = Loopback.freeNet();
        CloudBackend cloud = openstack
                ? new OpenStackBackend(
                        Path.of("test-cluster", "openstack"), directory.resolve("openstack"), screen::step)
                : new SimulatedBackend(new InetSocketAddress(net + ".200", 5000));
        var cluster = new Cluster(directory, net, cloud, screen::step);
        var cleaned = new Cleanup(cluster, directory);
        Runtime.getRuntime().addShutdownHook(new Thread(cleaned::run, "cleanup"));
        try {
            return run(cluster, cloud);
        } catch (ClusterException e) {
            System.err.println("demo: " + e.getMessage());
            cleaned.keepLogs();
            return 1;
        } finally {
            cleaned.run();
        }
    }

    /** What is wrong with the options, found before anything is started. */
    private Optional<String> wrongOption() {
        if (hosts < 3 || hosts > 20) {
            return Optional.of("--hosts must be 3 to 20 but is " + hosts);
        }
        if (vms < 1 || vms > 20) {
            return Optional.of("--vms must be 1 to 20 but is " + vms);
        }
        if (kill == Kill.two && hosts < 5) {
            return Optional.of(
                    "--kill two needs at least 5 hosts, so that a majority is left, but --hosts is " + hosts);
        }
        return json.map(Path::toAbsolutePath)
                .filter(file -> Files.isDirectory(file) || !Files.isWritable(file.getParent()))
                .map(file -> "--json must name a file in a directory that can be written to but is " + file);
    }

    private int run(Cluster cluster, CloudBackend cloud) {
        screen.title("vmha: " + hosts + " hosts, " + vms + " VMs on each");
        cluster.start(hosts, vms);
        cluster.enable(hosts);
        var nova = new NovaClient(cloud);
        List<String> dead = victims(cluster);
        List<NovaClient.Vm> before = nova.servers();
        placement(cluster, before);
        screen.title("Cutting the power of " + String.join(" and ", dead));
        String leader = cluster.leader();
        long cutAtMs = System.currentTimeMillis();
        screen.event(0, "power", "cut: " + String.join(", ", dead));
        cluster.cutPower(dead);
        DemoReport report = follow(
                cluster, cloud, nova, dead, before, new Timeline(cluster.client(), screen, cutAtMs, leader), cutAtMs);
        report.print(screen);
        write(report);
        cluster.awaitEqualStates();
        if (keep) {
            lookAround(cluster);
        }
        return report.isGood() ? 0 : 1;
    }

    private List<String> victims(Cluster cluster) {
        String leader = cluster.leader();
        List<String> followers = cluster.hosts().stream()
                .map(ClusterHost::name)
                .filter(h -> !h.equals(leader))
                .toList();
        return switch (kill) {
            case leader -> List.of(leader);
            case follower -> List.of(followers.get(followers.size() - 1));
            case two -> List.of(followers.get(followers.size() - 1), leader);
        };
    }

    private DemoReport follow(
            Cluster cluster,
            CloudBackend cloud,
            NovaClient nova,
            List<String> dead,
            List<NovaClient.Vm> before,
            Timeline timeline,
            long cutAtMs) {
        List<NovaClient.Vm> lost = before.stream()
                .filter(vm -> dead.contains(vm.host()))
                .sorted(Comparator.comparing(NovaClient.Vm::name))
                .toList();
        List<ClusterHost> living =
                cluster.hosts().stream().filter(h -> !dead.contains(h.name())).toList();
        long untilMs = cutAtMs + 1000L * (openstack ? OPENSTACK_LIMIT_S : SIMULATED_LIMIT_S);
        OptionalDouble allActive = OptionalDouble.empty();
        Optional<JsonNode> view = Optional.empty();
        while (System.currentTimeMillis() < untilMs) {
            Optional<JsonNode> newer = timeline.look(living);
            view = newer.isPresent() ? newer : view;
            if (allActive.isEmpty() && allActive(nova, lost, dead)) {
                allActive = OptionalDouble.of((System.currentTimeMillis() - cutAtMs) / 1000.0);
            }
            if (allActive.isPresent() && view.map(v -> closed(v, dead)).orElse(false)) {
                break;
            }
            Cluster.pause();
        }
        timeline.flush();
        return report(cloud, nova, dead, lost, view, allActive, cutAtMs);
    }

    private DemoReport report(
            CloudBackend cloud,
            NovaClient nova,
            List<String> dead,
            List<NovaClient.Vm> lost,
            Optional<JsonNode> view,
            OptionalDouble allActive,
            long cutAtMs) {
        List<NovaClient.Vm> after = nova.servers();
        var lines = new ArrayList<DemoReport.Line>();
        for (NovaClient.Vm vm : lost) {
            Optional<NovaClient.Vm> now =
                    after.stream().filter(s -> s.id().equals(vm.id())).findFirst();
            lines.add(new DemoReport.Line(
                    vm.name(),
                    vm.host(),
                    now.map(NovaClient.Vm::host).orElse("gone"),
                    now.map(NovaClient.Vm::status).orElse("gone"),
                    now.map(s -> s.isActiveElsewhere(dead)).orElse(false)));
        }
        var complaints = new ArrayList<String>();
        Map<String, List<String>> guests = cloud.guests();
        for (NovaClient.Vm vm : lost) {
            String host = after.stream()
                    .filter(s -> s.id().equals(vm.id()))
                    .map(NovaClient.Vm::host)
                    .findFirst()
                    .orElse("");
            List<String> runs = guests.getOrDefault(vm.id(), List.of());
            if (!runs.equals(List.of(host))) {
                complaints.add("Nova has " + vm.name() + " on " + host + " but its guest runs on " + runs);
            }
        }
        if (!view.map(v -> closed(v, dead)).orElse(false)) {
            complaints.add("not every incident was closed in time");
        }
        JsonNode last = view.orElseGet(() -> new com.fasterxml.jackson.databind.ObjectMapper().createObjectNode());
        return new DemoReport(
                cloud.describe(),
                dead,
                DemoReport.first(DemoReport.times(last, "opened", cutAtMs)),
                DemoReport.last(DemoReport.times(last, "certificate", cutAtMs)),
                DemoReport.first(DemoReport.times(last, "call", cutAtMs)),
                allActive,
                lines,
                cloud.runningTwice(),
                complaints);
    }

    private static boolean allActive(NovaClient nova, List<NovaClient.Vm> lost, List<String> dead) {
        List<NovaClient.Vm> now = nova.servers();
        return lost.stream()
                .allMatch(vm -> now.stream().anyMatch(s -> s.id().equals(vm.id()) && s.isActiveElsewhere(dead)));
    }

    private static boolean closed(JsonNode view, List<String> dead) {
        return dead.stream()
                .allMatch(host -> Stream.of(Timeline.incidents(view).values().toArray(JsonNode[]::new))
                        .anyMatch(i -> i.path("phase").asText().equals("closed")
                                && names(i.path("hosts")).contains(host)));
    }

    private static List<String> names(JsonNode array) {
        var names = new ArrayList<String>();
        array.forEach(name -> names.add(name.asText()));
        return names;
    }

    private void placement(Cluster cluster, List<NovaClient.Vm> servers) {
        for (ClusterHost host : cluster.hosts()) {
            List<String> here = servers.stream()
                    .filter(s -> s.host().equals(host.name()))
                    .map(NovaClient.Vm::name)
                    .sorted()
                    .toList();
            screen.line(String.format(Locale.ROOT, "  %-6s %s", host.name(), String.join(" ", here)));
        }
    }

    private void write(DemoReport report) {
        json.ifPresent(file -> {
            try {
                Files.writeString(file, report.json().toPrettyString() + "\n", StandardCharsets.UTF_8);
            } catch (IOException e) {
                throw new ClusterException("the report cannot be written to " + file + ": " + e.getMessage(), e);
            }
        });
    }

    private void lookAround(Cluster cluster) {
        ClusterHost host = cluster.living().get(0);
        screen.title("Still running. Look around:");
        screen.line("  status page   http://" + host.address() + ":8500/ui");
        screen.line("  command line, in another terminal:");
        screen.line("                export VMHA_ADDRESS=" + host.address() + ":8400");
        for (String verb : List.of("status", "members", "az show " + Cluster.AZ, "incidents", "explain incident 1")) {
            screen.line("                ./vmha " + verb);
        }
        screen.line("  HTTP          curl http://" + host.address() + ":8500/v1/status/leader");
        screen.line("                curl http://" + host.address() + ":8500/metrics");
        screen.line("  Ctrl-C ends everything.");
        try {
            new CountDownLatch(1).await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static Path temporaryDirectory() {
        try {
            return Files.createTempDirectory("vmha-demo-");
        } catch (IOException e) {
            throw new ClusterException("no temporary directory: " + e.getMessage(), e);
        }
    }

    /** Ends everything once, whichever way the demonstration ends. */
    private static final class Cleanup {
        private final Cluster cluster;
        private final Path directory;
        private boolean done;
        private boolean logsKept;

        Cleanup(Cluster cluster, Path directory) {
            this.cluster = cluster;
            this.directory = directory;
        }

        synchronized void keepLogs() {
            logsKept = true;
            System.err.println("demo: logs are kept in " + directory);
        }

        synchronized void run() {
            if (done) {
                return;
            }
            done = true;
            cluster.close();
            if (!logsKept) {
                delete(directory);
            }
        }

        private static void delete(Path directory) {
            try (Stream<Path> files = Files.walk(directory)) {
                files.sorted(Comparator.reverseOrder())
                        .forEach(file -> file.toFile().delete());
            } catch (IOException e) {
                System.err.println("demo: " + directory + " could not be removed: " + e.getMessage());
            }
        }
    }
}
