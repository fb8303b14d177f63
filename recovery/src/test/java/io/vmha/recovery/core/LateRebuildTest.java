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
    private CommittedLog log = CommittedLog.of(5, CommittedLog.ROOMY);
    private final List<UpkeepAction> asked = new ArrayList<>();
    private final List<NoteLateRebuild> notes = new ArrayList<>();
    private final UpkeepController controller =
            new UpkeepController(RecoveryConfig.DEFAULT, hv(3), this, nowMs -> nowMs);
    private final SortedSet<HostName> holders = new TreeSet<>();
    private final SortedSet<HostName> speaking = new TreeSet<>();
    private Server server = on(hv(2), "active", Optional.empty());
    private String firstAttempt = "accepted";
    private long nowMs = 1_000_000;

    @BeforeEach
    void aServerWasRecoveredAtItsSecondAttempt() {
        recovered(VmBrief.plain("name-vm-1", "ACTIVE", 0));
        controller.onState(nowMs, log.state());
        controller.onLeadership(nowMs, OptionalLong.of(log.term()));
        holders.add(hv(2));
        speaking.add(hv(2));
    }

    private void recovered(VmBrief brief) {
        IncidentId id = log.declare(hv(1));
        log.proveDown(id, hv(1));
        List<VmRecovery> plan = List.of(VmRecovery.planned(vm(1), brief, 0));
        log.accept(new IncidentCommand.RecordPlan(0, log.term(), id, hv(1), plan, List.of()));
        log.accept(log.begin(id, hv(1), 1));
        log.accept(log.accepted(id, hv(1), 1)).accept(log.failed(id, hv(1), 1, true));
        log.accept(log.begin(id, hv(1), 1)).accept(log.accepted(id, hv(1), 1));
        log.accept(new VmCommand.VmEnded(0, log.term(), id, hv(1), vm(1), Ending.recovered(hv(2))));
        log.accept(new VmCommand.VmSettled(0, log.term(), id, hv(1), vm(1), "unlocked", ""));
        log.accept(log.close(id));
    }

    /** The same, but it was not running, and was left so. */
    private void itWasLeft(String formerStatus, Rest rest) {
        log = CommittedLog.of(5, CommittedLog.ROOMY);
        recovered(new VmBrief(
                "name-vm-1",
                formerStatus,
                0,
                Disk.VOLUME,
                false,
                rest,
                Optional.empty(),
                "",
                List.of(),
                Optional.empty()));
        controller.onState(nowMs, log.state());
        holders.clear();
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
                hv(1),
                List.of(first, second),
                Map.of(vm(1), server),
                ids -> new Guests.Words(new TreeMap<>(Map.of(vm(1), holders)), speaking));
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

    @Test
    void serverThatWasStoppedAndOfWhichNoGuardSaysThatItRunsIsStoppedAgain() {
        itWasLeft("SHUTOFF", Rest.AS_IT_COMES);
        theHostComesBackAndTakesTheFirstOneUp();

        pass(80_000);

        assertThat(notes).singleElement().satisfies(note -> {
            assertThat(note.words()).contains("stopped on hv-2", "no guard says that it runs", "is reset");
            assertThat(note.needsPerson()).isFalse();
        });
        assertThat(resets()).singleElement().matches(reset -> reset.rest() == Rest.STOPPED);
    }

    @Test
    void serverThatWasPausedIsPausedAgain() {
        itWasLeft("PAUSED", Rest.PAUSED);
        theHostComesBackAndTakesTheFirstOneUp();

        pass(80_000);

        assertThat(resets()).singleElement().matches(reset -> reset.rest() == Rest.PAUSED);
    }

    @Test
    void serverThatItsOwnerHasStartedMeanwhileIsCalledActive() {
        itWasLeft("SHUTOFF", Rest.AS_IT_COMES);
        holders.add(hv(2));
        theHostComesBackAndTakesTheFirstOneUp();

        pass(80_000);

        assertThat(resets()).singleElement().matches(reset -> reset.rest() == Rest.AS_IT_COMES);
    }

    @Test
    void serverThatWasStoppedIsLeftToAPersonWhileItsHostsGuardIsSilent() {
        itWasLeft("SHUTOFF", Rest.AS_IT_COMES);
        speaking.clear();
        theHostComesBackAndTakesTheFirstOneUp();

        pass(300_000);

        assertThat(resets()).isEmpty();
        assertThat(notes).singleElement().satisfies(note -> {
            assertThat(note.words()).contains("should be stopped on hv-2", "no guard says", "bring it to rest again");
            assertThat(note.needsPerson()).isTrue();
        });
    }

    @Test
    void serverThatWasSuspendedIsLeftToAPerson() {
        itWasLeft("SUSPENDED", Rest.SUSPENDED);
        theHostComesBackAndTakesTheFirstOneUp();

        pass(300_000);

        assertThat(resets()).isEmpty();
        assertThat(notes).singleElement().matches(NoteLateRebuild::needsPerson);
    }

    @Test
    void whatNovaWouldNotBringToRestIsLeftToAPerson() {
        itWasLeft("SHUTOFF", Rest.AS_IT_COMES);
        theHostComesBackAndTakesTheFirstOneUp();
        pass(80_000);

        server = on(hv(2), "active", Optional.empty());
        controller.onResult(nowMs, new UpkeepResult.HalfDone(resets().get(0), "409: it is locked"));

        assertThat(notes.get(notes.size() - 1).words()).contains("could not be stopped again", "409: it is locked");
        assertThat(notes.get(notes.size() - 1).needsPerson()).isTrue();
    }
}
