package io.vmha.recovery.core;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * One dead host's way through an incident: fence, certificate, confirmation, force-down, plan, VMs. Each step is true once its outcome
 * is committed.
 *
 * @param witnesses who said what when the host was declared dead
 * @param fenceAttempts fence intents committed so far
 * @param fenceTerm the term of the open fence intent, 0 if none is open
 * @param confirmed the certificate is applied by a majority of the voters and the BMC said "off" a second time (S2)
 * @param forceDownTerm the term of the open force-down intent, 0 if none is open
 * @param forcedDown Nova holds the host down
 * @param planned the list of VMs has been taken from Nova at least once
 * @param proving how far the proof by lease or by a person has come
 * @param times when it came how far
 */
public record HostRecovery(
        HostName host,
        long epoch,
        List<Witness> witnesses,
        int fenceAttempts,
        long fenceTerm,
        Optional<Certificate> certificate,
        boolean confirmed,
        long forceDownTerm,
        boolean forcedDown,
        boolean planned,
        SortedMap<ServerId, VmRecovery> vms,
        Proving proving,
        StageTimes times) {
    private static final Witness RETURNING = new Witness("the log", "it was on its way back into service");

    public HostRecovery {
        witnesses = List.copyOf(witnesses);
        vms = Collections.unmodifiableSortedMap(new TreeMap<>(vms));
        times = times == null ? StageTimes.NONE : times; // in a snapshot of an older program
    }

    /** The words about a host that was on its way back when it fell silent again. */
    static List<Witness> whileReturning(List<Witness> words) {
        var longer = new ArrayList<>(words);
        longer.add(RETURNING);
        return longer;
    }

    /** What becomes of the host if it turns out not to be dead: one whose return was not complete is still held down by Nova. */
    HostRecord.Status statusBefore() {
        return witnesses.contains(RETURNING) ? HostRecord.Status.RETURNING : HostRecord.Status.IN_SERVICE;
    }

    static HostRecovery declared(HostName host, long epoch, List<Witness> witnesses) {
        return new HostRecovery(
                host,
                epoch,
                witnesses,
                0,
                0,
                Optional.empty(),
                false,
                0,
                false,
                false,
                new TreeMap<>(),
                Proving.NOT_BEGUN,
                StageTimes.NONE);
    }

    /** True if every VM of the plan has its ending. */
    public boolean hasEnded() {
        return planned && vms.values().stream().allMatch(VmRecovery::hasEnded);
    }

    /** S1: whether an evacuate call for one of this host's VMs may be made. */
    public boolean mayEvacuate() {
        return certificate.isPresent() && confirmed && forcedDown;
    }

    HostRecovery fencing(long term) {
        return new HostRecovery(
                host,
                epoch,
                witnesses,
                fenceAttempts + 1,
                term,
                certificate,
                confirmed,
                forceDownTerm,
                forcedDown,
                planned,
                vms,
                proving,
                times);
    }

    HostRecovery fenceFailed() {
        return new HostRecovery(
                host,
                epoch,
                witnesses,
                fenceAttempts,
                0,
                certificate,
                confirmed,
                forceDownTerm,
                forcedDown,
                planned,
                vms,
                proving,
                times);
    }

    HostRecovery certified(Certificate proof) {
        return new HostRecovery(
                host,
                epoch,
                witnesses,
                fenceAttempts,
                0,
                Optional.of(proof),
                false,
                0,
                forcedDown,
                planned,
                vms,
                proving,
                times);
    }

    HostRecovery with(Proving next) {
        return new HostRecovery(
                host,
                epoch,
                witnesses,
                fenceAttempts,
                fenceTerm,
                certificate,
                confirmed,
                forceDownTerm,
                forcedDown,
                planned,
                vms,
                next,
                times);
    }

    HostRecovery withConfirmed() {
        return new HostRecovery(
                host,
                epoch,
                witnesses,
                fenceAttempts,
                0,
                certificate,
                true,
                forceDownTerm,
                forcedDown,
                planned,
                vms,
                proving,
                times);
    }

    HostRecovery forcingDown(long term) {
        return new HostRecovery(
                host,
                epoch,
                witnesses,
                fenceAttempts,
                fenceTerm,
                certificate,
                confirmed,
                term,
                forcedDown,
                planned,
                vms,
                proving,
                times);
    }

    HostRecovery withForcedDown() {
        return new HostRecovery(
                host,
                epoch,
                witnesses,
                fenceAttempts,
                fenceTerm,
                certificate,
                confirmed,
                0,
                true,
                planned,
                vms,
                proving,
                times);
    }

    HostRecovery withPlan(SortedMap<ServerId, VmRecovery> plan) {
        return new HostRecovery(
                host,
                epoch,
                witnesses,
                fenceAttempts,
                fenceTerm,
                certificate,
                confirmed,
                forceDownTerm,
                forcedDown,
                true,
                plan,
                proving,
                times);
    }

    HostRecovery with(VmRecovery vm) {
        var changed = new TreeMap<>(vms);
        changed.put(vm.server(), vm);
        return withPlan(changed);
    }

    /** The same, with the times of the stages that it has come to since it was as before. */
    HostRecovery stamped(HostRecovery before, long atMs) {
        return new HostRecovery(
                host,
                epoch,
                witnesses,
                fenceAttempts,
                fenceTerm,
                certificate,
                confirmed,
                forceDownTerm,
                forcedDown,
                planned,
                vms,
                proving,
                times.stamped(before, this, atMs));
    }
}
