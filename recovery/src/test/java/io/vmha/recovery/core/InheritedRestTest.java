package io.vmha.recovery.core;

import static io.vmha.recovery.core.CommittedLog.hv;
import static io.vmha.recovery.core.CommittedLog.vm;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** A VM that rested, came up running on a host that took it, and lost that host before it was put to rest: it shall rest all the same. */
class InheritedRestTest {
    private static final HostName FIRST = hv(1);
    private static final HostName TARGET = hv(2);

    private final CommittedLog log = CommittedLog.of(5, CommittedLog.ROOMY);
    private final IncidentId first = log.declare(FIRST);

    private static Server server(HostName host, String status, String vmState, Optional<String> task) {
        return new Server(vm(1), "db", host, status, vmState, task, false, true, Map.of());
    }

    private VmRecovery planned(HostName host, Server server) {
        return Planner.plan(log.state(), host, List.of(server), List.of(), 0).get(0);
    }

    /** Until Nova has it running on its target. */
    private void bringToTarget() {
        log.proveDown(first, FIRST);
        VmRecovery suspended = planned(FIRST, server(FIRST, "SUSPENDED", "suspended", Optional.empty()));
        assertThat(suspended.brief().rest()).isEqualTo(Rest.SUSPENDED);
        log.accept(new IncidentCommand.RecordPlan(7_000, log.term(), first, FIRST, List.of(suspended), List.of()));
        log.accept(log.begin(first, FIRST, 1)).accept(log.accepted(first, FIRST, 1));
        log.accept(new VmCommand.VmEnded(10_000, log.term(), first, FIRST, vm(1), Ending.recovered(TARGET)));
    }

    private Rest restAfterTargetDiesAt(long atMs, Optional<String> task) {
        var dead = log.declaration(TARGET);
        log.accept(new IncidentCommand.DeclareIncident(atMs, log.term(), dead.witnesses()));
        return planned(TARGET, server(TARGET, "ACTIVE", "active", task)).brief().rest();
    }

    @Test
    void isInheritedWhileItIsStillToBePutToRest() {
        bringToTarget();

        assertThat(restAfterTargetDiesAt(12_000, Optional.of("suspending"))).isEqualTo(Rest.SUSPENDED);
    }

    private List<String> remarksOfThePlan(Map<String, String> metadata) {
        var proposed = new ArrayList<Command>();
        var steps = new IncidentSteps(
                RecoveryConfig.DEFAULT,
                new Pending(),
                (nowMs, key, command) -> proposed.add(command),
                (nowMs, a) -> {});
        IncidentId second = log.declare(TARGET);
        log.proveDown(second, TARGET);
        Server running = new Server(vm(1), "db", TARGET, "ACTIVE", "active", Optional.empty(), false, true, metadata);
        var list = new Action.ListServers(log.term(), second, TARGET, false);
        steps.onServers(0, 0, log.state(), new Result.Servers(list, List.of(running), List.of(), List.of()));
        return proposed.stream()
                .filter(IncidentCommand.RecordPlan.class::isInstance)
                .flatMap(plan -> ((IncidentCommand.RecordPlan) plan).remarks().stream())
                .toList();
    }

    @Test
    void aPersonIsToldThatItShallRestAgain() {
        bringToTarget();

        assertThat(remarksOfThePlan(Map.of()))
                .singleElement()
                .satisfies(remark -> assertThat(remark).contains("db shall be suspended"));
    }

    @Test
    void nobodyIsToldSoOfOneThatIsLeft() {
        bringToTarget();

        assertThat(remarksOfThePlan(Map.of("HA_Enabled", "false"))).isEmpty();
    }

    @Test
    void isInheritedIfThatWasGivenUpSinceTheTargetDidNotAnswer() {
        bringToTarget();
        log.accept(log.settled(first, FIRST, 1, "a person should look at its state and lock: 409"));

        assertThat(restAfterTargetDiesAt(12_000, Optional.empty())).isEqualTo(Rest.SUSPENDED);
    }

    @Test
    void isNotInheritedIfItWasPutToRestAndItsOwnerHasResumedIt() {
        bringToTarget();
        log.accept(log.settled(first, FIRST, 1, ""));

        assertThat(restAfterTargetDiesAt(12_000, Optional.empty())).isEqualTo(Rest.AS_IT_COMES);
    }

    @Test
    void isNotInheritedLongAfterAPersonWasTold() {
        bringToTarget();
        log.accept(log.settled(first, FIRST, 1, "a person should look at its state and lock: 409"));

        assertThat(restAfterTargetDiesAt(10_001 + Evacuations.SETTLE_LIMIT_MS, Optional.empty()))
                .isEqualTo(Rest.AS_IT_COMES);
    }

    @Test
    void isNotInheritedFromWhatAPersonHasHeldForDays() {
        bringToTarget();
        log.accept(new IncidentCommand.HoldIncident(11_000, first, "ada"));

        assertThat(restAfterTargetDiesAt(604_800_000, Optional.empty())).isEqualTo(Rest.AS_IT_COMES);
    }
}
