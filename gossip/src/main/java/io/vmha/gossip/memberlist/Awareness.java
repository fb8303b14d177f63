package io.vmha.gossip.memberlist;

/** How much we doubt ourselves: 0 is healthy. A node that misses answers probes more slowly, so that it accuses nobody wrongly. */
final class Awareness {
    private final int scoreMax;
    private int score;

    Awareness(int multiplierMax) {
        this.scoreMax = multiplierMax - 1;
    }

    void add(int delta) {
        score = Math.max(0, Math.min(scoreMax, score + delta));
    }

    int score() {
        return score;
    }

    long stretch(long intervalMs) {
        return intervalMs * (score + 1);
    }
}
