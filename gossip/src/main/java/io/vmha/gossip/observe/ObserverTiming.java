package io.vmha.gossip.observe;

/**
 * How often an observer asks and how long it waits. All in milliseconds.
 *
 * @param periodMs each host of the ring is asked once in this time
 * @param timeoutMs an attempt without an answer is in vain after this long
 * @param closeMs how long a host is looked at closely after somebody asked for it, or after an attempt was in vain
 * @param closePeriodMs how often it is asked then
 * @param burst attempts at once when a close look begins, so that a lost packet decides nothing
 * @param pauseMs a timer that is this much late means that the observer itself stood still: what ran out meanwhile proves nothing
 */
public record ObserverTiming(long periodMs, long timeoutMs, long closeMs, long closePeriodMs, int burst, long pauseMs) {
    /** Three observers at one second: somebody asks within 0.25 s on average; memberlist's LAN time limit for the answer. */
    public static final ObserverTiming DEFAULT = new ObserverTiming(1_000, 500, 2_500, 250, 3, 250);

    public ObserverTiming {
        if (periodMs < 1 || timeoutMs < 1 || closeMs < 1 || closePeriodMs < 1 || burst < 1 || pauseMs < 1) {
            throw new IllegalArgumentException("the times of the observation must be at least 1 but are " + periodMs
                    + ", " + timeoutMs + ", " + closeMs + ", " + closePeriodMs + ", " + burst + ", " + pauseMs);
        }
    }
}
