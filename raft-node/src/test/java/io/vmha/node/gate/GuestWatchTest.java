package io.vmha.node.gate;

import static org.assertj.core.api.Assertions.assertThat;

import io.vmha.recovery.core.AzCommand;
import io.vmha.recovery.core.AzSettings;
import io.vmha.recovery.core.Command;
import io.vmha.recovery.core.Entry;
import io.vmha.recovery.core.FallenVm;
import io.vmha.recovery.core.HostName;
import io.vmha.recovery.core.Hypervisor;
import io.vmha.recovery.core.HypervisorException;
import io.vmha.recovery.core.InstanceCommand;
import io.vmha.recovery.core.Limits;
import io.vmha.recovery.core.Proofs;
import io.vmha.recovery.core.RecoveryState;
import io.vmha.recovery.core.ServerId;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class GuestWatchTest implements Hypervisor {
    private static final HostName SELF = new HostName("hv-1");
    private static final ServerId ONE = new ServerId("one");
    private static final ServerId TWO = new ServerId("two");

    private final TreeSet<ServerId> living = new TreeSet<>();
    private final Map<ServerId, Fate.Kind> fates = new TreeMap<>();
    private final List<Command> committed = new ArrayList<>();
    private Optional<String> refusal = Optional.empty();
    private boolean silent;
    private boolean hasGuard = true;
    private int lists;
    private int looks;
    private long nowMs = 1_000;
    private RecoveryState state = RecoveryState.empty()
            .apply(
                    new Entry(1, 1),
                    new AzCommand.EnableAz(
                            0,
                            new AzSettings("az1", 1, "g", true, true, true, new Limits(4, 100), Proofs.BMC),
                            List.of(SELF)))
            .state();

    private final GuestWatch watch = new GuestWatch(
            SELF,
            this,
            () -> hasGuard ? Optional.of(List.copyOf(living)) : Optional.<List<ServerId>>empty(),
            this::commit,
            () -> 7);

    private Optional<String> commit(Command command) {
        if (refusal.isEmpty()) {
            committed.add(command);
            state = state.apply(new Entry(1, state.applied().index() + 1), command)
                    .state();
        }
        return refusal;
    }

    @Override
    public Fate fate(ServerId id) {
        looks++;
        if (silent) {
            throw new HypervisorException("libvirt does not answer", null);
        }
        return new Fate(living.contains(id) ? Fate.Kind.LIVES : fates.getOrDefault(id, Fate.Kind.ENDED), "words");
    }

    @Override
    public List<ServerId> withoutProcess() {
        return fates.keySet().stream().filter(id -> !living.contains(id)).toList();
    }

    @Override
    public List<Domain> domains() {
        lists++;
        return living.stream().map(id -> new Domain(id, id.value(), true)).toList();
    }

    @Override
    public void suspend(ServerId id) {
        throw new AssertionError("a watch does nothing");
    }

    @Override
    public void destroy(ServerId id) {
        throw new AssertionError("a watch does nothing");
    }

    private void pass(long ms) {
        nowMs += ms;
        watch.advance(nowMs, state);
    }

    @Test
    void aGuestThatCrashedIsReportedOnceAndOneThatWasEndedIsNot() {
        living.addAll(List.of(ONE, TWO));
        pass(1_000);
        assertThat(looks).as("nothing is asked about guests that are there").isZero();

        living.clear();
        fates.put(ONE, Hypervisor.Fate.Kind.CRASHED);
        fates.put(TWO, Hypervisor.Fate.Kind.ENDED);
        pass(1_000);
        pass(10_000);

        assertThat(committed).containsExactly(new InstanceCommand.ReportFallen(7, SELF, 1, ONE, "words"));
        living.add(ONE);
        pass(1_000);
        pass(1_000);
        assertThat(committed).hasSize(2).endsWith(new InstanceCommand.ReportRunning(7, SELF, 1, ONE));
    }

    @Test
    void aGuestThatDiesAgainBeforeItsRestartIsOverIsReportedOnceThatIs() {
        living.add(ONE);
        pass(1_000);
        living.clear();
        fates.put(ONE, Hypervisor.Fate.Kind.CRASHED);
        pass(1_000);
        living.add(ONE);
        pass(1_000);
        living.clear();
        pass(1_000);
        pass(60_000);
        assertThat(committed).as("the group would take it for the first fall").hasSize(2);

        commit(new InstanceCommand.EndRestart(
                7, 1, ONE, InstanceCommand.EndRestart.Outcome.RUNNING, "Nova has it active"));
        pass(5_000);
        pass(60_000);

        assertThat(committed).hasSize(4).endsWith(new InstanceCommand.ReportFallen(7, SELF, 1, ONE, "words"));
        assertThat(state.upkeep().fallen().get(ONE).phase()).isEqualTo(FallenVm.Phase.FALLEN);
    }

    @Test
    void whatDiedWhileTheDaemonWasAwayIsReportedAtItsStart() {
        fates.put(ONE, Hypervisor.Fate.Kind.CRASHED);

        pass(1_000);

        assertThat(committed).singleElement().isInstanceOf(InstanceCommand.ReportFallen.class);
    }

    @Test
    void aGuestThatDiedBeforeItWasEverSeenIsFoundALittleLater() {
        pass(1_000);
        fates.put(ONE, Hypervisor.Fate.Kind.CRASHED);
        pass(1_000);
        assertThat(committed).isEmpty();

        pass(30_000);
        pass(30_000);
        pass(30_000);

        assertThat(committed).as("once").hasSize(1);
    }

    @Test
    void aReportThatIsNotTakenIsMadeAgainUntilTheGuestRuns() {
        living.add(ONE);
        pass(1_000);
        living.clear();
        fates.put(ONE, Hypervisor.Fate.Kind.CRASHED);
        refusal = Optional.of("the group does not answer");
        pass(1_000);
        pass(1_000);
        assertThat(looks).as("not every second").isEqualTo(1);
        pass(5_000);
        assertThat(looks).isEqualTo(2);
        silent = true;
        pass(6_000);
        silent = false;
        refusal = Optional.empty();
        pass(6_000);

        assertThat(committed).singleElement().isInstanceOf(InstanceCommand.ReportFallen.class);
    }

    @Test
    void withoutAGuardTheHypervisorIsAskedNowAndThen() {
        hasGuard = false;
        living.add(ONE);
        for (int i = 0; i < 10; i++) {
            pass(1_000);
        }
        assertThat(lists).isBetween(2, 3);
        living.clear();
        fates.put(ONE, Hypervisor.Fate.Kind.CRASHED);
        for (int i = 0; i < 6; i++) {
            pass(1_000);
        }
        assertThat(committed).hasSize(1);
    }

    @Test
    void aHostOutOfServiceReportsNothing() {
        living.add(ONE);
        state = RecoveryState.empty();
        pass(1_000);
        living.clear();
        fates.put(ONE, Hypervisor.Fate.Kind.CRASHED);
        pass(10_000);

        assertThat(looks).isZero();
        assertThat(committed).isEmpty();
    }
}
