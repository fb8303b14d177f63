package io.vmha.testcluster.cluster;

import io.vmha.testcluster.cloud.CloudSettings;
import io.vmha.testcluster.cloud.GuestLedger;
import io.vmha.testcluster.cloud.ServerSpec;
import io.vmha.testcluster.cloud.SimulatedCloud;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** Simulated Keystone and Nova over real HTTP, in this process. */
public final class SimulatedBackend implements CloudBackend {
    private final InetSocketAddress address;
    private final CloudSettings settings;
    private final Set<String> outside;
    private SimulatedCloud cloud;

    /** A cloud with the durations as measured on a real one, whose hosts share their instance disks. */
    public SimulatedBackend(InetSocketAddress address) {
        this(address, CloudSettings.defaults().withSharedStorage(true), Set.of());
    }

    /** @param outside hosts that Nova knows, but that are in no zone */
    public SimulatedBackend(InetSocketAddress address, CloudSettings settings, Set<String> outside) {
        this.address = address;
        this.settings = settings;
        this.outside = Set.copyOf(outside);
    }

    @Override
    public void start(List<String> hosts, String az, int vmsPerHost) {
        cloud = SimulatedCloud.start(address, settings);
        hosts.forEach(cloud::addHost);
        List<String> inside = hosts.stream().filter(h -> !outside.contains(h)).toList();
        cloud.addZone(az, inside);
        for (String host : inside) {
            for (int i = 1; i <= vmsPerHost; i++) {
                cloud.addServer(
                        ServerSpec.named("vm-" + host + "-" + i).on(host).inZone(az));
            }
        }
    }

    /** The cloud itself, once it is started: to break it, and to look at what truly happened. */
    public SimulatedCloud cloud() {
        return cloud;
    }

    @Override
    public URI authUrl() {
        return cloud.authUrl();
    }

    @Override
    public String username() {
        return "admin";
    }

    @Override
    public String password() {
        return settings.password();
    }

    @Override
    public String project() {
        return "admin";
    }

    @Override
    public Optional<InetSocketAddress> powerEndpoint() {
        return Optional.of(
                new InetSocketAddress(address.getAddress(), cloud.authUrl().getPort()));
    }

    @Override
    public String powerCommand() {
        return "true"; // the daemons' own switch tells the control endpoint
    }

    @Override
    public List<String> runningTwice() {
        return cloud.ledger().doubleRuns().stream()
                .map(GuestLedger.DoubleRun::toString)
                .toList();
    }

    @Override
    public Map<String, List<String>> guests() {
        return cloud.ledger().runs().stream()
                .filter(run -> run.toMs().isEmpty())
                .collect(Collectors.groupingBy(
                        GuestLedger.Run::server,
                        LinkedHashMap::new,
                        Collectors.mapping(GuestLedger.Run::host, Collectors.toList())));
    }

    @Override
    public String describe() {
        return "simulated Keystone and Nova at " + cloud.authUrl();
    }

    @Override
    public void close() {
        if (cloud != null) {
            cloud.close();
        }
    }
}
