package io.vmha.testcluster.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import io.vmha.testcluster.FailureLogs;
import io.vmha.testcluster.cloud.CloudSettings;
import io.vmha.testcluster.cloud.CloudSettings.Delay;
import io.vmha.testcluster.cloud.GuestLedger;
import io.vmha.testcluster.cloud.ServerSpec;
import io.vmha.testcluster.cloud.SimulatedCloud;
import io.vmha.testcluster.guard.GuardProcess;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import java.util.function.Supplier;

/**
 * Hosts without BMCs that rely on their leases, each in a network namespace of its own with a cluster network and an API network: a real vmhad,
 * a real vmha-guard, and for each VM a process that appends its nonce and the time to the VM's disk, which all hosts share.
 */
final class LeasedHosts implements AutoCloseable {
    /** One line that a guest wrote on its disk. */
    record Beat(String nonce, long atMs) {}

    /** One life of a guest on a host. */
    record Guest(String vm, String host, String nonce, ProcessHandle process) {
        /** Stopped by a signal: it writes nothing. */
        boolean isPaused() {
            try {
                String stat = Files.readString(Path.of("/proc/" + process.pid() + "/stat"));
                return stat.charAt(stat.lastIndexOf(')') + 2) == 'T';
            } catch (IOException e) {
                return false; // dead
            }
        }
    }

    static final String AZ = "az1";

    private static final int LIMIT_S = 180;
    private static final String PREFIX = "10.79";
    private static final String CLUSTER = "cluster";
    private static final String API = "api";
    private static final String TOKEN = "the-token-of-the-leased-hosts";
    private static final String BEATS = "import sys,time\nwith open(sys.argv[1],'a',buffering=1) as disk:\n"
            + " while True:\n  disk.write('%s %d\\n' % (sys.argv[2], time.time()*1000)); time.sleep(0.05)";

    private final Path directory;
    private final Path netlab;
    private final String lab;
    private final List<ClusterHost> hosts = new ArrayList<>();
    private final List<AutoCloseable> open = new ArrayList<>();
    private final NodeClient client = new NodeClient(Optional.of(TOKEN));
    private final Map<String, Guest> guests = new ConcurrentHashMap<>(); // the newest of each VM on each host
    private final AtomicInteger nonces = new AtomicInteger();
    /** Guests live as long as the thread that started them. */
    private final ExecutorService starter = Executors.newSingleThreadExecutor();

    private SimulatedCloud cloud;

    private LeasedHosts(Path directory, String lab) {
        this.directory = directory;
        this.lab = lab;
        this.netlab = GuardProcess.binary() // test-cluster/target/guard/vmha-guard
                .resolve("../../../lab/netlab")
                .normalize();
    }

    static boolean isPossible() {
        return "root".equals(System.getProperty("user.name"))
                && List.of("/usr/sbin/nft", "/usr/bin/python3").stream()
                        .allMatch(program -> Files.isExecutable(Path.of(program)));
    }

    /** Starts everything, and enables HA with leases as the only proof. */
    static LeasedHosts start(Path directory, int count, int vmsPerHost) {
        var all = new LeasedHosts(directory, "l" + ProcessHandle.current().pid() % 10_000);
        FailureLogs.watch(directory);
        try {
            all.launch(count, vmsPerHost);
            return all;
        } catch (IOException e) {
            all.close();
            throw new UncheckedIOException(e);
        } catch (RuntimeException | AssertionError e) {
            all.close();
            throw e;
        }
    }

    private void launch(int count, int vmsPerHost) throws IOException {
        netlab("create", Integer.toString(count), CLUSTER, API);
        open.add(() -> netlab("destroy"));
        netlab("uplink", API);
        for (int i = 1; i <= count; i++) {
            hosts.add(new ClusterHost("hv-" + i, PREFIX + ".1." + i, "", "", directory.resolve("hv-" + i)));
            Files.createDirectories(guestsOf("hv-" + i));
        }
        Files.createDirectories(directory.resolve("disks"));
        var settings = CloudSettings.defaults()
                .withSharedStorage(true)
                .with(Delay.SPAWN, Duration.ofMillis(800))
                .with(Delay.PHASE, Duration.ofMillis(150))
                .with(Delay.COMPUTE_START, Duration.ofMillis(200));
        cloud = SimulatedCloud.start(new InetSocketAddress(PREFIX + ".1.254", 0), settings);
        open.add(cloud);
        List<String> names = hosts.stream().map(ClusterHost::name).toList();
        names.forEach(cloud::addHost);
        cloud.addZone(AZ, names);
        cloud.ledger().listen(new Processes());
        for (String host : names) {
            for (int i = 1; i <= vmsPerHost; i++) {
                cloud.addServer(
                        ServerSpec.named("vm-" + host + "-" + i).on(host).inZone(AZ));
            }
        }
        Path token = directory.resolve("token");
        Files.writeString(token, TOKEN + "\n");
        Files.setPosixFilePermissions(token, PosixFilePermissions.fromString("rw-------"));
        String key = Cluster.newGossipKey();
        for (ClusterHost host : hosts) {
            startHost(host, settings(host, token, key));
        }
        await("HA is enabled", () -> client.put(hosts.get(0), "/v1/ha/" + AZ + "/enable"), r -> r.status() == 200);
        await("all hosts are armed and in service", this::armed, armed -> armed.size() == count);
        await("all hosts vote", () -> view().path("voters").size(), voters -> voters == count);
    }

    private void startHost(ClusterHost host, VmhadSettings settings) throws IOException {
        List<String> inside = inside(host.name());
        open.add(GuardProcess.start(inside, host.directory().resolve("run"), "pids:" + guestsOf(host.name())));
        Path configuration = VmhadProcess.write(host, settings);
        var command = new ArrayList<>(List.of("setpriv", "--pdeathsig", "KILL"));
        command.addAll(inside);
        // the guard names the boot by the machine's own id, and so must the lease
        VmhadProcess.command(configuration).stream()
                .filter(word -> !word.startsWith("-Dvmha.boot_id_file"))
                .forEach(command::add);
        Process daemon = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(
                        ProcessBuilder.Redirect.appendTo(VmhadProcess.log(host).toFile()))
                .start();
        open.add(daemon::destroyForcibly);
    }

    private VmhadSettings settings(ClusterHost host, Path token, String key) {
        Path run = host.directory().resolve("run");
        return new VmhadSettings()
                .set("host", host.name())
                .set("allow_insecure_raft", true)
                .set("cluster_ip", host.address().replace(PREFIX + ".1.", PREFIX + ".0."))
                .set("data_dir", host.directory().resolve("data").toString())
                .set("lease.file", run.resolve("lease").toString())
                .set("lease.guard", run.resolve("guard").toString())
                .set("gate.guests", "pids:" + guestsOf(host.name()))
                .set(
                        "gate.restart_compute",
                        List.of("touch", restartMark(host.name()).toString()))
                .set("http.address", host.address())
                .set("http.token_file", token.toString())
                .set("gossip.keys", List.of(key))
                .set("gossip.retry_join", List.of(PREFIX + ".0.1:8301", PREFIX + ".0.2:8301", PREFIX + ".0.3:8301"))
                .set("openstack.auth_url", cloud.authUrl().toString())
                .set("openstack.username", "admin")
                .set("openstack.password", CloudSettings.defaults().password())
                .set("openstack.project", "admin")
                .set("openstack.request_timeout", "3s")
                .set("openstack.call_timeout", "5s")
                .set("recovery.instances_shared", true)
                .set("recovery.proofs", List.of("lease"))
                // the rules of the defaults, with less to wait for
                .set("recovery.lease", "3s")
                .set("recovery.grace", "1s");
    }

    /** Guests as processes; told under the cloud's locks, so the work is done elsewhere. */
    private final class Processes implements GuestLedger.Listener {
        @Override
        public void started(String vm, String host) {
            String nonce = "n" + nonces.incrementAndGet();
            starter.execute(() -> guests.put(vm + "@" + host, startGuest(vm, host, nonce)));
        }

        @Override
        public void stopped(String vm, String host) {
            starter.execute(() -> Optional.ofNullable(guests.get(vm + "@" + host))
                    .ifPresent(guest -> guest.process().destroyForcibly()));
        }
    }

    private Guest startGuest(String vm, String host, String nonce) {
        try {
            Process process = new ProcessBuilder(
                            "setpriv",
                            "--pdeathsig",
                            "KILL",
                            "python3",
                            "-S",
                            "-E",
                            "-c",
                            BEATS,
                            disk(vm).toString(),
                            nonce)
                    .start();
            Files.writeString(guestsOf(host).resolve(vm + ".pid"), process.pid() + "\n");
            return new Guest(vm, host, nonce, process.toHandle());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Path guestsOf(String host) {
        return directory.resolve(host).resolve("guests");
    }

    private Path restartMark(String host) {
        return directory.resolve(host).resolve("restart-nova-compute");
    }

    private Path disk(String vm) {
        return directory.resolve("disks").resolve(vm);
    }

    private List<String> inside(String host) {
        return List.of("ip", "netns", "exec", "nl-" + lab + "-" + node(host));
    }

    private static String node(String host) {
        return host.replace("hv-", "h");
    }

    private void netlab(String... arguments) {
        var command = new ArrayList<>(List.of(netlab.toString(), "-l", lab));
        command.addAll(List.of(arguments));
        try {
            var builder = new ProcessBuilder(command).redirectErrorStream(true);
            builder.environment().put("NETLAB_PREFIX", PREFIX);
            Process process = builder.start();
            String output =
                    new String(process.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
            if (process.waitFor() != 0) {
                throw new ClusterException(command + " failed: " + output);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ClusterException("interrupted", e);
        }
    }

    /** Cuts a host off the others on the cluster network; it still reaches Nova. */
    void isolate(String host) {
        netlab("isolate", CLUSTER, node(host));
    }

    void heal() {
        netlab("heal", CLUSTER);
    }

    SimulatedCloud cloud() {
        return cloud;
    }

    /** The guest that a host was last told to run for each of its VMs. */
    List<Guest> guestsOn(String host) {
        return guests.values().stream().filter(g -> g.host().equals(host)).toList();
    }

    /** Everything that was ever written on a VM's disk, in order. */
    List<Beat> beats(String vm) {
        try {
            return Files.readAllLines(disk(vm)).stream()
                    .map(line -> line.split(" ", -1))
                    .filter(words -> words.length == 2 && words[1].length() >= 13) // the last one may be half written
                    .map(words -> new Beat(words[0], Long.parseLong(words[1])))
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The nonces in the order in which they wrote; one that is in it twice wrote by turns with another. */
    List<String> writers(String vm) {
        var writers = new ArrayList<String>();
        for (Beat beat : beats(vm)) {
            if (writers.isEmpty() || !writers.get(writers.size() - 1).equals(beat.nonce())) {
                writers.add(beat.nonce());
            }
        }
        return writers;
    }

    /** The newest state that any of the hosts on the right side of a cut knows. */
    JsonNode view() {
        JsonNode newest = MissingNode.getInstance();
        for (ClusterHost host : hosts) {
            JsonNode view = client.get(host, "/v1/view").orElseGet(MissingNode::getInstance);
            if (view.at("/azs/0/applied_index").asLong(-1)
                    > newest.at("/azs/0/applied_index").asLong(-1)) {
                newest = view;
            }
        }
        return newest;
    }

    /** What the group has committed about a host. */
    JsonNode record(String host) {
        for (JsonNode record : view().at("/azs/0/hosts")) {
            if (record.path("host").asText().equals(host)) {
                return record;
            }
        }
        return MissingNode.getInstance();
    }

    /** The epochs of the hosts that are armed and in service. */
    Map<String, Long> armed() {
        var armed = new TreeMap<String, Long>();
        for (JsonNode record : view().at("/azs/0/hosts")) {
            if (record.path("armed").asBoolean()
                    && record.path("status").asText().equals("in_service")) {
                armed.put(record.path("host").asText(), record.path("epoch").asLong());
            }
        }
        return armed;
    }

    /** A host whose daemon does not lead. */
    String follower() {
        String leader =
                await("there is a leader", () -> view().at("/leader/host").asText(""), l -> !l.isEmpty());
        return hosts.stream()
                .map(ClusterHost::name)
                .filter(h -> !h.equals(leader))
                .findFirst()
                .orElseThrow();
    }

    /** What a host says of its gate. */
    String gate(String host) {
        try {
            return Files.readString(directory.resolve(host).resolve("run/gate"));
        } catch (IOException e) {
            return "none: " + e.getMessage();
        }
    }

    /** Looks again and again until it is as wanted; returns what was seen then. */
    <T> T await(String what, Supplier<T> look, Predicate<T> wanted) {
        long until = System.nanoTime() + LIMIT_S * 1_000_000_000L;
        while (true) {
            restartComputes();
            T seen = look.get();
            if (wanted.test(seen)) {
                return seen;
            }
            if (System.nanoTime() > until) {
                throw new ClusterException("waited " + LIMIT_S + " s in vain until " + what + "; seen last: " + seen
                        + "; logs are in " + directory);
            }
            java.util.concurrent.locks.LockSupport.parkNanos(20_000_000L);
        }
    }

    /** A restarted nova-compute cleans up what was evacuated from its host. */
    private void restartComputes() {
        for (ClusterHost host : hosts) {
            if (cloud != null && restartMark(host.name()).toFile().delete()) {
                cloud.restartCompute(host.name());
            }
        }
    }

    @Override
    public void close() {
        for (int i = open.size() - 1; i >= 0; i--) {
            try {
                open.get(i).close();
            } catch (Exception e) {
                System.err.println("not closed cleanly: " + e);
            }
        }
        starter.shutdownNow();
        guests.values().forEach(guest -> guest.process().destroyForcibly());
    }
}
