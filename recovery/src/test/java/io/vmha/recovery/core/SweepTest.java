package io.vmha.recovery.core;

import static io.vmha.recovery.core.CommittedLog.hv;
import static io.vmha.recovery.core.CommittedLog.vm;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class SweepTest {
    private final CommittedLog log = CommittedLog.of(5, CommittedLog.ROOMY);

    private static Hypervisor.Domain domain(int number) {
        return new Hypervisor.Domain(vm(number), "instance-" + number, true);
    }

    private Sweep sweep(Map<ServerId, HostName> homes, int... numbers) {
        List<Hypervisor.Domain> domains =
                Arrays.stream(numbers).mapToObj(SweepTest::domain).toList();
        return Sweep.of(log.state(), hv(1), domains, id -> Optional.ofNullable(homes.get(id)));
    }

    @Test
    void aGuestThatTheGroupHasRecoveredElsewhereIsStaleWhateverNovaSays() {
        IncidentId id = log.declare(hv(1));
        log.proveDown(id, hv(1)).accept(log.plan(id, hv(1), 1));
        log.accept(log.begin(id, hv(1), 1)).accept(log.ended(id, hv(1), 1));
        log.accept(log.settled(id, hv(1), 1, "")).accept(log.close(id));

        Sweep sweep = sweep(Map.of(vm(1), hv(1)), 1);

        assertThat(sweep.stale()).containsExactly(domain(1));
        assertThat(sweep.kept()).isEmpty();
    }

    /** Seed 215 of upkeep-storm: it ran on its target, its old host came back, and the nova-compute there started it again. */
    @Test
    void whatMayRunOnTheTargetOfItsMigrationHoldsUpItsOldHost() {
        VmBrief plain = VmBrief.plain("db", "ACTIVE", 0);
        var brief = new VmBrief(
                "db",
                "ACTIVE",
                0,
                plain.disk(),
                false,
                plain.rest(),
                Optional.of("migrating"),
                "",
                List.of(),
                Optional.empty());
        IncidentId id = log.declare(hv(1));
        log.proveDown(id, hv(1))
                .accept(new IncidentCommand.RecordPlan(
                        7_000,
                        log.term(),
                        id,
                        hv(1),
                        List.of(VmRecovery.left(vm(1), brief, "it may run on the migration's target")),
                        List.of()));

        assertThat(Sweep.migrating(log.state(), hv(1), vm -> Optional.of(hv(1))))
                .containsExactly("db");
        assertThat(Sweep.migrating(log.state(), hv(1), vm -> Optional.of(hv(2))))
                .as("a person has looked after it")
                .isEmpty();
        assertThat(Sweep.migrating(log.state(), hv(2), vm -> Optional.of(hv(2))))
                .isEmpty();
    }

    @Test
    void whatTheGroupDoesNotKnowNovaDoes() {
        Sweep sweep = sweep(Map.of(vm(1), hv(3), vm(2), hv(1), vm(3), Server.NO_HOST), 1, 2, 3, 4);

        assertThat(sweep.stale()).containsExactly(domain(1), domain(3));
        assertThat(sweep.kept())
                .as("Nova has one here, and does not know the other")
                .containsExactly(domain(2), domain(4));
    }
}
