package io.vmha.recovery.core;

import static io.vmha.recovery.core.CommittedLog.hosts;
import static io.vmha.recovery.core.CommittedLog.hv;
import static io.vmha.recovery.core.CommittedLog.settings;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

/** The guards on commands about the AZ and its hosts. */
class AzCommandTest {
    private final CommittedLog log = CommittedLog.of(3, CommittedLog.ROOMY);

    @Test
    void groupIsBoundToItsAz() {
        var other = new AzSettings("az2", 2, "group-1", true, true, true, Limits.DEFAULT, Proofs.BMC);

        assertThat(log.refuse(new AzCommand.EnableAz(0, other, hosts(3)))).contains("protects az1");
    }

    @Test
    void azWithoutHostsIsNotEnabled() {
        var fresh = new CommittedLog();

        fresh.refuse(new AzCommand.EnableAz(0, settings(Limits.DEFAULT), List.of()));

        assertThat(fresh.state().isEnabled()).isFalse();
    }

    @Test
    void azIsNotDisabledUnderAnOpenIncident() {
        log.declare(hv(2));

        assertThat(log.refuse(new AzCommand.DisableAz(0))).contains("incident 1 is open");
        assertThat(log.state().isEnabled()).isTrue();
    }

    @Test
    void commandsForAnAzThatIsNotEnabledAreRefused() {
        var fresh = new CommittedLog();

        fresh.refuse(new AzCommand.DisableAz(0));
        fresh.refuse(new AzCommand.SetArmed(0, false));
        fresh.refuse(new AzCommand.SetMaintenance(0, hv(1), true));
    }

    @Test
    void newHostBeginsWithEpochOne() {
        log.accept(new AzCommand.SetHosts(0, 1, hosts(4)));

        assertThat(log.state().hosts().get(hv(4)))
                .isEqualTo(new HostRecord(hv(4), 1, HostRecord.Status.IN_SERVICE, false, Arming.UNREPORTED));
    }

    @Test
    void emptyAggregateChangesNothing() {
        assertThat(log.refuse(new AzCommand.SetHosts(0, 1, List.of()))).contains("without hosts");
    }

    @Test
    void hostThatLeavesTheAggregateIsForgotten() {
        log.accept(new AzCommand.SetHosts(0, 1, hosts(2)));

        assertThat(log.state().hosts()).doesNotContainKey(hv(3));
    }

    @Test
    void hostUnderRecoveryStaysThoughTheAggregateHasDroppedIt() {
        log.declare(hv(3));

        log.accept(new AzCommand.SetHosts(0, 1, hosts(2)));

        assertThat(log.state().hosts().get(hv(3)).status()).isEqualTo(HostRecord.Status.IN_RECOVERY);
    }

    @Test
    void hostThatIsDownKeepsItsSealThoughTheAggregateDropsItAndTakesItBack() {
        IncidentId id = log.declare(hv(3));
        log.proveDown(id, hv(3)).accept(log.plan(id, hv(3))).accept(log.close(id));

        log.accept(new AzCommand.SetHosts(0, 1, hosts(2))).accept(new AzCommand.SetHosts(0, 1, hosts(3)));

        assertThat(log.state().isCertified(hv(3), 1)).isTrue();
        assertThat(log.state().hosts().get(hv(3)).status()).isEqualTo(HostRecord.Status.DOWN);
    }

    @Test
    void maintenanceAndStatusSurviveTheAggregatesRepetition() {
        log.accept(new AzCommand.SetMaintenance(0, hv(1), true));
        log.declare(hv(2));

        log.accept(new AzCommand.SetHosts(0, 1, hosts(3)));

        assertThat(log.state().hosts().get(hv(1)).maintenance()).isTrue();
        assertThat(log.state().hosts().get(hv(2)).status()).isEqualTo(HostRecord.Status.IN_RECOVERY);
    }

    @Test
    void hostsReadByAnEndedLeadershipAreRefused() {
        log.newTerm();

        assertThat(log.refuse(new AzCommand.SetHosts(0, 1, hosts(2)))).contains("leadership");
    }
}
