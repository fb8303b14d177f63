package io.vmha.testcluster.faults.run;

import com.fasterxml.jackson.databind.JsonNode;
import io.vmha.testcluster.faults.history.Kinds;
import io.vmha.testcluster.faults.lab.LabException;
import io.vmha.testcluster.faults.lab.LabHost;
import io.vmha.testcluster.faults.lab.TestBed;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Notes, all the time, who says that it leads, and what every daemon uses. */
final class Observer implements AutoCloseable {
    private static final long PERIOD_MS = 700;
    private static final int SAMPLE_EVERY = 8;
    private static final long THREADS_USUAL = 80; // with more it matters which they are
    private static final Duration LIMIT = Duration.ofMillis(1_500);

    private final TestBed bed;
    private final AtomicBoolean ended = new AtomicBoolean();
    private final Thread thread = new Thread(this::watch, "observer");
    private final Map<String, String> lastSeen = new TreeMap<>();

    Observer(TestBed bed) {
        this.bed = bed;
        thread.setDaemon(true);
        thread.start();
    }

    private void watch() {
        for (long turn = 0; !ended.get(); turn++) {
            try {
                views();
                if (turn % SAMPLE_EVERY == 0) {
                    bed.living().forEach(this::sample);
                }
            } catch (LabException e) {
                // a daemon ended while it was looked at
            }
            java.util.concurrent.locks.LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(PERIOD_MS));
        }
    }

    /** Only what has changed is noted. */
    private void views() {
        var living = bed.living();
        Map<LabHost, JsonNode> views = bed.daemons().get(living, "/v1/leader", LIMIT);
        for (LabHost host : bed.hosts()) {
            JsonNode view = views.get(host);
            String role = view == null ? "silent" : view.path("role").asText("");
            long term = view == null ? -1 : view.path("term").asLong();
            String leader = view == null ? "" : view.at("/leader/host").asText("");
            String seen = role + " " + term + " " + leader;
            if (!seen.equals(lastSeen.put(host.name(), seen))) {
                bed.history()
                        .record(
                                Kinds.VIEW,
                                event -> event.put("host", host.name())
                                        .put("role", role)
                                        .put("term", term)
                                        .put("leader", leader));
            }
        }
    }

    private void sample(LabHost host) {
        long pid = bed.daemon(host).pid();
        if (pid == 0) {
            return;
        }
        try {
            Map<String, Long> status = new TreeMap<>();
            for (String line : Files.readAllLines(Path.of("/proc", Long.toString(pid), "status"))) {
                String[] words = line.split("\\s+", -1);
                if (words.length > 1 && words[1].matches("\\d{1,18}")) {
                    status.put(words[0], Long.parseLong(words[1]));
                }
            }
            long data = kib(bed.daemon(host).dataFromOutside().resolve("raft"));
            long threads = status.getOrDefault("Threads:", 0L);
            Map<String, Long> kinds = threads > THREADS_USUAL ? threadKinds(pid) : Map.of();
            bed.history().record(Kinds.SAMPLE, event -> {
                event.put("host", host.name())
                        .put("rss_kib", status.getOrDefault("VmRSS:", 0L))
                        .put("threads", threads)
                        .put("data_kib", data);
                kinds.forEach(event.withObject("/kinds")::put);
            });
        } catch (IOException e) {
            // it ended meanwhile
        }
    }

    /** How many threads of each name there are; numbers in names do not count, and the kernel knows 15 letters of each. */
    private static Map<String, Long> threadKinds(long pid) {
        try (Stream<Path> tasks = Files.list(Path.of("/proc", Long.toString(pid), "task"))) {
            return tasks.map(Observer::nameOf)
                    .collect(Collectors.groupingBy(name -> name, TreeMap::new, Collectors.counting()));
        } catch (IOException | UncheckedIOException e) {
            return Map.of(); // it ended meanwhile
        }
    }

    private static String nameOf(Path task) {
        try {
            return Files.readString(task.resolve("comm"), StandardCharsets.ISO_8859_1)
                    .strip()
                    .replaceAll("\\d+", "N");
        } catch (IOException e) {
            return "ended"; // between the listing and the look
        }
    }

    private static long kib(Path directory) {
        if (!Files.isDirectory(directory)) {
            return 0;
        }
        try (Stream<Path> files = Files.walk(directory)) {
            return files.mapToLong(file ->
                                    Files.isRegularFile(file) ? file.toFile().length() : 0)
                            .sum()
                    >> 10;
        } catch (IOException | UncheckedIOException e) {
            return 0; // a file went away while it was counted
        }
    }

    @Override
    public void close() {
        ended.set(true);
        try {
            thread.join(5_000);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
