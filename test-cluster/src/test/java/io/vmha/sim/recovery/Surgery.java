package io.vmha.sim.recovery;

import io.vmha.recovery.core.Applied;
import io.vmha.recovery.core.Certificate;
import io.vmha.recovery.core.Entry;
import io.vmha.recovery.core.FallenVm;
import io.vmha.recovery.core.GroupRecord;
import io.vmha.recovery.core.HostName;
import io.vmha.recovery.core.HostRecovery;
import io.vmha.recovery.core.Incident;
import io.vmha.recovery.core.IncidentCommand;
import io.vmha.recovery.core.IncidentId;
import io.vmha.recovery.core.RecoveryState;
import io.vmha.recovery.core.ReserveUse;
import io.vmha.recovery.core.Rest;
import io.vmha.recovery.core.ServerId;
import io.vmha.recovery.core.Upkeep;
import io.vmha.recovery.core.VmBrief;
import io.vmha.recovery.core.VmRecovery;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.UnaryOperator;

/** Changes that no command makes: what the mutants do to a committed state. */
final class Surgery {
    private Surgery() {}

    static Applied then(Applied applied, IncidentId incident, HostName host, UnaryOperator<HostRecovery> change) {
        return applied.refusal().isPresent()
                ? applied
                : new Applied(changed(applied.state(), incident, host, change), Optional.empty());
    }

    static RecoveryState at(RecoveryState s, Entry entry) {
        return s.at(entry);
    }

    static RecoveryState with(RecoveryState s, Incident incident) {
        var incidents = new TreeMap<>(s.incidents());
        incidents.put(incident.id(), incident);
        return new RecoveryState(s.applied(), s.az(), s.hosts(), incidents, s.nextIncident(), s.group(), s.upkeep());
    }

    static RecoveryState changed(RecoveryState s, IncidentId id, HostName host, UnaryOperator<HostRecovery> change) {
        Incident i = s.incidents().get(id);
        if (i == null || !i.hosts().containsKey(host)) {
            return s;
        }
        var hosts = new TreeMap<>(i.hosts());
        hosts.computeIfPresent(host, (name, h) -> change.apply(h));
        return with(
                s, new Incident(i.id(), i.phase(), i.heldBecause(), i.openedAtMs(), i.closedAtMs(), hosts, i.story()));
    }

    /** The same, with nothing of the incident under way. */
    static RecoveryState allIdle(RecoveryState s, Incident open) {
        RecoveryState idle = s;
        for (HostRecovery host : open.hosts().values()) {
            for (ServerId id : host.vms().keySet()) {
                idle = changed(
                        idle, open.id(), host.host(), h -> changedVm(h, id, vm -> vm.isUnderWay() ? planned(vm) : vm));
            }
        }
        return idle;
    }

    static Incident inPhase(Incident i, Incident.Phase phase) {
        return new Incident(i.id(), phase, i.heldBecause(), i.openedAtMs(), i.closedAtMs(), i.hosts(), i.story());
    }

    static Applied opened(Applied applied, IncidentId id) {
        Incident held = applied.state().incidents().get(id);
        return new Applied(with(applied.state(), inPhase(held, Incident.Phase.OPEN)), Optional.empty());
    }

    static RecoveryState closed(RecoveryState s, IncidentId id) {
        return s.incidents().containsKey(id) ? with(s, inPhase(s.incidents().get(id), Incident.Phase.CLOSED)) : s;
    }

    /** The same plan, in which nobody rests that was recovered before. */
    static IncidentCommand.RecordPlan restless(RecoveryState s, IncidentCommand.RecordPlan plan) {
        List<VmRecovery> vms = plan.vms().stream()
                .map(vm -> s.incidents().values().stream()
                                .flatMap(i -> i.hosts().values().stream())
                                .anyMatch(h -> h.vms().containsKey(vm.server()))
                        ? awake(vm)
                        : vm)
                .toList();
        return new IncidentCommand.RecordPlan(
                plan.atMs(), plan.term(), plan.incident(), plan.host(), vms, plan.remarks());
    }

    private static VmRecovery awake(VmRecovery vm) {
        VmBrief b = vm.brief();
        var brief = new VmBrief(
                b.name(),
                b.formerStatus(),
                b.order(),
                b.disk(),
                b.lockedBefore(),
                Rest.AS_IT_COMES,
                b.staleTask(),
                b.group(),
                b.after(),
                b.readyAt());
        return new VmRecovery(
                vm.server(),
                brief,
                vm.step(),
                vm.attempts(),
                vm.intentTerm(),
                vm.intentIndex(),
                vm.migrationFloor(),
                vm.migration(),
                vm.ending(),
                vm.requestedAtMs(),
                vm.endedAtMs());
    }

    /** Nobody knows how often the VM was restarted. */
    static RecoveryState uncounted(RecoveryState s, ServerId id) {
        Upkeep u = s.upkeep();
        var fallen = new TreeMap<>(u.fallen());
        fallen.computeIfPresent(
                id,
                (key, vm) -> new FallenVm(
                        vm.server(),
                        vm.name(),
                        vm.host(),
                        vm.epoch(),
                        vm.phase(),
                        vm.sinceAtMs(),
                        List.of(),
                        vm.intentTerm(),
                        vm.seen(),
                        vm.detail(),
                        vm.story()));
        var upkeep = new Upkeep(fallen, u.outages(), u.drains(), u.drills());
        return new RecoveryState(s.applied(), s.az(), s.hosts(), s.incidents(), s.nextIncident(), s.group(), upkeep);
    }

    /** The reserved host is taken for one that cannot be used. */
    static RecoveryState unfit(RecoveryState s, HostName reserved) {
        GroupRecord g = s.group();
        var uses = new TreeMap<>(g.reserves());
        uses.computeIfPresent(
                reserved,
                (host, u) ->
                        new ReserveUse(host, u.incident(), u.lost(), u.joined(), ReserveUse.Step.UNFIT, "forgotten"));
        return new RecoveryState(
                s.applied(),
                s.az(),
                s.hosts(),
                s.incidents(),
                s.nextIncident(),
                new GroupRecord(g.electorate(), g.turn(), g.epochFloor(), g.fenceTrial(), uses, g.agreedLevel()),
                s.upkeep());
    }

    static HostRecovery with(
            HostRecovery h,
            Optional<Certificate> certificate,
            boolean confirmed,
            boolean forcedDown,
            SortedMap<ServerId, VmRecovery> vms) {
        return new HostRecovery(
                h.host(),
                h.epoch(),
                h.witnesses(),
                h.fenceAttempts(),
                h.fenceTerm(),
                certificate,
                confirmed,
                h.forceDownTerm(),
                forcedDown,
                h.planned(),
                vms,
                h.proving(),
                h.times());
    }

    static HostRecovery proven(HostRecovery h, Entry entry) {
        var forged = new Certificate(
                h.host(), h.epoch(), Certificate.Proof.POWER_OFF, "forged", entry.term(), entry.index(), 0);
        return with(h, Optional.of(forged), true, false, h.vms());
    }

    static HostRecovery confirmed(HostRecovery h) {
        return with(h, h.certificate(), true, h.forcedDown(), h.vms());
    }

    static HostRecovery changedVm(HostRecovery h, ServerId server, UnaryOperator<VmRecovery> change) {
        var vms = new TreeMap<>(h.vms());
        vms.computeIfPresent(server, (id, vm) -> change.apply(vm));
        return with(h, h.certificate(), h.confirmed(), h.forcedDown(), vms);
    }

    static VmRecovery planned(VmRecovery vm) {
        return VmRecovery.planned(vm.server(), vm.brief(), vm.migrationFloor());
    }
}
