package io.vmha.testcluster.contract;

import static org.assertj.core.api.Assertions.assertThat;

import io.vmha.recovery.config.Secret;
import io.vmha.recovery.core.HostName;
import io.vmha.recovery.openstack.OpenStackConfig;
import io.vmha.recovery.openstack.OpenStackConfig.DomainName;
import io.vmha.recovery.openstack.OpenStackConfig.Login;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/**
 * A real Nova keeps the contract. Point it at a cloud that may be damaged: {@code -Dvmha.contract.authUrl=}, {@code .password=},
 * {@code .powerOff=} (a command that gets the host's name as its last argument) and, where they differ from the defaults, {@code .username=},
 * {@code .project=}, {@code .zone=}.
 */
@EnabledIfSystemProperty(named = "vmha.contract.authUrl", matches = ".+")
class RealComputeTest extends ComputeContract {
    @Override
    CloudUnderTest cloud() {
        var login = new Login(
                DomainName.inDefaultDomain(setting("username", "admin")),
                new Secret(setting("password", "")),
                DomainName.inDefaultDomain(setting("project", "admin")));
        var config = OpenStackConfig.of(URI.create(setting("authUrl", "")), login);
        return new CloudUnderTest() {
            @Override
            public OpenStackConfig config() {
                return config;
            }

            @Override
            public String zone() {
                return setting("zone", "az1");
            }

            @Override
            public void powerOff(HostName host) {
                run(host);
            }

            @Override
            public void close() {
                // the cloud is the caller's
            }
        };
    }

    private static void run(HostName host) {
        var command = new ArrayList<>(List.of(setting("powerOff", "").split(" ")));
        command.add(host.value());
        try {
            var process = new ProcessBuilder(command).inheritIO().start();
            assertThat(process.waitFor()).as("exit status of %s", command).isZero();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while " + command + " ran", e);
        }
    }

    private static String setting(String name, String standard) {
        return System.getProperty("vmha.contract." + name, standard);
    }
}
