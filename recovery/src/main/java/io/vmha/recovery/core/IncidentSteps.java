package io.vmha.recovery.core;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;

/**
 * The steps of an open incident: for each host fence, certificate, confirmation, force-down, plan, VMs; then close. {@link #advance} looks
 * at what is committed and asks for what is missing; results become commands.
 */
final class IncidentSteps {
    /** After so many attempts a person is asked; the attempts go on. */
    private static final int FENCES_IN_VAIN = 3;

    /** Of one entry of the log, whose length is bounded; the list is taken again at the end, so a longer plan comes in parts. */
    private static final int PLAN_MAX = 200;

    /** Asks for a command to be proposed, unless one with this key is under way. */
    interface Proposer {
        void propose(long nowMs, String key, Command command);
    }

    /** Asks for an action to be run, unless one with its key is under way. */
    interface Executor {
        void execute(long nowMs, Action action);
    }

    private final Pending pending;
    private final Proposer proposer;
    private final Executor executor;
    private final Evacuations evacuations;
    private final LeaseSteps leases;
    private final Delays delays;
    private final SortedMap<HostName, Integer> swept = new TreeMap<>();
    private long term;

    IncidentSteps(RecoveryConfig config, Pending pending, Proposer proposer, Executor executor) {
        this.pending = pending;
        this.proposer = proposer;
        this.executor = executor;
        this.evacuations = new Evacuations(config, pending, proposer, executor);
        this.leases = new LeaseSteps(pending, proposer, executor);
        this.delays = new Delays(proposer);
    }

    void onTerm(long nowMs, long newTerm) {
        term = newTerm;
        swept.clear();
        delays.forget();
        evacuations.onTerm(nowMs, newTerm);
    }

    /** The hosts that may be about to be declared: a bad target for an evacuation. */
    void onDoubtful(long nowMs, SortedSet<HostName> hosts) {
        evacuations.onDoubtful(nowMs, hosts);
    }

    void advance(long nowMs, long leaderTerm, long atMs, RecoveryState state, Incident incident) {
        for (HostRecovery host : incident.hosts().values()) {
            boolean maintenance = Optional.ofNullable(state.hosts().get(host.host()))
                    .map(HostRecord::maintenance)
                    .orElse(false);
            advance(nowMs, atMs, state, incident.id(), host, state.mayFence(incident) && !maintenance);
        }
        evacuations.start(nowMs, atMs, state, incident);
        boolean sweptAll =
                incident.hosts().values().stream().allMatch(h -> h.vms().size() == swept.getOrDefault(h.host(), -1));
        if (incident.hasEnded() && sweptAll) {
            proposer.propose(
                    nowMs,
                    "close " + incident.id(),
                    new IncidentCommand.CloseIncident(atMs, leaderTerm, incident.id()));
        }
    }

    private void advance(
            long nowMs, long atMs, RecoveryState state, IncidentId incident, HostRecovery host, boolean mayFence) {
        HostName name = host.host();
        if (host.certificate().isEmpty()) {
            prove(nowMs, atMs, state, incident, host, mayFence);
        } else if (!host.confirmed() && host.certificate().get().proof() == Certificate.Proof.OPERATOR) {
            executeUnless(
                    isRecording(nowMs, "confirm " + name),
                    nowMs,
                    new Action.AskApplied(
                            term, incident, name, host.certificate().get().index()));
        } else if (!host.confirmed()) {
            executeUnless(
                    isRecording(nowMs, "confirm " + name),
                    nowMs,
                    new Action.ConfirmOff(
                            term, incident, name, host.certificate().get().index()));
        } else if (!host.forcedDown()) {
            if (host.forceDownTerm() == term) {
                executeUnless(isRecording(nowMs, "forced " + name), nowMs, new Action.ForceDown(term, incident, name));
            } else {
                proposer.propose(nowMs, "down " + name, new IncidentCommand.BeginForceDown(atMs, term, incident, name));
            }
        } else if (!host.planned()
                || (host.hasEnded()
                        && swept.getOrDefault(name, -1) != host.vms().size())) {
            boolean images = state.az().map(az -> az.policy().needsImages()).orElse(false);
            // the list is taken once more at the end: a server that was being built when the host died appears late
            executeUnless(
                    isRecording(nowMs, "plan " + name), nowMs, new Action.ListServers(term, incident, name, images));
        } else {
            evacuations.follow(nowMs, atMs, state.group(), incident, host);
        }
    }

    /** Every proof that the AZ relies on is sought at once; the first that succeeds counts (S7). */
    private void prove(
            long nowMs, long atMs, RecoveryState state, IncidentId incident, HostRecovery host, boolean mayFence) {
        HostName name = host.host();
        boolean bmc = state.az().map(az -> az.proofs().bmc()).orElse(true);
        if (bmc && host.fenceTerm() == term) {
            executeUnless(
                    isRecording(nowMs, "certify " + name) || isRecording(nowMs, "fence-failed " + name),
                    nowMs,
                    new Action.PowerOff(term, incident, name));
        } else if (bmc && mayFence && !pending.isBusy(nowMs, "power-off " + name)) {
            proposer.propose(nowMs, "fence " + name, new IncidentCommand.BeginFence(atMs, term, incident, name));
        }
        leases.advance(nowMs, term, state, incident, host, mayFence);
        if (host.proving().awaitsMajority()) {
            executeUnless(
                    isRecording(nowMs, "sealed " + name),
                    nowMs,
                    new Action.AskApplied(term, incident, name, host.proving().sealIndex()));
        }
        boolean inVain = !LeaseSteps.isUsable(state, name) && (!bmc || host.fenceAttempts() >= FENCES_IN_VAIN);
        if (inVain && host.proving().personAsked().isEmpty()) {
            String why = (bmc ? "its BMC has not proven it off in " + FENCES_IN_VAIN + " attempts, and " : "")
                    + "it had no armed lease";
            proposer.propose(nowMs, "ask " + name, new ProofCommand.AskPerson(atMs, term, incident, name, why));
        }
    }

    /** An action whose outcome is on its way into the log is over; until it is there the committed state still asks for the action. */
    private boolean isRecording(long nowMs, String outcomeKey) {
        return pending.isUnderWay(nowMs, outcomeKey);
    }

    private void executeUnless(boolean recording, long nowMs, Action action) {
        if (!recording) {
            executor.execute(nowMs, action);
        }
    }

    void onPower(long nowMs, long atMs, RecoveryState state, Result.Power result) {
        var off = (Action.PowerOff) result.action();
        HostRecovery host = Optional.ofNullable(state.incidents().get(off.incident()))
                .map(i -> i.hosts().get(off.host()))
                .orElse(null);
        if (host == null || host.certificate().isPresent()) {
            pending.done(off.key());
        } else if (result.statement().provesOff()) {
            pending.done(off.key());
            proposer.propose(
                    nowMs,
                    "certify " + off.host(),
                    new IncidentCommand.Certify(
                            atMs, term, off.incident(), off.host(), host.epoch(), result.statement()));
        } else {
            pending.failed(nowMs, off.key());
            String why = result.statement().power() == PowerState.OFF
                    ? "the BMC that says off is not the one configured for this host: "
                            + result.statement().detail()
                    : result.statement().detail();
            proposer.propose(
                    nowMs,
                    "fence-failed " + off.host(),
                    new IncidentCommand.FenceFailed(atMs, term, off.incident(), off.host(), why));
        }
    }

    void onStatements(long nowMs, long atMs, RecoveryState state, Result.Statements result) {
        leases.onStatements(nowMs, term, atMs, state, result);
    }

    void onAppliedBy(long nowMs, long atMs, RecoveryState state, Result.AppliedBy result) {
        var asked = (Action.AskApplied) result.action();
        if (!state.group().electorate().isMajority(result.voters())) {
            pending.failed(nowMs, asked.key());
            return;
        }
        pending.done(asked.key());
        HostRecovery host = host(state, asked.incident(), asked.host()).orElse(null);
        if (host == null) {
            return;
        }
        // who has applied the seal need not have applied the certificate that came meanwhile
        if (host.certificate().isEmpty() && asked.index() == host.proving().sealIndex()) {
            proposer.propose(
                    nowMs,
                    "sealed " + asked.host(),
                    new ProofCommand.SealApplied(atMs, term, asked.incident(), asked.host(), result.voters()));
        } else if (host.certificate().filter(c -> c.index() == asked.index()).isPresent()) {
            proposer.propose(
                    nowMs,
                    "confirm " + asked.host(),
                    new ProofCommand.ConfirmApplied(atMs, term, asked.incident(), asked.host(), result.voters()));
        }
    }

    void onConfirmed(long nowMs, long atMs, Result.Confirmed result) {
        var confirm = (Action.ConfirmOff) result.action();
        if (!result.statement().provesOff()) {
            pending.failed(nowMs, confirm.key());
            return;
        }
        pending.done(confirm.key());
        proposer.propose(
                nowMs,
                "confirm " + confirm.host(),
                new IncidentCommand.ConfirmOff(
                        atMs,
                        term,
                        confirm.incident(),
                        confirm.host(),
                        result.appliedBy(),
                        result.voters(),
                        result.statement()));
    }

    void onHeldDown(long nowMs, long atMs, Result.HeldDown result) {
        var down = (Action.ForceDown) result.action();
        pending.done(down.key());
        proposer.propose(
                nowMs,
                "forced " + down.host(),
                new IncidentCommand.ForcedDown(atMs, term, down.incident(), down.host(), result.detail()));
    }

    void onServers(long nowMs, long atMs, RecoveryState state, Result.Servers result) {
        if (result.action() instanceof Action.Watch seen) {
            evacuations.onWatched(nowMs, atMs, state, seen, result);
            return;
        }
        var list = (Action.ListServers) result.action();
        pending.done(list.key());
        host(state, list.incident(), list.host()).ifPresent(host -> plan(nowMs, atMs, state, list, host, result));
    }

    private void plan(
            long nowMs,
            long atMs,
            RecoveryState state,
            Action.ListServers list,
            HostRecovery host,
            Result.Servers result) {
        List<VmRecovery> fresh =
                Planner.plan(
                                state,
                                host.host(),
                                result.servers(),
                                result.migrations(),
                                host.vms().size())
                        .stream()
                        .filter(vm -> !host.vms().containsKey(vm.server()))
                        .limit(PLAN_MAX)
                        .toList();
        if (host.planned() && fresh.isEmpty()) {
            swept.put(host.host(), host.vms().size());
        } else {
            proposer.propose(
                    nowMs,
                    "plan " + host.host(),
                    new IncidentCommand.RecordPlan(
                            atMs, term, list.incident(), host.host(), fresh, remarks(host, fresh)));
        }
    }

    private static List<String> remarks(HostRecovery host, List<VmRecovery> fresh) {
        var all = new ArrayList<>(host.vms().values());
        all.addAll(fresh);
        var remarks = new ArrayList<String>();
        SortedSet<String> circular = Groups.of(all).circular();
        if (!circular.isEmpty()) {
            remarks.add("the groups " + circular
                    + " wait for each other in a circle: their vmha:after is ignored among themselves");
        }
        fresh.stream()
                .filter(vm -> vm.ending().isEmpty() // of one that is left, its ending says what is to be done
                        && vm.brief().rest() != Rest.AS_IT_COMES
                        && vm.brief().formerStatus().equals("ACTIVE"))
                .map(vm -> vm.name() + " shall be "
                        + vm.brief().rest().vmState().orElseThrow()
                        + ", as it was before it came here: it was not put back yet")
                .forEach(remarks::add);
        return remarks;
    }

    Delays delays() {
        return delays;
    }

    Evacuations evacuations() {
        return evacuations;
    }

    static Optional<HostRecovery> host(RecoveryState state, IncidentId incident, HostName host) {
        return Optional.ofNullable(state.incidents().get(incident))
                .filter(i -> i.phase() == Incident.Phase.OPEN)
                .map(i -> i.hosts().get(host));
    }
}
