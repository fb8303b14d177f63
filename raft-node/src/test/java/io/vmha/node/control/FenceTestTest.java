package io.vmha.node.control;

import static org.assertj.core.api.Assertions.assertThat;

import io.vmha.recovery.core.Applied;
import io.vmha.recovery.core.AzCommand;
import io.vmha.recovery.core.AzSettings;
import io.vmha.recovery.core.BmcStatement;
import io.vmha.recovery.core.Command;
import io.vmha.recovery.core.Compute;
import io.vmha.recovery.core.Entry;
import io.vmha.recovery.core.FenceTestCommand;
import io.vmha.recovery.core.FenceTrial;
import io.vmha.recovery.core.Fencer;
import io.vmha.recovery.core.HostName;
import io.vmha.recovery.core.Limits;
import io.vmha.recovery.core.PowerState;
import io.vmha.recovery.core.Proofs;
import io.vmha.recovery.core.RecoveryState;
import io.vmha.recovery.core.Server;
import io.vmha.recovery.core.ServerId;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;

/** A fence device is proven without switching anything, and with it only where nothing is lost. */
class FenceTestTest {
    private static final HostName HOST = new HostName("hv-2");

    private final List<String> switched = new ArrayList<>();
    private final List<Server> servers = new ArrayList<>();
    private PowerState power = PowerState.ON;
    private boolean identityMatches = true;
    private boolean obeys = true;
    private RecoveryState group = RecoveryState.empty();
    private long nowMs = 1_000;
    private boolean isConfirmed = true;
    private Runnable meanwhile = () -> {};
    private final FenceTest test = new FenceTest(
            new HostName("hv-1"), new Bmc(), this::bound, compute(), this::commit, this::confirmed, () -> nowMs);

    private Optional<RecoveryState> confirmed() {
        return Optional.of(group).filter(state -> isConfirmed);
    }

    /** The same device, of which the identity is read first. */
    private Fencer bound(BooleanSupplier stands) {
        return new Bmc() {
            @Override
            public BmcStatement powerOff(HostName host) {
                meanwhile.run();
                return stands.getAsBoolean() ? super.powerOff(host) : status(host); // as after every failure
            }
        };
    }

    /** What is committed is applied at once; the state that a test began with may be older. */
    private Optional<String> commit(Command command) {
        Applied applied = group.apply(new Entry(1, group.applied().index() + 1), command);
        group = applied.state();
        switched.add(command.getClass().getSimpleName());
        return applied.refusal();
    }

    private class Bmc implements Fencer {
        @Override
        public boolean isConfigured(HostName host) {
            return host.equals(HOST);
        }

        @Override
        public BmcStatement status(HostName host) {
            return new BmcStatement(host, power, identityMatches, "its words", 40);
        }

        @Override
        public BmcStatement powerOff(HostName host) {
            switched.add("off");
            power = obeys ? PowerState.OFF : power;
            return status(host);
        }

        @Override
        public BmcStatement powerOn(HostName host) {
            switched.add("on");
            power = PowerState.ON;
            return status(host);
        }
    }

    /** Only the list of servers is asked for. */
    private Compute compute() {
        return (Compute) Proxy.newProxyInstance(
                Compute.class.getClassLoader(), new Class<?>[] {Compute.class}, (proxy, method, arguments) -> {
                    if (!method.getName().equals("serversOn")) {
                        throw new AssertionError("a fence test does not call " + method.getName());
                    }
                    return List.copyOf(servers);
                });
    }

    private RecoveryState state(boolean maintenance) {
        var az = new AzSettings("az1", 1, "g", true, true, true, Limits.DEFAULT, Proofs.BMC);
        group = RecoveryState.empty()
                .apply(new Entry(1, 1), new AzCommand.EnableAz(0, az, List.of(HOST)))
                .state()
                .apply(new Entry(1, 2), new AzCommand.SetMaintenance(0, HOST, maintenance))
                .state();
        return group;
    }

    @Test
    void deviceThatAnswersIsProvenWithoutSwitching() {
        var answer = test.run(state(false), HOST, false);

        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.message()).contains("40 ms", "ON", "nothing was switched");
        assertThat(switched).isEmpty();
    }

    @Test
    void deviceOfAnotherMachineOrNoneIsRefused() {
        var unknown = test.run(state(false), new HostName("hv-9"), false);
        assertThat(unknown.status()).isEqualTo(404);
        assertThat(unknown.message()).isEqualTo("host hv-9 is not in this AZ; its hosts are [hv-2]");
        assertThat(test.run(RecoveryState.empty(), new HostName("hv-9"), false).message())
                .contains("has no fence device");
        identityMatches = false;
        assertThat(test.run(state(false), HOST, false).message()).contains("does not work", "its words");
    }

    @Test
    void hostIsPoweredOffOnlyInMaintenanceAndWithoutRunningVms() {
        assertThat(test.run(state(false), HOST, true).message()).contains("not in maintenance");
        servers.add(new Server(
                new ServerId("vm-1"), "vm-1", HOST, "ACTIVE", "active", Optional.empty(), false, true, Map.of()));
        assertThat(test.run(state(true), HOST, true).message()).contains("1 VM runs on hv-2; move");
        assertThat(switched).isEmpty();
    }

    @Test
    void fullCycleEndsWithTheHostOn() {
        var answer = test.run(state(true), HOST, true);

        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.message()).contains("proven off", "off when asked again", "on again");
        assertThat(switched).containsExactly("BeginFenceTest", "off", "on", "EndFenceTest");
        assertThat(group.group().fenceTrial().orElseThrow().outcome()).hasValue(answer.message());
    }

    @Test
    void nothingIsSwitchedWithoutACommittedIntent() {
        RecoveryState seen = state(true);
        group = state(false);

        var answer = test.run(seen, HOST, true);

        assertThat(answer.status()).isEqualTo(409);
        assertThat(answer.message()).contains("not in maintenance");
        assertThat(switched).containsExactly("BeginFenceTest");
    }

    @Test
    void oneHostAtATimeIsTestedAndItsMaintenanceDoesNotEndMeanwhile() {
        RecoveryState seen = state(true);
        commit(new FenceTestCommand.BeginFenceTest(nowMs, HOST, new HostName("hv-3")));

        assertThat(test.run(seen, HOST, true).message()).contains("is being tested by hv-3");
        assertThat(commit(new AzCommand.SetMaintenance(nowMs, HOST, false)).orElseThrow())
                .contains("wait for its end");

        nowMs += FenceTrial.LIMIT_MS;
        assertThat(test.run(seen, HOST, true).status())
                .as("the one that left it open has died over it")
                .isEqualTo(200);
        assertThat(commit(new AzCommand.SetMaintenance(nowMs, HOST, false))).isEmpty();
    }

    /** Between the intent and the switching this process may have stood still. */
    @Test
    void nothingIsSwitchedOnceTheTestIsOverOrTheHostServesAgainOrNoMajorityAnswers() {
        List<Runnable> meanwhiles = List.of(
                () -> nowMs += FenceTrial.LIMIT_MS,
                () -> {
                    nowMs += FenceTrial.LIMIT_MS;
                    commit(new AzCommand.SetMaintenance(nowMs, HOST, false));
                    nowMs -= FenceTrial.LIMIT_MS;
                },
                () -> isConfirmed = false);
        for (Runnable happens : meanwhiles) {
            for (PowerState found : List.of(PowerState.ON, PowerState.OFF)) {
                power = PowerState.ON;
                isConfirmed = true;
                meanwhile = () -> {
                    happens.run();
                    power = found; // OFF: the leader has fenced it
                };

                var answer = test.run(state(true), HOST, true);

                assertThat(answer.status()).isEqualTo(409);
                assertThat(answer.message()).contains("nothing was switched", "it is " + found);
                assertThat(switched).doesNotContain("off", "on");
            }
        }
    }

    @Test
    void deviceThatDoesNotSwitchIsFound() {
        obeys = false;

        var answer = test.run(state(true), HOST, true);

        assertThat(answer.status()).isEqualTo(409);
        assertThat(answer.message()).contains("powering off failed");
        assertThat(switched).containsExactly("BeginFenceTest", "off", "EndFenceTest");
    }
}
