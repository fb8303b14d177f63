package io.vmha.sim.gossip;

import io.vmha.sim.Dice;
import io.vmha.sim.Simulation;
import java.util.SortedSet;
import java.util.TreeSet;

/** The network between the nodes of a pool: loss, delay, duplication, reordering, and cuts that may go one way only. */
final class Wires {
    private final Simulation sim;
    private final Dice dice;
    private final SortedSet<String> cut = new TreeSet<>();
    private double lossPercent;
    private double twicePercent;
    private long delayMostMs = 5;
    private long packets;

    Wires(Simulation sim) {
        this.sim = sim;
        this.dice = sim.dice("wires");
    }

    private static String path(int from, int to) {
        return from + ">" + to;
    }

    void cut(int from, int to) {
        cut.add(path(from, to));
    }

    void mend() {
        cut.clear();
    }

    void setLoss(double percent) {
        lossPercent = percent;
    }

    void setTwice(double percent) {
        twicePercent = percent;
    }

    /** Packets take up to this long; each takes its own time, so they overtake each other. */
    void setDelay(long mostMs) {
        delayMostMs = mostMs;
    }

    long packets() {
        return packets;
    }

    boolean reaches(int from, int to) {
        return cut.isEmpty() || !cut.contains(path(from, to));
    }

    /** A stream needs both ways. */
    boolean connects(int one, int other) {
        return reaches(one, other) && reaches(other, one);
    }

    long delayMs() {
        return dice.mostly(1, delayMostMs);
    }

    /** One datagram: it arrives once, twice or never. */
    void send(int from, int to, Runnable arrival) {
        packets++;
        if (!reaches(from, to) || dice.chance(lossPercent)) {
            return;
        }
        sim.after(delayMs(), "packet", arrival);
        if (dice.chance(twicePercent)) {
            sim.after(delayMs(), "packet again", arrival);
        }
    }
}
