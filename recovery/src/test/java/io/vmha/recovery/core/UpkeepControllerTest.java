package io.vmha.recovery.core;

import static io.vmha.recovery.core.CommittedLog.hv;
import static io.vmha.recovery.core.CommittedLog.vm;
import static org.assertj.core.api.Assertions.assertThat;

import io.vmha.recovery.core.InstanceCommand.BeginRestart;
import io.vmha.recovery.core.InstanceCommand.EndRestart;
import io.vmha.recovery.core.InstanceCommand.NoteCompute;
import io.vmha.recovery.core.InstanceCommand.ReportFallen;
import io.vmha.recovery.core.InstanceCommand.ReportRunning;
import io.vmha.recovery.core.UpkeepAction.AskComputes;
import io.vmha.recovery.core.UpkeepAction.DisableHost;
import io.vmha.recovery.core.UpkeepAction.EnableHost;
import io.vmha.recovery.core.UpkeepAction.LookAtHost;
import io.vmha.recovery.core.UpkeepAction.LookAtVm;
import io.vmha.recovery.core.UpkeepAction.MoveVm;
import io.vmha.recovery.core.UpkeepAction.RestartVm;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The controller on a committed log, with a Nova of a few lines. Proposals are committed at once; time is driven by hand. */
class UpkeepControllerTest implements UpkeepController.Outbox {
    private final CommittedLog log = CommittedLog.of(3, CommittedLog.ROOMY);
    private final List<UpkeepAction> asked = new ArrayList<>();
    private final List<Command> proposed = new ArrayList<>();
    private final List<String> refused = new ArrayList<>();
    private final Map<ServerId, Server> nova = new TreeMap<>();
    private final Map<HostName, ComputeService> services = new HashMap<>();
    private UpkeepController controller = controller();
    private long nowMs = 1_000_000;

    private UpkeepController controller() {
        return new UpkeepController(RecoveryConfig.DEFAULT, hv(3), this, at -> at);
    }

    @BeforeEach
    void begin() {
        for (int i = 1; i <= 3; i++) {
            services.put(hv(i), service(i, true, true, Optional.empty()));
        }
        lead(1);
    }

    private static ComputeService service(int number, boolean up, boolean enabled, Optional<String> reason) {
        return new ComputeService("id-" + number, hv(number), up, enabled, false, reason);
    }

    private static Server server(int number, int host, String vmState, Optional<String> task) {
        return new Server(vm(number), "db-" + number, hv(host), "", vmState, task, false, true, Map.of());
    }

    private void lead(long term) {
        controller.onState(nowMs, log.state());
        controller.onLeadership(nowMs, OptionalLong.of(term));
    }

    @Override
    public void propose(String key, Command command) {
        proposed.add(command);
        Applied applied = log.apply(command);
        applied.refusal().ifPresent(refused::add);
        later.add(() -> {
            controller.onState(nowMs, log.state());
            controller.onProposed(nowMs, key, OptionalLong.of(log.index()));
        });
    }

    private final List<Runnable> later = new ArrayList<>();

    @Override
    public void execute(UpkeepAction action) {
        asked.add(action);
    }

    private void settle() {
        while (!later.isEmpty()) {
            later.remove(0).run();
        }
    }

    private void commit(Command command) {
        log.accept(command);
        controller.onState(nowMs, log.state());
        settle();
    }

    /** Answers every reading that is under way with what Nova has; leaves the effects to the test. */
    private void pass(long ms) {
        nowMs += ms;
        controller.onTimer(nowMs);
        settle();
        for (UpkeepAction action : List.copyOf(asked)) {
            if (action instanceof LookAtVm look) {
                boolean up = services.get(look.host()).up();
                answer(action, new UpkeepResult.VmSeen(look, Optional.ofNullable(nova.get(look.server())), up));
            } else if (action instanceof AskComputes ask) {
                answer(action, new UpkeepResult.ComputesSeen(ask, List.copyOf(services.values())));
            } else if (action instanceof LookAtHost look) {
                var here = new TreeMap<ServerId, Server>();
                var elsewhere = new TreeMap<ServerId, Server>();
                nova.forEach((id, s) -> {
                    if (s.host().equals(look.host())) {
                        here.put(id, s);
                    } else if (look.moving().contains(id)) {
                        elsewhere.put(id, s);
                    }
                });
                answer(
                        action,
                        new UpkeepResult.HostSeen(look, Optional.of(services.get(look.host())), here, elsewhere));
            }
        }
    }

    private void answer(UpkeepAction action, UpkeepResult result) {
        asked.remove(action);
        controller.onResult(nowMs, result);
        settle();
    }

    private <T extends UpkeepAction> List<T> open(Class<T> kind) {
        return asked.stream().filter(kind::isInstance).map(kind::cast).toList();
    }

    private FallenVm fallen() {
        return log.state().upkeep().fallen().get(vm(1));
    }

    private void fall(long index) {
        commit(new ReportFallen(nowMs, hv(1), 1, vm(1), "crashed, for the " + index + ". time"));
    }

    private void restart() {
        RestartVm restart = open(RestartVm.class).get(0);
        assertThat(restart.server()).isEqualTo(vm(1));
        answer(restart, new UpkeepResult.Done(restart, "asked", 10));
        commit(new ReportRunning(nowMs, hv(1), 1, vm(1)));
    }

    @Test
    void aFallenVmIsRestartedOnceItsIntentIsCommittedAndEndsWhenItsHostSeesItRun() {
        nova.put(vm(1), server(1, 1, "active", Optional.empty()));

        fall(1);
        pass(300);

        assertThat(proposed).singleElement().isInstanceOf(BeginRestart.class);
        assertThat(fallen().phase()).isEqualTo(FallenVm.Phase.RESTARTING);
        nova.put(vm(1), server(1, 1, "active", Optional.of("reboot_started_hard")));
        restart();
        pass(2_000);
        assertThat(fallen().phase()).as("Nova is at work on it").isEqualTo(FallenVm.Phase.RESTARTING);
        nova.put(vm(1), server(1, 1, "active", Optional.empty()));
        pass(2_000);

        assertThat(fallen().phase()).isEqualTo(FallenVm.Phase.RUNNING);
        assertThat(fallen().title()).isEqualTo("db-1 (vm-1)");
        assertThat(open(RestartVm.class)).isEmpty();
        assertThat(refused).isEmpty();
    }

    @Test
    void oneThatDoesNotStayUpIsTriedAfterGrowingPausesAndThenLeftToAPerson() {
        nova.put(vm(1), server(1, 1, "active", Optional.empty()));
        for (int i = 1; i <= RestartPolicy.DEFAULT.tries(); i++) {
            fall(i);
            pass(300);
            assertThat(open(RestartVm.class)).as("at once").hasSize(i == 1 ? 1 : 0);
            pass(RestartPolicy.DEFAULT.pauseMs(i - 1));
            pass(2_000);
            restart();
            pass(2_000);
            assertThat(fallen().phase()).isEqualTo(FallenVm.Phase.RUNNING);
        }

        fall(4);
        pass(60_000);

        assertThat(fallen().phase()).isEqualTo(FallenVm.Phase.QUARANTINED);
        assertThat(open(RestartVm.class)).isEmpty();
        assertThat(log.apply(new ReportFallen(nowMs, hv(1), 1, vm(1), "again")).refusal())
                .isEmpty();
        assertThat(fallen().phase()).isEqualTo(FallenVm.Phase.QUARANTINED);

        commit(new InstanceCommand.ReleaseVm(nowMs, vm(1), "Ada"));
        fall(5);
        pass(2_000);
        assertThat(open(RestartVm.class)).as("counted anew").hasSize(1);
    }

    @Test
    void whatTheOwnerHasStoppedAndWhatNovaIsAtWorkOnIsLeftAlone() {
        nova.put(vm(1), server(1, 1, "stopped", Optional.empty()));
        fall(1);
        pass(300);
        assertThat(fallen().phase()).isEqualTo(FallenVm.Phase.LEFT);
        assertThat(fallen().detail()).contains("stopped");

        nova.put(vm(1), server(1, 1, "active", Optional.of("migrating")));
        fall(2);
        pass(300);
        pass(2_000);
        assertThat(fallen().phase()).as("nothing is decided meanwhile").isEqualTo(FallenVm.Phase.FALLEN);
        nova.put(vm(1), server(1, 2, "active", Optional.empty()));
        pass(2_000);
        assertThat(fallen().phase()).isEqualTo(FallenVm.Phase.LEFT);
        assertThat(fallen().detail()).contains("Nova has it on hv-2");
        assertThat(open(RestartVm.class)).isEmpty();
    }

    @Test
    void nothingIsRestartedWhileItsHostIsUnfitForIt() {
        nova.put(vm(1), server(1, 1, "active", Optional.empty()));
        services.put(hv(1), service(1, false, true, Optional.empty()));
        fall(1);
        pass(300);
        pass(2_000);
        assertThat(proposed).as("Nova would do it later, unasked").isEmpty();

        services.put(hv(1), service(1, true, true, Optional.empty()));
        commit(new AzCommand.SetMaintenance(nowMs, hv(1), true));
        pass(2_000);
        commit(new AzCommand.SetMaintenance(nowMs, hv(1), false));
        commit(new AzCommand.SetArmed(nowMs, false));
        pass(2_000);
        assertThat(proposed).isEmpty();

        commit(new AzCommand.SetArmed(nowMs, true));
        pass(2_000);
        assertThat(open(RestartVm.class)).hasSize(1);
    }

    @Test
    void aVmOfAHostThatFailsMeanwhileIsLeftToItsRecovery() {
        nova.put(vm(1), server(1, 1, "active", Optional.empty()));
        fall(1);
        log.declare(hv(1));
        controller.onState(nowMs, log.state());

        assertThat(log.apply(new BeginRestart(nowMs, 1, vm(1), "db")).refusal())
                .hasValueSatisfying(why -> assertThat(why).contains("IN_RECOVERY"));
        pass(2_000);

        assertThat(fallen().phase()).isEqualTo(FallenVm.Phase.LEFT);
        assertThat(log.apply(new ReportFallen(nowMs, hv(1), 1, vm(2), "crashed"))
                        .refusal())
                .isPresent();
    }

    @Test
    void aNewLeaderCallsNothingForAnIntentThatIsNotItsOwn() {
        nova.put(vm(1), server(1, 1, "active", Optional.empty()));
        fall(1);
        pass(300);
        assertThat(open(RestartVm.class)).hasSize(1);
        asked.clear();
        log.newTerm();
        controller = controller();
        lead(2);

        pass(2_000);
        assertThat(open(RestartVm.class)).isEmpty();
        assertThat(fallen().phase()).isEqualTo(FallenVm.Phase.RESTARTING);
        pass(RecoveryConfig.DEFAULT.inheritedWaitMs());
        pass(2_000);

        assertThat(proposed)
                .filteredOn(EndRestart.class::isInstance)
                .singleElement()
                .satisfies(c -> assertThat(((EndRestart) c).outcome()).isEqualTo(EndRestart.Outcome.FAILED));
        pass(2_000);
        assertThat(open(RestartVm.class)).as("a try of its own").hasSize(1);
    }

    @Test
    void ownersAndAzsMayWantNoRestart() {
        var refusing = new Server(
                vm(1), "db", hv(1), "", "active", Optional.empty(), false, true, Map.of("vmha:restart", "false"));
        nova.put(vm(1), refusing);
        fall(1);
        pass(300);
        assertThat(fallen().phase()).isEqualTo(FallenVm.Phase.LEFT);

        var none = new RestartPolicy(RestartPolicy.Select.NONE, 3, 60_000, 0);
        commit(new AzCommand.EnableAz(
                nowMs,
                log.state().az().orElseThrow().with(none),
                List.copyOf(log.state().hosts().keySet())));
        nova.put(vm(1), server(1, 1, "active", Optional.empty()));
        fall(2);
        pass(2_000);
        assertThat(fallen().detail()).contains("recovery.restart.select: none");
    }

    @Test
    void aNovaComputeThatIsDownWhileItsHostLivesIsToldAndNothingElseIsDone() {
        services.put(hv(2), service(2, false, true, Optional.empty()));
        pass(300);
        pass(11_000);
        pass(11_000);

        assertThat(log.state().upkeep().outages()).containsOnlyKeys(hv(2));
        assertThat(log.state().incidents()).isEmpty();

        services.put(hv(2), service(2, true, true, Optional.empty()));
        pass(11_000);
        assertThat(log.state().upkeep().outages()).isEmpty();
        assertThat(proposed).hasSize(2).allMatch(NoteCompute.class::isInstance);
    }

    private Drain drain() {
        return log.state().upkeep().drains().get(hv(1));
    }

    private void drain(boolean cold) {
        commit(new DrainCommand.BeginDrain(nowMs, hv(1), new Drain.Order("Ada", cold, 2)));
        pass(300);
        pass(1_500);
        DisableHost disable = open(DisableHost.class).get(0);
        services.put(hv(1), service(1, true, false, Optional.of(disable.reason())));
        answer(disable, new UpkeepResult.Done(disable, "disabled", 5));
        pass(1_500);
        pass(1_500);
    }

    @Test
    void aDrainDisablesTheHostAndMovesItsVmsTwoAtATime() {
        for (int i = 1; i <= 3; i++) {
            nova.put(vm(i), server(i, 1, "active", Optional.empty()));
        }
        nova.put(vm(4), server(4, 1, "stopped", Optional.empty()));

        drain(false);
        pass(1_500);

        assertThat(open(MoveVm.class)).extracting(MoveVm::server).containsExactly(vm(1), vm(2));
        for (MoveVm move : open(MoveVm.class)) {
            nova.put(move.server(), server(1, 1, "active", Optional.of("migrating")));
            answer(move, new UpkeepResult.Done(move, "asked", 5));
        }
        pass(1_500);
        assertThat(open(MoveVm.class)).as("two at a time").isEmpty();
        nova.put(vm(1), server(1, 2, "active", Optional.empty()));
        nova.put(vm(2), server(2, 3, "active", Optional.empty()));
        pass(1_500);
        pass(1_500);
        assertThat(open(MoveVm.class)).extracting(MoveVm::server).containsExactly(vm(3));
        answer(
                open(MoveVm.class).get(0),
                new UpkeepResult.Done(open(MoveVm.class).get(0), "asked", 5));
        nova.put(vm(3), server(3, 2, "active", Optional.empty()));
        pass(1_500);
        pass(1_500);

        assertThat(drain().phase()).isEqualTo(Drain.Phase.DRAINED);
        assertThat(drain().summary()).isEqualTo("3 of 4 VMs moved, 1 left");
        assertThat(drain().moves().get(vm(4)).detail()).contains("--fallback cold");
        assertThat(refused).isEmpty();
    }

    @Test
    void aMoveThatFailsIsTriedAgainAndAtLastColdIfThatIsAllowed() {
        nova.put(vm(1), server(1, 1, "active", Optional.empty()));
        drain(true);
        for (int i = 1; i <= 3; i++) {
            pass(20_000);
            pass(1_500);
            MoveVm move = open(MoveVm.class).get(0);
            assertThat(move.cold()).isFalse();
            answer(move, new UpkeepResult.Failed(move, "no valid host", false));
        }
        pass(20_000);
        pass(1_500);

        MoveVm cold = open(MoveVm.class).get(0);
        assertThat(cold.cold()).isTrue();
        answer(cold, new UpkeepResult.Done(cold, "asked", 5));
        nova.put(vm(1), server(1, 2, "resized", Optional.empty()));
        pass(1_500);
        assertThat(open(UpkeepAction.ConfirmMove.class)).hasSize(1);
        nova.put(vm(1), server(1, 2, "active", Optional.empty()));
        pass(1_500);
        pass(1_500);
        assertThat(drain().phase()).isEqualTo(Drain.Phase.DRAINED);
    }

    @Test
    void undoingEnablesOnlyWhatTheDrainHasDisabled() {
        nova.put(vm(1), server(1, 1, "active", Optional.empty()));
        drain(false);
        commit(new DrainCommand.UndoDrain(nowMs, hv(1), "Ada"));
        open(MoveVm.class).forEach(m -> answer(m, new UpkeepResult.Failed(m, "too late", false)));
        pass(1_500);
        pass(1_500);
        assertThat(open(EnableHost.class)).hasSize(1);
        services.put(hv(1), service(1, true, true, Optional.empty()));
        answer(
                open(EnableHost.class).get(0),
                new UpkeepResult.Done(open(EnableHost.class).get(0), "", 1));
        pass(1_500);
        assertThat(drain().phase()).isEqualTo(Drain.Phase.UNDONE);

        asked.clear();
        services.put(hv(1), service(1, true, false, Optional.of("disk is being replaced")));
        commit(new DrainCommand.BeginDrain(nowMs, hv(1), new Drain.Order("Ada", false, 2)));
        pass(1_500);
        pass(1_500);
        assertThat(drain().disabling()).isEqualTo(Drain.Disabling.THEIRS);
        commit(new DrainCommand.UndoDrain(nowMs, hv(1), "Ada"));
        open(MoveVm.class).forEach(m -> answer(m, new UpkeepResult.Failed(m, "too late", false)));
        pass(1_500);
        pass(1_500);
        assertThat(open(EnableHost.class)).isEmpty();
        assertThat(drain().phase()).isEqualTo(Drain.Phase.UNDONE);
    }

    @Test
    void undoingEnablesAHostAlsoInTheLifeAfterTheOneInWhichItWasDrained() {
        drain(false);
        assertThat(drain().phase()).isEqualTo(Drain.Phase.DRAINED);
        IncidentId id = log.declare(hv(1));
        log.proveDown(id, hv(1)).accept(log.plan(id, hv(1))).accept(log.close(id));
        log.accept(new ReturnCommand.BeginReturn(nowMs, hv(1), 1, ""));
        log.accept(new ReturnCommand.EndReturn(nowMs, log.term(), hv(1), 2, ""));

        commit(new DrainCommand.UndoDrain(nowMs, hv(1), "Ada"));
        pass(1_500);

        assertThat(open(EnableHost.class)).extracting(EnableHost::host).containsExactly(hv(1));
        services.put(hv(1), service(1, true, true, Optional.empty()));
        answer(
                open(EnableHost.class).get(0),
                new UpkeepResult.Done(open(EnableHost.class).get(0), "", 1));
        pass(1_500);
        assertThat(drain().story()).last().extracting(Note::text).asString().contains("Nova schedules to it");
    }

    @Test
    void aDrainOfAHostThatFailsIsGivenUpAndItsPersonIsToldThatItStaysDisabled() {
        nova.put(vm(1), server(1, 1, "active", Optional.empty()));
        drain(false);
        log.declare(hv(1));
        controller.onState(nowMs, log.state());
        pass(1_500);

        assertThat(drain().phase()).isEqualTo(Drain.Phase.UNDONE);
        assertThat(drain().story())
                .last()
                .extracting(Note::text)
                .asString()
                .contains("given up", "openstack compute service set --enable hv-1");
    }

    @Test
    void aVmThatNovaIsAtWorkOnForEverIsLeftWithAWord() {
        nova.put(vm(1), server(1, 1, "active", Optional.of("image_snapshot")));
        drain(false);

        for (int i = 0; i < 9; i++) {
            pass(60_000);
        }
        assertThat(drain().phase()).isEqualTo(Drain.Phase.DRAINING);
        pass(60_000);
        pass(60_000);
        pass(1_500);

        assertThat(drain().phase()).isEqualTo(Drain.Phase.DRAINED);
        assertThat(drain().moves().get(vm(1)).detail()).contains("10 min (image_snapshot)");
    }

    /** Nova was slow, and got the call when the attempt had been given up and the drain been taken back. */
    @Test
    void aMoveWhoseCallIsOnItsWayIsNotJudged() {
        nova.put(vm(1), server(1, 1, "active", Optional.empty()));
        drain(false);
        pass(1_500);
        MoveVm move = open(MoveVm.class).get(0);

        pass(10_000);
        pass(10_000);
        assertThat(drain().moves().get(vm(1)).step()).isEqualTo(Move.Step.MOVING);
        answer(move, new UpkeepResult.Failed(move, "no answer", true));
        pass(10_000);
        assertThat(drain().moves().get(vm(1)).step()).isEqualTo(Move.Step.MOVING);
        pass(10_000);
        pass(1_500);

        assertThat(drain().moves().get(vm(1)).step()).isEqualTo(Move.Step.WAITING);
    }

    @Test
    void aNewLeaderGoesOnWithADrainAndAsksForNoMoveTwice() {
        nova.put(vm(1), server(1, 1, "active", Optional.empty()));
        drain(false);
        pass(1_500);
        assertThat(open(MoveVm.class)).hasSize(1);
        nova.put(vm(1), server(1, 1, "active", Optional.of("migrating")));
        asked.clear();
        log.newTerm();
        controller = controller();
        lead(2);

        pass(2_000);
        pass(2_000);
        assertThat(open(MoveVm.class)).isEmpty();
        nova.put(vm(1), server(1, 2, "active", Optional.empty()));
        pass(2_000);
        pass(2_000);

        assertThat(drain().phase()).isEqualTo(Drain.Phase.DRAINED);
        assertThat(drain().moves().get(vm(1)).attempts()).isEqualTo(1);
    }

    @Test
    void aDrainIsRefusedWhereItCannotEnd() {
        log.accept(new AzCommand.SetMaintenance(0, hv(2), true));
        log.accept(new AzCommand.SetMaintenance(0, hv(3), true));
        assertThat(log.refuse(new DrainCommand.BeginDrain(0, hv(1), new Drain.Order("Ada", false, 2))))
                .contains("nowhere to go");
        log.accept(new AzCommand.SetMaintenance(0, hv(3), false));
        IncidentId id = log.declare(hv(3));
        assertThat(log.refuse(new DrainCommand.BeginDrain(0, hv(1), new Drain.Order("Ada", false, 2))))
                .contains("incident " + id);
    }

    @Test
    void aDrillCutsThePowerFollowsTheRecoveryAndEndsWithTheHostsReturn() {
        log.accept(new AzCommand.SetMaintenance(nowMs, hv(1), true));
        commit(new DrillCommand.BeginDrill(nowMs, hv(1), vm(1), "Ada", List.of(vm(1))));
        assertThat(log.state().hosts().get(hv(1)).maintenance()).isFalse();
        var cut = open(UpkeepAction.CutPower.class).get(0);
        nowMs += 400;
        answer(cut, new UpkeepResult.Done(cut, "off", 400));

        IncidentId id = declareAt(nowMs + 1_600);
        log.proveDown(id, hv(1)).accept(log.plan(id, hv(1), 1)).accept(log.begin(id, hv(1), 1));
        log.accept(log.accepted(id, hv(1), 1)).accept(log.ended(id, hv(1), 1));
        log.accept(log.settled(id, hv(1), 1, "")).accept(log.close(id));
        controller.onState(nowMs, log.state());
        settle();
        Drill drill = log.state().upkeep().drills().get(0);
        assertThat(drill.phase()).isEqualTo(Drill.Phase.RECOVERED);
        assertThat(drill.times().declaredMs()).hasValue(2_000);

        var power = open(UpkeepAction.RestorePower.class).get(0);
        answer(power, new UpkeepResult.Done(power, "on", 300));
        commit(new ReturnCommand.BeginReturn(nowMs, hv(1), 1, ""));
        commit(new ReturnCommand.EndReturn(nowMs, 1, hv(1), 2, ""));

        drill = log.state().upkeep().drills().get(0);
        assertThat(drill.phase()).isEqualTo(Drill.Phase.PASSED);
        assertThat(drill.times().backMs()).isPresent();
        assertThat(drill.incident()).hasValue(id.value());
        assertThat(refused).isEmpty();
    }

    @Test
    void aDrillWhoseBmcReportsFailureSaysThatTheHostMayHaveNoPower() {
        log.accept(new AzCommand.SetMaintenance(nowMs, hv(1), true));
        commit(new DrillCommand.BeginDrill(nowMs, hv(1), vm(1), "Ada", List.of(vm(1))));
        var cut = open(UpkeepAction.CutPower.class).get(0);

        answer(cut, new UpkeepResult.Failed(cut, "its BMC has not cut the power: timeout", true));

        Drill drill = log.state().upkeep().drills().get(0);
        assertThat(drill.phase()).isEqualTo(Drill.Phase.FAILED);
        assertThat(drill.detail()).contains("look whether hv-1 has power");
    }

    private IncidentId declareAt(long atMs) {
        var witnesses = new TreeMap<HostName, List<Witness>>();
        witnesses.put(hv(1), List.of(new Witness("bmc", "off")));
        long number = log.state().nextIncident();
        log.accept(new IncidentCommand.DeclareIncident(atMs, log.term(), witnesses));
        return new IncidentId(number);
    }

    @Test
    void aDrillIsRefusedWhereItWouldHurtAnybody() {
        var drill = new DrillCommand.BeginDrill(0, hv(1), vm(1), "Ada", List.of(vm(1)));
        assertThat(log.refuse(drill)).contains("not in maintenance");
        log.accept(new AzCommand.SetMaintenance(0, hv(1), true));
        assertThat(log.refuse(new DrillCommand.BeginDrill(0, hv(1), vm(1), "Ada", List.of(vm(1), vm(2)))))
                .contains("nothing else");
        log.accept(new AzCommand.SetMaintenance(0, hv(2), true));
        assertThat(log.refuse(drill)).contains("every other host whole");
        log.accept(new AzCommand.SetMaintenance(0, hv(2), false));
        log.accept(new AzCommand.SetArmed(0, false));
        assertThat(log.refuse(drill)).contains("armed");
    }
}
