package io.vmha.sim.recovery;

import io.vmha.recovery.core.HostName;
import io.vmha.recovery.core.HostRecord;
import io.vmha.recovery.core.LeaseTiming;
import io.vmha.recovery.core.ProofCommand;
import io.vmha.sim.Simulation;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;

/** S3 to S7, written a second time: what a certificate by lease claims is compared with what the host really does. */
final class LeaseRules {
    /** A guard's death is told with every renewal after it; one that was sent before is on its way for less than this. */
    private static final long TOLD_MS = 1_000;

    private final Simulation sim;
    private final Cluster cluster;
    private final Map<HostName, TreeSet<Long>> sealed = new TreeMap<>();
    private final Map<HostName, Long> expired = new TreeMap<>();

    LeaseRules(Simulation sim, Cluster cluster) {
        this.sim = sim;
        this.cluster = cluster;
        sim.check(this::afterEveryEvent);
    }

    void onCommitted(ProofCommand command) {
        if (command instanceof ProofCommand.Seal seal) {
            sealed.computeIfAbsent(seal.host(), h -> new TreeSet<>()).add(seal.epoch());
        } else if (command instanceof ProofCommand.SealForWord seal) {
            sealed.computeIfAbsent(seal.host(), h -> new TreeSet<>())
                    .add(cluster.raft().latest().hosts().get(seal.host()).epoch());
        } else if (command instanceof ProofCommand.ExpireLease expire) {
            onExpired(expire);
        }
    }

    private void onExpired(ProofCommand.ExpireLease expire) {
        HostName host = expire.host();
        if (!sealed.getOrDefault(host, new TreeSet<>()).contains(expire.epoch())) {
            throw sim.violation("S4", host + " is certified without a seal");
        }
        LeasedHost leased = cluster.leased(host);
        // what it told fewer voters than make a lease reaches nobody who states: that lease had ended before, and its
        // watchdog has bitten
        if (leased.grantedAtMs() - TOLD_MS > leased.guardDiedAtMs()) {
            throw sim.violation("S6", host + " is certified by its lease, and nobody enforces it");
        }
        expired.put(host, expire.epoch());
    }

    private void afterEveryEvent() {
        for (var certified : expired.entrySet()) {
            HostName host = certified.getKey();
            HostRecord record = cluster.raft().latest().hosts().get(host);
            if (record == null || record.epoch() != certified.getValue()) {
                continue;
            }
            LeasedHost leased = cluster.leased(host);
            if (leased.isHeld() && leased.fileEpoch() == certified.getValue()) {
                throw sim.violation(
                        "S3", host + " holds a lease of epoch " + certified.getValue() + ", which is certified");
            }
            if (cluster.ledger().anyLive(host)) {
                throw sim.violation("S4", host + " is certified by its lease and its VMs run");
            }
        }
        for (HostName host : cluster.hosts()) {
            if (cluster.leased(host).isOverdue()) {
                throw sim.violation(
                        "S5",
                        "the lease of " + host + " is over for more than " + LeaseTiming.DEFAULT.graceMs()
                                + " ms and its VMs run");
            }
        }
    }

    /** S7: what is planned pauses nobody, and without leases nobody ever pauses. */
    void atTheEnd() {
        boolean mayPause = cluster.scenario().trust().proofs().lease()
                && cluster.scenario().trust().script() != Scenario.Script.UPGRADE;
        for (HostName host : cluster.hosts()) {
            if (!mayPause && cluster.leased(host).pauses() > 0) {
                throw sim.violation("S7", host + " has paused its VMs");
            }
        }
    }
}
