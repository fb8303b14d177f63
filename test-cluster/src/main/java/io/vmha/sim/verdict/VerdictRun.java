package io.vmha.sim.verdict;

import io.vmha.recovery.core.HostName;
import io.vmha.sim.Dice;
import io.vmha.sim.Run;
import io.vmha.sim.Simulation;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;

/** One run of one cell: the hosts live for a while, then what the cell says happens, and what the leader makes of it is noted. */
public final class VerdictRun {
    private static final long QUIET_MS = 6_000;
    private static final long AFTER_DEATH_MS = 9_000;
    private static final long NOISE_MS = 60_000;

    /**
     * What came of a run. Times in milliseconds after the death.
     *
     * @param unheard when the leader knew that nobody hears a host, for each dead one
     * @param declared when the incident about it was committed
     * @param incidents how many incidents that made
     * @param falsely hosts in reach that were called unheard, or declared
     */
    public record Summary(
            List<Long> unheard,
            List<Long> declared,
            int incidents,
            List<String> falsely,
            long events,
            long hash,
            long virtualMs) {}

    private final Simulation sim;
    private final VerdictCell cell;
    private final VerdictPool pool;
    private final Dice dice;
    private final List<String> falsely = new ArrayList<>();

    private VerdictRun(VerdictCell cell, long seed) {
        this.sim = new Simulation(new Run("VerdictSimulationTest", cell.name(), seed));
        this.cell = cell;
        this.pool = new VerdictPool(sim, cell);
        this.dice = sim.dice("nemesis");
    }

    public static Summary run(VerdictCell cell, long seed) {
        return new VerdictRun(cell, seed).toTheEnd();
    }

    private Summary toTheEnd() {
        long quietMs = QUIET_MS + dice.between(0, 1_000);
        sim.at(quietMs - 1_500, "trouble", this::makeTrouble);
        sim.runUntil(quietMs);
        var dying = new ArrayList<SimulatedHost>();
        var candidates = new ArrayList<>(pool.hosts());
        candidates.remove(pool.leader());
        int votersLeft = pool.voters().size();
        for (SimulatedHost host : dice.shuffled(candidates)) {
            boolean votes = pool.voters().contains(host);
            boolean majorityStays =
                    !votes || (votersLeft - 1) * 2 > pool.voters().size();
            if (dying.size() < cell.dying() && majorityStays) {
                votersLeft -= votes ? 1 : 0;
                dying.add(host);
            }
        }
        var diedAtMs = new TreeMap<HostName, Long>();
        for (SimulatedHost host : dying) {
            long afterMs = cell.withinMs() == 0 ? 0 : dice.between(0, cell.withinMs());
            diedAtMs.put(host.name(), quietMs + afterMs);
            if (afterMs == 0) {
                pool.dies(host);
            } else {
                sim.after(afterMs, "dies", () -> pool.dies(host));
            }
        }
        long untilMs = quietMs + (cell.dying() > 0 ? AFTER_DEATH_MS : NOISE_MS);
        while (sim.nowMs() < untilMs) {
            sim.runUntil(sim.nowMs() + 100);
            judge();
        }
        return new Summary(
                dying.stream()
                        .map(h ->
                                after(diedAtMs.get(h.name()), pool.unheardAtMs().get(h.name())))
                        .toList(),
                dying.stream()
                        .map(h -> after(
                                diedAtMs.get(h.name()), pool.declaredAtMs().get(h.name())))
                        .toList(),
                pool.incidents(),
                falsely,
                sim.events(),
                sim.hash(),
                sim.nowMs());
    }

    private static long after(long diedAtMs, Long atMs) {
        return atMs == null ? Long.MAX_VALUE : atMs - diedAtMs;
    }

    /** Whoever is in reach now, and has been for some seconds, must not have been found unheard in this moment. */
    private void judge() {
        pool.unheardAtMs().forEach((host, at) -> note(host, at, "called unheard"));
        pool.declaredAtMs().forEach((host, at) -> {
            note(host, at, "declared");
            if (cell.trouble() == VerdictCell.Trouble.FLAPPING) {
                falsely.add(host + " flaps and was declared at " + at);
            }
        });
    }

    private void note(HostName host, long atMs, String what) {
        if (sim.nowMs() - atMs < 100 && !pool.isTroubled(host, 3_000)) {
            falsely.add(host + " was in reach and " + what + " at " + atMs + " ms");
        }
    }

    private void makeTrouble() {
        SimulatedHost one =
                dice.pick(pool.hosts().stream().filter(h -> h != pool.leader()).toList());
        switch (cell.trouble()) {
            case NONE -> sim.tell("no trouble");
            case STARVED -> pool.hosts().forEach(this::starve);
            case STOPPED -> {
                var shuffled = dice.shuffled(pool.hosts());
                shuffled.subList(0, shuffled.size() / 3).forEach(this::stopAgainAndAgain);
            }
            case MUTE -> one.link(false, true);
            case DEAF -> one.link(true, false);
            case FLAPPING -> flap(one);
        }
    }

    private void starve(SimulatedHost host) {
        sim.after(dice.between(5, 60), "starves", () -> {
            host.pause(dice.mostly(50, 3_000));
            starve(host);
        });
    }

    private void stopAgainAndAgain(SimulatedHost host) {
        long stoppedMs = dice.pick(List.of(2_000L, 10_000L, 20_000L));
        host.pause(stoppedMs);
        sim.after(stoppedMs + dice.between(500, 5_000), "stopped", () -> stopAgainAndAgain(host));
    }

    private void flap(SimulatedHost host) {
        host.link(false, false);
        sim.after(3_000, "link up", () -> {
            host.link(true, true);
            pool.healed(host.name());
            sim.after(3_000, "link down", () -> flap(host));
        });
    }
}
