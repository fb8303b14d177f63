package io.vmha.sim.verdict;

/**
 * One cell of the table: how many hosts, what happens to whom.
 *
 * @param dying hosts that lose their power together
 * @param withinMs how long that takes: the supplies of a rack do not fail in the same millisecond
 * @param lossPercent packets that are lost, each way and for everybody
 * @param trouble what else is wrong
 * @param bmcs whether the dead hosts' BMCs still answer
 */
public record VerdictCell(
        String name, int hosts, int dying, long withinMs, double lossPercent, Trouble trouble, boolean bmcs) {
    /** What is wrong with hosts that live. */
    public enum Trouble {
        NONE,
        /** Every agent gets the CPU for some milliseconds, and then not for up to three seconds. */
        STARVED,
        /** A third of the agents are stopped for 2 to 20 s, again and again. */
        STOPPED,
        /** Nobody hears one host, which hears everybody. */
        MUTE,
        /** One host hears nobody. */
        DEAF,
        /** One host's link goes down for three seconds, comes back for three, and so on. */
        FLAPPING
    }

    /** A silent death on a good network. */
    public static VerdictCell deaths(int hosts, int dying) {
        return new VerdictCell(dying + " of " + hosts + " die", hosts, dying, 0, 0, Trouble.NONE, true);
    }

    /** The same, one after the other. */
    public VerdictCell within(long ms) {
        return new VerdictCell(name + " within " + ms + " ms", hosts, dying, ms, lossPercent, trouble, bmcs);
    }

    /** The same, of hosts whose BMCs lose their power with them. */
    public VerdictCell withoutBmcs() {
        return new VerdictCell(name + ", and their BMCs", hosts, dying, withinMs, lossPercent, trouble, false);
    }

    /** Nobody dies, and yet not all is well. */
    public static VerdictCell noise(int hosts, Trouble trouble, double lossPercent) {
        return new VerdictCell(
                trouble + ", loss " + lossPercent + " %, " + hosts + " hosts", hosts, 0, 0, lossPercent, trouble, true);
    }
}
