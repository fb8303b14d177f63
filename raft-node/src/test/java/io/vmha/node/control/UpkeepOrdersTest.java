package io.vmha.node.control;

import static org.assertj.core.api.Assertions.assertThat;

import io.vmha.node.view.NodeRequests.Answer;
import io.vmha.recovery.core.AzCommand;
import io.vmha.recovery.core.AzSettings;
import io.vmha.recovery.core.Drain;
import io.vmha.recovery.core.Entry;
import io.vmha.recovery.core.Fencer;
import io.vmha.recovery.core.HostName;
import io.vmha.recovery.core.Limits;
import io.vmha.recovery.core.Operations;
import io.vmha.recovery.core.Proofs;
import io.vmha.recovery.core.RecoveryState;
import io.vmha.recovery.core.ServerId;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What operators ask for hosts that live is judged by what the group knows before Nova or a BMC is asked. */
class UpkeepOrdersTest {
    private static final HostName HOST = new HostName("hv-1");
    private static final HostName STRANGER = new HostName("nope");
    private static final Drain.Order ORDER = new Drain.Order("ada", false, 2);

    private final RecoveryState state = RecoveryState.empty()
            .apply(
                    new Entry(1, 1),
                    new AzCommand.EnableAz(
                            0,
                            new AzSettings("az1", 1, "g", true, true, true, Limits.DEFAULT, Proofs.BMC),
                            List.of(HOST, new HostName("hv-2"))))
            .state();
    private final List<String> asked = new ArrayList<>();
    private final UpkeepOrders orders =
            new UpkeepOrders(port(Operations.class), port(Fencer.class), (command, done) -> {
                asked.add(command.getClass().getSimpleName());
                return new Answer(200, done);
            });

    /** A Nova and a BMC without anything, that remember what they were asked. */
    private <T> T port(Class<T> kind) {
        return kind.cast(
                Proxy.newProxyInstance(kind.getClassLoader(), new Class<?>[] {kind}, (proxy, method, arguments) -> {
                    asked.add(method.getName());
                    if (method.getReturnType() == Boolean.TYPE) {
                        return false;
                    }
                    return method.getReturnType() == List.class ? List.of() : Optional.empty();
                }));
    }

    @Test
    void aHostOfAnotherAzIsToldFromAHostThatIsDownWithoutAskingAnybody() {
        for (Answer answer : List.of(
                orders.drain(state, STRANGER, ORDER, false),
                orders.drain(state, STRANGER, ORDER, true),
                orders.undrain(state, STRANGER, "ada"),
                orders.drill(state, Optional.of("hv-2"), STRANGER, new ServerId("vm-1"), "ada"))) {
            assertThat(answer).isEqualTo(new Answer(409, "host nope is not in this AZ; its hosts are [hv-1, hv-2]"));
        }
        assertThat(asked).isEmpty();
    }

    @Test
    void aDrainThatIsRefusedNamesTheOptionThatForcesIt() {
        assertThat(orders.drain(state, HOST, ORDER, false).message())
                .isEqualTo("the nova-compute of hv-1 is not up, and only it can send VMs away;"
                        + " vmha host drain hv-1 --force begins all the same");
        assertThat(asked).doesNotContain("BeginDrain");

        assertThat(orders.drain(state, HOST, ORDER, true).message())
                .isEqualTo("hv-1 is being drained of 0 VMs, 2 at a time");
        assertThat(asked).contains("BeginDrain");
    }

    @Test
    void whereNothingIsKnownYetTheGroupJudges() {
        orders.undrain(RecoveryState.empty(), STRANGER, "ada");

        assertThat(asked).containsExactly("UndoDrain");
    }
}
