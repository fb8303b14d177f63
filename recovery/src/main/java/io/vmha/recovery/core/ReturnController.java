package io.vmha.recovery.core;

/**
 * Decides what a leader does about hosts that are returning: it has Nova take them for up and schedule to them again, and then ends their
 * return. A host that is RETURNING in the committed state is the intent.
 */
public final class ReturnController extends LeaderDuty {
    private static final long READMISSION_LIMIT_MS = 120_000;
    private static final long ASK_AGAIN_MS = 1_000;
    private static final long TICK_MS = 500;

    /** Where the decisions go. Every method returns at once and nothing. */
    public interface Outbox extends Proposals {
        /** Has {@link Readmission#advance} run for this host. Its result is reported by {@link #onReadmission}. */
        void readmit(long term, HostName host);
    }

    private final Outbox outbox;

    public ReturnController(Outbox outbox, WallClock clock) {
        super(outbox, clock, TICK_MS);
        this.outbox = outbox;
    }

    /** How far a readmission has come. */
    public void onReadmission(long nowMs, long askedInTerm, Readmission result) {
        if (!isOfThisTerm(askedInTerm)) {
            return;
        }
        pending().pause(nowMs, "readmit " + result.host(), ASK_AGAIN_MS);
        HostRecord record = state().hosts().get(result.host());
        if (result.done() && record != null && record.status() == HostRecord.Status.RETURNING) {
            propose(
                    nowMs,
                    "returned " + result.host(),
                    new ReturnCommand.EndReturn(
                            wallMs(nowMs), askedInTerm, result.host(), record.epoch(), result.detail()));
        }
    }

    @Override
    void decide(long nowMs) {
        for (HostRecord record : state().hosts().values()) {
            if (record.status() == HostRecord.Status.RETURNING
                    && !pending().isUnderWay(nowMs, "returned " + record.host())
                    && pending().begin(nowMs, "readmit " + record.host(), READMISSION_LIMIT_MS)) {
                outbox.readmit(term(), record.host());
            }
        }
    }
}
