package io.vmha.testcluster.faults;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** What a number of runs comes to: a line for each, as a table that can be kept, and the sums. */
final class SoakTotals {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String HEAD = """
        | seed | faults | bit | evacuate calls | fenced | violated | cannot be told |
        |---|---|---|---|---|---|---|
        """;

    private final Path table;
    private int runs;
    private int failedBeds;
    private long faults;
    private long bitten;
    private final Map<String, Integer> violated = new TreeMap<>();

    /** @param table the file of the lines; what is in it already stays */
    SoakTotals(Path table) {
        this.table = table;
        if (!Files.exists(table)) {
            append(HEAD);
        }
    }

    /** Takes in the JSON of a run that has ended; without one the test bed has failed. */
    void add(long seed, Path report) {
        if (!Files.exists(report)) {
            failedBeds++;
            append("| " + seed + " | the test bed failed | | | | | |\n");
            return;
        }
        JsonNode run = read(report);
        long began = count(run, "fault", "", "");
        long shown = count(run, "bite", "bit", "true");
        runs++;
        faults += began;
        bitten += shown;
        String against = ids(run, "VIOLATED");
        for (JsonNode finding : run.path("findings")) {
            if (finding.path("verdict").asText().equals("VIOLATED")) {
                violated.merge(finding.path("id").asText(), 1, Integer::sum);
            }
        }
        append(String.format(
                Locale.ROOT,
                "| %d | %d | %d | %d | %d | %s | %s |%n",
                seed,
                began,
                shown,
                evacuations(run),
                fences(run),
                against,
                ids(run, "UNKNOWN")));
    }

    /** One line for a person. */
    String words() {
        return String.format(
                Locale.ROOT,
                "%d runs, %d faults, %d of them shown to have bitten; violated: %s%s",
                runs,
                faults,
                bitten,
                violated.isEmpty() ? "nothing" : violated,
                failedBeds == 0 ? "" : "; the test bed failed " + failedBeds + " times");
    }

    private static String ids(JsonNode run, String verdict) {
        var ids = new StringBuilder();
        for (JsonNode finding : run.path("findings")) {
            if (finding.path("verdict").asText().equals(verdict)) {
                ids.append(ids.isEmpty() ? "" : ", ").append(finding.path("id").asText());
            }
        }
        return ids.isEmpty() ? "–" : ids.toString();
    }

    private static long evacuations(JsonNode run) {
        long calls = 0;
        for (JsonNode event : run.path("events")) {
            if (event.has("evacuates") && event.path("committed").asBoolean()) {
                calls++;
            }
        }
        return calls;
    }

    private static long fences(JsonNode run) {
        long fences = 0;
        for (JsonNode event : run.path("events")) {
            if (event.path("k").asText().equals("power")
                    && !event.path("on").asBoolean()
                    && event.path("by").asText().equals("its BMC")) {
                fences++;
            }
        }
        return fences;
    }

    private static long count(JsonNode run, String kind, String field, String value) {
        long events = 0;
        for (JsonNode event : run.path("events")) {
            if (event.path("k").asText().equals(kind)
                    && (field.isEmpty() || event.path(field).asText().equals(value))) {
                events++;
            }
        }
        return events;
    }

    private static JsonNode read(Path file) {
        try {
            return JSON.readTree(file.toFile());
        } catch (IOException e) {
            throw new UncheckedIOException("the run's report " + file + " cannot be read: " + e.getMessage(), e);
        }
    }

    private void append(String text) {
        try {
            Files.writeString(table, text, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        } catch (IOException e) {
            throw new UncheckedIOException("the table " + table + " cannot be written: " + e.getMessage(), e);
        }
    }
}
