package io.vmha.recovery.fencing;

import static io.vmha.recovery.fencing.FakeAgent.HOST;
import static org.assertj.core.api.Assertions.assertThat;

import io.vmha.recovery.core.BmcStatement;
import io.vmha.recovery.core.HostName;
import io.vmha.recovery.core.PowerState;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FenceAgentsTest {
    @TempDir
    Path directory;

    @Test
    void theExitStatusOfStatusIsThePowerState() {
        var agent = new FakeAgent(directory);

        assertThat(agent.doing("exit 0").status(HOST).power()).isEqualTo(PowerState.ON);
        assertThat(agent.doing("echo Status: OFF; exit 2").status(HOST).power()).isEqualTo(PowerState.OFF);
        assertThat(agent.doing("echo Status: OFF; exit 2").status(HOST).provesOff())
                .isTrue();
        var failed = agent.doing("echo 'Unable to connect/login to fencing device' >&2; exit 1")
                .status(HOST);
        assertThat(failed.power()).isEqualTo(PowerState.UNKNOWN);
        assertThat(failed.detail())
                .isEqualTo("status failed: exit status 1: Unable to connect/login to fencing device");
        assertThat(failed.provesOff()).isFalse();
    }

    @Test
    void anExitStatusOfTwoProvesNothingUnlessTheAgentSaysOff() {
        var broken = new FakeAgent(directory).doing("echo \"python3: can't open file '/usr/sbin/fence_x'\"; exit 2");

        var statement = broken.powerOff(HOST);

        assertThat(statement.power()).isEqualTo(PowerState.UNKNOWN);
        assertThat(statement.provesOff()).isFalse();
        assertThat(statement.detail()).contains("can't open file");
    }

    @Test
    void theAgentReadsItsOptionsAndSecretsFromItsInputOnly() throws IOException {
        var agent = new FakeAgent(directory);

        agent.doing("printf '%s\\n' \"$input\" >$dir/input; echo \"$0 $* $(env)\" >$dir/seen; exit 0")
                .status(HOST);

        assertThat(agent.file("input"))
                .hasContent("action=status\nip=192.0.2.1\npassword=s3cret\nsnmp_priv_passwd=pr1vate\nusername=admin");
        assertThat(Files.readString(agent.file("seen")))
                .doesNotContain("s3cret")
                .doesNotContain("pr1vate");
    }

    @Test
    void offIsAskedOnceAndTheStateIsReadAfterwards() {
        var agent = new FakeAgent(directory);

        var statement = agent.doing("[ $action = off ] && exit 0; echo Status: OFF; exit 2")
                .powerOff(HOST);

        assertThat(statement.provesOff()).isTrue();
        assertThat(agent.actions()).containsExactly("off", "status");
    }

    @Test
    void nothingIsSwitchedOnceTheLeadershipHasEndedAndAskingIsFree() {
        var agent = new FakeAgent(directory);
        var bound = agent.doing("exit 0").onlyWhile(() -> false);

        var statement = bound.powerOff(HOST);

        assertThat(statement.provesOff()).isFalse();
        assertThat(statement.detail()).contains("not started: what it was decided on");
        assertThat(bound.powerOn(HOST).detail()).contains("not started: what it was decided on");
        assertThat(bound.status(HOST).power()).isEqualTo(PowerState.ON);
        assertThat(agent.actions()).containsOnly("status");
    }

    @Test
    void anAgentThatClaimsSuccessIsNotBelievedWhileTheStateIsOn() {
        var statement = new FakeAgent(directory).doing("exit 0").powerOff(HOST);

        assertThat(statement.power()).isEqualTo(PowerState.ON);
        assertThat(statement.provesOff()).isFalse();
    }

    @Test
    void aSlowBmcThatReportsFailureAndPowersOffAllTheSameIsSeenToBeOff() {
        var agent = new FakeAgent(directory);

        var statement = agent.doing("""
            if [ $action = off ]; then echo 'Timed out waiting to power OFF'; exit 1; fi
            [ $(grep -c status $dir/actions) -ge 2 ] && { echo Status: OFF; exit 2; }
            exit 0
            """).powerOff(HOST);

        assertThat(statement.provesOff()).isTrue();
        assertThat(statement.detail())
                .contains("Timed out waiting to power OFF")
                .endsWith("asked again: OFF");
        assertThat(agent.actions()).containsExactly("off", "status", "status");
    }

    @Test
    void aBmcThatRefusesToPowerOffIsReportedAsOnWithTheReason() {
        var agent = new FakeAgent(directory);

        var statement = agent.doing(
                        "[ $action = off ] && { echo '2026-11-22 09:58:57,238 ERROR: denied'; exit 1; }; exit 0")
                .powerOff(HOST);

        assertThat(statement.power()).isEqualTo(PowerState.ON);
        assertThat(statement.detail())
                .contains("off failed: exit status 1: denied")
                .endsWith("asked again: ON");
        assertThat(agent.actions()).filteredOn("off"::equals).hasSize(1);
    }

    @Test
    void anAgentThatHangsIsKilledWithItsChildrenAtTheTimeLimit() throws Exception {
        var agent = new FakeAgent(directory);

        var statement = agent.doing("sleep 300 & echo $! >$dir/child; wait", Duration.ofSeconds(2), 8)
                .status(HOST);

        assertThat(statement.power()).isEqualTo(PowerState.UNKNOWN);
        assertThat(statement.detail()).contains("killed: it had not ended within 2000 ms");
        var child = ProcessHandle.of(
                Long.parseLong(Files.readString(agent.file("child")).strip()));
        if (child.isPresent()) {
            child.get().onExit().get(20, TimeUnit.SECONDS);
        }
    }

    @Test
    void anAgentThatTalksWithoutEndIsDrainedAndCutOff() {
        var statement = new FakeAgent(directory)
                .doing("head -c 3000000 /dev/zero | tr '\\0' x; exit 1")
                .status(HOST);

        assertThat(statement.power()).isEqualTo(PowerState.UNKNOWN);
        assertThat(statement.detail()).hasSizeLessThan(300);
    }

    @Test
    void garbageIsMadeFitForALogLine() {
        var statement = new FakeAgent(directory)
                .doing("printf '\\033[31mred\\r\\n\\000\\001bin\\377ary\\n\\n'; exit 1")
                .status(HOST);

        assertThat(statement.detail()).isEqualTo("status failed: exit status 1: bin ary");
    }

    @Test
    void secretsThatTheAgentSaysAreHidden() {
        var statement = new FakeAgent(directory)
                .doing("echo 'cannot run: ipmitool -P s3cret -x pr1vate'; exit 1")
                .status(HOST);

        assertThat(statement.detail()).endsWith("cannot run: ipmitool -P (hidden) -x (hidden)");
    }

    @Test
    void anUnexpectedExitStatusIsUnknown() {
        assertThat(new FakeAgent(directory).doing("exit 3").status(HOST).power())
                .isEqualTo(PowerState.UNKNOWN);
        assertThat(new FakeAgent(directory).doing("kill -9 $$").status(HOST).power())
                .isEqualTo(PowerState.UNKNOWN);
    }

    @Test
    void anAgentThatHasGoneIsReported() throws IOException {
        var agents = new FakeAgent(directory).doing("exit 0");
        Files.delete(directory.resolve("fence_fake"));

        assertThat(agents.status(HOST).detail()).contains("cannot be started");
    }

    @Test
    void noMoreAgentsRunAtOnceThanConfigured() throws Exception {
        var agent = new FakeAgent(directory);
        var agents = agent.doing("""
            mkdir $dir/running || { touch $dir/together; exit 1; }
            sleep 0.2
            rmdir $dir/running
            echo Status: OFF
            exit 2
            """, Duration.ofSeconds(60), 1);
        var threads = Executors.newFixedThreadPool(5);
        List<Callable<BmcStatement>> tasks = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            tasks.add(() -> agents.status(HOST));
        }

        try {
            for (var result : threads.invokeAll(tasks)) {
                assertThat(result.get().power()).isEqualTo(PowerState.OFF);
            }
        } finally {
            threads.shutdownNow();
        }

        assertThat(agent.file("together")).doesNotExist();
    }

    @Test
    void aHostWithoutDeviceProvesNothing() {
        var agents = new FakeAgent(directory).doing("echo Status: OFF; exit 2");
        var other = new HostName("hv9");

        assertThat(agents.isConfigured(HOST)).isTrue();
        assertThat(agents.isConfigured(other)).isFalse();
        assertThat(agents.status(other).provesOff()).isFalse();
        assertThat(agents.powerOff(other).detail()).isEqualTo("no fence device is configured for hv9");
    }
}
