package io.vmha.sim;

import java.util.List;
import java.util.stream.LongStream;

/** What a person may set on the command line: {@code -Dsim.scenario}, {@code -Dsim.seed} for one run, {@code -Dsim.seeds} for many. */
public final class SimulationFlags {
    private SimulationFlags() {}

    /** True if a scenario or a seed is named: everything else is skipped. */
    public static boolean oneRunIsAskedFor() {
        return System.getProperty("sim.seed") != null || System.getProperty("sim.scenario") != null;
    }

    /** The scenario that is asked for. */
    public static String scenario(String otherwise) {
        return System.getProperty("sim.scenario", otherwise);
    }

    /** The seeds to run: the one that is asked for, or as many as are asked for. */
    public static List<Long> seeds(long otherwise) {
        Long one = Long.getLong("sim.seed");
        return one != null
                ? List.of(one)
                : LongStream.rangeClosed(1, Long.getLong("sim.seeds", otherwise))
                        .boxed()
                        .toList();
    }
}
