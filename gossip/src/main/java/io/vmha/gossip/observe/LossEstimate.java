package io.vmha.gossip.observe;

/**
 * How often attempts at living hosts have been in vain lately, as a moving average. Attempts count only once the host has answered again:
 * what a dead host leaves unanswered is no loss.
 */
final class LossEstimate {
    /** Even a healthy network loses a packet now and then: without this a first lost attempt would be certainty. */
    private static final double SHARE_LEAST = 0.02;

    private static final double SHARE_MOST = 0.95;

    /** The newest attempt's part in the average: about thirty attempts are remembered. */
    private static final double WEIGHT = 1.0 / 32;

    /** More in a row than this are an outage that has ended, not loss. */
    private static final int RUN_MAX = 8;

    private double share = SHARE_LEAST;

    /** A host has answered after this many attempts in vain. */
    void onAnswer(int inVain) {
        for (int i = 0; i < Math.min(inVain, RUN_MAX); i++) {
            share += (1 - share) * WEIGHT;
        }
        share -= share * WEIGHT;
    }

    double share() {
        return Math.min(SHARE_MOST, Math.max(SHARE_LEAST, share));
    }

    /** {@code -ln} of the probability that a living host leaves so many attempts unanswered. */
    double doubt(int inVain) {
        return -inVain * Math.log(share());
    }
}
