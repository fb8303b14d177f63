package io.vmha.recovery.core;

import static io.vmha.recovery.core.CommittedLog.hv;
import static io.vmha.recovery.core.CommittedLog.vm;
import static org.assertj.core.api.Assertions.assertThat;

import io.vmha.recovery.core.Result.EvacuateAnswer.Outcome;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Every effect is read for before it is asked for, and never asked for twice (S9). */
class ActionRunnerTest {
    private static final IncidentId ID = new IncidentId(1);
    private static final long NOT_AFTER_MS = 6_000;

    private long nowMs = 1_000;
    private long leaderOfTerm = 3;
    private final FakeNova nova = new FakeNova(() -> nowMs, hv(2));
    private final FakeGroup group = new FakeGroup();
    private final ActionRunner runner =
            new ActionRunner(nova, group, group, Doorbell.NONE, t -> t == leaderOfTerm, () -> nowMs);
    private final Action.Evacuate evacuate = new Action.Evacuate(
            3, ID, hv(1), vm(1), 17, 50, NOT_AFTER_MS, true, new Action.Preparation(false, Optional.empty()));

    @BeforeEach
    void oneServerOnTheDeadHost() {
        nova.put(FakeNova.active(vm(1), hv(1)));
    }

    private Outcome evacuate() {
        return ((Result.EvacuateAnswer) runner.run(evacuate)).outcome();
    }

    private Ending endingElsewhere() {
        return ((Result.EvacuateAnswer) runner.run(evacuate)).ending().orElseThrow();
    }

    private static ComputeException failure(ComputeException.Kind kind) {
        return new ComputeException(kind, 500, "nova says no", null);
    }

    @Test
    void evacuateCallsNovaOnce() {
        assertThat(evacuate()).isEqualTo(Outcome.ACCEPTED);

        assertThat(nova.effects).containsExactly("evacuate vm-1");
    }

    @Test
    void evacuationThatRunsAlreadyIsNotAskedForAgain() {
        nova.evacuate(vm(1));
        nova.effects.clear();

        var answer = (Result.EvacuateAnswer) runner.run(evacuate);

        assertThat(answer.outcome()).isEqualTo(Outcome.ACCEPTED);
        assertThat(answer.migration()).hasValue(100);
        assertThat(nova.effects).isEmpty();
    }

    @Test
    void serverThatIsBusyIsLeftAlone() {
        nova.put(FakeNova.with(FakeNova.active(vm(1), hv(1)), hv(1), "active", Optional.of("rebuilding")));

        assertThat(evacuate()).isEqualTo(Outcome.BUSY);
        assertThat(nova.effects).isEmpty();
    }

    @Test
    void serverThatIsElsewhereOrDeletedIsLeftAlone() {
        nova.put(FakeNova.active(vm(1), hv(2)));
        assertThat(evacuate()).isEqualTo(Outcome.ELSEWHERE);

        nova.delete(vm(1));
        assertThat(evacuate()).isEqualTo(Outcome.DELETED);
        assertThat(nova.effects).isEmpty();
    }

    @Test
    void serverElsewhereIsJudgedLikeOneThatArrives() {
        nova.put(FakeNova.with(FakeNova.active(vm(1), hv(2)), hv(2), "active", Optional.of("rebuild_spawning")));
        assertThat(evacuate()).as("it is not known yet how it arrives").isEqualTo(Outcome.BUSY);

        nova.put(FakeNova.with(FakeNova.active(vm(1), hv(2)), hv(2), "error", Optional.empty()));
        assertThat(endingElsewhere().kind()).isEqualTo(Ending.Kind.FAILED);

        nova.put(FakeNova.with(FakeNova.active(vm(1), hv(2)), hv(2), "stopped", Optional.empty()));
        assertThat(endingElsewhere())
                .isEqualTo(new Ending(Ending.Kind.RECOVERED, "hv-2; it was ACTIVE and is stopped there"));
        assertThat(nova.effects).isEmpty();
    }

    /** An owner's snapshot of a server that has moved may take an hour, and nothing of ours waits for it. */
    @Test
    void taskThatLastsDoesNotKeepAServerElsewhereFromItsEnding() {
        nova.put(FakeNova.with(FakeNova.active(vm(1), hv(2)), hv(2), "active", Optional.of("image_uploading")));
        var patient = new Action.Evacuate(
                3,
                ID,
                hv(1),
                vm(1),
                17,
                50,
                NOT_AFTER_MS,
                true,
                new Action.Preparation(false, Optional.of("image_uploading")));

        assertThat(evacuate()).isEqualTo(Outcome.BUSY);
        assertThat(((Result.EvacuateAnswer) runner.run(patient)).ending())
                .hasValue(new Ending(Ending.Kind.RECOVERED, "hv-2"));
        assertThat(nova.effects).isEmpty();
    }

    @Test
    void migrationThatFailedBeforeDoesNotStandInTheWay() {
        nova.put(new Migration(60, vm(1), hv(1), Optional.of(hv(2)), "failed", ""));

        assertThat(evacuate()).isEqualTo(Outcome.ACCEPTED);
        assertThat(nova.effects).hasSize(1);
    }

    @Test
    void callIsNotMadeAfterItsTimeOrItsTerm() {
        nowMs = NOT_AFTER_MS + 1;
        assertThat(evacuate()).isEqualTo(Outcome.NOT_CALLED);

        nowMs = 1_000;
        leaderOfTerm = 4;
        assertThat(runner.run(evacuate)).isInstanceOf(Result.Failure.class);
        assertThat(nova.effects).isEmpty();
    }

    @Test
    void afterAFailureOnOneHostAnotherOneOfTheZoneIsNamed() {
        nova.services(up(hv(1), false), up(hv(2), true), up(hv(3), true), up(hv(4), false), up(hv(5), true));
        nova.aggregates(zone(hv(1), hv(2), hv(3), hv(4)));
        nova.put(new Migration(60, vm(1), hv(1), Optional.of(hv(2)), "failed", ""));
        nova.put(new Migration(70, vm(2), hv(1), Optional.of(hv(3)), "failed", "")); // of another server

        var answer = (Result.EvacuateAnswer) runner.run(evacuate);

        assertThat(nova.effects).as("hv-4 is disabled, hv-5 elsewhere").containsExactly("evacuate vm-1 to hv-3");
        assertThat(answer.detail()).isEqualTo("asked for hv-3, because the last one could not take it");
    }

    @Test
    void whereNovaCouldNotScheduleOrNoOtherHostIsThereTheChoiceIsItsOwn() {
        nova.services(up(hv(2), true), up(hv(3), true));
        nova.aggregates(zone(hv(1), hv(2), hv(3)));
        nova.put(new Migration(60, vm(1), hv(1), Optional.of(hv(2)), "failed", ""));
        nova.put(new Migration(61, vm(1), hv(1), Optional.empty(), "error", ""));
        evacuate();
        assertThat(nova.effects).containsExactly("evacuate vm-1");

        nova.effects.clear();
        nova.put(FakeNova.active(vm(2), hv(1)));
        nova.put(new Migration(62, vm(2), hv(1), Optional.of(hv(2)), "failed", ""));
        nova.put(new Migration(63, vm(2), hv(1), Optional.of(hv(3)), "failed", ""));
        runner.run(new Action.Evacuate(
                3, ID, hv(1), vm(2), 18, 63, NOT_AFTER_MS, true, new Action.Preparation(false, Optional.empty())));
        assertThat(nova.effects).containsExactly("evacuate vm-2");
    }

    private static ComputeService up(HostName host, boolean enabled) {
        return new ComputeService("id-" + host, host, true, enabled, false, Optional.empty());
    }

    private static Aggregate zone(HostName... hosts) {
        return new Aggregate(1, "az1", Optional.of("az1"), List.of(hosts), Map.of());
    }

    @Test
    void refusalAndSilenceAreToldApart() {
        nova.failOnce.put("evacuate", failure(ComputeException.Kind.REFUSED));
        assertThat(evacuate()).isEqualTo(Outcome.REFUSED);

        nova.failOnce.put("evacuate", failure(ComputeException.Kind.UNKNOWN));
        assertThat(evacuate()).isEqualTo(Outcome.UNKNOWN);
    }

    @Test
    void evacuationIsNotCalledWhenNovaCannotBeRead() {
        nova.put(new Migration(50, vm(1), hv(1), Optional.of(hv(2)), "failed", ""));
        for (String read : List.of("server", "evacuationsFrom", "aggregates", "computeServices")) {
            nova.failOnce.put(read, failure(ComputeException.Kind.UNKNOWN));
            assertThat(evacuate()).as(read).isEqualTo(Outcome.NOT_CALLED);
        }

        assertThat(nova.effects).isEmpty();
    }

    private Result.EvacuateAnswer evacuate(Action.Preparation preparation) {
        return (Result.EvacuateAnswer)
                runner.run(new Action.Evacuate(3, ID, hv(1), vm(1), 17, 50, NOT_AFTER_MS, true, preparation));
    }

    @Test
    void serverIsLockedWithTheIncidentAsReasonBeforeItIsEvacuated() {
        evacuate(new Action.Preparation(true, Optional.empty()));

        assertThat(nova.effects).containsExactly("lock vm-1", "evacuate vm-1");
        assertThat(nova.current(vm(1)).traits().lockedReason()).contains("vmha: incident 1");
    }

    @Test
    void aLockThatAnEarlierIncidentHasLeftIsTakenOverAndAnOwnersIsNot() {
        nova.lock(vm(1), "vmha: incident 7");
        evacuate(new Action.Preparation(true, Optional.empty()));
        assertThat(nova.current(vm(1)).traits().lockedReason()).contains("vmha: incident 1");
        assertThat(Planner.plan(RecoveryState.empty(), hv(1), List.of(nova.current(vm(1))), List.of(), 0))
                .singleElement()
                .matches(vm -> !vm.brief().lockedBefore());

        nova.lock(vm(1), "do not touch");

        assertThat(Planner.plan(RecoveryState.empty(), hv(1), List.of(nova.current(vm(1))), List.of(), 0))
                .singleElement()
                .matches(vm -> vm.brief().lockedBefore());
    }

    @Test
    void lockThatCannotBeTakenDoesNotKeepTheServerDown() {
        nova.failOnce.put("lock", failure(ComputeException.Kind.REFUSED));

        var answer = evacuate(new Action.Preparation(true, Optional.empty()));

        assertThat(answer.outcome()).isEqualTo(Outcome.ACCEPTED);
        assertThat(answer.detail()).contains("not locked", "nova says no");
    }

    @Test
    void taskIsClearedOnlyIfItIsTheOneThatIsKnownToBeStale() {
        nova.put(FakeNova.with(FakeNova.active(vm(1), hv(1)), hv(1), "active", Optional.of("rebooting")));

        assertThat(evacuate(new Action.Preparation(false, Optional.of("pausing")))
                        .outcome())
                .isEqualTo(Outcome.BUSY);
        assertThat(nova.effects).isEmpty();
        assertThat(evacuate(new Action.Preparation(false, Optional.of("rebooting")))
                        .outcome())
                .isEqualTo(Outcome.ACCEPTED);
        assertThat(nova.effects).containsExactly("reset vm-1", "evacuate vm-1");
    }

    @Test
    void serverWhoseRecordCannotBeResetIsNotEvacuated() {
        nova.put(FakeNova.with(FakeNova.active(vm(1), hv(1)), hv(1), "paused", Optional.empty()));
        nova.failOnce.put("resetState", failure(ComputeException.Kind.REFUSED));
        assertThat(evacuate().name()).isEqualTo("REFUSED");

        nova.failOnce.put("resetState", failure(ComputeException.Kind.UNKNOWN));
        assertThat(evacuate()).isEqualTo(Outcome.NOT_CALLED);
        assertThat(nova.effects).isEmpty();
    }

    @Test
    void serverThatMayRunElsewhereOrIsBeingDeletedIsNeverTouched() {
        for (String task : List.of("migrating", "deleting")) {
            nova.put(FakeNova.with(FakeNova.active(vm(1), hv(1)), hv(1), "active", Optional.of(task)));

            assertThat(evacuate(new Action.Preparation(true, Optional.of(task))).outcome())
                    .isEqualTo(Outcome.FORBIDDEN);
        }
        assertThat(nova.effects).isEmpty();
    }

    @Test
    void nothingIsDoneForAnEndedLeadership() {
        leaderOfTerm = 4;

        assertThat(runner.run(new Action.PowerOff(3, ID, hv(1)))).isInstanceOf(Result.Failure.class);
        assertThat(runner.run(new Action.ForceDown(3, ID, hv(1)))).isInstanceOf(Result.Failure.class);
        assertThat(runner.run(new Action.ConfirmOff(3, ID, hv(1), 9))).isInstanceOf(Result.Failure.class);
        assertThat(nova.effects).isEmpty();
        assertThat(group.effects).isEmpty();
    }

    @Test
    void bmcIsAskedTheSecondTimeOnlyAfterAMajorityHasAppliedTheCertificate() {
        group.power = PowerState.OFF;
        group.applied = List.of("a");
        assertThat(runner.run(new Action.ConfirmOff(3, ID, hv(1), 9))).isInstanceOf(Result.Failure.class);

        group.applied = List.of("a", "c");
        var confirmed = (Result.Confirmed) runner.run(new Action.ConfirmOff(3, ID, hv(1), 9));

        assertThat(confirmed.statement().provesOff()).isTrue();
        assertThat(confirmed.appliedBy()).containsExactly("a", "c");
    }

    @Test
    void hostThatWasSwitchedOnBetweenTheTwoQuestionsIsSwitchedOffAgain() {
        group.nextStatus.add(PowerState.ON);

        var confirmed = (Result.Confirmed) runner.run(new Action.ConfirmOff(3, ID, hv(1), 9));

        assertThat(group.effects).containsExactly("power-off hv-1");
        assertThat(confirmed.statement().provesOff()).isTrue();
    }

    @Test
    void hostIsForcedDownAndDisabledByOneRequestAndWhatSomebodyElseHasDisabledKeepsItsReason() {
        var down = (Result.HeldDown) runner.run(new Action.ForceDown(3, ID, hv(1)));
        assertThat(down.detail()).isEqualTo("Nova holds it down and disabled");

        nova.disabledBefore.put(hv(1), "its fan is loud");
        var theirs = (Result.HeldDown) runner.run(new Action.ForceDown(3, ID, hv(1)));

        assertThat(theirs.detail()).contains("its fan is loud").contains("which stays");
        assertThat(nova.effects).containsExactly("hold down hv-1", "hold down hv-1");
    }

    @Test
    void whatNovaHasGivenUpBeforeAHostTookItUpHasFailed() {
        nova.put(FakeNova.active(vm(1), hv(1)));
        nova.put(new Migration(7, vm(1), hv(1), Optional.empty(), "accepted", ""));
        var watch = closely(vm(1), vm(1));
        assertThat(((Result.Servers) runner.run(watch)).migrations()).allMatch(m -> !m.isFinal());

        nova.givenUp.add(vm(1));

        assertThat(((Result.Servers) runner.run(watch)).migrations())
                .singleElement()
                .matches(Migration::hasFailed);
    }

    @Test
    void whatNoConductorHasTakenUpIsOvertakenOnceALaterOneWas() {
        nova.put(FakeNova.active(vm(1), hv(1)));
        nova.put(new Migration(7, vm(1), hv(1), Optional.empty(), "accepted", ""));
        nova.put(new Migration(8, vm(2), hv(1), Optional.empty(), "accepted", ""));
        nova.untouched.add(vm(1));
        var watch = closely(vm(1), vm(1));
        assertThat(((Result.Servers) runner.run(watch)).migrations())
                .noneMatch(Migration::isOvertaken)
                .filteredOn(Migration::isUntouched)
                .extracting(Migration::id)
                .containsExactly(7L);

        nova.put(new Migration(9, vm(3), hv(1), Optional.of(hv(2)), "pre-migrating", ""));

        assertThat(((Result.Servers) runner.run(watch)).migrations())
                .filteredOn(Migration::isOvertaken)
                .extracting(Migration::id)
                .containsExactly(7L);
    }

    @Test
    void whatTheConductorHasHandedOnAndNoHostHasBegunIsMarkedAtACloseLook() {
        nova.put(FakeNova.active(vm(1), hv(1)));
        nova.put(new Migration(7, vm(1), hv(1), Optional.empty(), "accepted", ""));
        nova.handedOn.add(vm(1));

        assertThat(((Result.Servers) runner.run(closely(vm(1), vm(1)))).migrations())
                .singleElement()
                .matches(Migration::isHandedOn);
    }

    @Test
    void whatNovaHasNotedIsAskedForOnlyOfWhatTakesLong() {
        nova.put(FakeNova.active(vm(1), hv(1)));
        nova.put(new Migration(7, vm(1), hv(1), Optional.empty(), "accepted", ""));
        nova.givenUp.add(vm(1));
        var watch = new Action.Watch(3, ID, hv(1), new TreeSet<>(List.of(vm(1))), Optional.empty());

        var seen = (Result.Servers) runner.run(watch);

        assertThat(seen.migrations()).noneMatch(Migration::isFinal);
        assertThat(seen.servers()).isEmpty();
    }

    @Test
    void watchReadsServersWhoseEvacuationIsNotRunningAndTheOneToBeLookedAtClosely() {
        nova.put(FakeNova.active(vm(2), hv(1)));
        nova.put(FakeNova.active(vm(4), hv(1)));
        nova.evacuate(vm(1));
        nova.evacuate(vm(4));

        var seen = (Result.Servers) runner.run(closely(vm(4), vm(1), vm(2), vm(3), vm(4)));

        assertThat(seen.servers()).extracting(Server::id).containsExactly(vm(2), vm(4));
        assertThat(seen.deleted()).containsExactly(vm(3));
        assertThat(seen.migrations()).hasSize(2);
    }

    @Test
    void serverThatItsOwnerDeletesWhileItIsEvacuatedIsNoticed() {
        nova.put(FakeNova.active(vm(2), hv(1)));
        nova.evacuate(vm(1));
        nova.evacuate(vm(2));
        nova.delete(vm(2));

        assertThat(((Result.Servers) runner.run(closely(vm(2), vm(1), vm(2)))).deleted())
                .containsExactly(vm(2));
    }

    private static Action.Watch closely(ServerId one, ServerId... all) {
        return new Action.Watch(3, ID, hv(1), new TreeSet<>(List.of(all)), Optional.of(one));
    }
}
