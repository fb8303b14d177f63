package io.vmha.recovery.fencing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.vmha.recovery.config.Section;
import io.vmha.recovery.core.BmcStatement;
import io.vmha.recovery.core.HostName;
import io.vmha.recovery.core.PowerState;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The real fence_ipmilan and ipmitool against a BMC that speaks real IPMI. */
@Tag("cluster")
class IpmiFencingTest {
    private static final HostName HOST = new HostName("hv1");
    private static final String PASSWORD = "right-secret";

    @TempDir
    Path directory;

    private SimulatedBmc bmc;

    @BeforeEach
    void plugIn() throws IOException {
        assumeTrue(SimulatedBmc.isInstalled(), "needs the packages openipmi, ipmitool and fence-agents");
        bmc = new SimulatedBmc(directory, PASSWORD);
        await(fencing(PASSWORD, SimulatedBmc.GUID));
    }

    /** The simulated BMC answers some time after its start. */
    private static void await(FenceAgents agents) {
        BmcStatement statement = agents.status(HOST);
        for (int attempt = 0; attempt < 20 && statement.power() == PowerState.UNKNOWN; attempt++) {
            statement = agents.status(HOST);
        }
        assertThat(statement.power()).as(statement.detail()).isEqualTo(PowerState.ON);
    }

    @AfterEach
    void unplug() {
        if (bmc != null) {
            bmc.close();
        }
    }

    private FenceAgents fencing(String password, String identity) {
        return fencing(password, identity, Map.of());
    }

    private FenceAgents fencing(String password, String identity, Map<String, String> more) {
        var problems = new ArrayList<String>();
        var options = new TreeMap<String, Object>(more);
        options.put("cipher", 3);
        options.put("ipport", bmc.port());
        var host = Map.of(
                "agent", "fence_ipmilan",
                "address", "127.0.0.1",
                "username", "admin",
                "password", password,
                "identity", identity,
                "status_timeout", "30s",
                "off_timeout", "60s",
                "options", options);
        var config = FencingConfig.read(new Section("fencing", Map.of("hosts", Map.of("hv1", host)), problems));
        assertThat(problems).isEmpty();
        return new FenceAgents(config.orElseThrow());
    }

    @Test
    void aHostIsPoweredOffAndProvenOff() {
        var agents = fencing(PASSWORD, "01020304-0506-0708-090a-0b0c0d0e0f10");
        assertThat(agents.status(HOST)).satisfies(on -> {
            assertThat(on.power()).isEqualTo(PowerState.ON);
            assertThat(on.identityMatches()).isTrue();
        });

        assertThat(agents.powerOff(HOST).provesOff()).isTrue();
        assertThat(bmc.isOn()).isFalse();
        assertThat(agents.powerOff(HOST).provesOff()).as("again").isTrue();
        assertThat(agents.status(HOST).provesOff()).isTrue();
    }

    @Test
    void aWrongPasswordSwitchesNothingAndIsReportedWithoutThePassword() {
        var statement = fencing("wrong-secret", SimulatedBmc.GUID).powerOff(HOST);

        assertThat(statement.power()).isEqualTo(PowerState.UNKNOWN);
        assertThat(statement.detail()).contains("does not tell its identity").doesNotContain("wrong-secret");
        assertThat(bmc.isOn()).isTrue();
    }

    @Test
    void aWrongPasswordIsReportedByTheAgentToo() {
        var statement = fencing("wrong-secret", "trusted").powerOff(HOST);

        assertThat(statement.power()).isEqualTo(PowerState.UNKNOWN);
        assertThat(statement.detail()).contains("off failed").doesNotContain("wrong-secret");
        assertThat(bmc.isOn()).isTrue();
    }

    @Test
    void theBmcOfAnotherMachineIsLeftAlone() {
        var statement = fencing(PASSWORD, "ffffffffffffffffffffffffffffff00").powerOff(HOST);

        assertThat(statement.provesOff()).isFalse();
        assertThat(statement.detail())
                .contains("another machine")
                .contains("its identity is " + SimulatedBmc.GUID)
                .contains("ffffffffffffffffffffffffffffff00 is configured");
        assertThat(bmc.isOn()).isTrue();
    }

    @Test
    void anUnpluggedBmcIsUnknownWithinTheTimeLimit() {
        var agents = fencing(PASSWORD, SimulatedBmc.GUID, Map.of("ipmitool_timeout", "1"));
        bmc.close();

        var statement = agents.powerOff(HOST);

        assertThat(statement.power()).isEqualTo(PowerState.UNKNOWN);
        assertThat(statement.identityMatches()).isFalse();
        assertThat(statement.tookMs()).as("limited to 30 s").isLessThan(45_000);
    }

    @Test
    void aBmcThatRefusesIsReportedAsOn() throws IOException {
        bmc.fault("deny", "");

        var statement = fencing(PASSWORD, SimulatedBmc.GUID, Map.of("power_timeout", "2"))
                .powerOff(HOST);

        assertThat(statement.power()).isEqualTo(PowerState.ON);
        assertThat(statement.detail()).contains("off failed");
    }

    @Test
    void aSlowBmcThatReportsFailureIsAskedAgain() throws IOException {
        bmc.fault("slow", "6");

        var statement = fencing(PASSWORD, SimulatedBmc.GUID, Map.of("power_timeout", "2"))
                .powerOff(HOST);

        assertThat(statement.provesOff()).as(statement.detail()).isTrue();
        assertThat(bmc.isOn()).isFalse();
    }
}
