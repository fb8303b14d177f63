package io.vmha.recovery.core;

import static io.vmha.recovery.core.CommittedLog.hv;
import static io.vmha.recovery.core.CommittedLog.vm;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** No evacuation waits in silence: for what, since when and until when is in the incident's story. */
class EvacuationWaitsTest {
    /** The monotonic clock and the wall clock run together here. */
    private static final long WALL_MS = Instant.parse("2026-11-27T06:00:00Z").toEpochMilli();

    private static final long START_MS = 1_000_000;

    private final CommittedLog log = CommittedLog.of(5, CommittedLog.ROOMY);
    private final List<Command> proposed = new ArrayList<>();
    private final EvacuationWatch watch = new EvacuationWatch(
            RecoveryConfig.DEFAULT, new Calls(), new Wave(8), (nowMs, key, command) -> proposed.add(command));
    private final IncidentId id = log.declare(hv(1));
    private long nowMs = START_MS;
    private String why = "";

    @BeforeEach
    void oneVmIsBeingEvacuated() {
        log.proveDown(id, hv(1)).accept(log.plan(id, hv(1), 1)).accept(log.begin(id, hv(1), 1));
        log.accept(log.accepted(id, hv(1), 1));
    }

    private static Migration accepted() {
        return new Migration(7, vm(1), hv(1), Optional.empty(), "accepted", "");
    }

    private static Server waiting(String task) {
        return FakeNova.with(FakeNova.active(vm(1), hv(1)), hv(1), "active", Optional.of(task));
    }

    private void novaHears(HostName... up) {
        watch.onServices(
                nowMs,
                Arrays.stream(up)
                        .map(host -> new ComputeService("id", host, true, true, false, Optional.empty()))
                        .toList());
    }

    /** A second passes at a time; what is proposed is committed, until something other than a wait is, which is returned. */
    private Optional<Command> lookFor(int seconds, Optional<Server> server, Migration... migrations) {
        var action = new Action.Watch(log.term(), id, hv(1), new TreeSet<>(List.of(vm(1))), Optional.of(vm(1)));
        var result = new Result.Servers(action, server.stream().toList(), List.of(), List.of(migrations));
        for (int s = 0; s < seconds; s++) {
            proposed.clear();
            watch.onServers(
                    nowMs,
                    WALL_MS + nowMs - START_MS,
                    log.state(),
                    log.incident(id).hosts().get(hv(1)),
                    action,
                    result);
            for (Command command : proposed) {
                if (!(command instanceof VmCommand.EvacuationHeld)) {
                    return Optional.of(command);
                }
                log.accept(command);
            }
            nowMs += 1_000;
        }
        return Optional.empty();
    }

    private List<String> waits() {
        return log.incident(id).story().stream()
                .map(Note::text)
                .filter(text -> text.contains(": held: "))
                .toList();
    }

    @Test
    void whatAHostHasIsNotSpokenOfBeforeItTakesLongAndThenOnce() {
        var running = new Migration(7, vm(1), hv(1), Optional.of(hv(4)), "pre-migrating", "");
        lookFor(299, Optional.of(waiting("rebuild_spawning")), running);
        assertThat(waits()).isEmpty();

        lookFor(3_600, Optional.of(waiting("rebuild_spawning")), running);

        assertThat(waits())
                .singleElement()
                .satisfies(text -> assertThat(text)
                        .contains(
                                "migration 7 is pre-migrating on hv-4; so since 2026-11-27T06:00:00Z, and nothing ends"
                                        + " it by itself",
                                "openstack server set --state error vm-1"));
    }

    @Test
    void whatMayBeInTheQueueOfADeadTargetSaysWhenItIsTriedAgain() {
        IncidentId next = log.declare(hv(4));
        log.accept(log.beginFence(next, hv(4))).accept(log.certify(next, hv(4)));
        Optional<Command> outcome = Optional.empty();
        for (int s = 0; s < 200 && outcome.isEmpty(); s++) {
            novaHears(hv(2), hv(3), hv(5));
            outcome = lookFor(1, Optional.of(waiting("rebuilding")), accepted());
        }

        assertThat(waits())
                .first()
                .satisfies(text -> assertThat(text)
                        .contains(
                                "no host has taken up migration 7, and one that might have has died",
                                "so since 2026-11-27T06:00:0",
                                "until 2026-11-27T06:02:0",
                                "then it is tried again"));
        assertThat(outcome).containsInstanceOf(VmCommand.AttemptFailed.class);
        assertThat(nowMs - START_MS).isBetween(119_000L, 122_000L);
    }

    /** Second after second, until it is given up; each host's nova-compute reports every ten seconds, until it falls silent. */
    private long secondsUntilGivenUp(Migration migration, HostName silent, int fromSecond) {
        IncidentId next = log.declare(hv(4));
        log.accept(log.beginFence(next, hv(4))).accept(log.certify(next, hv(4)));
        for (int s = 0; s < 300; s++) {
            var services = new ArrayList<ComputeService>();
            for (HostName host : List.of(hv(1), hv(2), hv(3), hv(4), hv(5))) {
                boolean dead = host.equals(hv(1)) || host.equals(hv(4));
                int spoke = dead ? 0 : host.equals(silent) ? Math.min(s, fromSecond) / 10 : s / 10;
                services.add(new ComputeService(
                        "id", host, !dead, true, dead, Optional.empty(), Optional.of("report " + spoke)));
            }
            watch.onServices(nowMs, services);
            Optional<Command> outcome = lookFor(1, Optional.of(waiting("rebuilding")), migration);
            if (outcome.isPresent()) {
                why = ((VmCommand.AttemptFailed) outcome.get()).why();
                return s;
            }
        }
        throw new AssertionError("never");
    }

    @Test
    void whatIsHandedOnIsTriedAgainOnceEveryLivingNovaComputeHasReportedTwiceSince() {
        assertThat(secondsUntilGivenUp(accepted().withStatus(Migration.HANDED_ON), hv(5), Integer.MAX_VALUE))
                .isBetween(20L, 30L);
        assertThat(why).contains("every other nova-compute has been at work since, and has not begun it");
        assertThat(waits()).first().satisfies(text -> assertThat(text).contains("or sooner"));
    }

    @Test
    void whatIsHandedOnMayStillBeTakenUpByANovaComputeThatIsCalledUpAndDoesNotReport() {
        assertThat(secondsUntilGivenUp(accepted().withStatus(Migration.HANDED_ON), hv(5), 10))
                .isEqualTo(120);
    }

    @Test
    void whatMayBeInTheHandsOfANovaComputeIsNotTriedAgainSoon() {
        assertThat(secondsUntilGivenUp(accepted(), hv(5), Integer.MAX_VALUE)).isEqualTo(120);
    }

    @Test
    void whatNoConductorHasTakenUpIsTriedAgainAfterFiveMinutesThoughNoLaterOneWasEverMade() {
        Migration untouched = accepted().withStatus(Migration.UNTOUCHED);
        Optional<Command> outcome = Optional.empty();
        for (int s = 0; s < 600 && outcome.isEmpty(); s++) {
            novaHears(hv(2), hv(3));
            outcome = lookFor(1, Optional.of(waiting("rebuilding")), untouched);
        }

        assertThat(waits())
                .first()
                .satisfies(text -> assertThat(text)
                        .contains("no conductor of Nova has taken up migration 7; so since 2026-11-27T06:00:00Z, until"
                                + " 2026-11-27T06:05:00Z: then it is tried again"));
        assertThat(outcome).hasValueSatisfying(command -> {
            var failed = (VmCommand.AttemptFailed) command;
            assertThat(failed.why()).contains("migration 7 for 300 s", "[hv-2, hv-3]", "its nova-api died");
            assertThat(failed.migrationFloor()).isEqualTo(7);
        });
    }

    @Test
    void whatNoConductorHasTakenUpStaysWhileNothingGetsThroughToTheConductors() {
        Migration untouched = accepted().withStatus(Migration.UNTOUCHED);
        for (int s = 0; s < 1_200; s++) {
            novaHears();
            assertThat(lookFor(1, Optional.of(waiting("rebuilding")), untouched))
                    .isEmpty();
        }
        assertThat(watch.wantsServices(nowMs - 1)).isTrue();

        novaHears(hv(2));
        assertThat(lookFor(1, Optional.of(waiting("rebuilding")), untouched))
                .containsInstanceOf(VmCommand.AttemptFailed.class);
    }

    @Test
    void callThatLeftNothingInNovaIsTold() {
        Optional<Command> outcome = lookFor(120, Optional.of(waiting("rebuilding")));

        assertThat(waits())
                .singleElement()
                .satisfies(text -> assertThat(text)
                        .contains("Nova shows no migration for the call; so since 2026-11-27T06:00:00Z, until"
                                + " 2026-11-27T06:01:00Z"));
        assertThat(outcome).containsInstanceOf(VmCommand.AttemptFailed.class);
    }

    @Test
    void theNextLeaderSaysUntilWhenItLeavesAnOpenCallAlone() {
        var about = new EvacuationWatch.About(
                WALL_MS,
                log.term(),
                id,
                hv(1),
                log.vm(id, hv(1), vm(1)),
                log.state().group());
        for (int i = 0; i < 3; i++) {
            proposed.clear();
            watch.onInherited(nowMs, about, nowMs);
            proposed.forEach(log::accept);
        }

        assertThat(waits())
                .singleElement()
                .satisfies(text -> assertThat(text)
                        .contains(
                                "an older leader may still be calling",
                                "2026-11-27T06:00:00Z",
                                "2026-11-27T06:00:23Z"));
    }

    @Test
    void eachAttemptIsToldAnew() {
        lookFor(20, Optional.of(waiting("rebuilding")));
        log.accept(log.failed(id, hv(1), 1, true)).accept(log.begin(id, hv(1), 1));
        log.accept(log.accepted(id, hv(1), 1));
        lookFor(20, Optional.of(waiting("rebuilding")));

        assertThat(waits()).hasSize(2);
    }
}
