package io.vmha.recovery.core;

import static io.vmha.recovery.core.CommittedLog.hv;
import static io.vmha.recovery.core.CommittedLog.vm;
import static org.assertj.core.api.Assertions.assertThat;

import io.vmha.recovery.core.InstanceCommand.ReportFallen;
import io.vmha.recovery.core.UpkeepAction.LookAtVm;
import io.vmha.recovery.core.UpkeepAction.RestartVm;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What is decided about a guest that has died while the call for its restart is on its way, or while Nova never ends what it is at. */
class GuestRestartTest implements UpkeepController.Outbox {
    private static final long RECENTLY_MS = 1_000_000;

    private final CommittedLog log = CommittedLog.of(3, CommittedLog.ROOMY);
    private final List<UpkeepAction> asked = new ArrayList<>();
    private final List<Runnable> later = new ArrayList<>();
    private UpkeepController controller = new UpkeepController(RecoveryConfig.DEFAULT, hv(3), this, at -> at);
    private long nowMs = RECENTLY_MS;
    private Server seen = server("active", Optional.empty());

    private static Server server(String vmState, Optional<String> task) {
        return new Server(vm(1), "db", hv(1), "", vmState, task, false, true, Map.of());
    }

    @Override
    public void propose(String key, Command command) {
        log.apply(command);
        later.add(() -> {
            controller.onState(nowMs, log.state());
            controller.onProposed(nowMs, key, OptionalLong.of(log.index()));
        });
    }

    @Override
    public void execute(UpkeepAction action) {
        asked.add(action);
    }

    private void settle() {
        while (!later.isEmpty()) {
            later.remove(0).run();
        }
    }

    private void pass(long ms) {
        nowMs += ms;
        controller.onTimer(nowMs);
        settle();
        for (UpkeepAction action : List.copyOf(asked)) {
            if (action instanceof LookAtVm look) {
                answer(action, new UpkeepResult.VmSeen(look, Optional.of(seen), true));
            }
        }
    }

    private void answer(UpkeepAction action, UpkeepResult result) {
        asked.remove(action);
        controller.onResult(nowMs, result);
        settle();
    }

    private RestartVm call() {
        return asked.stream()
                .filter(RestartVm.class::isInstance)
                .map(RestartVm.class::cast)
                .findFirst()
                .orElseThrow();
    }

    private FallenVm.Phase phase() {
        return log.state().upkeep().fallen().get(vm(1)).phase();
    }

    @BeforeEach
    void aGuestDiesAndItsRestartIsCalledFor() {
        controller.onState(nowMs, log.state());
        controller.onLeadership(nowMs, OptionalLong.of(1));
        log.accept(new ReportFallen(nowMs, hv(1), 1, vm(1), "crashed"));
        controller.onState(nowMs, log.state());
        pass(300);
        assertThat(phase()).isEqualTo(FallenVm.Phase.RESTARTING);
        assertThat(call().server()).isEqualTo(vm(1));
    }

    @Test
    void nothingIsDecidedWhileTheCallIsOnItsWay() {
        seen = server("stopped", Optional.empty());

        pass(5_000);
        pass(5_000);
        assertThat(phase()).as("the call may still start it").isEqualTo(FallenVm.Phase.RESTARTING);

        answer(call(), new UpkeepResult.Done(call(), "asked", 10));
        pass(2_000);
        assertThat(phase()).as("Nova may not have begun").isEqualTo(FallenVm.Phase.RESTARTING);
        pass(2_000);
        pass(2_000);
        assertThat(phase()).as("it is stopped, and that is said").isEqualTo(FallenVm.Phase.LEFT);
    }

    @Test
    void aCallOfWhichNobodyKnowsWhetherItArrivedIsWaitedForAsLongAsItMayArrive() {
        seen = server("error", Optional.empty());
        answer(call(), new UpkeepResult.Failed(call(), "no answer", true));

        pass(RecoveryConfig.DEFAULT.requestLimitMs());
        assertThat(phase()).isEqualTo(FallenVm.Phase.RESTARTING);
        pass(4_000);
        pass(2_000);
        assertThat(log.state().upkeep().fallen().get(vm(1)).restartsAtMs())
                .as("the next one is begun")
                .hasSize(2);
    }

    @Test
    void theCallAfterOneThatFailedIsMadeThoughItComesSoonAfterIt() {
        pass(6_000);
        answer(call(), new UpkeepResult.Failed(call(), "409", false));

        for (int look = 0; look < 20; look++) {
            pass(300);
        }

        assertThat(log.state().upkeep().fallen().get(vm(1)).restartsAtMs())
                .as("the next one is begun")
                .hasSize(2);
        assertThat(call().server()).isEqualTo(vm(1));
    }

    @Test
    void aCallOfWhichNothingIsEverHeardIsNotWaitedForForEver() {
        asked.clear();

        for (int minute = 0; minute < 8; minute++) {
            pass(60_000);
            pass(2_000);
        }

        assertThat(log.state().upkeep().fallen().get(vm(1)).restartsAtMs().size())
                .as("restarts begun")
                .isGreaterThan(1);
    }

    @Test
    void whatAnOlderLeaderMayBeCallingIsLeftAloneWhateverNovaHas() {
        seen = server("error", Optional.empty());
        asked.clear();
        log.newTerm();
        controller = new UpkeepController(RecoveryConfig.DEFAULT, hv(3), this, at -> at);
        controller.onState(nowMs, log.state());
        controller.onLeadership(nowMs, OptionalLong.of(2));

        pass(2_000);
        pass(RecoveryConfig.DEFAULT.inheritedWaitMs() - 2_500);
        assertThat(log.state().upkeep().fallen().get(vm(1)).restartsAtMs()).hasSize(1);
        pass(2_000);
        pass(2_000);
        pass(2_000);
        assertThat(log.state().upkeep().fallen().get(vm(1)).restartsAtMs()).hasSize(2);
    }

    @Test
    void aTaskThatNeverEndsIsLeftToAPerson() {
        answer(call(), new UpkeepResult.Done(call(), "asked", 10));
        seen = server("active", Optional.of("rebooting_hard"));

        for (int minute = 0; minute < 5; minute++) {
            pass(59_000);
        }
        assertThat(phase()).isEqualTo(FallenVm.Phase.RESTARTING);
        pass(60_000);

        assertThat(phase()).isEqualTo(FallenVm.Phase.LEFT);
        assertThat(log.state().upkeep().fallen().get(vm(1)).detail()).contains("rebooting_hard", "reboot --hard vm-1");
    }

    @Test
    void aTaskIsGivenItsTimeFromWhenItWasFirstSeen() {
        asked.clear();
        nowMs += 290_000; // nobody has led meanwhile
        seen = server("active", Optional.of("rebooting_hard"));
        log.newTerm();
        controller = new UpkeepController(RecoveryConfig.DEFAULT, hv(3), this, at -> at);
        controller.onState(nowMs, log.state());
        controller.onLeadership(nowMs, OptionalLong.of(2));

        for (int minute = 0; minute < 5; minute++) {
            pass(59_000);
        }
        assertThat(phase()).as("it may have begun just now").isEqualTo(FallenVm.Phase.RESTARTING);
        pass(59_000);
        pass(59_000);

        assertThat(phase()).isEqualTo(FallenVm.Phase.LEFT);
    }

    @Test
    void veryManyInQuarantineDoNotGrowTheStateForEver() {
        int many = Upkeep.FALLEN_MAX + 50;

        assertThat(quarantined(many, FeatureLevel.newest()).fallen())
                .hasSize(Upkeep.FALLEN_MAX)
                .doesNotContainKey(vm(1));
        assertThat(quarantined(many, FeatureLevel.FIRST).fallen())
                .as("builds of the first level know no such bound, and all members must have the same state")
                .hasSize(many);
    }

    private static Upkeep quarantined(int count, int level) {
        Upkeep upkeep = Upkeep.NONE;
        for (int i = 1; i <= count; i++) {
            upkeep = upkeep.with(FallenVm.reported(vm(i), hv(1), 1, i).with(FallenVm.Phase.QUARANTINED), level);
        }
        return upkeep;
    }
}
