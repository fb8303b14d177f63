package io.vmha.gossip.serf;

import io.vmha.gossip.memberlist.Memberlist;

/**
 * How a node leaves in good order: serf.go, Leave.
 *
 * <p>Steps: STAYING until {@link #begin}; SPREADING_INTENT, so that others know that the coming silence is meant; SPREADING_DEATH, while
 * memberlist says goodbye; LINGERING, while late pings are still answered; GONE.
 *
 * <p>The intent is said again with the goodbye, with a later time. Two members of Serf's own kind that exchange their states while the intent
 * is on its way tell each other its time but not its meaning; whoever learns the time first takes the intent for an old one, and the goodbye
 * for a failure. The second intent puts that right.
 */
final class Departure {
    /** Serf BroadcastTimeout. */
    private static final long INTENT_SPREAD_MAX_MS = 5_000;

    private final long lingerMs;
    private final Runnable sayAgain;
    private final Runnable onGone;
    private Step step = Step.STAYING;
    private long begunAtMs;
    private long deadlineMs = Long.MAX_VALUE;

    private enum Step {
        STAYING,
        SPREADING_INTENT,
        SPREADING_DEATH,
        LINGERING,
        GONE
    }

    Departure(long lingerMs, Runnable sayAgain, Runnable onGone) {
        this.lingerMs = lingerMs;
        this.sayAgain = sayAgain;
        this.onGone = onGone;
    }

    boolean hasBegun() {
        return step != Step.STAYING;
    }

    void begin(long nowMs, boolean somebodyHears) {
        step = Step.SPREADING_INTENT;
        begunAtMs = nowMs;
        deadlineMs = somebodyHears ? nowMs + INTENT_SPREAD_MAX_MS : nowMs;
    }

    void onIntentSpread() {
        if (step == Step.SPREADING_INTENT) {
            deadlineMs = begunAtMs; // past, so at once
        }
    }

    void onDeathSpread(long nowMs) {
        step = Step.LINGERING;
        deadlineMs = nowMs + lingerMs;
    }

    long deadlineMs() {
        return deadlineMs;
    }

    void onTimer(long nowMs, Memberlist memberlist) {
        if (deadlineMs > nowMs) {
            return;
        }
        deadlineMs = Long.MAX_VALUE;
        if (step == Step.SPREADING_INTENT) {
            step = Step.SPREADING_DEATH;
            sayAgain.run();
            memberlist.leave(nowMs);
        } else if (step == Step.LINGERING) {
            step = Step.GONE;
            onGone.run();
        }
    }
}
