package io.vmha.testcluster.bench;

import io.vmha.testcluster.cluster.Loopback;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Failover, throughput, idle cost and calm of three vmha voters, beside three etcd servers in the same run. */
@Command(
        name = "bench-consensus",
        mixinStandardHelpOptions = true,
        subcommands = IdleCommand.class,
        description = "Measures three voters of vmha beside three servers of Debian's etcd on this machine.")
final class ConsensusBench implements Callable<Integer> {
    private static final int VALUE_BYTES = 100;
    private static final List<String> PARTS = List.of("kill", "freeze", "writes", "idle", "calm", "http");
    private static final Duration TRIAL_LIMIT = Duration.ofSeconds(60);

    @Option(
            names = "--trials",
            converter = Count.class,
            defaultValue = "20",
            description = "leaders killed, and leaders frozen (default: ${DEFAULT-VALUE})")
    private int trials = 20;

    @Option(
            names = "--seconds",
            converter = Count.class,
            defaultValue = "8",
            description = "length of one throughput run (default: ${DEFAULT-VALUE})")
    private int seconds = 8;

    @Option(
            names = "--idle",
            converter = Count.class,
            defaultValue = "30",
            description = "seconds of idleness that are measured (default: ${DEFAULT-VALUE})")
    private int idleSeconds = 30;

    @Option(
            names = "--calm",
            converter = Count.class,
            defaultValue = "60",
            description =
                    "seconds of pauses, and of starvation at 0.2 core, in which nobody should be elected (default:"
                            + " ${DEFAULT-VALUE})")
    private int calmSeconds = 60;

    @Option(
            names = "--election-timeout",
            converter = Count.class,
            defaultValue = "1000",
            description = "vmha's, in milliseconds (default: ${DEFAULT-VALUE})")
    private int electionTimeoutMs = 1000;

    @Option(
            names = "--only",
            split = ",",
            description = "some of: kill, freeze, writes, idle, calm, http (default: all)")
    private List<String> only = List.of();

    @Option(names = "--without-etcd", description = "measure vmha alone")
    private boolean withoutEtcd;

    @Option(
            names = "--unit-weight",
            description =
                    "while writes are measured, the servers and this client have the CPU weight of the package's unit")
    private boolean unitWeight;

    @Spec
    private CommandSpec spec;

    private final Random random = new Random(1);

    @Override
    public Integer call() throws IOException {
        if (!PARTS.containsAll(only)) {
            throw new ParameterException(spec.commandLine(), "--only must be some of " + PARTS + " but is " + only);
        }
        Path directory = Files.createTempDirectory("vmha-bench");
        try {
            say(
                    "three servers each on loopback, data in %s, vmha's election timeout %d ms",
                    directory, electionTimeoutMs);
            measure(new VmhaGroup(directory, Loopback.freeNet(), Duration.ofMillis(electionTimeoutMs)));
            if (wanted("http")) {
                measureDaemons(new DaemonGroup(directory, Loopback.freeNet()));
            }
            if (!withoutEtcd) {
                measure(new EtcdGroup(directory, Loopback.freeNet()));
            }
            return 0;
        } finally {
            delete(directory);
        }
    }

    /** Whole daemons: what they cost at rest, and their keys over HTTP. */
    private void measureDaemons(ServerGroup group) {
        try (group) {
            group.start();
            idle(group);
            throughput(group);
        }
    }

    private void throughput(ServerGroup group) {
        if (!unitWeight) {
            writes(group);
            return;
        }
        try (UnitWeight weight = UnitWeight.of(group.processes())) {
            say("%s: %s", group.name(), weight.how());
            writes(group);
        } catch (IOException e) {
            throw new UncheckedIOException("--unit-weight needs control groups and root", e);
        }
    }

    private void writes(ServerGroup group) {
        writes(group, 4, 4); // warms both up; not shown
        for (int clients : new int[] {1, 16, 64}) {
            say("%s", writes(group, clients, seconds));
        }
    }

    private void measure(ServerGroup group) {
        try (group) {
            group.start();
            put(group, "first");
            if (wanted("idle")) {
                idle(group);
            }
            if (wanted("writes")) {
                throughput(group);
            }
            if (wanted("kill")) {
                failover(group, false);
            }
            if (wanted("freeze")) {
                failover(group, true);
            }
            if (wanted("calm")) {
                calm(group);
            }
        }
    }

    private boolean wanted(String part) {
        return only.isEmpty() || only.contains(part);
    }

    private static void put(ServerGroup group, String key) {
        group.put(key, new byte[VALUE_BYTES]).join();
    }

    private void idle(ServerGroup group) {
        int before = group.elections();
        Await.pause(5_000);
        List<Usage> start = group.processes().stream().map(Usage::of).toList();
        Await.pause(idleSeconds * 1000L);
        for (int i = 0; i < ServerGroup.SERVERS; i++) {
            Usage now = Usage.of(group.process(i));
            double percent = 100.0 * (now.cpuMs() - start.get(i).cpuMs()) / (idleSeconds * 1000.0);
            say(
                    "%s idle server %d: cpu %.2f %% of a core, resident %d MiB, threads %d",
                    group.name(), i, percent, now.residentMib(), now.threads());
        }
        say("%s idle: %d elections", group.name(), group.elections() - before);
    }

    /** As many clients as given, each with one write under way at a time. */
    private static String writes(ServerGroup group, int clients, int seconds) {
        List<Long> micros = Collections.synchronizedList(new ArrayList<>());
        AtomicInteger failed = new AtomicInteger();
        long start = System.nanoTime();
        long end = start + TimeUnit.SECONDS.toNanos(seconds);
        List<CompletableFuture<Void>> all = new ArrayList<>();
        for (int c = 0; c < clients; c++) {
            all.add(loop(group, "c" + c, end, micros, failed));
        }
        all.forEach(CompletableFuture::join);
        double took = (System.nanoTime() - start) / 1e9;
        List<Long> sorted = micros.stream().sorted().toList();
        return String.format(
                Locale.ROOT,
                "%s writes, %d clients: %.0f/s, p50 %.1f ms, p99 %.1f ms, %d failed",
                group.name(),
                clients,
                sorted.size() / took,
                at(sorted, 50) / 1000.0,
                at(sorted, 99) / 1000.0,
                failed.get());
    }

    private static CompletableFuture<Void> loop(
            ServerGroup group, String key, long end, List<Long> micros, AtomicInteger failed) {
        long began = System.nanoTime();
        if (began >= end) {
            return CompletableFuture.completedFuture(null);
        }
        return group.put(key, new byte[VALUE_BYTES])
                .handle((done, problem) -> {
                    if (problem == null) {
                        micros.add((System.nanoTime() - began) / 1000);
                    } else {
                        failed.incrementAndGet();
                    }
                    return null;
                })
                .thenComposeAsync(done -> loop(group, key, end, micros, failed));
    }

    /** One writer, the leader killed (or frozen) at a random moment: the longest time between two writes that were acknowledged. */
    private void failover(ServerGroup group, boolean freeze) {
        List<Long> gaps = new ArrayList<>();
        for (int trial = 0; trial < trials; trial++) {
            Await.pause(500 + random.nextInt(4000)); // also soon after the last victim is back
            gaps.add(gapMs(group, freeze));
        }
        List<Long> sorted = gaps.stream().sorted().toList();
        say(
                "%s %s leader, %d trials: write gap p50 %d ms, p90 %d ms, p99 %d ms, max %d ms; all %s",
                group.name(),
                freeze ? "frozen" : "killed",
                trials,
                at(sorted, 50),
                at(sorted, 90),
                at(sorted, 99),
                sorted.get(sorted.size() - 1),
                gaps);
    }

    private long gapMs(ServerGroup group, boolean freeze) {
        AtomicBoolean stop = new AtomicBoolean();
        AtomicReference<Long> longest = new AtomicReference<>(0L);
        AtomicReference<Long> struck = new AtomicReference<>(0L);
        AtomicInteger after = new AtomicInteger();
        Thread writer = new Thread(() -> write(group, stop, struck, longest, after), "writer");
        writer.start();
        Await.pause(300 + random.nextInt(700));
        int leader = group.leader();
        ProcessHandle victim = group.process(leader);
        struck.set(System.nanoTime());
        if (freeze) {
            signal(victim, "STOP");
        } else {
            victim.destroyForcibly();
        }
        Await.that(
                "writes to go on",
                TRIAL_LIMIT,
                () -> after.get() > 5 ? java.util.Optional.of(true) : java.util.Optional.empty());
        if (freeze) {
            signal(victim, "CONT");
            Await.pause(2_000);
        } else {
            Await.that(
                    "the victim to end",
                    TRIAL_LIMIT,
                    () -> victim.isAlive() ? java.util.Optional.empty() : java.util.Optional.of(true));
            group.restart(leader);
        }
        stop.set(true);
        join(writer);
        return longest.get() / 1_000_000;
    }

    private static void write(
            ServerGroup group,
            AtomicBoolean stop,
            AtomicReference<Long> struck,
            AtomicReference<Long> longest,
            AtomicInteger after) {
        long last = System.nanoTime();
        while (!stop.get()) {
            put(group, "w");
            long now = System.nanoTime();
            if (struck.get() != 0) {
                if (after.get() <= 5) {
                    longest.set(Math.max(longest.get(), now - last));
                }
                if (last > struck.get()) {
                    after.incrementAndGet();
                }
            }
            last = now;
        }
    }

    private void calm(ServerGroup group) {
        int before = group.elections();
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(calmSeconds);
        int pauses = 0;
        while (System.nanoTime() < end) {
            ProcessHandle one = group.process(pauses++ % ServerGroup.SERVERS);
            signal(one, "STOP");
            Await.pause(electionTimeoutMs / 2);
            signal(one, "CONT");
            Await.pause(1_000 + random.nextInt(1_000));
        }
        int paused = group.elections() - before;
        say(
                "%s calm: %d pauses of %d ms, the leader's among them: %d elections",
                group.name(), pauses, electionTimeoutMs / 2, paused);
        try (Starvation hungry = Starvation.of(group.processes(), 0.2)) {
            int then = group.elections();
            Await.pause(calmSeconds * 1000L);
            say(
                    "%s starved to 0.2 core (%s) beside two busy loops for %d s: %d elections",
                    group.name(), hungry.how(), calmSeconds, group.elections() - then);
        }
    }

    private static void signal(ProcessHandle process, String name) {
        try {
            new ProcessBuilder("kill", "-" + name, Long.toString(process.pid()))
                    .inheritIO()
                    .start()
                    .waitFor();
        } catch (IOException e) {
            throw new UncheckedIOException("kill cannot be run", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void join(Thread thread) {
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static long at(List<Long> sorted, int percent) {
        return sorted.isEmpty()
                ? 0
                : sorted.get(Math.min(sorted.size() - 1, (int) Math.ceil(sorted.size() * percent / 100.0) - 1));
    }

    private static void say(String format, Object... values) {
        System.out.printf(Locale.ROOT, format + "%n", values);
        System.out.flush();
    }

    static void delete(Path directory) throws IOException {
        try (var files = Files.walk(directory)) {
            for (Path file : files.sorted(java.util.Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        }
    }
}
