package io.vmha.testcluster.gossipsim;

import io.vmha.sim.gossip.PoolRun;
import java.lang.management.ManagementFactory;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code gossip-sim pool}: how fast a large pool is simulated. */
@Command(
        name = "pool",
        mixinStandardHelpOptions = true,
        description = {
            "Simulates one large pool with loss, delay, doubled and overtaking packets, one-way cuts, splits, pauses,"
                + " restarts, wrong clocks and deaths, and prints how much faster than real time that is on one core.",
            "Exit status: 0 done, 1 a healthy node was taken for dead."
        })
final class PoolVerb implements Callable<Integer> {
    private static final double NANOS = 1e9;

    @Option(
            names = "--nodes",
            paramLabel = "N",
            defaultValue = "1000",
            description = "size of the pool (default: ${DEFAULT-VALUE})")
    private int nodes;

    @Option(
            names = "--seconds",
            paramLabel = "N",
            defaultValue = "120",
            description = "virtual seconds after the pool has formed; with 300 everybody must agree at the end"
                    + " (default: ${DEFAULT-VALUE})")
    private long seconds;

    @Option(
            names = "--seed",
            paramLabel = "N",
            defaultValue = "1",
            description = "which run (default: ${DEFAULT-VALUE})")
    private long seed;

    PoolVerb() {}

    @Override
    public Integer call() {
        var run = new PoolRun(nodes, seed);
        long livingMs = Math.min(seconds * 1000, run.livingMs());
        Stretch forming = Stretch.of(run::form);
        PoolRun.Summary formed = run.summary();
        say("%d nodes formed: %d virtual s in %s", nodes, run.formingMs() / 1000, forming.against(run.formingMs()));
        Stretch living = Stretch.of(() -> run.live(livingMs));
        PoolRun.Summary lived = run.summary();
        say("%d nodes lived: %d virtual s in %s", nodes, livingMs / 1000, living.against(livingMs));
        long events = lived.events() - formed.events();
        say(
                "%d events (%.0f a second of processor time), %d packets, %d faults, heap %d MiB",
                events,
                events / living.cpuSeconds(),
                lived.packets() - formed.packets(),
                lived.faults(),
                ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed() >> 20);
        say(
                "%d hosts lost their power: all their observers find them silent after p50 %d ms, most %d ms; gossip"
                        + " has declared them everywhere after p50 %d ms, most %d ms",
                lived.powerCuts(),
                lived.silentP50Ms(),
                lived.silentMostMs(),
                lived.declaredP50Ms(),
                lived.declaredMostMs());
        say(
                "healthy nodes declared dead by healthy ones: %d; found silent by all their observers: %d",
                lived.falseFailures(), lived.falseSilences());
        say("hash %016x", lived.hash());
        if (livingMs == run.livingMs()) {
            run.requireTruth();
            say("all agree on the truth");
        }
        return lived.falseFailures() + lived.falseSilences() == 0 ? 0 : 1;
    }

    private static void say(String text, Object... values) {
        System.out.println(String.format(Locale.ROOT, text, values));
    }

    /** How long a piece of work took, on the wall and on the processor. */
    private record Stretch(double wallSeconds, double cpuSeconds) {
        static Stretch of(Runnable work) {
            var threads = ManagementFactory.getThreadMXBean();
            long beganNanos = System.nanoTime();
            long cpuNanos = threads.getCurrentThreadCpuTime();
            work.run();
            return new Stretch(
                    (System.nanoTime() - beganNanos) / NANOS, (threads.getCurrentThreadCpuTime() - cpuNanos) / NANOS);
        }

        String against(long virtualMs) {
            return String.format(
                    Locale.ROOT,
                    "%.1f s of one core (%.1f s passed): %.0f times real time",
                    cpuSeconds,
                    wallSeconds,
                    virtualMs / 1000.0 / cpuSeconds);
        }
    }
}
