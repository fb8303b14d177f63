package io.vmha.recovery.core;

import static io.vmha.recovery.core.CommittedLog.hv;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ReturnControllerTest implements ReturnController.Outbox {
    private final CommittedLog log = CommittedLog.of(3, CommittedLog.ROOMY);
    private final List<Command> proposed = new ArrayList<>();
    private final List<HostName> readmitted = new ArrayList<>();
    private final ReturnController controller = new ReturnController(this, nowMs -> nowMs);

    @Override
    public void propose(String key, Command command) {
        proposed.add(command);
    }

    @Override
    public void readmit(long term, HostName host) {
        readmitted.add(host);
    }

    @BeforeEach
    void aHostHasBegunItsReturn() {
        IncidentId id = log.declare(hv(1));
        log.proveDown(id, hv(1)).accept(log.plan(id, hv(1))).accept(log.close(id));
        log.accept(new ReturnCommand.BeginReturn(0, hv(1), 1, ""));
        controller.onState(0, log.state());
    }

    @Test
    void onlyALeaderActs() {
        controller.onTimer(10_000);
        assertThat(readmitted).isEmpty();

        controller.onLeadership(11_000, OptionalLong.of(1));

        assertThat(readmitted).containsExactly(hv(1));
    }

    @Test
    void itAsksAgainUntilNovaHasTheHostBackAndThenEndsTheReturn() {
        controller.onLeadership(0, OptionalLong.of(1));
        controller.onReadmission(100, 1, new Readmission(hv(1), false, "waits"));
        controller.onTimer(600);
        assertThat(readmitted).as("not at once").hasSize(1);
        controller.onTimer(2_000);
        assertThat(readmitted).hasSize(2);
        assertThat(proposed).isEmpty();

        controller.onReadmission(2_100, 1, new Readmission(hv(1), true, "up and enabled"));

        assertThat(proposed).singleElement().isInstanceOf(ReturnCommand.EndReturn.class);
        log.accept(proposed.get(0));
        controller.onState(2_200, log.state());
        controller.onTimer(60_000);
        assertThat(readmitted).hasSize(2);
    }

    @Test
    void aResultOfAnOlderLeadershipIsIgnored() {
        controller.onLeadership(0, OptionalLong.of(1));
        controller.onLeadership(10, OptionalLong.of(2));

        controller.onReadmission(20, 1, new Readmission(hv(1), true, ""));

        assertThat(proposed).isEmpty();
    }
}
