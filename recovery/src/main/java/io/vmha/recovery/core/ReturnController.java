package io.vmha.recovery.core;

import java.util.OptionalLong;

/**
 * Decides what a leader does about hosts that are returning: it has Nova take them for up and schedule to them again, and then ends their
 * return. Like {@link RecoveryController} it keeps no plan: a host that is RETURNING in the committed state is the intent.
 */
public final class ReturnController {
    private static final long PROPOSAL_LIMIT_MS = 5_000;
    private static final long READMISSION_LIMIT_MS = 120_000;
    private static final long ASK_AGAIN_MS = 1_000;
    private static final long TICK_MS = 500;

    /** Where the decisions go. Every method returns at once and nothing. */
    public interface Outbox {
        void propose(String key, Command command);

        /** Has {@link Readmission#advance} run for this host. Its result is reported by {@link #onReadmission}. */
        void readmit(long term, HostName host);
    }

    private final Outbox outbox;
    private final WallClock clock;
    private final Pending pending = new Pending();
    private RecoveryState state = RecoveryState.empty();
    private OptionalLong term = OptionalLong.empty();
    private boolean authorized = true;
    private long tickAtMs;

    public ReturnController(Outbox outbox, WallClock clock) {
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

    /** How far a readmission has come. */
    public void onReadmission(long nowMs, long askedInTerm, Readmission result) {
        if (term.isEmpty() || askedInTerm != term.getAsLong()) {
            return;
        }
        pending.pause(nowMs, "readmit " + result.host(), ASK_AGAIN_MS);
        HostRecord record = state.hosts().get(result.host());
        if (result.done() && record != null && record.status() == HostRecord.Status.RETURNING) {
            String key = "returned " + result.host();
            if (pending.begin(nowMs, key, PROPOSAL_LIMIT_MS)) {
                outbox.propose(
                        key,
                        new ReturnCommand.EndReturn(
                                clock.wallMs(nowMs), askedInTerm, result.host(), record.epoch(), result.detail()));
            }
        }
    }

    private void decide(long nowMs) {
        tickAtMs = nowMs + TICK_MS;
        if (term.isEmpty() || !authorized || !state.isEnabled()) {
            return;
        }
        for (HostRecord record : state.hosts().values()) {
            if (record.status() == HostRecord.Status.RETURNING
                    && !pending.isUnderWay(nowMs, "returned " + record.host())
                    && pending.begin(nowMs, "readmit " + record.host(), READMISSION_LIMIT_MS)) {
                outbox.readmit(term.getAsLong(), record.host());
            }
        }
    }
}
