package io.vmha.testcluster.faults.lab;

import com.fasterxml.jackson.databind.JsonNode;
import io.vmha.testcluster.cluster.ClusterException;
import io.vmha.testcluster.cluster.OpenStackBackend;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * A real OpenStack. Its services listen on the injector's address of the API network; each nova-compute runs in the namespace of its host and
 * reaches them over that network only. Everything ends with the namespaces, so nothing is taken down.
 */
final class OpenStackBedCloud implements BedCloud {
    private static final int PORT_BASE = 18_000;
    private static final int NOVA_PORT = PORT_BASE + 2;
    private static final String PASSWORD = "vmha-test"; // of the scripts
    private static final String FLAVOR = "tiny"; // of the script seed
    private static final int REPORT_S = 5;
    private static final int DOWN_S = 30;
    private static final Duration SILENCE = Duration.ofSeconds(DOWN_S);
    private static final long REREAD_NANOS = 500_000_000L;

    /** Measured with five hosts: the services, and for each host its nova-compute and its vmhad. */
    private static final int SERVICES_MIB = 1_300;

    private static final int HOST_MIB = 136 + 190;

    private final BedPlan plan;
    private final List<LabHost> hosts;
    private final Path state;
    private final OpenStackBackend scripts;
    private final CloudAdmin admin;
    private JsonNode services = com.fasterxml.jackson.databind.node.MissingNode.getInstance();
    private long readNanos;

    OpenStackBedCloud(BedPlan plan, Network network, List<LabHost> hosts, Path directory, Consumer<String> tell)
            throws IOException {
        this.plan = plan;
        this.hosts = List.copyOf(hosts);
        this.state = directory.resolve("openstack");
        this.admin = new CloudAdmin(access());
        String api = Network.up(Net.API);
        this.scripts = new OpenStackBackend(
                plan.netlab().resolveSibling("../openstack").normalize(),
                state,
                tell,
                Map.of(
                        "VMHA_NETNS", "0",
                        "VMHA_HOST_PREFIX", "hv-",
                        "VMHA_PORT_BASE", Integer.toString(PORT_BASE),
                        "VMHA_BIND", api,
                        "VMHA_HOST_NET", api.substring(0, api.lastIndexOf('.')),
                        "VMHA_HOST_OFFSET", "0",
                        "VMHA_ENTER", String.join(" ", network.in("h%i")),
                        "VMHA_GUEST", guestProgram(directory).toString(),
                        "VMHA_REPORT_INTERVAL", Integer.toString(REPORT_S),
                        "VMHA_SERVICE_DOWN_TIME", Integer.toString(DOWN_S)));
        for (LabHost host : hosts) {
            // where vmhad looks for them
            Path its = Files.createDirectories(state.resolve("hosts").resolve(host.name()));
            Files.createSymbolicLink(
                    its.resolve("guests"), host.guestsDirectory().toAbsolutePath());
        }
    }

    /**
     * Refuses a test bed for which this machine has no room, before anything is made.
     *
     * @param meminfo of the kernel
     */
    static void refuseWithoutMemory(int hosts, String meminfo) {
        long needMib = SERVICES_MIB + (long) HOST_MIB * hosts;
        long freeMib = meminfo.lines()
                .filter(line -> line.startsWith("MemAvailable:"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) >> 10)
                .findFirst()
                .orElse(Long.MAX_VALUE);
        if (freeMib < needMib) {
            throw new IllegalArgumentException("--nova openstack with " + hosts + " hosts needs about " + needMib
                    + " MiB of memory but " + freeMib + " are free; ask for fewer --hosts");
        }
    }

    private static Path guestProgram(Path directory) throws IOException {
        Path script = directory.resolve("guest");
        Files.writeString(
                script,
                "#!/bin/sh\nexec /usr/bin/python3 -S -E '" + Scripts.copy("guest.py", directory) + "' '" + directory
                        + "' " + Network.up(Net.STORAGE) + " " + SharedDisk.PORT + " \"$@\"\n");
        Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwxr-xr-x"));
        return script;
    }

    @Override
    public CloudAccess access() {
        String base = "http://" + Network.up(Net.API) + ":";
        return new CloudAccess(
                URI.create(base + PORT_BASE + "/v3"), URI.create(base + NOVA_PORT + "/v2.1"), PASSWORD, FLAVOR);
    }

    @Override
    public void open(Consumer<String> tell) {
        try {
            scripts.start(hosts.stream().map(LabHost::name).toList(), TestBed.AZ, plan.vmsPerHost());
        } catch (ClusterException e) {
            throw new LabException("the real OpenStack does not come up: " + e.getMessage(), e);
        }
    }

    /** The first VMs run already. */
    @Override
    public void populate() {}

    /** A nova-compute that was just being started may not have been in the host's namespace yet. */
    @Override
    public void powerLost(LabHost host) {
        computeOf(host).ifPresent(ProcessHandle::destroyForcibly);
    }

    @Override
    public void powerBack(LabHost host) {}

    @Override
    public boolean computeRuns(LabHost host) {
        return computeOf(host).isPresent();
    }

    private Optional<ProcessHandle> computeOf(LabHost host) {
        try {
            String pid = Files.readString(state.resolve("run").resolve("nova-compute-" + host.name() + ".pid"))
                    .strip();
            boolean isIt = Files.readString(Path.of("/proc", pid, "cmdline"), StandardCharsets.ISO_8859_1)
                    .contains("/hosts/" + host.name() + "/nova-compute.conf");
            return isIt ? ProcessHandle.of(Long.parseLong(pid)) : Optional.empty();
        } catch (IOException e) {
            return Optional.empty(); // never started, or ended
        }
    }

    @Override
    public void killCompute(LabHost host) {
        scripts.killAgent(host.name());
    }

    @Override
    public void restartCompute(LabHost host) {
        try {
            scripts.restartCompute(host.name());
        } catch (ClusterException e) {
            throw new LabException("the nova-compute of " + host.name() + " cannot be started: " + e.getMessage(), e);
        }
    }

    @Override
    public boolean isComputeAlive(LabHost host) {
        return hears(host);
    }

    /** Not by Nova's own word up or down: to Nova, who is forced down is down. */
    @Override
    public boolean hears(LabHost host) {
        if (!computeRuns(host)) {
            return false;
        }
        try {
            var reported = LocalDateTime.parse(service(host).path("updated_at").asText(""))
                    .toInstant(ZoneOffset.UTC);
            return Duration.between(reported, Instant.now()).compareTo(SILENCE) < 0;
        } catch (DateTimeException e) {
            return false; // it has never reported
        }
    }

    @Override
    public boolean isHeldDown(LabHost host) {
        JsonNode service = service(host);
        return service.path("forced_down").asBoolean()
                || !service.path("status").asText().toLowerCase(Locale.ROOT).equals("enabled");
    }

    private synchronized JsonNode service(LabHost host) {
        if (services.isMissingNode() || System.nanoTime() - readNanos > REREAD_NANOS) {
            services = admin.computeServices();
            readNanos = System.nanoTime();
        }
        for (JsonNode service : services) {
            if (service.path("host").asText().equals(host.name())) {
                return service;
            }
        }
        return com.fasterxml.jackson.databind.node.MissingNode.getInstance();
    }

    @Override
    public Optional<String> rebuildTarget(String vm) {
        return admin.evacuationTarget(vm);
    }

    /** Nova keeps what it has heard of a token for minutes, whatever Keystone says by then. */
    @Override
    public void expireTokens(NovaProxy proxy) {
        proxy.expireTokens();
    }

    @Override
    public long tokensRefused(NovaProxy proxy) {
        return proxy.tokensRefused();
    }

    @Override
    public void close() {}
}
