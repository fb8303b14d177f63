package io.vmha.testcluster.model;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/** The list of runs in {@code docs/tla/runs.txt}; every mistake in it is reported, with its line. */
public final class ModelRuns {
    private static final String FORM = "expected NAME | MODULE | small or large | holds or an invariant | SETTINGS";

    private final Path file;
    private final Map<String, SortedMap<String, String>> bases = new TreeMap<>();
    private final Map<String, ModelRun> runs = new LinkedHashMap<>();
    private final List<String> problems = new ArrayList<>();

    private ModelRuns(Path file) {
        this.file = file;
    }

    /**
     * Reads the list.
     *
     * @throws ModelException with all that is wrong with it
     */
    public static List<ModelRun> read(Path file) {
        var list = new ModelRuns(file);
        try {
            int number = 0;
            for (String line : Files.readAllLines(file, StandardCharsets.UTF_8)) {
                list.line(++number, line.strip());
            }
        } catch (IOException e) {
            throw new ModelException("the list of runs cannot be read: " + file + ": " + e, e);
        }
        if (!list.problems.isEmpty()) {
            throw new ModelException(String.join("\n", list.problems));
        }
        return List.copyOf(list.runs.values());
    }

    private void line(int number, String line) {
        if (line.isEmpty() || line.startsWith("#")) {
            return;
        }
        if (line.startsWith("base ")) {
            String[] words = line.substring("base ".length()).strip().split("\\s+", 2);
            bases.put(words[0], settings(number, words.length > 1 ? words[1] : ""));
            return;
        }
        String[] fields = line.split("\\|", -1);
        if (fields.length != 5) {
            problem(number, FORM + ", found " + fields.length + " fields");
            return;
        }
        String module = fields[1].strip();
        SortedMap<String, String> base = bases.get(module);
        Optional<ModelRun.Scope> scope = scope(fields[2].strip());
        if (base == null) {
            problem(number, "no line \"base " + module + " ...\" stands before it");
        } else if (scope.isEmpty()) {
            problem(number, FORM + ", found the scope \"" + fields[2].strip() + "\"");
        } else {
            var all = new TreeMap<>(base);
            all.putAll(settings(number, fields[4].strip()));
            String expected = fields[3].strip();
            var run = new ModelRun(
                    fields[0].strip(),
                    module,
                    scope.get(),
                    expected.equals("holds") ? Optional.empty() : Optional.of(expected),
                    all);
            if (runs.put(run.name(), run) != null) {
                problem(number, "a second run has the name \"" + run.name() + "\"");
            }
        }
    }

    private static Optional<ModelRun.Scope> scope(String word) {
        for (ModelRun.Scope scope : ModelRun.Scope.values()) {
            if (scope.name().equals(word)) {
                return Optional.of(scope);
            }
        }
        return Optional.empty();
    }

    private SortedMap<String, String> settings(int number, String text) {
        var settings = new TreeMap<String, String>();
        for (String word : text.split("\\s+", -1)) {
            int sign = word.indexOf('=');
            if (sign > 0) {
                settings.put(word.substring(0, sign), word.substring(sign + 1));
            } else if (!word.isEmpty()) {
                problem(number, "expected CONSTANT=VALUE without blanks, found \"" + word + "\"");
            }
        }
        return settings;
    }

    private void problem(int number, String what) {
        problems.add(file + " line " + number + ": " + what);
    }
}
