package io.vmha.testcluster.gossipsim;

import io.vmha.sim.gossip.PoolRun;
import io.vmha.testcluster.bench.Count;
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
            converter = PoolSize.class,
            paramLabel = "N",
            defaultValue = "1000",
            description = "size of the pool (default: ${DEFAULT-VALUE})")
    private int nodes;

    @Option(
            names = "--seconds",
            converter = Count.class,
            paramLabel = "N",
            defaultValue = "120",
            description = "virtual seconds after the pool has formed; with 300 everybody must agree at the end"
                    + " (default: ${DEFAULT-VALUE})")
    private int seconds;

    @Option(
            names = "--seed",
            paramLabel = "N",
            defaultValue = "1",
            description = "which run (default: ${DEFAULT-VALUE})")
    private long seed;

    @Option(names = "--at-rest", description = "without faults and deaths: what the gossip of a healthy pool costs")
    private boolean atRest;

    @Option(names = "--unobserved", description = "without the direct observation of hosts by hosts")
    private boolean unobserved;

    PoolVerb() {}

    @Override
    public Integer call() {
        var run = new PoolRun(nodes, seed, new PoolRun.Company(!atRest, !unobserved));
        long livingMs = Math.min(seconds * 1_000L, run.livingMs());
        Stretch forming = Stretch.of(run::form);
        PoolRun.Summary formed = run.summary();
        System.out.println(nodes + " nodes formed: " + forming.against(run.formingMs()));
        Stretch living = Stretch.of(() -> run.live(livingMs));
        PoolRun.Summary lived = run.summary();
        System.out.println(nodes + " nodes lived: " + living.against(livingMs));
        print(living, formed, lived);
        if (livingMs == run.livingMs()) {
            run.requireTruth();
            System.out.println("all agree on the truth");
        }
        return lived.falseFailures() + lived.falseSilences() == 0 ? 0 : 1;
    }

    private static void print(Stretch living, PoolRun.Summary formed, PoolRun.Summary lived) {
        long events = lived.events() - formed.events();
        long perSecond = Math.round(events / living.cpuSeconds());
        long heapMiB = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed() >> 20;
        System.out.println(events + " events (" + perSecond + " a second of processor time), "
                + (lived.packets() - formed.packets()) + " packets, " + lived.faults() + " faults, heap " + heapMiB
                + " MiB");
        System.out.println(
                lived.powerCuts() + " hosts lost their power: all their observers find them silent after p50 "
                        + lived.silentP50Ms() + " ms, most " + lived.silentMostMs()
                        + " ms; gossip has declared them everywhere after p50 " + lived.declaredP50Ms() + " ms, most "
                        + lived.declaredMostMs() + " ms");
        System.out.println("healthy nodes declared dead by healthy ones: " + lived.falseFailures()
                + "; found silent by all their observers: " + lived.falseSilences());
        System.out.println("hash " + Long.toHexString(lived.hash()));
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
                    "%d virtual s in %.1f s of one core (%.1f s passed): %.1f times real time",
                    virtualMs / 1000,
                    cpuSeconds,
                    wallSeconds,
                    virtualMs / 1000.0 / cpuSeconds);
        }
    }
}
