package io.vmha.recovery.core;

import static io.vmha.recovery.core.CommittedLog.hv;
import static io.vmha.recovery.core.CommittedLog.vm;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Only Nova's own records end a VM (S13). */
class EvacuationWatchTest {
    private final CommittedLog log = CommittedLog.of(5, CommittedLog.ROOMY);
    private final List<Command> proposed = new ArrayList<>();
    private final EvacuationWatch watch = new EvacuationWatch(
            RecoveryConfig.DEFAULT, new Calls(), new Wave(8), (nowMs, key, command) -> proposed.add(command));
    private final IncidentId id = log.declare(hv(1));
    private long nowMs = 1_000_000;

    @BeforeEach
    void oneVmIsBeingEvacuated() {
        log.proveDown(id, hv(1)).accept(log.plan(id, hv(1), 1)).accept(log.begin(id, hv(1), 1));
        log.accept(log.accepted(id, hv(1), 1));
    }

    /** What is decided at a look; what is only told stays among the proposed. */
    private Optional<Command> look(Optional<Server> server, Migration... migrations) {
        var action = new Action.Watch(log.term(), id, hv(1), new TreeSet<>(List.of(vm(1))), Optional.of(vm(1)));
        var result = new Result.Servers(action, server.stream().toList(), List.of(), List.of(migrations));
        proposed.clear();
        watch.onServers(nowMs, 0, log.state(), log.incident(id).hosts().get(hv(1)), action, result);
        return proposed.stream()
                .filter(command -> !(command instanceof VmCommand.EvacuationHeld))
                .findFirst();
    }

    private static Migration migration(String status) {
        return new Migration(7, vm(1), hv(1), Optional.of(hv(4)), status, "");
    }

    private static Server on(HostName host, String vmState, Optional<String> taskState) {
        return FakeNova.with(FakeNova.active(vm(1), host), host, vmState, taskState);
    }

    private Ending endingAfter(Optional<Command> command) {
        return ((VmCommand.VmEnded) command.orElseThrow()).ending();
    }

    @Test
    void runningMigrationIsLeftAloneHoweverLongItTakes() {
        assertThat(look(Optional.empty(), migration("pre-migrating"))).isEmpty();
        nowMs += 86_400_000;
        assertThat(look(Optional.empty(), migration("pre-migrating"))).isEmpty();
    }

    @Test
    void arrivalIsRecoveredAndArrivalInErrorHasFailed() {
        assertThat(endingAfter(look(Optional.of(on(hv(4), "active", Optional.empty())), migration("done"))))
                .isEqualTo(Ending.recovered(hv(4)));
        assertThat(endingAfter(look(Optional.of(on(hv(4), "error", Optional.empty())), migration("done")))
                        .kind())
                .isEqualTo(Ending.Kind.FAILED);
    }

    @Test
    void arrivalOfOneThatWasRunningAndIsStoppedSaysSo() {
        assertThat(endingAfter(look(Optional.of(on(hv(4), "stopped", Optional.empty())), migration("done"))))
                .isEqualTo(new Ending(Ending.Kind.RECOVERED, "hv-4; it was ACTIVE and is stopped there"));
    }

    @Test
    void serverHasArrivedThoughNovaHasTakenAnOlderMigrationForItsEvacuation() {
        // the conductor takes the first one that is accepted: that of an attempt which nobody took up
        var older = new Migration(7, vm(1), hv(1), Optional.of(hv(4)), "done", "");
        var newer = new Migration(8, vm(1), hv(1), Optional.empty(), "accepted", "");
        assertThat(look(Optional.of(on(hv(1), "active", Optional.of("rebuilding"))), older, newer))
                .isEmpty();
        assertThat(look(Optional.of(on(hv(4), "active", Optional.of("rebuild_spawning"))), older, newer))
                .as("not before nothing is done about it any more")
                .isEmpty();

        assertThat(endingAfter(look(Optional.of(on(hv(4), "active", Optional.empty())), older, newer)))
                .isEqualTo(Ending.recovered(hv(4)));
    }

    @Test
    void serverIsWaitedForWhenItsMigrationEndedAMomentBefore() {
        assertThat(look(Optional.of(on(hv(1), "active", Optional.of("rebuilding"))), migration("done")))
                .isEmpty();
    }

    @Test
    void failedMigrationIsAFailedAttempt() {
        var failed =
                (VmCommand.AttemptFailed) look(Optional.of(on(hv(1), "error", Optional.empty())), migration("failed"))
                        .orElseThrow();

        assertThat(failed.migrationFloor()).isEqualTo(7);
        assertThat(failed.called()).isTrue();
        assertThat(failed.intentIndex()).isEqualTo(log.vm(id, hv(1), vm(1)).intentIndex());
    }

    @Test
    void evacuationThatNovaTookAndForgotIsTriedAgainAfterAMinute() {
        Server untouched = on(hv(1), "active", Optional.empty());
        assertThat(look(Optional.of(untouched))).isEmpty();
        nowMs += 59_999;
        assertThat(look(Optional.of(untouched))).isEmpty();
        nowMs += 1;

        assertThat(look(Optional.of(untouched))).containsInstanceOf(VmCommand.AttemptFailed.class);
    }

    @Test
    void absenceSeenInOneAttemptDoesNotCountForTheNext() {
        Server untouched = on(hv(1), "active", Optional.empty());
        look(Optional.of(untouched));
        log.accept(log.failed(id, hv(1), 1, true)).accept(log.begin(id, hv(1), 1));
        log.accept(log.accepted(id, hv(1), 1));
        nowMs += 60_000;

        assertThat(look(Optional.of(untouched))).isEmpty();
    }

    @Test
    void migrationWhoseTargetIsCertifiedDeadIsAFailedAttempt() {
        look(Optional.empty(), migration("pre-migrating"));
        IncidentId next = log.declare(hv(4));
        nowMs += 60_000;
        assertThat(look(Optional.empty(), migration("pre-migrating"))).isEmpty();
        log.accept(log.beginFence(next, hv(4))).accept(log.certify(next, hv(4)));

        assertThat(look(Optional.empty(), migration("pre-migrating"))).isEmpty();
        nowMs += RecoveryConfig.DEFAULT.requestLimitMs();
        var failed = (VmCommand.AttemptFailed)
                look(Optional.empty(), migration("pre-migrating")).orElseThrow();

        assertThat(failed.migrationFloor()).isEqualTo(7);
        assertThat(failed.why()).contains("hv-4", "migration 7", "pre-migrating for ever");
    }

    @Test
    void migrationThatNamesNoTargetIsGivenUpOnceAHostThatMayBeItsTargetIsDead() {
        // Nova writes the target down only when the target has begun: one that died before leaves the migration
        // accepted for ever
        var accepted = new Migration(7, vm(1), hv(1), Optional.empty(), "accepted", "");
        look(Optional.empty(), accepted);
        nowMs += 3_600_000;
        assertThat(look(Optional.empty(), accepted)).as("nobody else has died").isEmpty();
        IncidentId next = log.declare(hv(4));
        log.accept(log.beginFence(next, hv(4))).accept(log.certify(next, hv(4)));

        novaHears(hv(2), hv(3), hv(5));
        assertThat(look(Optional.empty(), accepted)).isEmpty();
        nowMs += 119_999;
        novaHears(hv(2), hv(3), hv(5));
        assertThat(look(Optional.empty(), accepted)).isEmpty();
        nowMs += 1;

        assertThat(look(Optional.empty(), accepted))
                .hasValueSatisfying(command -> assertThat(((VmCommand.AttemptFailed) command).why())
                        .contains("migration 7", "accepted for ever"));
    }

    @Test
    void migrationThatNamesNoTargetIsNotGivenUpWhileItMayWaitInTheQueueOfAHostThatWillServeAgain() {
        var accepted = new Migration(7, vm(1), hv(1), Optional.empty(), "accepted", "");
        IncidentId next = log.declare(hv(4));
        log.accept(log.beginFence(next, hv(4))).accept(log.certify(next, hv(4)));
        var told = new ArrayList<Command>();
        for (int s = 0; s < 600; s++) {
            nowMs += 1_000;
            novaHears(hv(2), hv(3)); // not hv-5, which is not proven dead
            look(Optional.empty(), accepted);
            told.addAll(proposed);
        }
        assertThat(told).as("a person is told why, once").singleElement().satisfies(held -> {
            assertThat(((VmCommand.EvacuationHeld) held).why()).contains("migration 7", "[hv-5]", "start it there");
            log.accept(held);
        });
        assertThat(log.vm(id, hv(1), vm(1)).step()).isEqualTo(VmRecovery.Step.ACCEPTED);
        assertThat(log.incident(id).story())
                .anySatisfy(note -> assertThat(note.text()).contains("held: no host has taken up migration 7"));
        novaHears(hv(2), hv(3), hv(5));
        look(Optional.empty(), accepted);
        nowMs += 119_999;

        novaHears(hv(2), hv(3), hv(5));
        assertThat(look(Optional.empty(), accepted)).as("it has just come back").isEmpty();
        nowMs += 20_000;
        assertThat(look(Optional.empty(), accepted)).as("Nova's word is old").isEmpty();
        assertThat(watch.wantsServices(nowMs)).isTrue();
    }

    private void novaHears(HostName... up) {
        watch.onServices(
                nowMs,
                Arrays.stream(up)
                        .map(host -> new ComputeService("id", host, true, true, false, Optional.empty()))
                        .toList());
    }

    @Test
    void serverThatAPersonHasResetIsTriedAgainThoughItsMigrationNeverEnds() {
        // a nova-compute that restarts over a rebuild forgets it, and Nova shows it as under way for ever
        Server reset = on(hv(1), "error", Optional.empty());
        look(Optional.of(on(hv(1), "active", Optional.of("rebuild_spawning"))), migration("pre-migrating"));
        nowMs += 3_600_000;
        assertThat(look(Optional.of(reset), migration("pre-migrating"))).isEmpty();
        nowMs += RecoveryConfig.DEFAULT.requestLimitMs();

        assertThat(look(Optional.of(reset), migration("pre-migrating")))
                .hasValueSatisfying(command ->
                        assertThat(((VmCommand.AttemptFailed) command).why()).contains("was reset"));
    }

    @Test
    void taskThatStaysAfterAFailedMigrationDoesNotHoldTheVmForEver() {
        Server left = on(hv(1), "active", Optional.of("rebuild_spawning"));
        assertThat(look(Optional.of(left), migration("failed"))).isEmpty();
        nowMs += 60_000;

        assertThat(look(Optional.of(left), migration("failed"))).containsInstanceOf(VmCommand.AttemptFailed.class);
    }

    @Test
    void taskWithoutAMigrationIsGivenUpAfterAMinute() {
        // a Nova that died between its first write and its second
        Server halfDone = on(hv(1), "active", Optional.of("rebuilding"));
        assertThat(look(Optional.of(halfDone))).isEmpty();
        nowMs += 59_999;
        assertThat(look(Optional.of(halfDone))).isEmpty();
        nowMs += 1;

        assertThat(look(Optional.of(halfDone))).containsInstanceOf(VmCommand.AttemptFailed.class);
    }

    @Test
    void evacuationThatNeverLeftItsNovaApiIsTriedAgainAMinuteAfterALaterOneWasTakenUp() {
        var accepted = new Migration(7, vm(1), hv(1), Optional.empty(), "accepted", "");
        Migration overtaken = accepted.withStatus(Migration.OVERTAKEN);
        nowMs += 3_600_000;
        assertThat(look(Optional.empty(), accepted)).isEmpty();
        assertThat(look(Optional.empty(), overtaken)).isEmpty();
        nowMs += 60_000;
        assertThat(look(Optional.empty(), accepted))
                .as("a look from farther away says nothing")
                .isEmpty();

        assertThat(look(Optional.empty(), overtaken))
                .hasValueSatisfying(command -> assertThat(((VmCommand.AttemptFailed) command).why())
                        .contains("no conductor", "migration 7", "later ones"));
    }

    @Test
    void completedMigrationThatLeftItsServerBehindIsAFailedAttemptIfItsTargetIsDead() {
        Server behind = on(hv(1), "active", Optional.empty());
        IncidentId next = log.declare(hv(4));
        log.accept(log.beginFence(next, hv(4))).accept(log.certify(next, hv(4)));
        assertThat(look(Optional.of(behind), migration("completed"))).isEmpty();
        nowMs += 119_999;
        assertThat(look(Optional.of(behind), migration("completed"))).isEmpty();
        nowMs += 1;

        assertThat(look(Optional.of(behind), migration("completed"))).hasValueSatisfying(command -> {
            var failed = (VmCommand.AttemptFailed) command;
            assertThat(failed.why()).contains("migration 7", "completed", "still on hv-1", "hv-4 is dead");
            assertThat(failed.migrationFloor()).isEqualTo(7);
        });
    }

    @Test
    void completedMigrationThatLeftItsServerBehindNeedsAPersonIfItsTargetLives() {
        Server behind = on(hv(1), "active", Optional.of("rebuilding"));
        assertThat(look(Optional.of(behind), migration("done"))).isEmpty();
        nowMs += 60_000;
        assertThat(look(Optional.of(behind), migration("done"))).isEmpty();
        nowMs += 120_000;

        Ending ending = endingAfter(look(Optional.of(behind), migration("done")));
        assertThat(ending.kind()).as("no second call: it may run there").isEqualTo(Ending.Kind.FAILED);
        assertThat(ending.detail()).contains("migration 7 as done", "look on hv-4");
    }

    @Test
    void serverThatIsOnNoHostAnyMoreIsNotCalledRecovered() {
        assertThat(endingAfter(look(Optional.of(on(Server.NO_HOST, "active", Optional.empty()))))
                        .kind())
                .isEqualTo(Ending.Kind.LEFT);
    }
}
