package io.vmha.testcluster.faults.run;

import io.vmha.testcluster.faults.nemesis.Nemesis;
import io.vmha.testcluster.faults.workload.Workload;
import java.util.List;
import java.util.Optional;

/**
 * What a run shall do.
 *
 * @param seconds how long new faults are begun
 * @param faultsMax how many faults at most; the run ends after the round that reaches it
 * @param together how many faults one round has at most
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
        List<Nemesis> nemeses,
        List<Workload> workloads,
        long longestMs,
        Optional<Scenario> scenario) {
    public RunSettings {
        nemeses = List.copyOf(nemeses);
        workloads = List.copyOf(workloads);
    }
}
