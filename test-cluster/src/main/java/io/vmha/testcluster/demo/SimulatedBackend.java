package io.vmha.testcluster.demo;

import io.vmha.testcluster.cloud.CloudSettings;
import io.vmha.testcluster.cloud.GuestLedger;
import io.vmha.testcluster.cloud.ServerSpec;
import io.vmha.testcluster.cloud.SimulatedCloud;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.List;
import java.util.Optional;

/** Simulated Keystone and Nova over real HTTP, in this process. */
final class SimulatedBackend implements CloudBackend {
    private static final String PASSWORD = "demo-password";

    private final InetSocketAddress address;
    private SimulatedCloud cloud;

    SimulatedBackend(InetSocketAddress address) {
        this.address = address;
    }

    @Override
    public void start(List<String> hosts, String az, int vmsPerHost) {
        cloud = SimulatedCloud.start(
                address, CloudSettings.defaults().withPassword(PASSWORD).withSharedStorage(true));
        hosts.forEach(cloud::addHost);
        cloud.addZone(az, hosts);
        for (String host : hosts) {
            for (int i = 1; i <= vmsPerHost; i++) {
                cloud.addServer(
                        ServerSpec.named("vm-" + host + "-" + i).on(host).inZone(az));
            }
        }
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
        return PASSWORD;
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
