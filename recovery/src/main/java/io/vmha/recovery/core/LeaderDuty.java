package io.vmha.recovery.core;

import java.util.OptionalLong;

/**
 * What a leader looks after beside its incidents. It keeps no plan: whenever something has changed it looks at the committed state and asks for
 * the next step that is missing, so that a new leader goes on where the old one stopped.
 */
public abstract class LeaderDuty {
    private static final long PROPOSAL_LIMIT_MS = 5_000;

    /** Where the decisions go. */
    public interface Proposals {
        /** Has a command committed. Returns at once and nothing; the outcome is reported by {@link #onProposed}. */
        void propose(String key, Command command);
    }

    private final Proposals proposals;
    private final WallClock clock;
    private final long tickMs;
    private final Pending pending = new Pending();
    private RecoveryState state = RecoveryState.empty();
    private OptionalLong term = OptionalLong.empty();
    private boolean authorized = true;
    private long leadingSinceMs;
    private long tickAtMs;

    /** @param tickMs how often it is looked at when nothing changes */
    LeaderDuty(Proposals proposals, WallClock clock, long tickMs) {
        this.proposals = proposals;
        this.clock = clock;
        this.tickMs = tickMs;
    }

    /** This node leads in this term, or (empty) leads no more. */
    public final void onLeadership(long nowMs, OptionalLong leaderOfTerm) {
        if (!leaderOfTerm.equals(term)) {
            pending.clear();
            forget();
            term = leaderOfTerm;
            leadingSinceMs = nowMs;
        }
        look(nowMs);
    }

    /** Whether this group is the one that the aggregate's metadata names. */
    public final void onAuthority(long nowMs, boolean ours) {
        authorized = ours;
        look(nowMs);
    }

    /** A command was applied. */
    public final void onState(long nowMs, RecoveryState applied) {
        state = applied;
        pending.reached(applied.applied().index());
        look(nowMs);
    }

    /** Time has passed. */
    public final void onTimer(long nowMs) {
        if (nowMs >= tickAtMs) {
            look(nowMs);
        }
    }

    /** When {@link #onTimer} must be called at the latest. */
    public final long nextDeadlineMs() {
        return tickAtMs;
    }

    /** The outcome of a proposal: the index at which it was committed, or empty if it was not, as far as this node knows. */
    public final void onProposed(long nowMs, String key, OptionalLong index) {
        if (index.isPresent() && index.getAsLong() > state.applied().index()) {
            pending.committed(key, index.getAsLong());
        } else if (index.isPresent()) {
            pending.done(key);
        } else {
            pending.failed(nowMs, key);
        }
        look(nowMs);
    }

    /** Asks for what is due; only called while this node leads the group that owns the AZ. */
    abstract void decide(long nowMs);

    /** What was known in another term does not count any more. */
    void forget() {}

    /** Looks at the state anew. */
    final void look(long nowMs) {
        tickAtMs = nowMs + tickMs;
        if (isLeading()) {
            decide(nowMs);
        }
    }

    final boolean isLeading() {
        return term.isPresent() && authorized && state.isEnabled();
    }

    /** True if a result comes from this leadership: one that an older one asked for is ignored. */
    final boolean isOfThisTerm(long askedInTerm) {
        return term.isPresent() && term.getAsLong() == askedInTerm;
    }

    final RecoveryState state() {
        return state;
    }

    final long term() {
        return term.getAsLong();
    }

    final long leadingForMs(long nowMs) {
        return nowMs - leadingSinceMs;
    }

    final long wallMs(long nowMs) {
        return clock.wallMs(nowMs);
    }

    final Pending pending() {
        return pending;
    }

    /** Proposes, unless the same key is under way. */
    final void propose(long nowMs, String key, Command command) {
        if (pending.begin(nowMs, key, PROPOSAL_LIMIT_MS)) {
            proposals.propose(key, command);
        }
    }
}
