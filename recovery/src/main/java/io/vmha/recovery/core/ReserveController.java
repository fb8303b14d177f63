package io.vmha.recovery.core;

import java.util.OptionalLong;

/**
 * Decides what a leader does about reserved hosts: one is enabled for each lost host, before its VMs are evacuated, and given back when that
 * host is in service again. Like {@link RecoveryController} it keeps no plan: what is committed is the intent.
 */
public final class ReserveController {
    private static final long PROPOSAL_LIMIT_MS = 5_000;
    private static final long WORK_LIMIT_MS = 120_000;
    private static final long WORK_AGAIN_MS = 200;
    private static final long WAIT_AGAIN_MS = 5_000;
    private static final long TICK_MS = 100;

    /** Where the decisions go. Every method returns at once and nothing. */
    public interface Outbox {
        void propose(String key, Command command);

        /** Has {@link ReserveWork#advance} run. Its result is reported by {@link #onWork}. */
        void work(long term, ReserveUse use, long aggregateId);
    }

    private final Outbox outbox;
    private final WallClock clock;
    private final Pending pending = new Pending();
    private RecoveryState state = RecoveryState.empty();
    private OptionalLong term = OptionalLong.empty();
    private boolean authorized = true;
    private long tickAtMs;

    public ReserveController(Outbox outbox, WallClock clock) {
        this.outbox = outbox;
        this.clock = clock;
    }

    /** This node leads in this term, or (empty) leads no more. */
    public void onLeadership(long nowMs, OptionalLong leaderOfTerm) {
        if (!leaderOfTerm.equals(term)) {
            pending.clear();
            term = leaderOfTerm;
        }
        decide(nowMs);
    }

    /** Whether this group is the one that the aggregate's metadata names. */
    public void onAuthority(long nowMs, boolean ours) {
        authorized = ours;
        decide(nowMs);
    }

    /** A command was applied. */
    public void onState(long nowMs, RecoveryState applied) {
        state = applied;
        pending.reached(applied.applied().index());
        decide(nowMs);
    }

    /** Time has passed. */
    public void onTimer(long nowMs) {
        if (nowMs >= tickAtMs) {
            decide(nowMs);
        }
    }

    /** The outcome of a proposal: the index at which it was committed, or empty if it was not, as far as this node knows. */
    public void onProposed(long nowMs, String key, OptionalLong index) {
        if (index.isPresent() && index.getAsLong() > state.applied().index()) {
            pending.committed(key, index.getAsLong());
        } else if (index.isPresent()) {
            pending.done(key);
        } else {
            pending.failed(nowMs, key);
        }
    }

    /** How far the work on a reserved host has come. */
    public void onWork(long nowMs, long askedInTerm, ReserveUse.Step step, ReserveWork result) {
        if (term.isEmpty() || askedInTerm != term.getAsLong()) {
            return;
        }
        ReserveUse use = state.group().reserves().get(result.host());
        boolean stands = use != null && use.step() == step;
        pending.pause(nowMs, work(result.host()), step == ReserveUse.Step.ENABLING ? WORK_AGAIN_MS : WAIT_AGAIN_MS);
        if (stands && result.kind() != ReserveWork.Kind.WAITING) {
            propose(nowMs, "reserve " + result.host(), outcome(nowMs, use, result));
        }
    }

    private Command outcome(long nowMs, ReserveUse use, ReserveWork result) {
        long atMs = clock.wallMs(nowMs);
        long now = term.getAsLong();
        if (use.step() == ReserveUse.Step.GIVING_BACK) {
            return new ReserveCommand.GivenBack(atMs, now, use.host(), result.detail());
        }
        return result.kind() == ReserveWork.Kind.DONE
                ? new ReserveCommand.Used(atMs, now, use.host(), result.detail())
                : new ReserveCommand.UseFailed(atMs, now, use.host(), result.detail());
    }

    private void decide(long nowMs) {
        tickAtMs = nowMs + TICK_MS;
        if (term.isEmpty() || !authorized || !state.isEnabled()) {
            return;
        }
        long atMs = clock.wallMs(nowMs);
        for (Incident incident : state.openIncidents()) {
            for (HostRecovery lost : incident.hosts().values()) {
                ReserveUse.next(state, incident, lost)
                        .ifPresent(host -> propose(
                                nowMs,
                                "reserve " + host,
                                new ReserveCommand.BeginUse(atMs, term.getAsLong(), incident.id(), lost.host(), host)));
            }
        }
        for (ReserveUse use : state.group().reserves().values()) {
            follow(nowMs, atMs, use);
        }
    }

    private void follow(long nowMs, long atMs, ReserveUse use) {
        String key = "reserve " + use.host();
        if (use.isPending()) {
            if (!pending.isUnderWay(nowMs, key) && pending.begin(nowMs, work(use.host()), WORK_LIMIT_MS)) {
                outbox.work(term.getAsLong(), use, state.az().orElseThrow().aggregateId());
            }
            return;
        }
        if (!ReserveCommand.isClosed(state, use.incident())) {
            return;
        }
        HostRecord lost = state.hosts().get(use.lost());
        if (use.step() == ReserveUse.Step.UNFIT) {
            propose(nowMs, key, new ReserveCommand.GivenBack(atMs, term.getAsLong(), use.host(), "it was not used"));
        } else if (lost != null && lost.status() == HostRecord.Status.IN_SERVICE) {
            propose(nowMs, key, new ReserveCommand.BeginGiveBack(atMs, term.getAsLong(), use.host()));
        }
    }

    private static String work(HostName host) {
        return "work on " + host;
    }

    private void propose(long nowMs, String key, Command command) {
        if (pending.begin(nowMs, key, PROPOSAL_LIMIT_MS)) {
            outbox.propose(key, command);
        }
    }
}
