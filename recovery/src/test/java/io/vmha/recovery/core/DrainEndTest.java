package io.vmha.recovery.core;

import static io.vmha.recovery.core.CommittedLog.hv;
import static io.vmha.recovery.core.CommittedLog.vm;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** When a drain is over: a Nova that never ends a migration, and evacuations that may still come to the host. */
class DrainEndTest implements UpkeepController.Outbox {
    private static final HostName HOST = hv(1);

    private final CommittedLog log = CommittedLog.of(5, CommittedLog.ROOMY);
    private final List<UpkeepAction> asked = new ArrayList<>();
    private final TreeMap<ServerId, Server> nova = new TreeMap<>();
    private final UpkeepController controller =
            new UpkeepController(RecoveryConfig.DEFAULT, hv(3), this, nowMs -> nowMs);
    private long nowMs = 1_000_000;

    @BeforeEach
    void aLeader() {
        controller.onState(nowMs, log.state());
        controller.onLeadership(nowMs, OptionalLong.of(log.term()));
    }

    @Override
    public void propose(String key, Command command) {
        log.apply(command);
        controller.onProposed(nowMs, key, OptionalLong.of(log.index()));
    }

    @Override
    public void execute(UpkeepAction action) {
        asked.add(action);
    }

    private void drain() {
        log.accept(new DrainCommand.BeginDrain(nowMs, HOST, new Drain.Order("Ada", false, 2)));
        pass(5_000);
    }

    private Drain seen() {
        return log.state().upkeep().drains().get(HOST);
    }

    private void pass(long ms) {
        for (long until = nowMs + ms; nowMs < until; nowMs += 1_000) {
            controller.onState(nowMs, log.state());
            controller.onTimer(nowMs);
            for (UpkeepAction action : List.copyOf(asked)) {
                asked.remove(action);
                if (action instanceof UpkeepAction.LookAtHost look) {
                    controller.onResult(nowMs, look(look));
                } else if (action.hasEffect()) {
                    controller.onResult(nowMs, new UpkeepResult.Done(action, "asked", 5));
                }
            }
        }
    }

    private UpkeepResult look(UpkeepAction.LookAtHost look) {
        var here = new TreeMap<ServerId, Server>();
        var elsewhere = new TreeMap<ServerId, Server>();
        nova.forEach((id, server) -> (server.host().equals(HOST) ? here : elsewhere).put(id, server));
        elsewhere.keySet().retainAll(look.moving());
        var service = new ComputeService("id", HOST, true, false, false, Optional.of("vmha: drain by Ada"));
        return new UpkeepResult.HostSeen(look, Optional.of(service), here, elsewhere);
    }

    private static Server moving(int number, HostName host, Optional<String> task) {
        return new Server(vm(number), "db-" + number, host, "", "active", task, false, true, Map.of());
    }

    @Test
    void aMigrationThatNovaNeverEndsIsLeftAfterHalfAnHourAndOthersMayDrainTheirHosts() {
        nova.put(vm(1), moving(1, HOST, Optional.empty()));
        drain();
        nova.put(vm(1), moving(1, HOST, Optional.of("migrating")));

        pass(1_700_000);
        assertThat(seen().phase()).isEqualTo(Drain.Phase.DRAINING);
        pass(200_000);

        assertThat(seen().phase()).isEqualTo(Drain.Phase.DRAINED);
        assertThat(seen().moves().get(vm(1)).detail())
                .contains("moving it for 30 min (migrating)")
                .contains("openstack server migration list --server " + vm(1));
        log.accept(new DrainCommand.BeginDrain(nowMs, hv(2), new Drain.Order("Ada", false, 2)));
    }

    @Test
    void aDrainThatIsTakenBackWaitsForItForTenMinutes() {
        nova.put(vm(1), moving(1, HOST, Optional.empty()));
        drain();
        nova.put(vm(1), moving(1, HOST, Optional.of("migrating")));
        log.accept(new DrainCommand.UndoDrain(nowMs, HOST, "Ada"));

        pass(500_000);
        assertThat(seen().moves().get(vm(1)).step()).isEqualTo(Move.Step.MOVING);
        pass(120_000);

        assertThat(seen().moves().get(vm(1)).step()).isEqualTo(Move.Step.LEFT);
    }

    @Test
    void aHostIsNotDrainedBeforeTheEvacuationsAreOverThatMayComeToIt() {
        nova.put(vm(1), moving(1, HOST, Optional.empty()));
        drain();
        IncidentId incident = log.declare(hv(2));
        log.proveDown(incident, hv(2)).accept(log.plan(incident, hv(2), 7)).accept(log.begin(incident, hv(2), 7));
        nova.put(vm(1), moving(1, hv(4), Optional.empty()));

        pass(30_000);
        assertThat(seen().phase()).isEqualTo(Drain.Phase.DRAINING);
        assertThat(log.refuse(new DrainCommand.EndDrain(0, log.term(), HOST, Drain.Phase.DRAINED, "")))
                .contains("may have this host as its target");
        nova.put(vm(7), moving(7, HOST, Optional.empty()));
        log.accept(log.ended(incident, hv(2), 7)).accept(log.settled(incident, hv(2), 7, ""));
        log.accept(log.close(incident));
        pass(5_000);

        assertThat(seen().moves()).containsKey(vm(7));
        assertThat(seen().phase()).isEqualTo(Drain.Phase.DRAINING);
    }
}
