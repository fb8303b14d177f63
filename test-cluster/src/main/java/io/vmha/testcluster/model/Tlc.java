package io.vmha.testcluster.model;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** The model checker TLC, one child process for each run: it keeps its state in static fields and ends its JVM. */
public final class Tlc {
    private static final int EXIT_HOLDS = 0;
    private static final int EXIT_INVARIANT = 12;
    private static final int EXIT_LIVENESS = 13;
    private static final Pattern STATES = Pattern.compile("([\\d,]+) distinct states found");
    private static final Pattern INVARIANT = Pattern.compile("Invariant (\\w+) is violated");
    private static final Pattern STEP = Pattern.compile("State \\d+: <(\\w+)");
    private static final Pattern VARIABLE = Pattern.compile("/\\\\ (\\w+) = ((?:(?!\\n/\\\\).)*)", Pattern.DOTALL);

    private final Path folder;
    private final String heap;

    /**
     * @param folder where the modules are
     * @param heapMb the memory of one run, in MiB
     */
    public Tlc(Path folder, int heapMb) {
        this.folder = folder;
        this.heap = "-Xmx" + heapMb + "m";
    }

    /** Runs to the end, or until the time is over. Leaves nothing behind. */
    public ModelResult run(ModelRun run, Duration limit) {
        Path work = null;
        try {
            work = Files.createTempDirectory("vmha-model");
            try (Stream<Path> modules = Files.list(folder)) {
                for (Path module :
                        modules.filter(f -> f.toString().endsWith(".tla")).toList()) {
                    Files.copy(module, work.resolve(module.getFileName().toString()));
                }
            }
            Files.writeString(work.resolve("run.cfg"), run.configuration(), StandardCharsets.UTF_8);
            return runIn(work, run, limit);
        } catch (IOException e) {
            throw new UncheckedIOException("TLC cannot be run in " + work + ": " + e.getMessage(), e);
        } finally {
            remove(work);
        }
    }

    private ModelResult runIn(Path work, ModelRun run, Duration limit) throws IOException {
        Path output = work.resolve("output");
        long startedNs = System.nanoTime();
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        heap,
                        "-XX:+UseSerialGC",
                        "-Djava.io.tmpdir=" + work, // TLC unpacks its modules there, and removes what another one reads
                        "-cp",
                        System.getProperty("java.class.path"),
                        "tlc2.TLC",
                        "-deadlock",
                        "-workers",
                        "1",
                        "-metadir",
                        "states",
                        "-config",
                        "run.cfg",
                        run.module() + ".tla")
                .directory(work.toFile())
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        boolean ended = false;
        try {
            ended = process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            process.destroyForcibly().onExit().join();
        }
        double seconds = (System.nanoTime() - startedNs) / 1e9;
        return result(Files.readString(output, StandardCharsets.UTF_8), ended ? process.exitValue() : -1, run, seconds);
    }

    /** Reads what TLC has written. An exit status of -1 says that its time was over. */
    static ModelResult result(String output, int exit, ModelRun run, double seconds) {
        long states = 0;
        Matcher counted = STATES.matcher(output);
        while (counted.find()) {
            states = Long.parseLong(counted.group(1).replace(",", ""));
        }
        return switch (exit) {
            case EXIT_HOLDS -> new ModelResult(ModelResult.Outcome.HOLDS, "", states, seconds, List.of());
            case EXIT_INVARIANT -> {
                Matcher invariant = INVARIANT.matcher(output);
                String name = invariant.find() ? invariant.group(1) : "an invariant";
                yield new ModelResult(ModelResult.Outcome.FAILS, name, states, seconds, trace(output));
            }
            case EXIT_LIVENESS ->
                new ModelResult(
                        ModelResult.Outcome.FAILS,
                        run.settings().getOrDefault("property", "a property"),
                        states,
                        seconds,
                        trace(output));
            case -1 -> new ModelResult(ModelResult.Outcome.UNFINISHED, "time over", states, seconds, List.of());
            default ->
                new ModelResult(
                        ModelResult.Outcome.BROKEN,
                        "TLC ended with status " + exit,
                        states,
                        seconds,
                        output.lines().filter(l -> !l.isBlank()).limit(40).toList());
        };
    }

    /** The steps of TLC's trace, each with the variables that it changes. */
    private static List<String> trace(String output) {
        var steps = new ArrayList<String>();
        Map<String, String> before = new TreeMap<>();
        for (String block : output.split("\n\n", -1)) {
            Matcher step = STEP.matcher(block);
            if (!step.find()) {
                continue;
            }
            var after = new TreeMap<String, String>();
            Matcher variable = VARIABLE.matcher(block);
            while (variable.find()) {
                after.put(variable.group(1), variable.group(2).strip().replaceAll("\\s+", " "));
            }
            var line = new StringBuilder(step.group(1));
            if (!before.isEmpty()) {
                after.forEach((name, value) -> {
                    if (!value.equals(before.get(name))) {
                        line.append("  ").append(name).append(" = ").append(value);
                    }
                });
            }
            steps.add(line.toString());
            before.clear();
            before.putAll(after);
        }
        return steps;
    }

    private static void remove(Path folder) {
        if (folder == null) {
            return;
        }
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("not removed: " + folder + ": " + e.getMessage(), e);
        }
    }
}
