package io.vmha.recovery.core;

import static io.vmha.recovery.core.CommittedLog.vm;
import static io.vmha.recovery.core.ControllerBench.DEAD;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** From silence to the report, with hand-driven time; and the same with the leader dying at every step. */
class RecoveryControllerTest {
    private ControllerBench bench;

    @BeforeEach
    void threeVmsOnTheDeadHost() {
        bench = freshBench();
    }

    private static ControllerBench freshBench() {
        var bench = new ControllerBench(Limits.DEFAULT);
        for (int i = 1; i <= 3; i++) {
            bench.nova.put(FakeNova.active(vm(i), DEAD));
        }
        return bench;
    }

    private void everyVmIsRecoveredOnce(String when) {
        Incident incident = bench.incident();
        assertThat(incident.hosts().get(DEAD).vms().values())
                .as(when)
                .hasSize(3)
                .allSatisfy(vm -> assertThat(vm.ending())
                        .hasValueSatisfying(e -> assertThat(e.kind()).isEqualTo(Ending.Kind.RECOVERED)));
        for (int i = 1; i <= 3; i++) {
            assertThat(bench.nova.current(vm(i)).vmState()).as(when).isEqualTo("active");
            assertThat(Collections.frequency(bench.nova.effects, "evacuate vm-" + i))
                    .as("calls for vm-%d, %s", i, when)
                    .isEqualTo(1);
        }
        assertThat(bench.evacuateActions.values())
                .as("calls per intent, %s", when)
                .containsOnly(1);
    }

    @Test
    void deadHostsVmsComeBackAndTheIncidentIsClosed() {
        bench.runToTheEnd();

        everyVmIsRecoveredOnce("leader lives");
        assertThat(bench.nova.effects.get(0)).isEqualTo("hold down hv-3");
        assertThat(bench.log.state().hosts().get(DEAD).status()).isEqualTo(HostRecord.Status.DOWN);
    }

    @Test
    void nothingIsDoneTwiceWhileItsOutcomeIsOnItsWayIntoTheLog() {
        bench.runToTheEnd();

        assertThat(Collections.frequency(bench.group.effects, "power-off hv-3")).isEqualTo(1);
        assertThat(Collections.frequency(bench.nova.effects, "hold down hv-3")).isEqualTo(1);
    }

    @Test
    void nextLeaderFinishesWhereverTheLeaderDies() {
        bench.runToTheEnd();
        int all = bench.steps();

        for (int death = 1; death <= all; death++) {
            for (boolean hears : new boolean[] {true, false}) {
                bench = freshBench();
                while (bench.steps() < death - 1) {
                    bench.step(true);
                }
                bench.step(hears); // the last thing that the first leader does; it may not live to hear of it
                if (!bench.isOver()) {
                    bench.failover();
                    bench.runToTheEnd();
                }
                everyVmIsRecoveredOnce("leader dies at step " + death + ", hears=" + hears);
            }
        }
    }

    @Test
    void leadersMayDieOneAfterTheOther() {
        for (int life = 5; life < 40; life += 7) {
            bench = freshBench();
            for (int death = 0; death < 12 && !bench.isOver(); death++) {
                for (int i = 0; i < life && !bench.isOver(); i++) {
                    bench.step(true);
                }
                if (!bench.isOver()) {
                    bench.failover();
                }
            }
            bench.runToTheEnd();
            everyVmIsRecoveredOnce("each leader lives " + life + " steps");
        }
    }

    @Test
    void lostProposalsAreMadeAgainAndTheirLateCommitsDoNoHarm() {
        var late = new ArrayList<Command>();
        for (int i = 0; i < 20_000 && !bench.isOver(); i++) {
            if (i % 3 == 0) {
                bench.loseProposal().ifPresent(late::add);
            }
            if (late.size() > 3) {
                bench.log.apply(late.remove(0));
            }
            bench.step(true);
        }

        everyVmIsRecoveredOnce("every third proposal is lost and commits late");
    }

    @Test
    void callWhoseAnswerIsLostIsFoundInNovasRecords() {
        bench.nova.failOnce.put(
                "evacuate, after it took effect",
                new ComputeException(ComputeException.Kind.UNKNOWN, 0, "timed out", null));

        bench.runToTheEnd();

        everyVmIsRecoveredOnce("one answer is lost");
    }

    @Test
    void evacuationThatNovaHasGivenUpIsFoundOutAndMadeAgain() {
        bench.nova.dropOnce.addAll(List.of(vm(1), vm(3)));

        bench.runToTheEnd();

        assertThat(bench.incident().hosts().get(DEAD).vms().values())
                .extracting(
                        vm -> vm.attempts() + " " + vm.ending().orElseThrow().kind())
                .containsExactly("2 RECOVERED", "1 RECOVERED", "2 RECOVERED");
    }

    @Test
    void callThatNovaNeverGotIsMadeAgainOnlyAfterTheRequestLimit() {
        bench.nova.failOnce.put(
                "evacuate", new ComputeException(ComputeException.Kind.UNKNOWN, 0, "connection reset", null));

        bench.runToTheEnd();

        everyVmIsRecoveredOnce("one call is lost");
        List<VmRecovery> twice = bench.incident().hosts().get(DEAD).vms().values().stream()
                .filter(vm -> vm.attempts() == 2)
                .toList();
        assertThat(twice).hasSize(1);
        assertThat(twice.get(0).requestedAtMs() - bench.incident().openedAtMs())
                .isGreaterThan(RecoveryConfig.DEFAULT.requestLimitMs());
    }

    @Test
    void aSingleVmWhoseNovaApiDiedOverTheCallIsTriedAgainThoughNobodyElseIsEverEvacuated() {
        bench.nova.delete(vm(2));
        bench.nova.delete(vm(3));
        bench.nova.up.add(CommittedLog.hv(2));
        bench.nova.loseOnce.add(vm(1));

        bench.runToTheEnd();

        VmRecovery vm = bench.incident().hosts().get(DEAD).vms().get(vm(1));
        assertThat(vm.attempts()).isEqualTo(2);
        assertThat(vm.ending().orElseThrow().kind()).isEqualTo(Ending.Kind.RECOVERED);
        assertThat(told("no conductor of Nova has taken up migration 100"))
                .as("told, then done")
                .isEqualTo(2);
    }

    @Test
    void aNovaThatDoesNotAnswerIsToldAndSoIsItsReturn() {
        var down = new ComputeException(ComputeException.Kind.UNKNOWN, 0, "connection refused", null);
        bench.nova.failAlways.put("holdDown", down);
        bench.stepsFor(120_000);
        assertThat(told("hv-3: waits since ")).isEqualTo(1);
        assertThat(told("until Nova holds it down; it is tried again at least twice a minute"))
                .isEqualTo(1);
        bench.nova.failAlways.remove("holdDown");
        bench.nova.failAlways.put("evacuationsFrom", down);
        bench.stepsFor(120_000);
        assertThat(told("waits no more until Nova holds it down")).isEqualTo(1);
        assertThat(told("until Nova lists its VMs")).isEqualTo(1);

        bench.nova.failAlways.clear();
        bench.runToTheEnd();

        everyVmIsRecoveredOnce("Nova was away for a while");
    }

    private long told(String words) {
        return bench.incident().story().stream()
                .filter(note -> note.text().contains(words))
                .count();
    }

    @Test
    void whatTheDeadHostLeftBehindIsClearedAndTheVmComesBack() {
        // a host that dies while it boots or reboots a server leaves its task_state behind; nobody else clears it
        bench.nova.put(FakeNova.with(FakeNova.active(vm(2), DEAD), DEAD, "active", Optional.of("rebooting")));

        bench.runToTheEnd();

        everyVmIsRecoveredOnce("one was rebooting");
        assertThat(bench.nova.effects).containsSubsequence("lock vm-2", "reset vm-2", "evacuate vm-2", "unlock vm-2");
        assertThat(bench.nova.effects).doesNotContain("reset vm-1", "reset vm-3");
    }

    @Test
    void serverThatBecameBusyAfterThePlanIsClearedOnlyWhenItHasStoodStillForLong() {
        while (bench.log.state().incidents().isEmpty()
                || bench.incident().hosts().get(DEAD).vms().isEmpty()) {
            bench.step(true);
        }
        long plannedAtMs = bench.nowMs;
        bench.nova.put(FakeNova.with(FakeNova.active(vm(2), DEAD), DEAD, "active", Optional.of("rebooting")));
        for (int i = 0; i < 5_000 && !bench.nova.effects.contains("reset vm-2"); i++) {
            bench.step(true);
        }

        assertThat(bench.nova.effects).as("%s", bench.incident().story()).contains("reset vm-2");
        assertThat(bench.nowMs - plannedAtMs).isGreaterThan(15_000);
        bench.runToTheEnd();
        assertThat(bench.incident().hosts().get(DEAD).vms().get(vm(2)).ending())
                .hasValueSatisfying(e -> assertThat(e.kind()).isEqualTo(Ending.Kind.RECOVERED));
    }

    @Test
    void pausedServerIsPausedAgainAndLocksAreAsTheyWere() {
        bench.nova.put(FakeNova.with(FakeNova.active(vm(1), DEAD), DEAD, "paused", Optional.empty()));
        bench.nova.lock(vm(3), "its owner's reason");
        bench.nova.effects.clear();

        bench.runToTheEnd();

        assertThat(bench.nova.current(vm(1)).vmState()).isEqualTo("paused");
        assertThat(bench.nova.effects)
                .containsSubsequence("reset vm-1", "evacuate vm-1", "PAUSED vm-1", "unlock vm-1")
                .doesNotContain("lock vm-3", "unlock vm-3");
        assertThat(bench.nova.current(vm(3)).traits().lockedReason()).contains("its owner's reason");
        assertThat(bench.nova.current(vm(2)).locked()).isFalse();
    }

    @Test
    void vmThatCannotBePutBackIsReportedAndDoesNotHoldTheIncidentOpen() {
        bench.nova.failAlways.put("unlock", new ComputeException(ComputeException.Kind.REFUSED, 403, "policy", null));

        bench.runToTheEnd();

        assertThat(bench.incident().hosts().get(DEAD).vms().values())
                .allSatisfy(vm -> assertThat(vm.ending().orElseThrow().detail())
                        .startsWith("hv-2")
                        .contains("a person should look", "policy"));
    }

    @Test
    void groupsComeBackOneAfterTheOther() {
        bench.nova.put(tagged(1, Map.of("vmha:group", "web", "vmha:after", "app")));
        bench.nova.put(tagged(2, Map.of("vmha:group", "db")));
        bench.nova.put(tagged(3, Map.of("vmha:group", "app", "vmha:after", "db, nobody")));

        bench.runToTheEnd();

        var calls = bench.nova.effects.stream()
                .filter(e -> e.startsWith("evacuate"))
                .toList();
        assertThat(calls).containsExactly("evacuate vm-2", "evacuate vm-3", "evacuate vm-1");
        var vms = bench.incident().hosts().get(DEAD).vms();
        assertThat(vms.get(vm(3)).requestedAtMs())
                .isGreaterThanOrEqualTo(vms.get(vm(2)).endedAtMs());
    }

    @Test
    void groupsThatWaitForEachOtherAreReportedAndDoNotWait() {
        bench.nova.put(tagged(1, Map.of("vmha:group", "a", "vmha:after", "b")));
        bench.nova.put(tagged(2, Map.of("vmha:group", "b", "vmha:after", "a")));

        bench.runToTheEnd();

        everyVmIsRecoveredOnce("a circle");
        assertThat(bench.incident().story())
                .anySatisfy(note -> assertThat(note.text()).contains("[a, b]", "circle"));
    }

    private static Server tagged(int number, Map<String, String> metadata) {
        Server plain = FakeNova.active(vm(number), DEAD);
        return new Server(plain.id(), plain.name(), DEAD, "ACTIVE", "active", Optional.empty(), false, true, metadata);
    }

    @Test
    void callsWaitUntilNovaKnowsThatTheOtherHostOfTheCutIsDeadToo() {
        // Nova would rebuild on a host that it takes for alive, and what it sends to a dead one never comes back
        var five = new ControllerBench(5, CommittedLog.ROOMY, CommittedLog.hv(4), CommittedLog.hv(5));
        for (int i = 1; i <= 4; i++) {
            five.nova.put(FakeNova.active(vm(i), CommittedLog.hv(3 + (i + 1) / 2)));
        }

        five.runToTheEnd();

        List<String> effects = five.nova.effects;
        int firstCall = effects.indexOf(effects.stream()
                .filter(e -> e.startsWith("evacuate"))
                .findFirst()
                .orElseThrow());
        assertThat(effects.subList(0, firstCall)).contains("hold down hv-4", "hold down hv-5");
    }

    @Test
    void hostThatCannotBeFencedHoldsUpTheOthersForAMinuteAtMost() {
        var five = new ControllerBench(5, CommittedLog.ROOMY, CommittedLog.hv(4), CommittedLog.hv(5));
        five.group.mute.add(CommittedLog.hv(5));
        five.nova.put(FakeNova.active(vm(1), CommittedLog.hv(4)));

        for (int i = 0; i < 3_000; i++) {
            five.step(true);
        }

        Incident incident = five.incident();
        VmRecovery vm = incident.hosts().get(CommittedLog.hv(4)).vms().get(vm(1));
        assertThat(vm.hasEnded()).isTrue();
        assertThat(vm.requestedAtMs() - incident.openedAtMs()).isBetween(60_000L, 75_000L);
        assertThat(incident.story())
                .filteredOn(note -> note.text().startsWith("hv-4: no more evacuations are asked for since "))
                .singleElement()
                .satisfies(note -> assertThat(note.text())
                        .contains("until Nova holds hv-5 down, which is lost too, or until 1970-01-01T"));
        assertThat(incident.phase()).isEqualTo(Incident.Phase.OPEN);
    }

    @Test
    void hostThatIsPutIntoMaintenanceWhileItsBmcRefusesIsNotPoweredOffAnyMore() {
        bench.group.mute.add(DEAD);
        while (!bench.group.effects.contains("power-off hv-3")
                || bench.incident().hosts().get(DEAD).fenceTerm() != 0) {
            bench.step(true);
        }

        bench.log.apply(new AzCommand.SetMaintenance(0, DEAD, true));
        bench.group.mute.clear();
        int tries = bench.group.effects.size();
        for (int i = 0; i < 1_000; i++) {
            bench.step(true);
        }

        assertThat(bench.group.effects).hasSize(tries);
        assertThat(bench.nova.effects).isEmpty();
    }

    @Test
    void hostThatOnlyAPersonCanProveDownIsSealedBeforeTheWordIsTaken() {
        bench.group.mute.add(DEAD);
        while (bench.log.state().incidents().isEmpty()
                || proving().personAsked().isEmpty()) {
            bench.step(true);
        }
        var word = new ProofCommand.ConfirmDown(1, DEAD, "ada");
        assertThat(bench.log.refuse(word)).contains("it is not sealed");

        bench.log.accept(new ProofCommand.SealForWord(1, DEAD, "ada"));
        bench.group.applied = List.of("a");
        for (int i = 0; i < 200; i++) {
            bench.step(true);
        }
        assertThat(bench.log.refuse(word)).contains("a majority");

        bench.group.applied = List.of("a", "c");
        for (int i = 0; i < 2_000 && !proving().sealApplied(); i++) {
            bench.step(true);
        }
        assertThat(bench.nova.effects).isEmpty();
        bench.log.accept(word);
        bench.runToTheEnd();

        everyVmIsRecoveredOnce("a person answers for it");
    }

    private Proving proving() {
        return bench.incident().hosts().get(DEAD).proving();
    }

    @Test
    void hostThatComesBackWhileItsBmcRefusesIsPutBackAndNeverFencedAgain() {
        bench.group.mute.add(DEAD);
        while (!bench.group.effects.contains("power-off hv-3")
                || bench.incident().hosts().get(DEAD).fenceTerm() != 0) {
            bench.step(true);
        }

        bench.hears(DEAD);
        for (int i = 0; i < 300; i++) {
            bench.step(true);
        }
        bench.group.mute.clear();
        int tries = bench.group.effects.size();
        for (int i = 0; i < 300; i++) {
            bench.step(true);
        }

        assertThat(bench.log.state().hosts().get(DEAD).status()).isEqualTo(HostRecord.Status.IN_SERVICE);
        assertThat(bench.isOver()).isTrue();
        assertThat(bench.group.effects).hasSize(tries);
        assertThat(bench.nova.effects).isEmpty();
    }

    @Test
    void hostThatWasRebootedMeanwhileIsFencedAllTheSame() {
        bench.group.mute.add(DEAD);
        while (!bench.group.effects.contains("power-off hv-3")
                || bench.incident().hosts().get(DEAD).fenceTerm() != 0) {
            bench.step(true);
        }

        bench.group.boot = "boot-2";
        bench.hears(DEAD);
        bench.group.mute.clear();
        bench.runToTheEnd();

        everyVmIsRecoveredOnce("it was rebooted");
    }

    @Test
    void callsWaitForASuspectThatMayBeDeadAsWell() {
        var five = new ControllerBench(5, CommittedLog.ROOMY, CommittedLog.hv(4));
        five.nova.put(FakeNova.active(vm(1), CommittedLog.hv(4)));
        five.isDoubted(CommittedLog.hv(5));
        five.runToTheEnd();

        VmRecovery vm = five.incident().hosts().get(CommittedLog.hv(4)).vms().get(vm(1));
        // fifteen seconds from the doubt, which came some seconds before the incident
        assertThat(vm.requestedAtMs() - five.incident().openedAtMs()).isBetween(9_000L, 20_000L);
    }

    @Test
    void serverThatAppearsLateIsStillTakenAlong() {
        while (bench.log.state().incidents().isEmpty()
                || bench.incident().hosts().get(DEAD).vms().isEmpty()) {
            bench.step(true);
        }
        bench.nova.put(FakeNova.active(vm(9), DEAD));

        bench.runToTheEnd();

        assertThat(bench.incident()
                        .hosts()
                        .get(DEAD)
                        .vms()
                        .get(vm(9))
                        .ending()
                        .orElseThrow()
                        .kind())
                .isEqualTo(Ending.Kind.RECOVERED);
    }

    @Test
    void leaderThatTheAggregateDoesNotNameDoesNothing() {
        bench = freshBench();
        var nobody = new ArrayList<Object>();
        var controller = new RecoveryController(
                RecoveryConfig.DEFAULT,
                CommittedLog.hv(1),
                new Outbox() {
                    @Override
                    public void propose(String key, Command command) {
                        nobody.add(command);
                    }

                    @Override
                    public void execute(Action action) {
                        nobody.add(action);
                    }
                },
                now -> now);
        controller.onAuthority(0, false);
        controller.onState(0, bench.log.state());
        controller.onLeadership(0, OptionalLong.of(1));
        controller.onGossip(0, DEAD, GossipSign.FAILED);
        controller.onRenewalAges(0, new TreeMap<>(Map.of(DEAD, 60_000L)));
        controller.onTimer(60_000);

        assertThat(nobody).isEmpty();
    }
}
