package io.vmha.gossip.observe;

/**
 * What one observer can say of one host now. A statement for others to weigh, never a verdict.
 *
 * @param answeredMs how long ago the host's kernel last answered, in milliseconds; -1 if it never has
 * @param answer how it answered then, such as {@code connected} or {@code refused}; empty if it never has
 * @param silentMs how long ago the first of the attempts began that have gone unanswered since; 0 if the last one was answered
 * @param unanswered how many attempts have gone unanswered since the last answer
 * @param doubt how surely that is no chance, as {@code -ln} of the probability that a living host misses so many, by the losses that this
 *     observer has seen lately
 */
public record Sighting(String host, long answeredMs, String answer, long silentMs, int unanswered, double doubt) {
    /** True if the last attempt that came to an end was in vain. */
    public boolean isSilent() {
        return unanswered > 0;
    }
}
