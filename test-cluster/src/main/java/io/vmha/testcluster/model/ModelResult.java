package io.vmha.testcluster.model;

import java.util.List;

/**
 * What TLC found.
 *
 * @param outcome what it says of the run
 * @param failed the invariant or property that failed, or what went wrong; empty if all hold
 * @param states distinct states that were found
 * @param seconds how long it took
 * @param trace the steps to the failure, each with what it changes
 */
public record ModelResult(Outcome outcome, String failed, long states, double seconds, List<String> trace) {
    /** Whether the run ended, and how. */
    public enum Outcome {
        /** every reachable state was seen and nothing fails */
        HOLDS,
        /** something fails, and the trace shows how */
        FAILS,
        /** the time was over before every state was seen: nothing is known */
        UNFINISHED,
        /** TLC could not do its work */
        BROKEN
    }

    public ModelResult {
        trace = List.copyOf(trace);
    }

    /** True if this is what the run expects. */
    public boolean isExpectedBy(ModelRun run) {
        return run.expectedFailure()
                .map(name -> outcome == Outcome.FAILS && failed.equals(name))
                .orElse(outcome == Outcome.HOLDS);
    }
}
