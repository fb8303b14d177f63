package io.vmha.recovery.core;

import static io.vmha.recovery.core.CommittedLog.hv;
import static io.vmha.recovery.core.CommittedLog.vm;
import static org.assertj.core.api.Assertions.assertThat;

import io.vmha.recovery.core.InstanceCommand.NoteLateRebuild;
import io.vmha.recovery.core.UpkeepAction.LookForLateRebuilds;
import io.vmha.recovery.core.UpkeepAction.ResetRecord;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A server was recovered at its second attempt; the first one waited for a host that comes back. */
class LateRebuildTest implements UpkeepController.Outbox {
    private final CommittedLog log = CommittedLog.of(5, CommittedLog.ROOMY);
    private final List<UpkeepAction> asked = new ArrayList<>();
    private final List<NoteLateRebuild> notes = new ArrayList<>();
    private final UpkeepController controller =
            new UpkeepController(RecoveryConfig.DEFAULT, hv(3), this, nowMs -> nowMs);
    private final SortedSet<HostName> holders = new TreeSet<>();
    private Server server = on(hv(2), "active", Optional.empty());
    private String firstAttempt = "accepted";
    private long nowMs = 1_000_000;

    @BeforeEach
    void aServerWasRecoveredAtItsSecondAttempt() {
        IncidentId id = log.declare(hv(1));
        log.proveDown(id, hv(1)).accept(log.plan(id, hv(1), 1)).accept(log.begin(id, hv(1), 1));
        log.accept(log.accepted(id, hv(1), 1)).accept(log.failed(id, hv(1), 1, true));
        log.accept(log.begin(id, hv(1), 1)).accept(log.accepted(id, hv(1), 1));
        log.accept(new VmCommand.VmEnded(0, log.term(), id, hv(1), vm(1), Ending.recovered(hv(2))));
        log.accept(new VmCommand.VmSettled(0, log.term(), id, hv(1), vm(1), "unlocked", ""));
        log.accept(log.close(id));
        controller.onState(nowMs, log.state());
        controller.onLeadership(nowMs, OptionalLong.of(log.term()));
        holders.add(hv(2));
    }

    private static Server on(HostName host, String vmState, Optional<String> task) {
        return FakeNova.with(FakeNova.active(vm(1), host), host, vmState, task);
    }

    @Override
    public void propose(String key, Command command) {
        if (command instanceof NoteLateRebuild note) {
            notes.add(note);
        }
        log.accept(command);
    }

    @Override
    public void execute(UpkeepAction action) {
        asked.add(action);
    }

    /** Every look is answered with what Nova and the guards have. */
    private void pass(long ms) {
        for (long until = nowMs + ms; nowMs < until; nowMs += 1_000) {
            controller.onTimer(nowMs);
            controller.onState(nowMs, log.state());
            for (UpkeepAction action : List.copyOf(asked)) {
                if (action instanceof LookForLateRebuilds look) {
                    asked.remove(action);
                    controller.onResult(nowMs, new UpkeepResult.LateRebuildsSeen(look, found()));
                }
            }
        }
    }

    private List<LateRebuild> found() {
        var first = new Migration(7, vm(1), hv(1), Optional.of(hv(4)), firstAttempt, "");
        var second = new Migration(8, vm(1), hv(1), Optional.of(hv(2)), "done", "");
        return LateRebuild.among(
                hv(1), List.of(first, second), Map.of(vm(1), server), ids -> new TreeMap<>(Map.of(vm(1), holders)));
    }

    private void theHostComesBackAndTakesTheFirstOneUp() {
        firstAttempt = "failed";
        server = on(hv(2), "error", Optional.of("rebuilding"));
    }

    private List<ResetRecord> resets() {
        return asked.stream()
                .filter(ResetRecord.class::isInstance)
                .map(ResetRecord.class::cast)
                .toList();
    }

    @Test
    void serverThatRunsWhereNovaHasItIsCalledActiveAgainOnceThatIsTold() {
        pass(60_000);
        assertThat(notes).isEmpty();
        theHostComesBackAndTakesTheFirstOneUp();

        pass(40_000);
        assertThat(notes).as("it may be a rebuild that its owner asked for").isEmpty();
        pass(20_000);

        assertThat(notes).singleElement().satisfies(note -> {
            assertThat(note.words()).contains("waited for hv-4", "error/rebuilding", "runs on hv-2", "is reset");
            assertThat(note.needsPerson()).isFalse();
        });
        assertThat(log.state().incidents().values())
                .singleElement()
                .satisfies(incident -> assertThat(incident.story())
                        .anySatisfy(note -> assertThat(note.text()).contains("is reset")));
        pass(20_000);
        assertThat(resets()).singleElement().matches(reset -> reset.host().equals(hv(2)));
    }

    @Test
    void serverOfWhichNobodySaysThatItRunsIsLeftToAPersonAndToldOnce() {
        theHostComesBackAndTakesTheFirstOneUp();
        holders.clear();

        pass(300_000);

        assertThat(notes).singleElement().satisfies(note -> {
            assertThat(note.words()).contains("hv-2", "no guard says", "openstack server set --state active");
            assertThat(note.needsPerson()).isTrue();
        });
        assertThat(resets()).isEmpty();
    }

    @Test
    void serverThatRunsTwiceIsNotTouched() {
        theHostComesBackAndTakesTheFirstOneUp();
        holders.add(hv(4));

        pass(300_000);

        assertThat(resets()).isEmpty();
        assertThat(notes).singleElement().matches(NoteLateRebuild::needsPerson);
    }

    @Test
    void serverThatIsSaidToRunOnAHostThatIsNotInServiceIsLeftToAPersonUntilItIs() {
        theHostComesBackAndTakesTheFirstOneUp();
        log.declare(hv(2));
        controller.onState(nowMs, log.state());

        pass(300_000);

        assertThat(notes).singleElement().satisfies(note -> {
            assertThat(note.words()).contains("the guards of [hv-2] say").doesNotContain("is reset");
            assertThat(note.needsPerson()).isTrue();
        });
        assertThat(resets()).isEmpty();
    }

    @Test
    void serverThatIsBrokenForAnotherReasonIsNotOurs() {
        server = on(hv(2), "error", Optional.of("rebuilding")); // and no rebuild of an evacuation has failed
        pass(300_000);
        firstAttempt = "failed";
        server = on(hv(2), "error", Optional.empty()); // and nothing that is preempted leaves no task

        pass(300_000);

        assertThat(notes).isEmpty();
        assertThat(resets()).isEmpty();
    }

    @Test
    void nobodyLooksLongAfterTheLastReturn() {
        pass(901_000);
        asked.clear();
        theHostComesBackAndTakesTheFirstOneUp();

        pass(60_000);

        assertThat(asked).noneMatch(LookForLateRebuilds.class::isInstance);
        assertThat(notes).isEmpty();
    }
}
