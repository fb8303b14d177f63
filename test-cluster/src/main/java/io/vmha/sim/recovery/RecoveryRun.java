package io.vmha.sim.recovery;

import io.vmha.sim.Run;
import io.vmha.sim.Simulation;

/** One run of one scenario with one seed, from the first election until everything has come to its end. */
public final class RecoveryRun {
    /** What happened in a run, in numbers. */
    public record Summary(
            long virtualMs,
            long events,
            long hash,
            long faults,
            int deaths,
            long elections,
            long incidents,
            long evacuations,
            long returns,
            Upkeep upkeep) {}

    /** What people and the product have done about living hosts. */
    public record Upkeep(
            long drains,
            long drills,
            long moves,
            long reservesUsed,
            long recordsMended,
            long guestsRestarted,
            long guestsQuarantined) {}

    private final Simulation sim;
    private final Cluster cluster;
    private final Nemesis nemesis;
    private final ScriptNemesis script;

    RecoveryRun(Scenario scenario, long seed, Mutant mutant) {
        this.sim = new Simulation(new Run("RecoverySimulationTest", scenario.name(), seed));
        this.cluster = new Cluster(sim, scenario, mutant);
        this.nemesis = new Nemesis(sim, cluster);
        new LeaseNemesis(sim, cluster).begin();
        new UpkeepNemesis(sim, cluster);
        new GuestNemesis(sim, cluster);
        this.script = new ScriptNemesis(sim, cluster);
    }

    /** Runs the product as it is. */
    public static Summary run(Scenario scenario, long seed) {
        return new RecoveryRun(scenario, seed, Mutant.NONE).toTheEnd();
    }

    Cluster cluster() {
        return cluster;
    }

    Simulation simulation() {
        return sim;
    }

    Summary toTheEnd() {
        sim.runUntil(Scenario.RUN_MS);
        while (!cluster.unsettled().isEmpty()) {
            if (sim.nowMs() >= Scenario.SETTLED_BY_MS) {
                throw sim.violation("liveness", "not settled: " + cluster.unsettled());
            }
            sim.runUntil(sim.nowMs() + 5_000);
        }
        cluster.leaseRules().atTheEnd();
        script.atTheEnd();
        return new Summary(
                sim.nowMs(),
                sim.events(),
                sim.hash(),
                nemesis.faults(),
                nemesis.deaths(),
                cluster.raft().elections(),
                cluster.raft().latest().nextIncident() - 1,
                cluster.nova().evacuations(),
                cluster.returnRules().returns(),
                new Upkeep(
                        cluster.upkeepRules().drains(),
                        cluster.upkeepRules().drills(),
                        cluster.nova().moves().begun(),
                        cluster.upkeepRules().uses(),
                        cluster.upkeepRules().mended(),
                        cluster.guestRules().restarts(),
                        cluster.guestRules().quarantined()));
    }
}
