package io.vmha.testcluster.faults.run;

import io.vmha.testcluster.faults.lab.GuestPlan;
import io.vmha.testcluster.faults.nemesis.Nemesis;
import io.vmha.testcluster.faults.workload.Workload;
import java.util.List;
import java.util.Optional;

/**
 * A run as somebody has written it down.
 *
 * @param title one sentence
 * @param steps what happens when
 * @param expectations what must have come of it, beyond the invariants
 * @param guests what the guests are and what proves their deaths, where it matters
 */
public record Scenario(
        String name,
        String title,
        int hosts,
        int vmsPerHost,
        long seed,
        List<Workload> workloads,
        List<Step> steps,
        List<Expectation> expectations,
        Optional<GuestPlan> guests) {
    public Scenario {
        workloads = List.copyOf(workloads);
        steps = List.copyOf(steps);
        expectations = List.copyOf(expectations);
    }

    /**
     * One fault.
     *
     * @param atMs when it begins, after the cluster is ready
     * @param hosts the hosts that it shall meet, by their numbers; empty to let the dice choose
     * @param onLeader it shall meet whoever leads then
     * @param lastsMs how long
     */
    public record Step(long atMs, Nemesis nemesis, List<Integer> hosts, boolean onLeader, long lastsMs) {
        public Step {
            hosts = List.copyOf(hosts);
        }

        /** A fault that meets whom the dice choose. */
        public static Step anywhere(long atMs, Nemesis nemesis, long lastsMs) {
            return new Step(atMs, nemesis, List.of(), false, lastsMs);
        }
    }

    /** What must be seen in the end. */
    public enum What {
        /** The numbers of the hosts whose VMs were evacuated, and no others. */
        EVACUATED,
        /** The numbers of the hosts that a BMC switched off, and no others. */
        FENCED,
        /** Hosts that have a guest that stood still for seconds and went on; there may be others. */
        PAUSED,
        /** Something in the story of an incident. */
        STORY
    }

    /**
     * One thing that must have come.
     *
     * @param words the hosts' names, or the words to look for
     */
    public record Expectation(What what, List<String> words) {
        public Expectation {
            words = List.copyOf(words);
        }
    }
}
