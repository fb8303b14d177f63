package io.vmha.sim.recovery;

import io.vmha.recovery.core.DoubleRuns;
import io.vmha.recovery.core.HostName;
import io.vmha.recovery.core.RecoveryState;
import io.vmha.recovery.core.ServerId;
import io.vmha.sim.Dice;
import io.vmha.sim.Simulation;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * S12: every agent tells every voter once a second what runs on its host, a real {@link DoubleRuns} at each voter finds what runs twice, and
 * the host whose life is over is told to stop its copy. The rule beside it: whatever really runs twice is told to a person, and the copy that
 * must not run stands still, within a few seconds.
 */
final class RunningGuests {
    private static final long PERIOD_MS = 1_000;

    /** Three seconds until both claims count, two for claims and the way, and what a change of the leader costs. */
    private static final long ALARM_LIMIT_MS = 12_000;

    private record Memory(int life, DoubleRuns runs) {}

    private final Simulation sim;
    private final Cluster cluster;
    private final Dice dice;
    private final Map<HostName, Memory> memories = new TreeMap<>();
    private final Map<ServerId, Long> twiceSinceMs = new TreeMap<>();
    private final SortedSet<ServerId> told = new TreeSet<>();
    private long alarms;

    RunningGuests(Simulation sim, Cluster cluster) {
        this.sim = sim;
        this.cluster = cluster;
        this.dice = sim.dice("running guests");
        sim.every(PERIOD_MS, PERIOD_MS, "agents tell what runs", this::tell);
    }

    long alarms() {
        return alarms;
    }

    private DoubleRuns at(Agent voter) {
        Memory known = memories.get(voter.host());
        if (known == null || known.life() != voter.life()) {
            known = new Memory(voter.life(), new DoubleRuns());
            memories.put(voter.host(), known);
        }
        return known.runs();
    }

    private void tell() {
        for (Agent host : cluster.agents()) {
            if (!host.isRunning()) {
                continue;
            }
            List<ServerId> running = cluster.mutant().claimed(cluster.ledger().running(host.host()));
            long epoch = host.leased().epoch();
            for (Agent voter : cluster.votersThatAnswer(host.host())) {
                sim.after(
                        dice.mostly(1, 500),
                        "a report of guests arrives",
                        () -> voter.whenRunning(() -> {
                            DoubleRuns runs = at(voter);
                            RecoveryState state = cluster.raft().state(voter.applied());
                            runs.keepOnly(state.hosts().keySet());
                            runs.onGuests(sim.nowMs(), host.host(), running);
                            runs.mustStop(sim.nowMs(), state, host.host(), epoch)
                                    .keySet()
                                    .forEach(vm -> stop(host, vm));
                        }));
            }
        }
        cluster.raft().leader().map(cluster::agent).filter(Agent::isRunning).ifPresent(leader -> {
            SortedSet<ServerId> found =
                    new TreeSet<>(at(leader).found(sim.nowMs()).keySet());
            found.removeAll(told);
            found.forEach(vm -> {
                sim.tell("a person is told that " + vm + " runs twice");
                alarms++;
            });
            told.addAll(found);
        });
        judge();
    }

    private void stop(Agent host, ServerId vm) {
        host.whenRunning(() -> {
            sim.tell(host.host() + ": suspends " + vm + ", which runs elsewhere too");
            cluster.ledger().pause(vm, host.host());
        });
    }

    private void judge() {
        var twice = new TreeSet<ServerId>();
        cluster.nova().servers().stream()
                .filter(s -> cluster.ledger().hostsOf(s.id()).size() > 1)
                .forEach(s -> twice.add(s.id()));
        twiceSinceMs.keySet().retainAll(twice);
        for (ServerId vm : twice) {
            long sinceMs = sim.nowMs() - twiceSinceMs.computeIfAbsent(vm, v -> sim.nowMs());
            List<HostName> hosts = cluster.ledger().hostsOf(vm);
            if (sinceMs > ALARM_LIMIT_MS && !told.contains(vm)) {
                throw sim.violation("S12", vm + " has run on " + hosts + " for " + sinceMs + " ms, and nobody is told");
            }
            boolean over = hosts.stream()
                    .anyMatch(host -> cluster.rules()
                            .isConfirmed(host, cluster.leased(host).epoch()));
            if (sinceMs > ALARM_LIMIT_MS && over) {
                throw sim.violation(
                        "S12", vm + " has run on " + hosts + " for " + sinceMs + " ms, one of which is certified dead");
            }
        }
    }
}
