package io.vmha.recovery.core;

/**
 * How long each kind of silence lasts before it is acted upon. All in milliseconds.
 *
 * @param missedMs a host whose renewals are older than this has missed one; a majority of the voters must say so for any verdict
 * @param bmcPatienceMs how long a host that nobody hears waits for its BMC's word before it is declared dead without
 * @param isolatedMs silence of a host that nobody hears and whose BMC says "on", before it is taken for lost: a short cut heals by itself
 * @param flappingMs the same for a host that has fallen silent and come back again and again
 * @param agentSilentMs how long a host whose kernel answers is left to have its agent restarted
 * @param agentSilentFences whether such a host is fenced after that; if not, a person is asked, because its VMs may well be running
 */
public record VerdictTimes(
        long missedMs,
        long bmcPatienceMs,
        long isolatedMs,
        long flappingMs,
        long agentSilentMs,
        boolean agentSilentFences) {
    public static final VerdictTimes DEFAULT = new VerdictTimes(1_100, 1_000, 5_000, 15_000, 30_000, false);

    public VerdictTimes {
        if (missedMs < 1
                || bmcPatienceMs < 0
                || isolatedMs < missedMs
                || flappingMs < isolatedMs
                || agentSilentMs < 1) {
            throw new IllegalArgumentException(
                    "the verdict's times must be positive, with missed <= isolated <= flapping, but are " + missedMs
                            + ", " + bmcPatienceMs + ", " + isolatedMs + ", " + flappingMs + ", " + agentSilentMs);
        }
    }

    /** The same, with another way to treat a host whose kernel answers and whose agent does not. */
    public VerdictTimes withAgentSilent(long afterMs, boolean fences) {
        return new VerdictTimes(missedMs, bmcPatienceMs, isolatedMs, flappingMs, afterMs, fences);
    }
}
