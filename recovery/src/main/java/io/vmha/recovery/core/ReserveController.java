package io.vmha.recovery.core;

/**
 * Decides what a leader does about reserved hosts: one is enabled for each lost host, before its VMs are evacuated, and given back when that
 * host is in service again.
 */
public final class ReserveController extends LeaderDuty {
    private static final long WORK_LIMIT_MS = 120_000;
    private static final long WORK_AGAIN_MS = 200;
    private static final long WAIT_AGAIN_MS = 5_000;
    private static final long TICK_MS = 100;

    /** Where the decisions go. Every method returns at once and nothing. */
    public interface Outbox extends Proposals {
        /** Has {@link ReserveWork#advance} run. Its result is reported by {@link #onWork}. */
        void work(long term, ReserveUse use, long aggregateId);
    }

    private final Outbox outbox;

    public ReserveController(Outbox outbox, WallClock clock) {
        super(outbox, clock, TICK_MS);
        this.outbox = outbox;
    }

    /** How far the work on a reserved host has come. */
    public void onWork(long nowMs, long askedInTerm, ReserveUse.Step step, ReserveWork result) {
        if (!isOfThisTerm(askedInTerm)) {
            return;
        }
        ReserveUse use = state().group().reserves().get(result.host());
        boolean stands = use != null && use.step() == step;
        pending().pause(nowMs, work(result.host()), step == ReserveUse.Step.ENABLING ? WORK_AGAIN_MS : WAIT_AGAIN_MS);
        if (stands && result.kind() != ReserveWork.Kind.WAITING) {
            propose(nowMs, "reserve " + result.host(), outcome(nowMs, use, result));
        }
    }

    private Command outcome(long nowMs, ReserveUse use, ReserveWork result) {
        long atMs = wallMs(nowMs);
        long now = term();
        if (use.step() == ReserveUse.Step.GIVING_BACK) {
            return new ReserveCommand.GivenBack(atMs, now, use.host(), result.detail());
        }
        return result.kind() == ReserveWork.Kind.DONE
                ? new ReserveCommand.Used(atMs, now, use.host(), result.detail())
                : new ReserveCommand.UseFailed(atMs, now, use.host(), result.detail());
    }

    @Override
    void decide(long nowMs) {
        long atMs = wallMs(nowMs);
        for (Incident incident : state().openIncidents()) {
            for (HostRecovery lost : incident.hosts().values()) {
                ReserveUse.next(state(), incident, lost)
                        .ifPresent(host -> propose(
                                nowMs,
                                "reserve " + host,
                                new ReserveCommand.BeginUse(atMs, term(), incident.id(), lost.host(), host)));
            }
        }
        for (ReserveUse use : state().group().reserves().values()) {
            follow(nowMs, atMs, use);
        }
    }

    private void follow(long nowMs, long atMs, ReserveUse use) {
        String key = "reserve " + use.host();
        if (use.isPending()) {
            if (!pending().isUnderWay(nowMs, key) && pending().begin(nowMs, work(use.host()), WORK_LIMIT_MS)) {
                outbox.work(term(), use, state().az().orElseThrow().aggregateId());
            }
            return;
        }
        if (!ReserveCommand.isClosed(state(), use.incident())) {
            return;
        }
        HostRecord lost = state().hosts().get(use.lost());
        if (use.step() == ReserveUse.Step.UNFIT) {
            propose(nowMs, key, new ReserveCommand.GivenBack(atMs, term(), use.host(), "it was not used"));
        } else if (lost != null && lost.status() == HostRecord.Status.IN_SERVICE) {
            propose(nowMs, key, new ReserveCommand.BeginGiveBack(atMs, term(), use.host()));
        }
    }

    private static String work(HostName host) {
        return "work on " + host;
    }
}
