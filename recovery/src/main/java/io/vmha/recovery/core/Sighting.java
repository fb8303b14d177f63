package io.vmha.recovery.core;

/**
 * What one observer says of one host's kernel: whether it answers, whatever its agent does. One statement among others; an observer may be
 * the one that is cut off.
 *
 * @param observer the host that says so
 * @param host whom it is about
 * @param answeredMs how long ago the kernel last answered that observer, in milliseconds; -1 if it never has
 * @param answer how it answered then, such as {@code connected} or {@code refused}
 * @param silentMs how long ago the first attempt began that has gone unanswered since; 0 if the last one was answered
 * @param unanswered attempts in vain since the last answer
 * @param doubt {@code -ln} of the probability that a living host leaves so many unanswered, by the losses that the observer sees
 */
public record Sighting(
        HostName observer, HostName host, long answeredMs, String answer, long silentMs, int unanswered, double doubt) {
    /** True if the observer's last attempts were in vain. */
    public boolean isSilent() {
        return unanswered > 0;
    }
}
