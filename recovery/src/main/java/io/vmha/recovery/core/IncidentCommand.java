package io.vmha.recovery.core;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;

/** Commands that move an incident from verdict to report. All but the operators' carry the term they were decided in. */
public sealed interface IncidentCommand extends Command {
    /**
     * One or more hosts are believed dead: a verdict, not yet a proof. Opens an incident, or holds it for a person when it is above the
     * limits, or when the AZ is disarmed (S8).
     *
     * @param witnesses who said what, by host
     */
    record DeclareIncident(long atMs, long term, SortedMap<HostName, List<Witness>> witnesses)
            implements IncidentCommand {
        public DeclareIncident {
            witnesses = new TreeMap<>(witnesses);
        }

        @Override
        public Applied apply(RecoveryState state, Entry entry) {
            Optional<String> wrong = state.isEnabled() ? unfit(state) : Optional.of("HA is not enabled for this group");
            if (wrong.isPresent()) {
                return Applied.refused(state, wrong.get());
            }
            var id = new IncidentId(state.nextIncident());
            var hosts = new TreeMap<HostName, HostRecovery>();
            witnesses.forEach((host, words) -> hosts.put(
                    host, HostRecovery.declared(host, state.hosts().get(host).epoch(), returning(state, host, words))));
            Optional<String> held = overLimit(state);
            var incident = new Incident(
                            id,
                            held.isPresent() ? Incident.Phase.HELD : Incident.Phase.OPEN,
                            held,
                            atMs,
                            0,
                            hosts,
                            List.of())
                    .tell(new Note(atMs, entry.index(), "declared dead: " + names(hosts)));
            for (var words : witnesses.entrySet()) {
                for (Witness witness : words.getValue()) {
                    incident = incident.tell(new Note(
                            atMs,
                            entry.index(),
                            words.getKey() + ": " + witness.source() + " says " + witness.statement()));
                }
            }
            if (held.isPresent()) {
                incident = incident.tell(new Note(atMs, entry.index(), "held: " + held.get()));
            }
            RecoveryState next = state.with(incident);
            for (HostName host : hosts.keySet()) {
                next = next.withHost(host, h -> h.with(HostRecord.Status.IN_RECOVERY));
            }
            return Applied.to(next);
        }

        private static List<Witness> returning(RecoveryState state, HostName host, List<Witness> words) {
            return state.hosts().get(host).status() == HostRecord.Status.RETURNING
                    ? HostRecovery.whileReturning(words)
                    : words;
        }

        private Optional<String> unfit(RecoveryState state) {
            if (witnesses.isEmpty()) {
                return Optional.of("an incident names at least one host");
            }
            for (HostName host : witnesses.keySet()) {
                HostRecord record = state.hosts().get(host);
                if (record == null) {
                    return Optional.of("host " + host + " is not in this AZ");
                }
                if (!record.isWatched()) {
                    return Optional.of("host " + host + " is already " + record.status());
                }
                if (record.maintenance()) {
                    return Optional.of("host " + host + " is in maintenance");
                }
            }
            return Optional.empty();
        }

        private Optional<String> overLimit(RecoveryState state) {
            AzSettings az = state.az().orElseThrow();
            // hosts that are down count as well: cuts one after another must not eat up an AZ
            int outOfService = (int) state.hosts().values().stream()
                    .filter(h -> h.status() != HostRecord.Status.IN_SERVICE && !witnesses.containsKey(h.host()))
                    .count();
            int all = state.hosts().size();
            int lost = witnesses.size() + outOfService;
            if (!az.armed()) {
                return Optional.of("the AZ is disarmed");
            }
            if (witnesses.size() > az.limits().maxHosts()) {
                return Optional.of(witnesses.size() + " hosts are lost at once and the limit is "
                        + az.limits().maxHosts() + "; a person must approve");
            }
            if (lost * 100 > all * az.limits().maxSharePercent()) {
                return Optional.of(lost + " of " + all + " hosts are lost and the limit is "
                        + az.limits().maxSharePercent() + " %; a person must approve");
            }
            return Optional.empty();
        }
    }

    /** A person lets a held incident go on. */
    record ApproveIncident(long atMs, IncidentId incident, String person) implements IncidentCommand {
        @Override
        public long term() {
            return 0;
        }

        @Override
        public Applied apply(RecoveryState state, Entry entry) {
            Incident found = state.incidents().get(incident);
            if (found == null || found.phase() != Incident.Phase.HELD) {
                return Applied.refused(
                        state, "incident " + incident + " is not held; only a held incident can be approved");
            }
            return Applied.to(state.with(found.with(Incident.Phase.OPEN, atMs)
                    .tell(new Note(atMs, entry.index(), "approved by " + person))));
        }
    }

    /** A person stops an incident where it is: what Nova has begun goes on there, nothing further is begun until somebody approves it. */
    record HoldIncident(long atMs, IncidentId incident, String person) implements IncidentCommand {
        @Override
        public long term() {
            return 0;
        }

        @Override
        public Applied apply(RecoveryState state, Entry entry) {
            Incident found = state.incidents().get(incident);
            if (found == null || found.phase() != Incident.Phase.OPEN) {
                return Applied.refused(
                        state, "incident " + incident + " is not open; only an open incident can be held");
            }
            return Applied.to(state.with(
                    found.held("held by " + person).tell(new Note(atMs, entry.index(), "held by " + person))));
        }
    }

    /**
     * A person calls an incident off that is held, or whose hosts cannot be fenced: they are watched again as before. Refused once a host
     * is certified, for then its VMs may run elsewhere.
     */
    record CancelIncident(long atMs, IncidentId incident, String person) implements IncidentCommand {
        @Override
        public long term() {
            return 0;
        }

        @Override
        public Applied apply(RecoveryState state, Entry entry) {
            Incident found = state.incidents().get(incident);
            if (found == null || found.phase() == Incident.Phase.CLOSED) {
                return Applied.refused(
                        state, "incident " + incident + " is not open; only a held or open incident can be cancelled");
            }
            if (found.hosts().values().stream().anyMatch(h -> h.certificate().isPresent())) {
                return Applied.refused(
                        state,
                        "incident " + incident + " cannot be cancelled any more: " + names(found.hosts())
                                + " is proven dead and its VMs may run elsewhere");
            }
            if (found.hosts().values().stream().anyMatch(h -> h.proving().isSealed())) {
                return Applied.refused(
                        state,
                        "incident " + incident + " cannot be cancelled any more: " + names(found.hosts())
                                + " is sealed, its copies of its VMs may be gone; its certificate follows, by its lease"
                                + " within seconds, or by vmha host confirm-down");
            }
            RecoveryState next = state.with(found.with(Incident.Phase.CLOSED, atMs)
                    .tell(new Note(atMs, entry.index(), "cancelled by " + person)));
            for (HostRecovery recovery : found.hosts().values()) {
                next = next.withHost(recovery.host(), h -> h.with(recovery.statusBefore()));
            }
            return Applied.to(next);
        }
    }

    /**
     * A host that was declared dead renews again, from the same start of its kernel as before: it never went away, its VMs have run all the
     * time, and it is watched as before. Refused once it is sealed or certified, while a fence of it is open, and if the boot is another
     * one, for then its VMs are gone.
     *
     * @param bootId the start of the kernel that its renewals come from now
     * @param voters the peer ids of those who say so
     */
    record PutBack(long atMs, long term, IncidentId incident, HostName host, String bootId, List<String> voters)
            implements IncidentCommand {
        public PutBack {
            voters = List.copyOf(voters);
        }

        @Override
        public Applied apply(RecoveryState state, Entry entry) {
            Incident found = state.incidents().get(incident);
            if (found == null || found.phase() == Incident.Phase.CLOSED) {
                return Applied.refused(state, "incident " + incident + " is not open");
            }
            HostRecovery recovery = found.hosts().get(host);
            Optional<String> wrong =
                    recovery == null ? Optional.of("it is not part of the incident") : unfit(state, recovery);
            if (wrong.isPresent()) {
                return Applied.refused(state, host + ": " + wrong.get());
            }
            var left = new TreeMap<>(found.hosts());
            left.remove(host);
            Incident told = found.tell(new Note(
                    atMs,
                    entry.index(),
                    host + ": " + voters + " hear it again and its kernel has run all the time: back in service"));
            // the last one stays in the closed incident, so that its story can be read
            Incident next = left.isEmpty() ? told.with(Incident.Phase.CLOSED, atMs) : told.without(host);
            return Applied.to(state.with(next).withHost(host, h -> h.with(recovery.statusBefore())));
        }

        private Optional<String> unfit(RecoveryState state, HostRecovery recovery) {
            if (recovery.certificate().isPresent()) {
                return Optional.of("it is certified dead, its VMs may run elsewhere");
            }
            if (recovery.proving().isSealed()) {
                return Optional.of("it is sealed, its copies of its VMs may be gone");
            }
            if (recovery.fenceTerm() != 0) {
                return Optional.of("its BMC is being asked to power it off");
            }
            String before = Returns.bootAtVerdict(state, recovery).orElse("unknown");
            if (bootId.isEmpty() || !before.equals(bootId)) {
                return Optional.of(
                        "it renews from boot '" + bootId + "' and was declared dead in boot '" + before + "'");
            }
            Electorate inForce = state.group().electorate();
            if (!inForce.isMajority(voters)) {
                return Optional.of(voters + " are no majority of the voters " + inForce.everybody());
            }
            return Optional.empty();
        }
    }

    /** Intent: this leader is about to power the host off. */
    record BeginFence(long atMs, long term, IncidentId incident, HostName host) implements IncidentCommand {
        @Override
        public Applied apply(RecoveryState state, Entry entry) {
            Incident found = state.incidents().get(incident);
            if (found != null && !state.mayFence(found)) {
                return Applied.refused(state, host + ": the AZ is disarmed");
            }
            if (Optional.ofNullable(state.hosts().get(host))
                    .map(HostRecord::maintenance)
                    .orElse(false)) {
                return Applied.refused(state, host + ": it is in maintenance");
            }
            return onHost(
                    state,
                    incident,
                    host,
                    h -> h.certificate().isPresent()
                            ? Optional.of("it is certified already")
                            : h.fenceTerm() == term
                                    ? Optional.of("this leader's fence is open already")
                                    : Optional.empty(),
                    h -> h.fencing(term),
                    new Note(atMs, entry.index(), host + ": powering off through its BMC"));
        }
    }

    /** Outcome: the BMC did not prove that the host is off. */
    record FenceFailed(long atMs, long term, IncidentId incident, HostName host, String why)
            implements IncidentCommand {
        @Override
        public Applied apply(RecoveryState state, Entry entry) {
            return onHost(
                    state,
                    incident,
                    host,
                    h -> h.fenceTerm() == 0 ? Optional.of("no fence is open") : Optional.empty(),
                    HostRecovery::fenceFailed,
                    new Note(atMs, entry.index(), host + ": fence failed, will be retried: " + why));
        }
    }

    /**
     * Outcome: the host cannot write any more (S2, POWER_OFF).
     *
     * @param statement what the BMC said; the certificate is refused unless it proves "off" for the right machine
     */
    record Certify(long atMs, long term, IncidentId incident, HostName host, long epoch, BmcStatement statement)
            implements IncidentCommand {
        @Override
        public Applied apply(RecoveryState state, Entry entry) {
            if (!statement.provesOff() || !statement.host().equals(host)) {
                return Applied.refused(state, "the BMC's statement does not prove " + host + " off: " + statement);
            }
            var proof = new Certificate(
                    host, epoch, Certificate.Proof.POWER_OFF, statement.detail(), term, entry.index(), atMs);
            return onHost(
                    state,
                    incident,
                    host,
                    h -> h.epoch() != epoch
                            ? Optional.of("its epoch is " + h.epoch() + " and the proof is about " + epoch)
                            : h.fenceTerm() == 0 ? Optional.of("no fence intent is committed") : Optional.empty(),
                    h -> h.certified(proof),
                    new Note(
                            atMs,
                            entry.index(),
                            host + ": certificate POWER_OFF for epoch " + epoch + ": " + statement.detail() + " ("
                                    + statement.tookMs() + " ms)"));
        }
    }

    /**
     * Outcome: a majority of the voters has applied the certificate, and the BMC, asked again after that, said "off" (S2).
     *
     * @param voters who confirmed
     * @param majorityOf how many voters there are
     */
    record ConfirmOff(
            long atMs,
            long term,
            IncidentId incident,
            HostName host,
            List<String> voters,
            int majorityOf,
            BmcStatement statement)
            implements IncidentCommand {
        public ConfirmOff {
            voters = List.copyOf(voters);
        }

        @Override
        public Applied apply(RecoveryState state, Entry entry) {
            if (!statement.provesOff() || !statement.host().equals(host)) {
                return Applied.refused(state, "the second answer does not prove " + host + " off: " + statement);
            }
            if (voters.isEmpty() || Set.copyOf(voters).size() * 2 <= majorityOf) {
                return Applied.refused(state, voters.size() + " of " + majorityOf + " voters are no majority");
            }
            return onHost(
                    state,
                    incident,
                    host,
                    h -> h.certificate().isEmpty() ? Optional.of("it has no certificate") : Optional.empty(),
                    HostRecovery::withConfirmed,
                    new Note(
                            atMs,
                            entry.index(),
                            host + ": certificate applied by " + voters + ", and the BMC says off again"));
        }
    }

    /** Intent: this leader is about to tell Nova that the host is down. */
    record BeginForceDown(long atMs, long term, IncidentId incident, HostName host) implements IncidentCommand {
        @Override
        public Applied apply(RecoveryState state, Entry entry) {
            return onHost(
                    state,
                    incident,
                    host,
                    h -> !h.confirmed()
                            ? Optional.of("its certificate is not confirmed")
                            : h.forceDownTerm() == term
                                    ? Optional.of("this leader is telling Nova already")
                                    : Optional.empty(),
                    h -> h.forcingDown(term),
                    new Note(atMs, entry.index(), host + ": telling Nova that it is down"));
        }
    }

    /** Outcome: Nova holds the host down. */
    record ForcedDown(long atMs, long term, IncidentId incident, HostName host, String detail)
            implements IncidentCommand {
        @Override
        public Applied apply(RecoveryState state, Entry entry) {
            return onHost(
                    state,
                    incident,
                    host,
                    h -> h.confirmed() ? Optional.empty() : Optional.of("its certificate is not confirmed"),
                    HostRecovery::withForcedDown,
                    new Note(atMs, entry.index(), host + ": " + detail));
        }
    }

    /** A step of the host's recovery does not succeed for now, or does again: what is waited for. Changes nothing. */
    record NoteDelay(long atMs, long term, IncidentId incident, HostName host, String words)
            implements IncidentCommand {
        @Override
        public Applied apply(RecoveryState state, Entry entry) {
            return onHost(
                    state,
                    incident,
                    host,
                    h -> Optional.empty(),
                    h -> h,
                    new Note(atMs, entry.index(), host + ": " + words));
        }
    }

    /**
     * The VMs that Nova has on the host, with what shall be done with each. VMs that are in the plan already are kept as they are.
     *
     * @param remarks what a person should know about the plan
     */
    record RecordPlan(
            long atMs, long term, IncidentId incident, HostName host, List<VmRecovery> vms, List<String> remarks)
            implements IncidentCommand {
        public RecordPlan {
            vms = List.copyOf(vms);
            remarks = List.copyOf(remarks);
        }

        @Override
        public Applied apply(RecoveryState state, Entry entry) {
            long left = vms.stream().filter(VmRecovery::hasEnded).count();
            return onHost(
                    state,
                    incident,
                    host,
                    h -> h.mayEvacuate() ? Optional.empty() : Optional.of("it is not proven down"),
                    h -> {
                        var plan = new TreeMap<>(h.vms());
                        vms.forEach(vm -> plan.putIfAbsent(vm.server(), vm));
                        return h.withPlan(plan);
                    },
                    new Note(
                            atMs,
                            entry.index(),
                            host + ": plan: " + (vms.size() - left) + " VMs to evacuate, " + left
                                    + " left on purpose"
                                    + remarks.stream().map(r -> "; " + r).collect(Collectors.joining())));
        }
    }

    /** Every VM has its ending: the incident is over, its hosts stay down until they return (S13). */
    record CloseIncident(long atMs, long term, IncidentId incident) implements IncidentCommand {
        @Override
        public Applied apply(RecoveryState state, Entry entry) {
            Incident found = state.incidents().get(incident);
            if (found == null || found.phase() != Incident.Phase.OPEN || !found.hasEnded()) {
                return Applied.refused(state, "incident " + incident + " is not ready to be closed");
            }
            RecoveryState next = state.with(found.with(Incident.Phase.CLOSED, atMs)
                    .tell(new Note(
                            atMs,
                            entry.index(),
                            "closed: " + IncidentReport.of(found).summary())));
            for (HostName host : found.hosts().keySet()) {
                next = next.withHost(host, h -> h.with(HostRecord.Status.DOWN));
            }
            return Applied.to(next);
        }
    }

    /** Why a host's step may not be taken; empty if it may. */
    @FunctionalInterface
    interface Guard {
        Optional<String> refusal(HostRecovery host);
    }

    /** Changes one host of an open incident and tells it, unless the guard says why not. */
    static Applied onHost(
            RecoveryState state,
            IncidentId id,
            HostName host,
            Guard guard,
            UnaryOperator<HostRecovery> change,
            Note note) {
        Incident incident = state.incidents().get(id);
        if (incident == null || incident.phase() != Incident.Phase.OPEN) {
            return Applied.refused(state, "incident " + id + " is not open");
        }
        HostRecovery found = incident.hosts().get(host);
        if (found == null) {
            return Applied.refused(state, "host " + host + " is not part of incident " + id);
        }
        Optional<String> refusal = guard.refusal(found);
        if (refusal.isPresent()) {
            return Applied.refused(state, host + ": " + refusal.get());
        }
        return Applied.to(state.with(
                incident.with(change.apply(found).stamped(found, note.atMs())).tell(note)));
    }

    private static String names(Map<HostName, HostRecovery> hosts) {
        return String.join(", ", hosts.keySet().stream().map(HostName::value).toList());
    }
}
