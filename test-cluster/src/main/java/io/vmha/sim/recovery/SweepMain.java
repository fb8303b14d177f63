package io.vmha.sim.recovery;

import io.vmha.sim.SimulationFailure;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Runs many seeds of the recovery's scenarios, for the night: prints each run that breaks a rule, and what has been simulated. Ends with 1 if
 * any run failed.
 */
public final class SweepMain {
    private static final int RULE_LINE_MAX = 220;

    private final PrintStream out;
    private final boolean stories;
    private final SortedMap<String, Integer> failures = new TreeMap<>();
    private long virtualMs;
    private long deaths;
    private long faults;
    private long returns;

    private SweepMain(PrintStream out, boolean stories) {
        this.out = out;
        this.stories = stories;
    }

    public static void main(String[] args) {
        long from = 1;
        long seeds = 300;
        boolean stories = false;
        var names = new ArrayList<String>();
        for (int i = 0; i < args.length; i++) {
            switch (args[i]) {
                case "--from" -> from = Long.parseLong(args[++i]);
                case "--seeds" -> seeds = Long.parseLong(args[++i]);
                case "--story" -> stories = true;
                default -> names.addAll(Arrays.asList(args[i].split(",")));
            }
        }
        var sweep = new SweepMain(System.out, stories);
        List<Scenario> scenarios = List.of();
        try {
            scenarios = names.isEmpty()
                    ? Scenario.all()
                    : names.stream().map(Scenario::named).toList();
        } catch (IllegalArgumentException e) {
            System.err.println("sweep: " + e.getMessage());
            System.exit(2);
        }
        for (Scenario scenario : scenarios) {
            sweep.run(scenario, from, seeds);
        }
        System.exit(sweep.failures.isEmpty() ? 0 : 1);
    }

    private void run(Scenario scenario, long from, long seeds) {
        long startedAtMs = System.nanoTime() / 1_000_000;
        virtualMs = 0;
        deaths = 0;
        faults = 0;
        returns = 0;
        int failed = 0;
        for (long seed = from; seed < from + seeds; seed++) {
            try {
                RecoveryRun.Summary run = RecoveryRun.run(scenario, seed);
                virtualMs += run.virtualMs();
                deaths += run.deaths();
                faults += run.faults();
                returns += run.returns();
            } catch (SimulationFailure e) {
                failed++;
                failures.merge(e.rule(), 1, Integer::sum);
                String first = e.getMessage().lines().findFirst().orElse("");
                out.println(scenario.name() + " seed " + seed + ": "
                        + (stories ? e.getMessage() : first.substring(0, Math.min(first.length(), RULE_LINE_MAX))));
                out.flush();
            }
        }
        out.printf(
                Locale.ROOT,
                "%s: %d of %d runs failed; %.1f virtual hours, %d faults, %d hosts lost their power, %d came back,"
                        + " %.1f s%n",
                scenario.name(),
                failed,
                seeds,
                virtualMs / 3_600_000.0,
                faults,
                deaths,
                returns,
                (System.nanoTime() / 1_000_000 - startedAtMs) / 1_000.0);
        out.flush();
    }
}
