package io.vmha.testcluster.contract;

import io.vmha.recovery.config.Secret;
import io.vmha.recovery.core.HostName;
import io.vmha.recovery.openstack.OpenStackConfig;
import io.vmha.recovery.openstack.OpenStackConfig.DomainName;
import io.vmha.recovery.openstack.OpenStackConfig.Login;
import io.vmha.testcluster.cloud.CloudSettings;
import io.vmha.testcluster.cloud.ServerSpec;
import io.vmha.testcluster.cloud.SimulatedCloud;
import java.util.List;

/** The simulated Nova keeps the contract. */
class SimulatedComputeTest extends ComputeContract {
    @Override
    CloudUnderTest cloud() {
        var settings = CloudSettings.fast();
        var cloud = SimulatedCloud.start(settings);
        var hosts = List.of("hv1", "hv2", "hv3");
        hosts.forEach(cloud::addHost);
        cloud.addZone("az1", hosts);
        for (String host : hosts) {
            for (int i = 1; i <= 3; i++) {
                cloud.addServer(ServerSpec.named("vm-" + host + "-" + i).on(host));
            }
        }
        var login = new Login(
                DomainName.inDefaultDomain("admin"),
                new Secret(settings.password()),
                DomainName.inDefaultDomain("admin"));
        return new CloudUnderTest() {
            @Override
            public OpenStackConfig config() {
                return OpenStackConfig.of(cloud.authUrl(), login);
            }

            @Override
            public String zone() {
                return "az1";
            }

            @Override
            public void powerOff(HostName host) {
                cloud.setPower(host.value(), false);
            }

            @Override
            public void close() {
                cloud.close();
            }
        };
    }
}
