package io.vmha.recovery.core;

import java.util.OptionalLong;

/**
 * Decides what a leader does about living hosts and their VMs: fallen VMs, silent nova-computes, drains and drills. Like
 * {@link RecoveryController} it keeps no plan: it looks at the committed state and asks for the next step that is missing, so that a new
 * leader goes on where the old one stopped.
 */
public final class UpkeepController {
    private static final long PROPOSAL_LIMIT_MS = 5_000;
    private static final long ACTION_LIMIT_MS = 180_000;
    private static final long TICK_MS = 250;

    /** Where the decisions go. Every method returns at once and nothing. */
    public interface Outbox {
        void propose(String key, Command command);

        /** Has an action run. Its result is reported by {@link UpkeepController#onResult}. */
        void execute(UpkeepAction action);
    }

    /** What the parts of it are handed: the moment, and where their decisions go; a key that is busy makes a decision wait. */
    record Turn(
            long nowMs, long atMs, long term, long leadingForMs, RecoveryState state, Pending pending, Outbox outbox) {
        void propose(String key, Command command) {
            if (pending.begin(nowMs, key, PROPOSAL_LIMIT_MS)) {
                outbox.propose(key, command);
            }
        }

        void execute(UpkeepAction action) {
            if (pending.begin(nowMs, action.key(), ACTION_LIMIT_MS)) {
                outbox.execute(action);
            }
        }

        /** An action whose outcome is on its way into the log is over, although the committed state still asks for it. */
        boolean isRecording(String key) {
            return pending.isUnderWay(nowMs, key);
        }
    }

    private final Outbox outbox;
    private final WallClock clock;
    private final Pending pending = new Pending();
    private final InstanceSteps instances;
    private final DrainSteps drains;
    private final DrillSteps drills;
    private RecoveryState state = RecoveryState.empty();
    private OptionalLong term = OptionalLong.empty();
    private boolean authorized = true;
    private long leadingSinceMs;
    private long tickAtMs;

    /** @param self this node's own host: a leader never cuts its own power */
    public UpkeepController(RecoveryConfig config, HostName self, Outbox outbox, WallClock clock) {
        this.outbox = outbox;
        this.clock = clock;
        this.instances = new InstanceSteps(config);
        this.drains = new DrainSteps(config);
        this.drills = new DrillSteps(self);
    }

    /** This node leads in this term, or (empty) leads no more. */
    public void onLeadership(long nowMs, OptionalLong leaderOfTerm) {
        if (!leaderOfTerm.equals(term)) {
            pending.clear();
            instances.forget();
            drains.forget();
            term = leaderOfTerm;
            leadingSinceMs = nowMs;
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

    /** When {@link #onTimer} must be called at the latest. */
    public long nextDeadlineMs() {
        return tickAtMs;
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
        decide(nowMs);
    }

    /** The result of an action. One that an older leadership asked for is ignored. */
    public void onResult(long nowMs, UpkeepResult result) {
        if (!isLeading() || result.action().term() != term.getAsLong()) {
            return;
        }
        Turn turn = turn(nowMs);
        pending.done(result.action().key());
        if (result.action() instanceof UpkeepAction.LookAtVm
                || result.action() instanceof UpkeepAction.RestartVm
                || result.action() instanceof UpkeepAction.AskComputes) {
            instances.onResult(turn, result);
        } else if (result.action() instanceof UpkeepAction.CutPower
                || result.action() instanceof UpkeepAction.RestorePower) {
            drills.onResult(turn, result);
        } else {
            drains.onResult(turn, result);
        }
        decide(nowMs);
    }

    private boolean isLeading() {
        return term.isPresent() && authorized && state.isEnabled();
    }

    private Turn turn(long nowMs) {
        return new Turn(nowMs, clock.wallMs(nowMs), term.getAsLong(), nowMs - leadingSinceMs, state, pending, outbox);
    }

    private void decide(long nowMs) {
        tickAtMs = nowMs + TICK_MS;
        if (isLeading()) {
            Turn turn = turn(nowMs);
            instances.decide(turn);
            drains.decide(turn);
            drills.decide(turn);
        }
    }
}
