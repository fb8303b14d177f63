package io.vmha.recovery.core;

import java.util.List;
import java.util.Optional;

/**
 * The proof by lease for one host of an open incident (S4): the voters' silence, the seal, the voters' ages, the certificate. Nothing here
 * rests on the leader's clock: it only decides when to ask again.
 */
final class LeaseSteps {
    private static final long ASK_AGAIN_MOST_MS = 300;
    private static final long ASK_AGAIN_LEAST_MS = 30;

    private final LeaseTiming timing = ProofCommand.TIMING;
    private final Pending pending;
    private final IncidentSteps.Proposer proposer;
    private final IncidentSteps.Executor executor;

    LeaseSteps(Pending pending, IncidentSteps.Proposer proposer, IncidentSteps.Executor executor) {
        this.pending = pending;
        this.proposer = proposer;
        this.executor = executor;
    }

    /** Asks the voters about a host: can it be proven dead by its lease? */
    void advance(long nowMs, long term, RecoveryState state, IncidentId incident, HostRecovery host, boolean mayFence) {
        String name = host.host().value();
        boolean recording = pending.isUnderWay(nowMs, "seal " + name) || pending.isUnderWay(nowMs, "expire " + name);
        if (state.provesByLease() && mayFence && !recording) {
            executor.execute(nowMs, new Action.StateAges(term, incident, host.host(), host.epoch()));
        }
    }

    /** True if this AZ relies on leases and the host enforces its own. */
    static boolean isUsable(RecoveryState state, HostName host) {
        return state.provesByLease()
                && Optional.ofNullable(state.hosts().get(host))
                        .map(r -> r.arming().armed())
                        .orElse(false);
    }

    void onStatements(long nowMs, long term, long atMs, RecoveryState state, Result.Statements result) {
        var asked = (Action.StateAges) result.action();
        Optional<HostRecovery> host = Optional.ofNullable(state.incidents().get(asked.incident()))
                .map(i -> i.hosts().get(asked.host()))
                .filter(h -> h.certificate().isEmpty() && h.epoch() == asked.epoch());
        if (host.isEmpty()) {
            pending.done(asked.key());
            return;
        }
        boolean sealed = host.get().proving().isSealed();
        long sealIndex = host.get().proving().sealIndex();
        long leastMs = sealed ? timing.certifyAfterMs() : timing.sealDueMs();
        Electorate inForce = state.group().electorate();
        List<AgeStatement> valid = result.statements().stream()
                .filter(s -> s.configuration() == inForce.index())
                .toList();
        List<AgeStatement> young =
                valid.stream().filter(s -> s.ageMs() < timing.sealAfterMs()).toList();
        if (!sealed && inForce.isMajority(AgeStatement.voters(young))) {
            // it renews: put back soon if it never went away, else it is for the BMC or a person
            pending.pause(nowMs, asked.key(), ASK_AGAIN_MOST_MS);
            return;
        }
        if (!isUsable(state, asked.host())) {
            pending.pause(nowMs, asked.key(), ASK_AGAIN_MOST_MS);
            return;
        }
        Optional<AgeStatement> unarmed =
                valid.stream().filter(AgeStatement::unarmed).findFirst();
        if (unarmed.isPresent()) {
            disarm(nowMs, term, atMs, asked, state, unarmed.get());
            return;
        }
        List<AgeStatement> fit = valid.stream()
                .filter(s -> !sealed || (s.sealed() && s.applied() >= sealIndex))
                .toList();
        List<AgeStatement> ripe = fit.stream().filter(s -> s.ageMs() >= leastMs).toList();
        if (!inForce.isMajority(AgeStatement.voters(ripe))) {
            pending.pause(nowMs, asked.key(), untilRipe(fit, leastMs));
        } else if (sealed) {
            pending.done(asked.key());
            proposer.propose(
                    nowMs,
                    "expire " + asked.host(),
                    new ProofCommand.ExpireLease(atMs, term, asked.incident(), asked.host(), asked.epoch(), ripe));
        } else {
            pending.done(asked.key());
            proposer.propose(
                    nowMs,
                    "seal " + asked.host(),
                    new ProofCommand.Seal(atMs, term, asked.incident(), asked.host(), asked.epoch(), ripe));
        }
    }

    /** The last that a voter heard of the host was that its guard had failed; this leader may have heard less. */
    private void disarm(
            long nowMs, long term, long atMs, Action.StateAges asked, RecoveryState state, AgeStatement said) {
        pending.pause(nowMs, asked.key(), ASK_AGAIN_MOST_MS);
        proposer.propose(
                nowMs,
                "arming " + asked.host(),
                new ProofCommand.NoteArming(
                        atMs,
                        term,
                        asked.host(),
                        asked.epoch(),
                        new Arming(
                                false,
                                "its last word to " + said.voter() + " was that its guard is not armed",
                                state.hosts().get(asked.host()).arming().boot())));
    }

    /** Ages grow as time does: asking earlier than the next one is ripe is in vain. */
    private static long untilRipe(List<AgeStatement> fit, long leastMs) {
        long nextMs = fit.stream()
                .mapToLong(s -> leastMs - s.ageMs())
                .filter(ms -> ms > 0)
                .min()
                .orElse(ASK_AGAIN_MOST_MS);
        return Math.max(ASK_AGAIN_LEAST_MS, Math.min(ASK_AGAIN_MOST_MS, nextMs));
    }
}
