package io.vmha.testcluster.faults.run;

import io.vmha.testcluster.faults.nemesis.Nemesis;
import io.vmha.testcluster.faults.workload.Workload;
import java.util.List;
import java.util.Optional;
import java.util.Random;

/**
 * What a run shall do.
 *
 * @param seconds how long new faults are begun
 * @param faultsMax how many faults at most; the run ends after the round that reaches it
 * @param together how many faults go on at the same time at most
 * @param dense whether faults come one upon the other instead of in rounds with a rest after each
 * @param nemeses which faults; a scenario has its own
 * @param longestMs how long a fault lasts at most
 * @param scenario what to do instead of rounds, if anything
 */
public record RunSettings(
        int hosts,
        int vmsPerHost,
        long seed,
        long seconds,
        int faultsMax,
        int together,
        boolean dense,
        List<Nemesis> nemeses,
        List<Workload> workloads,
        long longestMs,
        Optional<Scenario> scenario) {
    public RunSettings {
        nemeses = List.copyOf(nemeses);
        workloads = List.copyOf(workloads);
    }

    /** How long a fault lasts this time. */
    long lastsMs(Nemesis nemesis, Random dice) {
        long longest = Math.max(nemesis.shortestMs(), Math.min(nemesis.longestMs(), longestMs));
        return nemesis.shortestMs() + (long) (dice.nextDouble() * (longest - nemesis.shortestMs()));
    }
}
