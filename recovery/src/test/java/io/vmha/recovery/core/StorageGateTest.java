package io.vmha.recovery.core;

import static io.vmha.recovery.core.CommittedLog.hv;
import static io.vmha.recovery.core.CommittedLog.vm;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** S10: a disk that may not be reachable is not made anew. */
class StorageGateTest {
    private static final String PLACE = "file:/var/lib/nova/instances";

    private final CommittedLog log = CommittedLog.of(3, CommittedLog.ROOMY);

    private void distrustfulAz() {
        log.accept(new AzCommand.EnableAz(
                0,
                new AzSettings("az1", 1, "group-1", true, true, false, CommittedLog.ROOMY, Proofs.BMC),
                CommittedLog.hosts(3)));
    }

    private static StorageReport report(String place, int host, Map<Integer, String> seen) {
        var nonces = new TreeMap<HostName, String>();
        seen.forEach((number, nonce) -> nonces.put(hv(number), nonce));
        return new StorageReport(place, "nonce-" + host, nonces, "");
    }

    private void report(int host, StorageReport report) {
        log.accept(new AzCommand.ReportStorage(0, hv(host), report));
    }

    private void allSeeEachOther() {
        report(1, report(PLACE, 1, Map.of(2, "nonce-2", 3, "nonce-3")));
        report(2, report(PLACE, 2, Map.of(1, "nonce-1", 3, "nonce-3")));
        report(3, report(PLACE, 3, Map.of(1, "nonce-1", 2, "nonce-2")));
    }

    private Optional<String> whyNot() {
        return StorageGate.whyNotShared(log.state(), hv(1));
    }

    @Test
    void hostsThatReadEachOthersNoncesShareTheirInstances() {
        distrustfulAz();
        assertThat(whyNot()).hasValueSatisfying(why -> assertThat(why).contains("never said"));

        allSeeEachOther();

        assertThat(whyNot()).isEmpty();
        assertThat(StorageGate.keepsData(log.state(), hv(1), Disk.INSTANCES)).isTrue();
    }

    @Test
    void oneHostThatDoesNotSeeItIsEnoughToStopIt() {
        distrustfulAz();
        allSeeEachOther();

        report(3, report(PLACE, 3, Map.of(2, "nonce-2")));

        assertThat(whyNot()).hasValueSatisfying(why -> assertThat(why).contains("hv-3", "does not see", PLACE));
        assertThat(StorageGate.keepsData(log.state(), hv(1), Disk.INSTANCES)).isFalse();
        assertThat(StorageGate.keepsData(log.state(), hv(1), Disk.VOLUME)).isTrue();
        assertThat(StorageGate.keepsData(log.state(), hv(1), Disk.EXPENDABLE)).isTrue();
    }

    @Test
    void nonceOfEarlierTimesIsNoProof() {
        distrustfulAz();
        allSeeEachOther();

        // its mount went away, and it wrote a new nonce to the bare directory beneath
        report(1, new StorageReport(PLACE, "nonce-1-b", new TreeMap<>(), ""));

        assertThat(whyNot()).isPresent();
    }

    @Test
    void samePathOnAnotherStorageIsNoProof() {
        distrustfulAz();
        allSeeEachOther();

        report(2, report("file:/srv/instances", 2, Map.of(1, "nonce-1")));

        assertThat(whyNot()).hasValueSatisfying(why -> assertThat(why).contains("hv-2"));
    }

    @Test
    void imageBackendIsSharedByAllWhoUseTheSameOne() {
        distrustfulAz();
        for (int i = 1; i <= 3; i++) {
            report(i, new StorageReport("rbd:fsid-1/vms", "", new TreeMap<>(), ""));
        }
        assertThat(whyNot()).isEmpty();

        report(2, new StorageReport("rbd:fsid-2/vms", "", new TreeMap<>(), ""));
        assertThat(whyNot()).isPresent();
    }

    @Test
    void hostThatIsDownNeedNotSeeIt() {
        distrustfulAz();
        allSeeEachOther();
        report(3, report(PLACE, 3, Map.of()));

        log.declare(hv(3));

        assertThat(whyNot()).isEmpty();
    }

    @Test
    void agentThatCouldNotLookSaysWhyInTheReason() {
        distrustfulAz();
        allSeeEachOther();

        report(2, new StorageReport(PLACE, "", new TreeMap<>(), "Permission denied"));

        assertThat(whyNot()).hasValueSatisfying(why -> assertThat(why).contains("hv-2", "Permission denied"));
    }

    @Test
    void reportOfALostHostIsNotReplacedByWhatItSaysNow() {
        distrustfulAz();
        log.declare(hv(1));

        assertThat(log.refuse(new AzCommand.ReportStorage(0, hv(1), report(PLACE, 1, Map.of()))))
                .contains("IN_RECOVERY");
    }

    @Test
    void evacuationOfADiskThatMightBeLostIsRefusedInTheLogItself() {
        distrustfulAz();
        IncidentId id = log.declare(hv(2));
        log.proveDown(id, hv(2));
        VmBrief plain = VmBrief.plain("name-1", "ACTIVE", 0);
        var brief = new VmBrief(
                plain.name(),
                plain.formerStatus(),
                0,
                Disk.INSTANCES,
                false,
                Rest.AS_IT_COMES,
                Optional.empty(),
                "",
                List.of(),
                Optional.empty());
        log.accept(new IncidentCommand.RecordPlan(
                0, log.term(), id, hv(2), List.of(VmRecovery.planned(vm(1), brief, 0)), List.of()));

        assertThat(log.refuse(log.begin(id, hv(2), 1))).contains("S10");
    }
}
