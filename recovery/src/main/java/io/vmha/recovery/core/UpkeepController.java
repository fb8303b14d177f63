package io.vmha.recovery.core;

/**
 * Decides what a leader does about living hosts and their VMs: fallen VMs, silent nova-computes, drains and drills, records
 * that late rebuilds have broken, and hosts that Nova holds down by a late request.
 */
public final class UpkeepController extends LeaderDuty {
    private static final long PROPOSAL_LIMIT_MS = 5_000;
    static final long ACTION_LIMIT_MS = 180_000;
    private static final long TICK_MS = 250;

    /** Where the decisions go. Every method returns at once and nothing. */
    public interface Outbox extends Proposals {
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
    private final InstanceSteps instances;
    private final DrainSteps drains;
    private final DrillSteps drills;
    private final LateRebuildSteps lateRebuilds = new LateRebuildSteps();
    private final LateForceDownSteps lateForceDowns = new LateForceDownSteps();

    /** @param self this node's own host: a leader never cuts its own power */
    public UpkeepController(RecoveryConfig config, HostName self, Outbox outbox, WallClock clock) {
        super(outbox, clock, TICK_MS);
        this.outbox = outbox;
        this.instances = new InstanceSteps(config);
        this.drains = new DrainSteps(config);
        this.drills = new DrillSteps(self);
    }

    /** The result of an action. One that an older leadership asked for is ignored. */
    public void onResult(long nowMs, UpkeepResult result) {
        if (!isLeading() || !isOfThisTerm(result.action().term())) {
            return;
        }
        Turn turn = turn(nowMs);
        pending().done(result.action().key());
        if (result.action() instanceof UpkeepAction.LookAtVm
                || result.action() instanceof UpkeepAction.RestartVm
                || result.action() instanceof UpkeepAction.AskComputes) {
            instances.onResult(turn, result);
            if (result instanceof UpkeepResult.ComputesSeen seen) {
                lateForceDowns.onComputes(turn, seen);
            }
        } else if (result.action() instanceof UpkeepAction.LookForLateRebuilds
                || result.action() instanceof UpkeepAction.ResetRecord) {
            lateRebuilds.onResult(turn, result);
        } else if (result.action() instanceof UpkeepAction.CutPower
                || result.action() instanceof UpkeepAction.RestorePower) {
            drills.onResult(turn, result);
        } else {
            drains.onResult(turn, result);
        }
        look(nowMs);
    }

    @Override
    void decide(long nowMs) {
        Turn turn = turn(nowMs);
        instances.decide(turn);
        drains.decide(turn);
        drills.decide(turn);
        lateRebuilds.decide(turn);
    }

    @Override
    void forget() {
        instances.forget();
        drains.forget();
        lateRebuilds.forget();
        lateForceDowns.forget();
    }

    private Turn turn(long nowMs) {
        return new Turn(nowMs, wallMs(nowMs), term(), leadingForMs(nowMs), state(), pending(), outbox);
    }
}
