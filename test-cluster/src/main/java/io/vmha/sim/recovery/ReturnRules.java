package io.vmha.sim.recovery;

import io.vmha.recovery.core.HostName;
import io.vmha.recovery.core.HostRecord;
import io.vmha.recovery.core.Hypervisor;
import io.vmha.recovery.core.RecoveryState;
import io.vmha.recovery.core.ReturnCommand;
import io.vmha.recovery.core.ServerId;
import io.vmha.recovery.core.VmRecovery;
import io.vmha.sim.Simulation;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** S11, written a second time: what a host that comes back may do, and what is done for it in Nova. */
final class ReturnRules {
    /** The longest that a request to Nova, which the leader has decided on, is on its way. */
    private static final long ON_THE_WAY_MS = 40_000;

    private static final String OURS = "vmha: incident";

    private final Simulation sim;
    private final Cluster cluster;
    private final Map<HostName, Long> returningAtMs = new TreeMap<>();
    private long returns;
    private long undone;

    ReturnRules(Simulation sim, Cluster cluster) {
        this.sim = sim;
        this.cluster = cluster;
    }

    private void require(boolean holds, String what) {
        if (!holds) {
            throw sim.violation("S11", what);
        }
    }

    long returns() {
        return returns;
    }

    /** Late force-downs that were taken back. */
    long undone() {
        return undone;
    }

    /** A life that is certified beyond recall starts no guest: its VMs are being evacuated. */
    void beforeGateOpens(HostName host) {
        HostRecord record = cluster.raft().latest().hosts().get(host);
        require(
                record == null || !cluster.rules().isConfirmed(host, record.epoch()),
                host + " opens its gate in epoch " + (record == null ? 0 : record.epoch()) + ", which is certified");
    }

    /** What runs where Nova has it, on a host that has begun its next life, is no old copy. */
    void beforeDestroyed(HostName host, ServerId id) {
        HostRecord record = cluster.raft().latest().hosts().get(host);
        boolean atHome =
                cluster.nova().server(id).map(s -> s.host().equals(host)).orElse(false);
        require(
                !atHome || record.status() == HostRecord.Status.DOWN,
                host + " destroys " + id + ", which lives there in its epoch " + record.epoch());
    }

    void onCommitted(RecoveryState before, ReturnCommand command) {
        returningAtMs.put(command.host(), sim.nowMs());
        if (command instanceof ReturnCommand.EndReturn) {
            require(
                    !cluster.nova().isForcedDown(command.host()),
                    command.host() + " is called back in service and Nova holds it down");
            returns++;
            return;
        }
        if (command instanceof ReturnCommand.ReturnAgain again) {
            onAgain(again);
            return;
        }
        before.openIncidents()
                .forEach(i -> i.hosts().values().stream()
                        .flatMap(h -> h.vms().values().stream())
                        .forEach(vm -> require(
                                vm.step() != VmRecovery.Step.CALLING && vm.step() != VmRecovery.Step.ACCEPTED,
                                command.host() + " returns while " + vm.server() + " is on its way")));
        before.openIncidents().stream()
                .flatMap(i -> i.hosts().values().stream())
                .flatMap(h -> h.vms().values().stream())
                .filter(vm -> vm.ending().isEmpty())
                .forEach(vm -> require(
                        !cluster.nova().waitsFor(command.host(), vm.server()),
                        command.host() + " returns, and its nova-compute will rebuild " + vm.server()
                                + ", which is to be evacuated again"));
        cluster.nova().serversOn(command.host()).stream()
                .filter(s -> s.taskState().equals(Optional.of("migrating")))
                .forEach(s -> require(
                        cluster.ledger().copiesOf(s.id()).isEmpty(),
                        command.host() + " returns, Nova has " + s.id()
                                + " on it, and its live migration has brought it to "
                                + cluster.ledger().copiesOf(s.id())));
        for (Hypervisor.Domain copy : cluster.ledger().domains(command.host())) {
            boolean elsewhere = cluster.nova()
                    .server(copy.id())
                    .map(s -> !s.host().equals(command.host()))
                    .orElse(false);
            require(!elsewhere, command.host() + " returns with an old copy of " + copy.id());
        }
    }

    /** Only what this product has done itself is taken back: nobody's own force-down. */
    private void onAgain(ReturnCommand.ReturnAgain again) {
        Optional<String> why = cluster.nova().disabledFor(again.host());
        require(
                why.equals(Optional.of(OURS + " " + again.incident())),
                again.host() + " returns once more from incident " + again.incident()
                        + ", and Nova has it disabled for " + why);
        undone++;
    }

    void beforeForceUp(HostName returning, HostName host) {
        require(returning.equals(host), host + " is forced up for the return of " + returning);
        HostRecord record = cluster.raft().latest().hosts().get(host);
        boolean wanted = record != null && record.status() == HostRecord.Status.RETURNING;
        require(
                wanted || sim.nowMs() - returningAtMs.getOrDefault(host, Long.MIN_VALUE / 2) <= ON_THE_WAY_MS,
                host + " is forced up and has not begun a new life: " + record);
    }

    void beforeEnable(HostName returning, HostName host) {
        require(returning.equals(host), host + " is enabled for the return of " + returning);
        require(
                cluster.nova()
                        .disabledFor(host)
                        .map(why -> why.startsWith(OURS))
                        .orElse(true),
                host + " is enabled, and somebody else has disabled it: "
                        + cluster.nova().disabledFor(host));
    }
}
