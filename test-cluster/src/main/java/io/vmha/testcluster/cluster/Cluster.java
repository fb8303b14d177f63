package io.vmha.testcluster.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import io.vmha.testcluster.bmc.BmcSpec;
import io.vmha.testcluster.bmc.HostPower;
import io.vmha.testcluster.bmc.SimulatedBmcs;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.function.Supplier;

/** Hosts with everything on them, as processes of this machine; closing it leaves nothing behind. One thread. */
public final class Cluster implements AutoCloseable {
    /** The AZ that the cloud has. */
    public static final String AZ = "az1";

    private static final int STATES_LIMIT_S = 60;
    /** An election takes seconds; one in which all daemons start anew on a busy machine takes long. */
    private static final int LEADER_LIMIT_S = 90;

    private static final int VOTERS_LIMIT_S = 180;
    private static final int ENABLE_LIMIT_S = 90;
    /** What keeps an AZ from being enabled may pass: gossip still has an old word of a host, a BMC is slow, nobody leads. */
    private static final Set<Integer> NOT_YET = Set.of(409, 412, 503, 504);

    private static final int BMC_PORT = 623;
    private static final int START_LIMIT_S = 120;

    private final Path directory;
    private final String net;
    private final CloudBackend cloud;
    private final Consumer<String> tell;
    private final NodeClient client = new NodeClient();
    private final List<ClusterHost> hosts = new ArrayList<>();
    private final Map<String, VmhadProcess> daemons = new LinkedHashMap<>();
    private final Map<String, VmhadSettings> settings = new TreeMap<>();
    private final Map<String, DarkAddress> dark = new TreeMap<>();
    private final TreeSet<String> mayBeDead = new TreeSet<>();
    private final Map<String, List<String>> within = new TreeMap<>();
    private final String gossipKey = newGossipKey();
    private BiConsumer<ClusterHost, VmhadSettings> tailor = (host, its) -> {};
    private HostPower power;
    private Path hook;
    private SimulatedBmcs bmcs;

    /**
     * @param net the first three numbers of the loopback addresses, such as {@code 127.77.3}
     * @param tell hears what was done and what has been waited for
     */
    public Cluster(Path directory, String net, CloudBackend cloud, Consumer<String> tell) {
        this.directory = directory;
        this.net = net;
        this.cloud = cloud;
        this.tell = tell;
    }

    /** Changes every daemon's configuration before it is written. */
    public Cluster tailored(BiConsumer<ClusterHost, VmhadSettings> change) {
        tailor = change;
        return this;
    }

    /** Starts the cloud, the BMCs and the daemons; returns when every daemon sees all the others. */
    public void start(int hostCount, int vmsPerHost) {
        for (int i = 1; i <= hostCount; i++) {
            String name = "hv-" + i;
            hosts.add(new ClusterHost(
                    name,
                    net + "." + i,
                    net + "." + (100 + i),
                    String.format(Locale.ROOT, "564d4841000040008000%012x", i),
                    directory.resolve(name)));
        }
        List<String> names = hosts.stream().map(ClusterHost::name).toList();
        cloud.start(names, AZ, vmsPerHost);
        tell.accept("cloud: " + cloud.describe());
        startBmcs(names);
        for (ClusterHost host : hosts) {
            VmhadSettings its = usualSettings(host, gossipKey);
            tailor.accept(host, its);
            settings.put(host.name(), its);
            startDaemon(host.name());
        }
        tell.accept(hostCount + " vmhad started, on " + net + ".1 to " + net + "." + hostCount);
        await(
                "every vmhad sees " + hostCount + " members alive",
                START_LIMIT_S,
                this::aliveInPools,
                alive -> alive.values().stream().allMatch(count -> count == hosts.size()));
    }

    private void startBmcs(List<String> names) {
        power = HostPower.install(directory.resolve("power"), names, cloud.powerEndpoint());
        hook = directory.resolve("power-hook");
        PowerHook.write(hook, power.hook(), cloud, directory);
        var specs = hosts.stream()
                .map(h -> new BmcSpec(
                        h.name(), new InetSocketAddress(Loopback.of(h.bmcAddress()), BMC_PORT), h.bmcGuid()))
                .toList();
        bmcs = SimulatedBmcs.start(
                directory.resolve("bmc"), new SimulatedBmcs.Credentials("admin", "demo-bmc"), specs, hook);
        tell.accept(names.size() + " simulated BMCs answer IPMI over LAN, on " + net + ".101 to " + net + "."
                + (100 + names.size()));
    }

    /** 32 random bytes in base64. */
    public static String newGossipKey() {
        byte[] key = new byte[32];
        new SecureRandom().nextBytes(key);
        return Base64.getEncoder().encodeToString(key);
    }

    /** The settings that a daemon on this host would have, before {@link #tailored}. */
    VmhadSettings usualSettings(ClusterHost host, String key) {
        var its = new VmhadSettings()
                .set("host", host.name())
                .set("cluster_ip", host.address())
                .set("allow_loopback_cluster_ip", true)
                .set("data_dir", host.directory().resolve("data").toString())
                .set("lease.file", host.directory().resolve("run/lease").toString())
                .set("lease.guard", host.directory().resolve("run/guard").toString())
                .set("gate.return", "by-hand")
                .set("gate.guests", "pids:" + host.directory().resolve("guests"))
                .set("http.address", host.address())
                .set("rpc.address", host.address())
                .set("gossip.keys", List.of(key))
                .set(
                        "gossip.retry_join",
                        hosts.stream().limit(3).map(h -> h.address() + ":8301").toList())
                .set("openstack.auth_url", cloud.authUrl().toString())
                .set("openstack.username", cloud.username())
                .set("openstack.password", cloud.password())
                .set("openstack.project", cloud.project())
                .set("recovery.instances_shared", true)
                .set("fencing.defaults.agent", "fence_ipmilan")
                .set("fencing.defaults.username", "admin")
                .set("fencing.defaults.password", "demo-bmc")
                .set("fencing.defaults.options.lanplus", true)
                .set("fencing.defaults.options.cipher", 3)
                .set("fencing.defaults.options.power_wait", 1);
        for (ClusterHost h : hosts) {
            its.set("fencing.hosts." + h.name() + ".address", h.bmcAddress())
                    .set("fencing.hosts." + h.name() + ".identity", h.bmcGuid());
        }
        return its;
    }

    /** How many members are alive, by the host whose vmhad says so; -1 where it does not answer. */
    public Map<String, Integer> aliveInPools() {
        var alive = new TreeMap<String, Integer>();
        for (ClusterHost host : living()) {
            alive.put(
                    host.name(),
                    client.get(host, "/v1/agent/members").map(Cluster::alive).orElse(-1));
        }
        return alive;
    }

    private static int alive(JsonNode members) {
        int count = 0;
        for (JsonNode member : members) {
            count += member.path("Status").asInt() == 1 ? 1 : 0;
        }
        return count;
    }

    /** Enables HA for the AZ. Returns what the daemon of the first host answered. */
    public NodeClient.Reply askToEnable() {
        return client.put(hosts.get(0), "/v1/ha/" + AZ + "/enable");
    }

    /** Enables HA and waits until every voter votes and everybody knows it. */
    public void enable(int zoneHosts) {
        NodeClient.Reply reply = look(
                "HA is enabled or refused for good",
                ENABLE_LIMIT_S,
                this::askToEnable,
                said -> !NOT_YET.contains(said.status()));
        if (reply.status() != 200) {
            throw new ClusterException("HA was not enabled (status " + reply.status() + "): " + reply.message());
        }
        tell.accept("HA enabled: " + reply.message());
        awaitVoters(zoneHosts >= 5 ? 5 : 3, zoneHosts);
        tell.accept("the leader is " + leader());
    }

    /** Waits until every living host of the AZ knows a leader, this many voters and this many hosts. */
    public void awaitVoters(int voters, int zoneHosts) {
        String wanted = voters + " voters, " + zoneHosts + " hosts, a leader";
        await(
                "every host of the group knows " + wanted,
                VOTERS_LIMIT_S,
                this::groupAsSeen,
                seen -> seen.values().stream().filter(wanted::equals).count() >= Math.min(zoneHosts, seen.size()));
    }

    private Map<String, String> groupAsSeen() {
        var seen = new TreeMap<String, String>();
        for (ClusterHost host : living()) {
            seen.put(
                    host.name(),
                    client.get(host, "/v1/view")
                            .map(view -> view.path("voters").size() + " voters, "
                                    + view.at("/azs/0/hosts").size() + " hosts, "
                                    + (view.at("/leader/host").isTextual() ? "a leader" : "no leader"))
                            .orElse("no answer"));
        }
        return seen;
    }

    /** The leader that a living daemon names and that says so itself. Waits while there is none, as during an election. */
    public String leader() {
        return look("a host leads and another one knows it", LEADER_LIMIT_S, this::confirmedLeader, Optional::isPresent)
                .orElseThrow();
    }

    private Optional<String> confirmedLeader() {
        for (ClusterHost host : living()) {
            String named = client.get(host, "/v1/view")
                    .map(view -> view.at("/leader/host").asText(""))
                    .orElse("");
            if (!named.isEmpty() && saysThatItLeads(named)) {
                return Optional.of(named);
            }
        }
        return Optional.empty();
    }

    /** One that died or stands still is named by the others for a while. */
    private boolean saysThatItLeads(String name) {
        return client.get(host(name), "/v1/view")
                .map(view -> view.path("role").asText().equals("leader"))
                .orElse(false);
    }

    /**
     * Waits until the living voters were seen at one index with one state.
     *
     * @throws ClusterException also as soon as two hold different states at one index
     */
    public void awaitEqualStates() {
        await(
                "all living voters of the group seen at one index, with one state",
                STATES_LIMIT_S,
                () -> VoterStates.of(
                        client().get(host(leader()), "/v1/raft/peers").orElseGet(MissingNode::getInstance)),
                states -> {
                    if (states.differ()) {
                        throw new ClusterException(
                                "voters that have applied the same entries hold different states: " + states);
                    }
                    return states.areEqual();
                });
    }

    /** All hosts, dead or alive. */
    public List<ClusterHost> hosts() {
        return List.copyOf(hosts);
    }

    /** A host by its name. */
    public ClusterHost host(String name) {
        return hosts.stream()
                .filter(h -> h.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("no host " + name + " among " + hosts));
    }

    public NodeClient client() {
        return client;
    }

    public SimulatedBmcs bmcs() {
        return bmcs;
    }

    /** The hosts whose daemons run. */
    public List<ClusterHost> living() {
        return hosts.stream()
                .filter(h ->
                        daemons.containsKey(h.name()) && daemons.get(h.name()).isAlive())
                .toList();
    }

    /** The configuration of a host's daemon, to be changed before its next start. */
    public VmhadSettings settings(String name) {
        return settings.get(name);
    }

    /** From its next start on, a host's daemon is run by this command, such as {@code nsenter}. */
    public void wrap(String name, List<String> command) {
        within.put(name, List.copyOf(command));
    }

    /** Starts the daemon of a host. */
    public void startDaemon(String name) {
        lightUp(name);
        VmhadProcess daemon = VmhadProcess.start(host(name), settings.get(name), within.getOrDefault(name, List.of()));
        daemons.put(name, daemon);
        power.add(name, daemon.handle(), "vmhad");
        mayBeDead.remove(name);
    }

    /** From now on this process ends with the power of the host. */
    void tie(String name, ProcessHandle process, String what) {
        power.add(name, process, what);
    }

    /** {@code kill -9} of the daemon alone: its host and its VMs go on. */
    public void killDaemon(String name) {
        mayBeDead.add(name);
        daemons.get(name).kill();
    }

    /** Asks the daemon to end, as a service manager does, and waits until it has. */
    public void stopDaemon(String name) {
        mayBeDead.add(name);
        daemons.get(name).stop();
    }

    /** From now on it is no failure if the daemon of this host ends. */
    public void expectEnd(String name) {
        mayBeDead.add(name);
    }

    /** The key of the pool, in base64. */
    public String gossipKey() {
        return gossipKey;
    }

    /** Sends a signal to the daemon of a host, by its name such as STOP. */
    public void signal(String name, String signal) {
        daemons.get(name).signal(signal);
    }

    /** The process of a host's daemon. */
    public ProcessHandle process(String name) {
        return daemons.get(name).handle();
    }

    /** The log of a host's daemon, of all its lives. */
    public Path log(String name) {
        return VmhadProcess.log(host(name));
    }

    /** Pulls the plug: everything on the hosts is dead when this returns, and nothing answers for them. */
    public void cutPower(List<String> names) {
        mayBeDead.addAll(names);
        turn("off", names);
        names.forEach(name -> {
            goDark(name);
            VmhadProcess.reboot(host(name));
        });
    }

    /** The host's network is gone for good, its daemon with it; its VMs run on, and its BMC says so. */
    public void cutOff(String name) {
        killDaemon(name);
        goDark(name);
    }

    private void goDark(String name) {
        dark.computeIfAbsent(name, n -> DarkAddress.at(host(n).address(), 8300, 8301));
    }

    private void lightUp(String name) {
        DarkAddress was = dark.remove(name);
        if (was != null) {
            was.close();
        }
    }

    /** Gives the hosts power again: nova-compute starts, the daemon is started by the caller. */
    public void restorePower(List<String> names) {
        names.forEach(this::lightUp);
        turn("on", names);
    }

    public boolean isPowered(String name) {
        return power.isOn(name);
    }

    private void turn(String how, List<String> names) {
        List<Process> switches = new ArrayList<>();
        try {
            for (String name : names) {
                switches.add(new ProcessBuilder(hook.toString(), how, name)
                        .redirectErrorStream(true)
                        .redirectOutput(directory.resolve("power.log").toFile())
                        .start());
            }
            for (Process one : switches) {
                if (one.waitFor() != 0) {
                    throw new ClusterException("the power of " + names + " could not be turned " + how + ": "
                            + Files.readString(directory.resolve("power.log")));
                }
            }
        } catch (IOException e) {
            throw new ClusterException("the power of " + names + " could not be turned " + how + ": " + e, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ClusterException("interrupted", e);
        }
    }

    /**
     * Looks again and again until it is as wanted; returns what was seen then.
     *
     * @throws ClusterException with what was seen last, if it takes too long or a daemon ends that should not
     */
    public <T> T await(String what, int seconds, Supplier<T> look, Predicate<T> wanted) {
        T seen = look(what, seconds, look, wanted);
        tell.accept(what);
        return seen;
    }

    private <T> T look(String what, int seconds, Supplier<T> look, Predicate<T> wanted) {
        long until = System.nanoTime() + seconds * 1_000_000_000L;
        while (true) {
            T seen = look.get();
            if (wanted.test(seen)) {
                return seen;
            }
            for (VmhadProcess daemon : daemons.values()) {
                if (!daemon.isAlive() && !mayBeDead.contains(daemon.host().name())) {
                    throw new ClusterException("vmhad of " + daemon.host().name() + " has ended; the end of its log:\n"
                            + tail(daemon.host()));
                }
            }
            if (System.nanoTime() > until) {
                throw new ClusterException("waited " + seconds + " s in vain until " + what + "; seen last: " + seen
                        + "; logs are in " + directory);
            }
            pause();
        }
    }

    /** A short while. */
    public static void pause() {
        java.util.concurrent.locks.LockSupport.parkNanos(150_000_000L);
        if (Thread.currentThread().isInterrupted()) {
            throw new ClusterException("interrupted");
        }
    }

    private static String tail(ClusterHost host) {
        try {
            List<String> lines = Files.readAllLines(VmhadProcess.log(host));
            return String.join("\n", lines.subList(Math.max(0, lines.size() - 15), lines.size()));
        } catch (IOException e) {
            return "(cannot be read: " + e.getMessage() + ")";
        }
    }

    @Override
    public void close() {
        daemons.values().forEach(VmhadProcess::kill);
        List.copyOf(dark.keySet()).forEach(this::lightUp);
        if (bmcs != null) {
            bmcs.close();
        }
        cloud.close();
    }
}
