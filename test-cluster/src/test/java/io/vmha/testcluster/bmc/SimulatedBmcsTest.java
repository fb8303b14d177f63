package io.vmha.testcluster.bmc;

import static org.assertj.core.api.Assertions.assertThat;

import io.vmha.testcluster.ClusterTest;
import io.vmha.testcluster.bmc.SimulatedBmcs.Credentials;
import io.vmha.testcluster.bmc.SimulatedBmcs.Fault;
import io.vmha.testcluster.cloud.CloudSettings;
import io.vmha.testcluster.cloud.ServerSpec;
import io.vmha.testcluster.cloud.SimulatedCloud;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The real fence agent and the real ipmitool against the simulated BMCs. */
@ClusterTest
class SimulatedBmcsTest {
    private static final String PASSWORD = "bmc-secret";
    private static final String IMPATIENT = "power_timeout=3"; // else each failing case takes the agent 20 s
    private static final int ON = 0;
    private static final int OFF = 2;
    private static final int FAILED = 1;

    @TempDir
    private Path directory;

    private final List<Process> started = new ArrayList<>();
    private final SimulatedCloud cloud = SimulatedCloud.start(CloudSettings.fast());
    private final BmcSpec bmc = BmcSpec.onFreePort("hv-1", 1);
    private HostPower power;
    private SimulatedBmcs bmcs;

    @BeforeEach
    void oneHostWithABmc() {
        cloud.addHost("hv-1");
        cloud.addServer(ServerSpec.named("vm-1").on("hv-1"));
        power = HostPower.install(directory.resolve("power"), List.of("hv-1"), Optional.of(cloud.controlAddress()));
        bmcs = SimulatedBmcs.start(
                directory.resolve("bmcs"), new Credentials("admin", PASSWORD), List.of(bmc), power.hook());
    }

    @AfterEach
    void stop() {
        bmcs.close();
        cloud.close();
        started.forEach(process -> {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly();
        });
    }

    @Test
    void powerOffKillsEverythingOnTheHostBeforeItReturns() throws IOException {
        Process daemon = hostProcess("daemon");
        List<ProcessHandle> all = new ArrayList<>(daemon.descendants().toList());
        all.add(daemon.toHandle());

        Tool before = fence("status");
        Tool off = fence("off");

        assertThat(before.exitCode()).as(before.output()).isEqualTo(ON);
        assertThat(off.exitCode()).as(off.output()).isZero();
        assertThat(all).hasSize(3).allMatch(process -> isDead(process.pid()));
        assertThat(fence("status").exitCode()).isEqualTo(OFF);
        assertThat(power.isOn("hv-1")).isFalse();
        assertThat(cloud.isPowered("hv-1")).isFalse();
        assertThat(cloud.ledger().runningOn("hv-1")).isEmpty();
        assertThat(fence("off").exitCode()).as("off is idempotent").isZero();
        assertThat(fence("on").exitCode()).isZero();
        assertThat(fence("status").exitCode()).isEqualTo(ON);
        assertThat(cloud.isPowered("hv-1")).isTrue();
        assertThat(bmcs.commands("hv-1")).containsExactly("power 0 none", "power 1 none");
    }

    @Test
    void processThatGotTheNumberOfADeadOneIsNotKilled() throws IOException {
        Process innocent = hostProcess("innocent");
        Files.writeString(directory.resolve("power/hosts/hv-1/innocent.pid"), innocent.pid() + " 1\n");

        Tool off = fence("off");

        assertThat(off.exitCode()).as(off.output()).isZero();
        assertThat(innocent.isAlive()).isTrue();
    }

    @Test
    void powerOffFailsWhileTheCloudCannotBeToldSinceItsGuestsWouldGoOn() throws IOException {
        cloud.close();

        Tool off = fence("off", IMPATIENT);

        assertThat(off.exitCode()).isEqualTo(FAILED);
        assertThat(fence("status").exitCode()).isEqualTo(ON);
        assertThat(Files.readString(directory.resolve("bmcs/hv-1/hook.log"))).contains("does not answer");
    }

    @Test
    void identityIsTheConfiguredGuid() {
        assertThat(Tool.guid(bmc, PASSWORD)).isEqualTo(bmc.guid());
    }

    @Test
    void wrongPasswordIsRefusedAtOnce() {
        Tool status = Tool.fence(bmc, "wrong", "status");

        assertThat(status.exitCode()).isEqualTo(FAILED);
    }

    @Test
    void refusingBmcLeavesTheHostOn() throws IOException {
        Process daemon = hostProcess("daemon");
        bmcs.fault("hv-1", Fault.DENY);

        Tool off = fence("off", IMPATIENT);

        assertThat(off.exitCode()).isEqualTo(FAILED);
        assertThat(daemon.isAlive()).isTrue();
        assertThat(fence("status").exitCode()).isEqualTo(ON);
    }

    @Test
    void lyingBmcSaysOffWhileTheHostRuns() throws IOException {
        Process daemon = hostProcess("daemon");
        bmcs.fault("hv-1", Fault.LIE);

        Tool off = fence("off");

        assertThat(off.exitCode()).as(off.output()).isZero();
        assertThat(fence("status").exitCode()).isEqualTo(OFF);
        assertThat(daemon.isAlive()).isTrue();
        bmcs.fault("hv-1", Fault.NONE);
        assertThat(fence("status").exitCode()).isEqualTo(ON);
    }

    @Test
    void slowBmcMakesTheAgentFailAndPowersOffAllTheSame()
            throws IOException, InterruptedException, ExecutionException, TimeoutException {
        Process daemon = hostProcess("daemon");
        bmcs.slow("hv-1", Duration.ofSeconds(8));

        Tool off = fence("off", IMPATIENT);

        assertThat(off.exitCode()).isEqualTo(FAILED);
        assertThat(daemon.onExit().get(30, TimeUnit.SECONDS).isAlive()).isFalse();
    }

    @Test
    void unpluggedBmcAnswersNothingUntilItIsPluggedIn() {
        bmcs.unplug("hv-1");

        Tool unplugged = fence("status", "login_timeout=2", IMPATIENT);
        bmcs.plug("hv-1");

        assertThat(unplugged.exitCode()).isEqualTo(FAILED);
        assertThat(fence("status").exitCode()).isEqualTo(ON);
    }

    @Test
    void hangingBmcAnswersAgainOnceTheFaultIsTakenAway() throws IOException {
        Process daemon = hostProcess("daemon");
        bmcs.fault("hv-1", Fault.HANG);

        Tool off = fence("off", IMPATIENT);
        boolean wasAlive = daemon.isAlive();
        bmcs.fault("hv-1", Fault.NONE);
        bmcs.plug("hv-1"); // is plugged: waits for an answer only

        assertThat(off.exitCode()).isEqualTo(FAILED);
        assertThat(wasAlive).isTrue();
        // ipmitool repeated the command while nobody answered: a BMC that wakes up may obey what it finds waiting
        assertThat(fence("status").exitCode()).isIn(ON, OFF);
    }

    @Test
    void bmcsEndWithTheProcessThatStartedThem()
            throws IOException, InterruptedException, ExecutionException, TimeoutException {
        BmcSpec other = BmcSpec.onFreePort("hv-2", 2);
        Process parent = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        BmcMain.class.getName(),
                        "--directory",
                        directory.resolve("other").toString(),
                        "--bmc",
                        "hv-2=127.0.0.1:" + other.address().getPort())
                .start();
        started.add(parent);
        List<ProcessHandle> children;
        try (BufferedReader output = parent.inputReader(StandardCharsets.UTF_8)) {
            assertThat(output.readLine()).startsWith("bmc ready host=hv-2 address=127.0.0.1");
            children = parent.descendants().toList();
        }

        parent.destroyForcibly();

        assertThat(children).hasSizeGreaterThanOrEqualTo(2);
        for (ProcessHandle child : children) {
            child.onExit().get(20, TimeUnit.SECONDS);
        }
    }

    private Tool fence(String action, String... more) {
        return Tool.fence(bmc, PASSWORD, action, more);
    }

    /** A process of its own session with a child, and a grandchild that has left the session. */
    private Process hostProcess(String name) throws IOException {
        Process process = new ProcessBuilder(
                        "setsid", "bash", "-c", "bash -c 'setsid sleep 600 & echo ready; wait' & wait")
                .start();
        started.add(process);
        try (BufferedReader output = process.inputReader(StandardCharsets.UTF_8)) {
            assertThat(output.readLine()).isEqualTo("ready");
        }
        power.add("hv-1", process.toHandle(), name);
        return process;
    }

    private static boolean isDead(long pid) {
        try {
            String stat = Files.readString(Path.of("/proc", Long.toString(pid), "stat"));
            return stat.substring(stat.lastIndexOf(')') + 2).startsWith("Z");
        } catch (IOException e) {
            return true; // no such process
        }
    }
}
