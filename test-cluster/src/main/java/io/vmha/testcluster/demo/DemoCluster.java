package io.vmha.testcluster.demo;

import com.fasterxml.jackson.databind.JsonNode;
import io.vmha.testcluster.bmc.BmcSpec;
import io.vmha.testcluster.bmc.HostPower;
import io.vmha.testcluster.bmc.SimulatedBmcs;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
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
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;

/** The hosts of the demonstration with everything on them; closing it leaves nothing behind. */
final class DemoCluster implements AutoCloseable {
    private static final int BMC_PORT = 623;
    private static final String AZ = "az1";

    private final Path directory;
    private final String net;
    private final CloudBackend cloud;
    private final Screen screen;
    private final NodeClient client = new NodeClient();
    private final List<DemoHost> hosts = new ArrayList<>();
    private final Map<String, VmhadProcess> daemons = new LinkedHashMap<>();
    private final String gossipKey;
    private HostPower power;
    private Path hook;
    private SimulatedBmcs bmcs;

    /** @param net the first three numbers of the loopback addresses, such as {@code 127.77.3} */
    DemoCluster(Path directory, String net, CloudBackend cloud, Screen screen) {
        this.directory = directory;
        this.net = net;
        this.cloud = cloud;
        this.screen = screen;
        byte[] key = new byte[32];
        new SecureRandom().nextBytes(key);
        this.gossipKey = Base64.getEncoder().encodeToString(key);
    }

    void start(int hostCount, int vmsPerHost) {
        for (int i = 1; i <= hostCount; i++) {
            String name = "hv-" + i;
            hosts.add(new DemoHost(
                    name,
                    net + "." + i,
                    net + "." + (100 + i),
                    String.format(Locale.ROOT, "564d4841000040008000%012x", i),
                    directory.resolve(name)));
        }
        List<String> names = hosts.stream().map(DemoHost::name).toList();
        cloud.start(names, AZ, vmsPerHost);
        screen.step("cloud: " + cloud.describe());
        startBmcs(names);
        for (DemoHost host : hosts) {
            VmhadProcess daemon = VmhadProcess.start(host, hosts, cloud, gossipKey);
            daemons.put(host.name(), daemon);
            power.add(host.name(), daemon.handle(), "vmhad");
        }
        screen.step(hostCount + " vmhad started, on " + net + ".1 to " + net + "." + hostCount);
        await("every vmhad sees " + hostCount + " members alive", 60, this::poolIsWhole);
    }

    private void startBmcs(List<String> names) {
        power = HostPower.install(directory.resolve("power"), names, cloud.powerEndpoint());
        hook = directory.resolve("power-hook");
        PowerHook.write(hook, power.hook(), cloud, directory);
        var specs = hosts.stream()
                .map(h -> new BmcSpec(h.name(), new InetSocketAddress(address(h.bmcAddress()), BMC_PORT), h.bmcGuid()))
                .toList();
        bmcs = SimulatedBmcs.start(
                directory.resolve("bmc"), new SimulatedBmcs.Credentials("admin", "demo-bmc"), specs, hook);
        screen.step(names.size() + " simulated BMCs answer IPMI over LAN, on " + net + ".101 to " + net + "."
                + (100 + names.size()));
    }

    private boolean poolIsWhole() {
        return hosts.stream()
                .allMatch(host -> client.get(host, "/v1/agent/members")
                        .map(members -> alive(members) >= hosts.size())
                        .orElse(false));
    }

    private static int alive(JsonNode members) {
        return (int) IntStream.range(0, members.size())
                .filter(i -> members.get(i).path("Status").asInt() == 1)
                .count();
    }

    /** Enables HA and waits until every voter votes. */
    void enable() {
        NodeClient.Reply reply = client.put(hosts.get(0), "/v1/ha/" + AZ + "/enable");
        if (reply.status() != 200) {
            throw new DemoException("HA was not enabled: " + reply.status() + " " + reply.body());
        }
        screen.step("HA enabled: " + reply.body());
        int voters = hosts.size() >= 5 ? 5 : 3;
        await(
                "the group has " + voters + " voters and every host knows its leader",
                90,
                () -> hosts.stream()
                        .allMatch(host -> client.get(host, "/v1/view")
                                .map(view -> view.path("voters").size() == voters
                                        && view.at("/leader/host").isTextual()
                                        && view.at("/azs/0/hosts").size() == hosts.size())
                                .orElse(false)));
        screen.step(voters + " voters, leader is " + leader());
    }

    /** The leader, as the first daemon that knows one says. */
    String leader() {
        for (DemoHost host : living()) {
            Optional<String> leader = client.get(host, "/v1/view")
                    .map(view -> view.at("/leader/host").asText(""));
            if (leader.isPresent() && !leader.get().isEmpty()) {
                return leader.get();
            }
        }
        throw new DemoException("no daemon knows a leader");
    }

    List<DemoHost> hosts() {
        return hosts;
    }

    NodeClient client() {
        return client;
    }

    List<DemoHost> living() {
        return hosts.stream().filter(h -> daemons.get(h.name()).isAlive()).toList();
    }

    /** Pulls the plug: everything on the host is dead when this returns. */
    void cutPower(List<String> names) {
        List<Process> switches = new ArrayList<>();
        try {
            for (String name : names) {
                switches.add(new ProcessBuilder(hook.toString(), "off", name)
                        .redirectErrorStream(true)
                        .redirectOutput(directory.resolve("cut.log").toFile())
                        .start());
            }
            for (Process one : switches) {
                if (one.waitFor() != 0) {
                    throw new DemoException("the power of " + names + " could not be cut: "
                            + Files.readString(directory.resolve("cut.log")));
                }
            }
        } catch (IOException e) {
            throw new DemoException("the power of " + names + " could not be cut: " + e.getMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new DemoException("interrupted", e);
        }
    }

    void await(String what, int seconds, BooleanSupplier condition) {
        long until = System.nanoTime() + seconds * 1_000_000_000L;
        while (!condition.getAsBoolean()) {
            for (VmhadProcess daemon : daemons.values()) {
                if (!daemon.isAlive() && power.isOn(daemon.host().name())) {
                    throw new DemoException("vmhad of " + daemon.host().name() + " has ended; the end of its log:\n"
                            + tail(daemon.log()));
                }
            }
            if (System.nanoTime() > until) {
                throw new DemoException(
                        "waited " + seconds + " s in vain until " + what + "; logs are in " + directory);
            }
            pause();
        }
        screen.step(what);
    }

    static void pause() {
        java.util.concurrent.locks.LockSupport.parkNanos(150_000_000L);
        if (Thread.currentThread().isInterrupted()) {
            throw new DemoException("interrupted");
        }
    }

    private static String tail(Path log) {
        try {
            List<String> lines = Files.readAllLines(log);
            return String.join("\n", lines.subList(Math.max(0, lines.size() - 15), lines.size()));
        } catch (IOException e) {
            return "(cannot be read: " + e.getMessage() + ")";
        }
    }

    private static InetAddress address(String literal) {
        try {
            return InetAddress.getByName(literal);
        } catch (UnknownHostException e) {
            throw new IllegalStateException(literal + " is no address", e);
        }
    }

    @Override
    public void close() {
        daemons.values().forEach(VmhadProcess::kill);
        if (bmcs != null) {
            bmcs.close();
        }
        cloud.close();
    }
}
