package io.vmha.testcluster.bmc;

import static org.assertj.core.api.Assertions.assertThat;

import io.vmha.recovery.config.Section;
import io.vmha.recovery.core.HostName;
import io.vmha.recovery.core.PowerState;
import io.vmha.recovery.fencing.FenceAgents;
import io.vmha.recovery.fencing.FencingConfig;
import io.vmha.testcluster.ClusterTest;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The real fence_redfish against a BMC that speaks Redfish over TLS. */
@ClusterTest
class RedfishFencingTest {
    private static final HostName HOST = new HostName("hv-1");
    private static final String UUID = "11111111-2222-3333-4444-555555555501";
    private static final String PASSWORD = "bmc-secret";

    @TempDir
    private Path directory;

    private HostPower power;
    private SimulatedRedfish bmc;

    @BeforeEach
    void oneHostWithABmc() {
        power = HostPower.install(directory.resolve("power"), List.of("hv-1"), Optional.empty());
        bmc = SimulatedRedfish.start(
                directory.resolve("bmc"), "hv-1", new SimulatedBmcs.Credentials("admin", PASSWORD), UUID, power.hook());
    }

    @AfterEach
    void unplug() {
        bmc.close();
    }

    private FenceAgents agents(String password, String identity, Map<String, Object> more) {
        var problems = new ArrayList<String>();
        var options = new TreeMap<String, Object>(more);
        options.put("ipport", bmc.port());
        options.put("ssl_insecure", true);
        var host = Map.of(
                "agent", "fence_redfish",
                "address", "127.0.0.1",
                "username", "admin",
                "password", password,
                "identity", identity,
                "status_timeout", "30s",
                "off_timeout", "60s",
                "options", options);
        var config = FencingConfig.read(new Section("fencing", Map.of("hosts", Map.of("hv-1", host)), problems));
        assertThat(problems).isEmpty();
        return new FenceAgents(config.orElseThrow());
    }

    @Test
    void hostIsPoweredOffProvenOffAndSwitchedOnAgain() {
        try (var agents = agents(PASSWORD, UUID, Map.of())) {
            assertThat(agents.status(HOST).power()).isEqualTo(PowerState.ON);

            assertThat(agents.powerOff(HOST).provesOff()).isTrue();
            assertThat(power.isOn("hv-1")).isFalse();
            assertThat(agents.powerOff(HOST).provesOff()).as("again").isTrue();

            assertThat(agents.powerOn(HOST).power()).isEqualTo(PowerState.ON);
            assertThat(power.isOn("hv-1")).isTrue();
            assertThat(bmc.commands()).containsExactly("ForceOff", "On");
        }
    }

    @Test
    void bmcOfAnotherMachineIsLeftAlone() {
        try (var agents = agents(PASSWORD, "11111111-2222-3333-4444-555555555502", Map.of())) {
            var statement = agents.powerOff(HOST);

            assertThat(statement.provesOff()).isFalse();
            assertThat(statement.detail()).contains("another machine", "555555555501");
            assertThat(bmc.commands()).isEmpty();
        }
    }

    @Test
    void wrongPasswordSwitchesNothingAndIsNotShown() {
        try (var agents = agents("wrong-secret", UUID, Map.of())) {
            var statement = agents.powerOff(HOST);

            assertThat(statement.power()).isEqualTo(PowerState.UNKNOWN);
            assertThat(statement.detail()).contains("401").doesNotContain("wrong-secret");
            assertThat(bmc.commands()).isEmpty();
        }
    }

    @Test
    void refusalIsSeenThoughTheAgentIgnoresTheAnswer() {
        // fence_redfish does not look at the status of its POST: only asking again tells
        bmc.fault(SimulatedBmcs.Fault.DENY);
        try (var agents = agents(PASSWORD, UUID, Map.of("power_timeout", 3))) {
            var statement = agents.powerOff(HOST);

            assertThat(statement.provesOff()).isFalse();
            assertThat(statement.power()).isEqualTo(PowerState.ON);
            assertThat(statement.detail()).contains("off failed");
        }
    }

    @Test
    void slowBmcThatLetsTheAgentTimeOutIsAskedAgain() {
        bmc.slow(Duration.ofSeconds(5));
        try (var agents = agents(PASSWORD, UUID, Map.of("power_timeout", 2))) {
            var statement = agents.powerOff(HOST);

            assertThat(statement.provesOff()).as(statement.detail()).isTrue();
            assertThat(power.isOn("hv-1")).isFalse();
        }
    }

    @Test
    void hangingBmcIsUnknownWithinTheTimeLimit() {
        bmc.fault(SimulatedBmcs.Fault.HANG);
        var problems = new ArrayList<String>();
        var host = Map.of(
                "agent", "fence_redfish",
                "address", "127.0.0.1",
                "username", "admin",
                "password", PASSWORD,
                "identity", UUID,
                "off_timeout", "3s",
                "status_timeout", "30s",
                "options", Map.of("ipport", bmc.port(), "ssl_insecure", true));
        var config = FencingConfig.read(new Section("fencing", Map.of("hosts", Map.of("hv-1", host)), problems));
        try (var agents = new FenceAgents(config.orElseThrow())) {
            var statement = agents.powerOff(HOST);

            assertThat(statement.power()).isEqualTo(PowerState.ON);
            assertThat(statement.detail()).contains("off failed", "killed");
        }
    }
}
