package io.vmha.recovery.core;

import static io.vmha.recovery.core.CommittedLog.hv;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A host is back in service in its second life, and Nova holds it down. */
class LateForceDownTest implements UpkeepController.Outbox {
    private static final HostName HOST = hv(1);

    private CommittedLog log = CommittedLog.of(5, CommittedLog.ROOMY);
    private final List<UpkeepAction.AskComputes> asked = new ArrayList<>();
    private final List<Command> proposed = new ArrayList<>();
    private final TreeMap<HostName, ComputeService> services = new TreeMap<>();
    private final UpkeepController controller =
            new UpkeepController(RecoveryConfig.DEFAULT, hv(3), this, nowMs -> nowMs);
    private IncidentId incident = new IncidentId(1);
    private boolean reports = true;
    private long nowMs = 1_000_000;

    @BeforeEach
    void aHostIsInServiceInItsSecondLife() {
        incident = log.declare(HOST);
        log.proveDown(incident, HOST).accept(log.plan(incident, HOST)).accept(log.close(incident));
        log.accept(new ReturnCommand.BeginReturn(0, HOST, 1, ""));
        log.accept(new ReturnCommand.EndReturn(0, log.term(), HOST, 2, "up"));
        controller.onState(nowMs, log.state());
        controller.onLeadership(nowMs, OptionalLong.of(log.term()));
    }

    private void novaHas(boolean forcedDown, boolean enabled, String reason) {
        services.put(
                HOST,
                new ComputeService(
                        "id",
                        HOST,
                        !forcedDown,
                        enabled,
                        forcedDown,
                        Optional.of(reason).filter(r -> !r.isEmpty())));
    }

    @Override
    public void propose(String key, Command command) {
        proposed.add(command);
        var applied = log.apply(command);
        assertThat(applied.refusal()).as("%s", command).isEmpty();
        controller.onProposed(nowMs, key, OptionalLong.of(log.index()));
    }

    @Override
    public void execute(UpkeepAction action) {
        if (action instanceof UpkeepAction.AskComputes ask) {
            asked.add(ask);
        }
    }

    private void pass(long ms) {
        for (long until = nowMs + ms; nowMs < until; nowMs += 1_000) {
            controller.onTimer(nowMs);
            for (UpkeepAction.AskComputes ask : List.copyOf(asked)) {
                asked.remove(ask);
                List<ComputeService> seen =
                        services.values().stream().map(this::beating).toList();
                controller.onResult(nowMs, new UpkeepResult.ComputesSeen(ask, seen));
            }
            controller.onState(nowMs, log.state());
        }
    }

    private ComputeService beating(ComputeService s) {
        return new ComputeService(
                s.id(),
                s.host(),
                s.up(),
                s.enabled(),
                s.forcedDown(),
                s.disabledReason(),
                Optional.of("at " + (reports ? nowMs : 0)));
    }

    private HostRecord host() {
        return log.state().hosts().get(HOST);
    }

    @Test
    void aForceDownOfAnIncidentThatIsOverIsTakenBackAndTold() {
        novaHas(true, false, "vmha: incident " + incident);

        pass(60_000);

        assertThat(proposed).singleElement().isInstanceOf(ReturnCommand.ReturnAgain.class);
        assertThat(host().status()).isEqualTo(HostRecord.Status.RETURNING);
        assertThat(host().epoch()).as("the same life").isEqualTo(2);
        assertThat(log.incident(incident).story())
                .extracting(Note::text)
                .anyMatch(text -> text.contains("Nova was slow") && text.contains("holds it down"));
    }

    @Test
    void whereAMemberCannotReadThatItIsTakenBackAPersonIsToldUntilItCan() {
        log = CommittedLog.of(5, CommittedLog.ROOMY, FeatureLevel.FIRST);
        aHostIsInServiceInItsSecondLife();
        novaHas(true, false, "vmha: incident " + incident);

        pass(60_000);
        assertThat(proposed).singleElement().isInstanceOf(InstanceCommand.NoteCompute.class);
        assertThat(log.state().upkeep().outages().get(HOST).detail()).contains("from feature level 2 on");

        log.accept(new LevelCommand.RaiseLevel(
                0, log.term(), 2, log.state().group().electorate().index()));
        pass(60_000);
        assertThat(host().status()).isEqualTo(HostRecord.Status.RETURNING);
    }

    @Test
    void aDisablingOfAnIncidentThatIsOverIsTakenBackToo() {
        novaHas(false, false, "vmha: incident " + incident);

        pass(60_000);

        assertThat(host().status()).isEqualTo(HostRecord.Status.RETURNING);
    }

    @Test
    void aForceDownWithoutOurReasonStaysAndAPersonIsTold() {
        novaHas(true, true, "");

        pass(60_000);

        assertThat(host().status()).isEqualTo(HostRecord.Status.IN_SERVICE);
        assertThat(log.state().upkeep().outages().get(HOST).detail())
                .contains("openstack compute service set --up hv-1 nova-compute")
                .contains("vmha host maintenance hv-1 on");

        novaHas(false, true, "");
        pass(30_000);
        assertThat(log.state().upkeep().outages()).isEmpty();
    }

    @Test
    void whatAPersonHasForcedDownAndDisabledStays() {
        novaHas(true, false, "its fan is loud");
        pass(60_000);
        assertThat(host().status()).isEqualTo(HostRecord.Status.IN_SERVICE);

        novaHas(true, false, "vmha: incident 7");
        pass(60_000);
        assertThat(host().status()).as("no such incident is known here").isEqualTo(HostRecord.Status.IN_SERVICE);
        assertThat(proposed).hasSize(1).allMatch(InstanceCommand.NoteCompute.class::isInstance);
    }

    @Test
    void aHostInMaintenanceIsLeftAlone() {
        log.accept(new AzCommand.SetMaintenance(0, HOST, true));
        controller.onState(nowMs, log.state());
        novaHas(true, false, "vmha: incident " + incident);

        pass(60_000);

        assertThat(proposed).isEmpty();
    }

    @Test
    void aHostThatDoesNotReportToNovaIsNotForcedUp() {
        reports = false;
        novaHas(true, false, "vmha: incident " + incident);

        pass(60_000);

        assertThat(proposed).isEmpty();
    }

    @Test
    void theGroupRefusesItForAnyOtherLifeAndWhileAnIncidentIsOpen() {
        assertThat(log.refuse(again(1))).contains("not in service in epoch 1");
        IncidentId open = log.declare(HOST);
        assertThat(log.refuse(again(2))).contains("not in service");
        log.accept(new IncidentCommand.CancelIncident(0, open, "anna"));
        incident = open;
        assertThat(log.refuse(again(2))).contains("has certified an earlier life");
    }

    private ReturnCommand.ReturnAgain again(long epoch) {
        return new ReturnCommand.ReturnAgain(0, log.term(), HOST, epoch, incident, "holds it down");
    }
}
