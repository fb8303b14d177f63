package io.vmha.testcluster.faults.lab;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.vmha.testcluster.bmc.BmcSpec;
import io.vmha.testcluster.bmc.SimulatedBmcs;
import io.vmha.testcluster.cluster.Cluster;
import io.vmha.testcluster.faults.history.History;
import io.vmha.testcluster.faults.history.Kinds;
import io.vmha.testcluster.faults.history.NovaKind;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;

/**
 * The whole test bed. It must be made in namespaces that were made for it alone ({@link #refuseUnlessAlone}): then everything on it ends with
 * the process that made it, by the kernel's hand, whatever happens.
 */
public final class TestBed implements AutoCloseable {
    /** The protected AZ. */
    public static final String AZ = "az1";

    private static final String TOKEN = "the-token-of-the-test-bed";
    private static final Duration EVIDENCE_LIMIT = Duration.ofMillis(900);

    private final BedPlan plan;
    private final History history;
    private final Path directory;
    private final List<LabHost> hosts = new ArrayList<>();
    private final Map<String, DaemonProcess> processes = new TreeMap<>();
    private final Set<String> off = ConcurrentHashMap.newKeySet();
    private final Set<String> dark = ConcurrentHashMap.newKeySet(); // off, and everything on it is dead
    private final Daemons daemons = new Daemons(TOKEN);
    private final List<AutoCloseable> open = new ArrayList<>();
    private final Network network;
    private final BedCloud cloud;
    private final SharedDisk disk;
    private final GuestHosts guests;
    private final NameServer names;
    private final NovaProxy proxy;
    private final SimulatedBmcs bmcs;
    private final CloudAdmin admin;
    private final BedConfiguration configuration;
    private final BootGate gates;
    private Optional<SerfMember> serf = Optional.empty();

    private TestBed(BedPlan plan, History history, Path directory, Consumer<String> tell) throws IOException {
        this.plan = plan;
        this.history = history;
        this.directory = directory;
        Files.createDirectories(directory);
        for (int i = 1; i <= plan.hosts(); i++) {
            hosts.add(new LabHost(i, directory.resolve("hv-" + i)));
            Files.createDirectories(directory.resolve("hv-" + i).resolve("guests"));
        }
        network = Network.create(plan.netlab(), plan.hosts() + 1); // the last one is for a stock serf
        network.addBmcAddresses(plan.hosts());
        names = opened(new NameServer(InetAddress.getByName(Network.up(Net.API))));
        guests = opened(
                new GuestHosts(plan.guests(), hosts, network, history, directory, plan.hypervisor(), this::onGuard));
        cloud = opened(
                plan.nova() == NovaKind.OPENSTACK
                        ? new OpenStackBedCloud(plan, network, hosts, directory, tell)
                        : new SimulatedBedCloud(plan, network, hosts, guests, directory));
        disk = opened(new SharedDisk(InetAddress.getByName(Network.up(Net.STORAGE)), history));
        proxy = opened(new NovaProxy(
                new InetSocketAddress(Network.up(Net.API), NovaProxy.PORT),
                BedConfiguration.CLOUD_NAME,
                cloud.access(),
                history,
                this::evidence,
                plan.seed()));
        PowerSwitch mains = opened(new PowerSwitch(directory, new Mains()));
        configuration = new BedConfiguration(plan, hosts, directory, TOKEN, Cluster.newGossipKey(), cloud.access());
        configuration.write(network);
        bmcs = startBmcs(mains.hook());
        admin = new CloudAdmin(cloud.access());
        gates = opened(new BootGate(host -> daemon(host).gateFile(), this::passGate, this::serveReturn));
    }

    /**
     * Starts everything; the pool and the group form by themselves and on demand.
     *
     * @param directory for its files; must lie in memory that ends with the namespaces
     */
    public static TestBed start(BedPlan plan, History history, Path directory, Consumer<String> tell) {
        refuseUnlessAlone();
        try {
            var bed = new TestBed(plan, history, directory, tell);
            bed.launch(tell);
            return bed;
        } catch (IOException e) {
            throw new LabException("the test bed cannot be made: " + e.getMessage(), e);
        }
    }

    /** The harness touches nothing that it has not made: it runs only where there is nothing else. */
    public static void refuseUnlessAlone() {
        try {
            List<String> cards = Files.readAllLines(Path.of("/proc/net/dev")).stream()
                    .skip(2)
                    .map(line -> line.strip().split(":", 2)[0])
                    .filter(name -> !name.equals("lo"))
                    .toList();
            boolean labs = Files.isDirectory(Path.of("/run/netns"))
                    && !Shell.run(List.of("ls", "/run/netns")).isBlank();
            boolean init = Files.readString(Path.of("/proc/1/cmdline")).contains("test-cluster/bin/room");
            if (!cards.isEmpty() || labs || !init) {
                throw new LabException(
                        "expected namespaces of my own with nothing in them, but found network cards " + cards
                                + (labs ? ", named network namespaces" : "")
                                + (init ? "" : ", and a first process that is not test-cluster/bin/room")
                                + ": start me by ./faults");
            }
        } catch (IOException e) {
            throw new LabException("cannot tell where I am: " + e.getMessage() + "; start me by ./faults", e);
        }
    }

    private <T extends AutoCloseable> T opened(T part) {
        open.add(part);
        return part;
    }

    private SimulatedBmcs startBmcs(Path hook) throws IOException {
        var specs = new ArrayList<BmcSpec>();
        for (LabHost host : hosts) {
            var address = new InetSocketAddress(InetAddress.getByName(Network.bmc(host.number())), 623);
            specs.add(new BmcSpec(host.name(), address, host.bmcGuid()));
        }
        return opened(SimulatedBmcs.start(
                directory.resolve("bmc"),
                new SimulatedBmcs.Credentials(BedConfiguration.BMC_USER, BedConfiguration.BMC_PASSWORD),
                specs,
                hook));
    }

    private void launch(Consumer<String> tell) {
        cloud.open(tell);
        tell.accept(plan.hosts()
                + " hosts on the networks cluster, api, storage, bmc and watch; BMCs, storage and cloud answer");
        Optional<Path> wallClock = plan.movableClocks() ? Optional.of(compiledWallClock()) : Optional.empty();
        hosts.forEach(host -> daemonOf(host, wallClock));
        guests.start();
        for (LabHost host : hosts) {
            startDaemon(host);
            gates.serve(host);
        }
        cloud.populate();
        if (plan.serfMember()) {
            serf = Optional.of(opened(new SerfMember(network, plan.hosts() + 1, configuration.gossipKey(), directory)));
        }
    }

    private void daemonOf(LabHost host, Optional<Path> wallClock) {
        var process = new DaemonProcess(host, network, plan.olderClassPath().orElse(plan.classPath()), wallClock);
        process.format();
        processes.put(host.name(), process);
    }

    /** The library that moves a daemon's wall clock. */
    private Path compiledWallClock() {
        Path source = Scripts.copy("wallclock.c", directory);
        Path library = directory.resolve("wallclock.so");
        Shell.run(List.of("gcc", "-O2", "-shared", "-fPIC", "-o", library.toString(), source.toString()));
        return library;
    }

    private final class Mains implements PowerSwitch.Mains {
        @Override
        public void off(String host) {
            cutPower(host(host), "its BMC");
        }

        @Override
        public void on(String host) {
            restorePower(host(host), "its BMC");
        }

        @Override
        public boolean isOn(String host) {
            return !dark.contains(host);
        }
    }

    /** Everything on the host is dead and its cables are silent when this returns. */
    public void cutPower(LabHost host, String by) {
        synchronized (host) {
            if (!off.add(host.name())) {
                return;
            }
            gates.forget(host);
            guests.rest(host);
            network.power(host.node(), false);
            network.killAll(host.node());
            cloud.powerLost(host);
            dark.add(host.name());
            history.record(
                    Kinds.POWER,
                    event -> event.put("host", host.name()).put("on", false).put("by", by));
        }
    }

    /** The host boots: its daemon starts, its compute service as soon as the daemon opens the gate, its guests do not. */
    public void restorePower(LabHost host, String by) {
        synchronized (host) {
            if (!off.remove(host.name())) {
                return;
            }
            dark.remove(host.name());
            network.power(host.node(), true);
            cloud.powerBack(host);
            daemon(host).newBoot();
            forgetGuests(host);
            guests.boot(host);
            startDaemon(host);
            gates.hold(host);
            history.record(
                    Kinds.POWER,
                    event -> event.put("host", host.name()).put("on", true).put("by", by));
        }
    }

    /** The pid files lay on a RAM disk. */
    private static void forgetGuests(LabHost host) {
        try (var files = Files.newDirectoryStream(host.guestsDirectory(), "*.pid")) {
            for (Path file : files) {
                Files.deleteIfExists(file);
            }
        } catch (IOException e) {
            throw new LabException("cannot empty " + host.guestsDirectory() + ": " + e.getMessage(), e);
        }
    }

    /** A guard that cannot keep its promise in another way has its host reset. */
    private void onGuard(LabHost host, String what) {
        note(host, what);
        if (what.equals("reset")) {
            cutPower(host, "its guard");
            restorePower(host, "its guard");
        }
    }

    private void serveReturn(LabHost host) {
        restartCompute(host);
        note(host, "has its compute service restarted");
    }

    private void passGate(LabHost host) {
        synchronized (host) {
            if (isOn(host) && !cloud.computeRuns(host)) {
                cloud.restartCompute(host);
                note(host, "its gate opens");
            }
        }
    }

    public boolean isOn(LabHost host) {
        return !off.contains(host.name());
    }

    /** Kills the host's compute service; its guests go on. */
    public void killCompute(LabHost host) {
        cloud.killCompute(host);
    }

    /** Starts the host's compute service again, as a service manager does: it completes the evacuations from its host. */
    public void restartCompute(LabHost host) {
        synchronized (host) {
            if (isOn(host)) {
                gates.forget(host);
                cloud.restartCompute(host);
            }
        }
    }

    /** Starts the daemon of a host that has power. */
    public void startDaemon(LabHost host) {
        if (isOn(host) && !daemon(host).isAlive()) {
            daemon(host).start();
            note(host, "start");
        }
    }

    /** {@code kill -9}. */
    public void killDaemon(LabHost host) {
        daemon(host).kill();
        note(host, "kill");
    }

    /** As a service manager ends it. */
    public void stopDaemon(LabHost host) {
        daemon(host).stop();
        note(host, "stop");
    }

    /** Sends the daemon a signal, by its name such as STOP. */
    public void signalDaemon(LabHost host, String signal) {
        daemon(host).signal(signal);
        note(host, signal);
    }

    private void note(LabHost host, String what) {
        history.record(Kinds.DAEMON, event -> event.put("host", host.name()).put("what", what));
    }

    /** What the replicas have committed about a VM at this moment, and what the caller believes of itself. */
    private void evidence(String vm, String caller, ObjectNode into) {
        Map<LabHost, JsonNode> views = daemons.get(living(), "/v1/view", EVIDENCE_LIMIT);
        into.put("asked", living().size()).put("answered", views.size());
        var certified = into.putArray("certified");
        views.forEach((host, view) -> {
            if (host.name().equals(caller)) {
                into.put("caller_role", view.path("role").asText(""))
                        .put("caller_term", view.path("term").asLong());
            }
            Optional<JsonNode> recovery = Replicas.recoveryOf(view, vm);
            recovery.filter(r -> r.path("certificate").isObject()).ifPresent(r -> {
                certified.add(host.name());
                into.put("source", r.path("host").asText())
                        .put("proof", r.at("/certificate/proof").asText());
            });
        });
    }

    /** Where a daemon's disk is mounted, as the daemon sees it. */
    public String diskOf(LabHost host) {
        return host.dataDirectory().toString();
    }

    /** Runs a line of shell with the disk of a daemon that does not run mounted at {@code $1}; returns its output. */
    public String onResting(LabHost host, String line) {
        String script = "for i in 1 2 3 4 5; do mount -o loop \"$2\" \"$1\" && break; sleep 0.2; done; " + line;
        return Shell.attempt(
                        List.of(
                                "unshare",
                                "-m",
                                "sh",
                                "-c",
                                script,
                                "disk",
                                diskOf(host),
                                host.diskImage().toString()),
                        "")
                .output();
    }

    /** Repairs the file system of a daemon that does not run. */
    public void checkDisk(LabHost host) {
        Shell.attempt(List.of("e2fsck", "-y", "-f", host.diskImage().toString()), "");
    }

    /** The last line of a daemon's log that is an error, or simply the last. */
    public String lastWords(LabHost host) {
        try {
            List<String> lines = Files.readAllLines(host.log(), java.nio.charset.StandardCharsets.ISO_8859_1);
            return lines.stream()
                    .filter(line -> line.contains(" ERROR "))
                    .reduce((first, second) -> second)
                    .orElse(lines.isEmpty() ? "" : lines.get(lines.size() - 1));
        } catch (IOException e) {
            return "(no log: " + e.getMessage() + ")";
        }
    }

    /** How many members a daemon calls alive; -1 if it does not answer. */
    public int aliveInPool(LabHost host) {
        JsonNode members = daemons.get(host, "/v1/members");
        if (!members.isArray()) {
            return -1;
        }
        int alive = 0;
        for (JsonNode member : members) {
            boolean ours = member.path("name").asText().startsWith("hv-");
            alive += ours && member.path("status").asText().equals("alive") ? 1 : 0;
        }
        return alive;
    }

    /** True if a daemon's command line names this class path. */
    public boolean runsBuild(LabHost host, String classPath) {
        try {
            return Files.readString(Path.of("/proc/" + daemon(host).pid() + "/cmdline"))
                    .contains(classPath);
        } catch (IOException e) {
            return false;
        }
    }

    /** Where Nova is rebuilding a VM just now. */
    public Optional<String> rebuildTarget(String vm) {
        return cloud.rebuildTarget(vm);
    }

    /** Puts into the history what only the end shows: the guests' lives, the disk's, and what Nova and every replica hold. */
    public void recordEnd() {
        guests.record(disk);
        history.record(Kinds.SERVERS, event -> event.set("servers", admin.servers()));
        Replicas.record(daemons, living(), history);
        serf.ifPresent(member -> member.recordPool(history));
    }

    /** The daemons that run on hosts with power. */
    public List<LabHost> living() {
        return hosts.stream()
                .filter(host -> isOn(host) && daemon(host).isAlive())
                .toList();
    }

    /** All hypervisors. */
    public List<LabHost> hosts() {
        return Collections.unmodifiableList(hosts);
    }

    /** A host by Nova's name. */
    public LabHost host(String name) {
        return hosts.stream()
                .filter(host -> host.name().equals(name))
                .findFirst()
                .orElseThrow(() ->
                        new IllegalArgumentException("no host " + name + "; there are hv-1 to hv-" + hosts.size()));
    }

    public DaemonProcess daemon(LabHost host) {
        return processes.get(host.name());
    }

    public Daemons daemons() {
        return daemons;
    }

    public Network network() {
        return network;
    }

    public BedCloud cloud() {
        return cloud;
    }

    /** An administrator's own client of the cloud, past the proxy. */
    public CloudAdmin admin() {
        return admin;
    }

    /** Every token that was given out is refused from now on. */
    public void expireTokens() {
        cloud.expireTokens(proxy);
    }

    /** How many calls were refused for their token. */
    public long tokensRefused() {
        return cloud.tokensRefused(proxy);
    }

    public NovaProxy proxy() {
        return proxy;
    }

    public SimulatedBmcs bmcs() {
        return bmcs;
    }

    public History history() {
        return history;
    }

    public BedPlan plan() {
        return plan;
    }

    /** The stock serf in the pool, if there is one. */
    public Optional<SerfMember> serf() {
        return serf;
    }

    /** The name server answers nobody, or everybody again. */
    public void nameServerGone(boolean gone) {
        names.gone(gone);
    }

    /** How many questions the name server has left unanswered. */
    public long namesUnanswered() {
        return names.unanswered();
    }

    /** True if the compute service of a host is heard on the bus. */
    public boolean computeIsHeard(LabHost host) {
        return cloud.hears(host);
    }

    /** The host whose daemon says that it leads, with the highest term. */
    public Optional<LabHost> leader() {
        LabHost leader = null;
        long term = -1;
        for (var answer :
                daemons.get(living(), "/v1/leader", Duration.ofSeconds(2)).entrySet()) {
            if (answer.getValue().path("role").asText().equals("leader")
                    && answer.getValue().path("term").asLong() > term) {
                leader = answer.getKey();
                term = answer.getValue().path("term").asLong();
            }
        }
        return Optional.ofNullable(leader);
    }

    @Override
    public void close() {
        for (int i = open.size() - 1; i >= 0; i--) {
            try {
                open.get(i).close();
            } catch (Exception e) { // the outermost place: what is left ends with the namespaces
                System.err.println("faults: " + e);
            }
        }
        hosts.forEach(host -> network.killAll(host.node()));
    }
}
