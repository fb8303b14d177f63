package io.vmha.testcluster.faults.lab;

import io.vmha.testcluster.cloud.CloudSettings;
import io.vmha.testcluster.cloud.CloudSettings.Delay;
import io.vmha.testcluster.cloud.ServerSpec;
import io.vmha.testcluster.cloud.SimulatedCloud;
import java.io.IOException;
import java.net.InetAddress;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;

/** The simulated Nova, whose compute services are small programs on the hosts, reached over {@link GuestBus}. */
final class SimulatedBedCloud implements BedCloud {
    private static final int UP_LIMIT_MS = 20_000;

    private final BedPlan plan;
    private final Network network;
    private final List<LabHost> hosts;
    private final GuestHosts guests;
    private final Path directory;
    private final SimulatedCloud cloud;
    private final GuestBus bus;
    private final Path program;
    private final Map<String, Process> computes = new ConcurrentHashMap<>();

    SimulatedBedCloud(BedPlan plan, Network network, List<LabHost> hosts, GuestHosts guests, Path directory)
            throws IOException {
        this.plan = plan;
        this.network = network;
        this.hosts = hosts;
        this.guests = guests;
        this.directory = directory;
        var settings = CloudSettings.defaults()
                .withSharedStorage(true)
                .with(Delay.SPAWN, Duration.ofMillis(800))
                .with(Delay.PHASE, Duration.ofMillis(150))
                .with(Delay.COMPUTE_START, Duration.ofMillis(300));
        cloud = SimulatedCloud.start(settings);
        bus = new GuestBus(InetAddress.getByName(Network.up(Net.API)), cloud::setConnected);
        Scripts.copy("guest.py", directory);
        program = Scripts.copy("compute.py", directory);
    }

    @Override
    public CloudAccess access() {
        String keystone = cloud.authUrl().toString();
        return new CloudAccess(cloud.authUrl(), URI.create(keystone.replace("/v3", "/v2.1")), "vmha-secret", "1");
    }

    @Override
    public void open(Consumer<String> tell) {
        List<String> all = hosts.stream().map(LabHost::name).toList();
        all.forEach(cloud::addHost);
        cloud.addZone(TestBed.AZ, all);
        hosts.forEach(this::startProgram);
    }

    @Override
    public void populate() {
        if (!Shell.await(UP_LIMIT_MS, () -> hosts.stream().allMatch(this::hears))) {
            throw new LabException("a compute service does not come up; see compute.log in " + directory);
        }
        cloud.ledger().listen(bus);
        for (LabHost host : hosts) {
            for (int i = 1; i <= plan.vmsPerHost(); i++) {
                cloud.addServer(ServerSpec.named("vm-" + host.number() + "-" + i)
                        .on(host.name())
                        .inZone(TestBed.AZ));
            }
        }
    }

    private void startProgram(LabHost host) {
        List<String> command = network.in(
                host.node(),
                "setsid",
                "python3",
                "-S",
                "-E",
                program.toString(),
                host.name(),
                host.directory().toString(),
                Network.up(Net.API),
                Integer.toString(GuestBus.PORT),
                Network.up(Net.STORAGE),
                Integer.toString(SharedDisk.PORT));
        command.addAll(guests.computeArguments(host));
        try {
            Process process = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.appendTo(
                            host.directory().resolve("compute.log").toFile()))
                    .start();
            computes.put(host.name(), process);
        } catch (IOException e) {
            throw new LabException(
                    "the compute service of " + host.name() + " cannot be started: " + e.getMessage(), e);
        }
    }

    @Override
    public void powerLost(LabHost host) {
        cloud.setPower(host.name(), false);
    }

    @Override
    public void powerBack(LabHost host) {
        cloud.setPower(host.name(), true);
        // nova-compute, which completes the evacuations from its host when it starts, waits for the gate
        cloud.setComputeAlive(host.name(), false);
    }

    @Override
    public boolean computeRuns(LabHost host) {
        return computes.get(host.name()).isAlive();
    }

    @Override
    public void killCompute(LabHost host) {
        computes.get(host.name()).destroyForcibly();
        cloud.setComputeAlive(host.name(), false);
    }

    @Override
    public void restartCompute(LabHost host) {
        computes.get(host.name()).destroyForcibly();
        startProgram(host);
        cloud.restartCompute(host.name());
    }

    @Override
    public boolean isComputeAlive(LabHost host) {
        return cloud.isComputeAlive(host.name());
    }

    @Override
    public boolean hears(LabHost host) {
        return bus.hears(host.name());
    }

    @Override
    public boolean isHeldDown(LabHost host) {
        return cloud.isForcedDownOrDisabled(host.name());
    }

    @Override
    public Optional<String> rebuildTarget(String vm) {
        return cloud.rebuildTarget(vm);
    }

    @Override
    public void expireTokens(NovaProxy proxy) {
        cloud.expireTokens();
    }

    @Override
    public long tokensRefused(NovaProxy proxy) {
        return cloud.requests().all().stream()
                .filter(entry -> entry.status() == 401)
                .count();
    }

    @Override
    public void close() {
        bus.close();
        cloud.close();
    }
}
