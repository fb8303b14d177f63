package io.vmha.sim.gossip;

import io.vmha.sim.Dice;
import io.vmha.sim.Simulation;
import java.util.BitSet;
import java.util.HashSet;
import java.util.Set;

/** The network between the nodes of a pool: loss, delay, duplication, reordering, and cuts that may go one way only. */
final class Wires {
    private final Simulation sim;
    private final Dice dice;
    private final Set<Long> cut = new HashSet<>(); // looked up only
    private final BitSet alone = new BitSet();
    private final BitSet otherSide = new BitSet();
    private double lossPercent;
    private double twicePercent;
    private long delayMostMs = 5;
    private long packets;

    Wires(Simulation sim) {
        this.sim = sim;
        this.dice = sim.dice("wires");
    }

    private static long path(int from, int to) {
        return (long) from << 32 | to;
    }

    /** Nothing gets from one to the other; the other way is not touched. */
    void cut(int from, int to) {
        cut.add(path(from, to));
    }

    /** A node neither hears nor is heard. */
    void isolate(int node) {
        alone.set(node);
    }

    /** A node is on the other side of a split, with all others that are. */
    void partition(int node) {
        otherSide.set(node);
    }

    void mend() {
        cut.clear();
        alone.clear();
        otherSide.clear();
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
        return !alone.get(from)
                && !alone.get(to)
                && otherSide.get(from) == otherSide.get(to)
                && (cut.isEmpty() || !cut.contains(path(from, to)));
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
        if (!reaches(from, to) || (lossPercent > 0 && dice.chance(lossPercent))) {
            return;
        }
        sim.after(delayMs(), "packet", arrival);
        if (twicePercent > 0 && dice.chance(twicePercent)) {
            sim.after(delayMs(), "packet again", arrival);
        }
    }
}
