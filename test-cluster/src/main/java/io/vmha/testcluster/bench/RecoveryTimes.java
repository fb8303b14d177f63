package io.vmha.testcluster.bench;

import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;

/**
 * One recovery, in seconds from the beginning of the power cut. What is measured of a recovery of ours begins there; the script begins when
 * the cut is over and everything on the host is dead, because it is told.
 *
 * @param began when whoever recovers could begin
 * @param verdict the incident was declared; NaN for the script, which knows
 * @param certificate the host was proven dead; NaN for the script, which believes
 * @param firstCall the first evacuate call
 * @param firstActive Nova showed the first VM ACTIVE on another host
 * @param lastActive Nova showed the last one
 */
record RecoveryTimes(
        int vms,
        double began,
        double verdict,
        double certificate,
        double firstCall,
        double firstActive,
        double lastActive) {
    /** From where it could begin to its end. */
    double total() {
        return lastActive - began;
    }

    /** VMs per second, from the first call to the last VM. */
    double throughput() {
        return vms / (lastActive - firstCall);
    }

    static double median(List<RecoveryTimes> all, ToDoubleFunction<RecoveryTimes> what) {
        List<Double> sorted = all.stream()
                .map(what::applyAsDouble)
                .sorted(Comparator.naturalOrder())
                .toList();
        int half = sorted.size() / 2;
        return sorted.size() % 2 == 1 ? sorted.get(half) : (sorted.get(half - 1) + sorted.get(half)) / 2;
    }

    /** A row of a table of medians. */
    static String row(String who, List<RecoveryTimes> all) {
        return String.format(
                Locale.ROOT,
                "| %s | %d | %d | %s | %s | %.2f | %.2f | %.2f | %.2f |",
                who,
                all.get(0).vms(),
                all.size(),
                known(median(all, RecoveryTimes::verdict)),
                known(median(all, RecoveryTimes::certificate)),
                median(all, RecoveryTimes::firstCall),
                median(all, RecoveryTimes::firstActive),
                median(all, RecoveryTimes::lastActive),
                median(all, RecoveryTimes::throughput));
    }

    private static String known(double seconds) {
        return Double.isNaN(seconds) ? "–" : String.format(Locale.ROOT, "%.2f", seconds);
    }
}
