package io.vmha.testcluster.faults.report;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.vmha.testcluster.faults.history.Kinds;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/**
 * What a number of runs comes to: a file of one JSON document a line, one for each run, to which soaks of many days add. Nothing is lost in
 * it: neither what was violated nor a test bed that could not be made.
 */
public final class Ledger {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;
    private static final int EVIDENCE_KEPT = 3;
    private static final int RUNS_MAX = 100_000;

    private final Path file;
    private final List<JsonNode> runs = new ArrayList<>();

    private Ledger(Path file) {
        this.file = file;
    }

    /** The ledger of a file, which need not exist yet. */
    public static Ledger open(Path file) {
        var ledger = new Ledger(file);
        if (Files.exists(file)) {
            try {
                ledger.mend();
                for (String line : Files.readAllLines(file)) {
                    if (!line.isBlank()) {
                        ledger.take(JSON.readTree(line));
                    }
                }
            } catch (IOException e) {
                throw new UncheckedIOException("the ledger " + file + " cannot be read: " + e.getMessage(), e);
            }
        }
        return ledger;
    }

    /** A soak that was killed as it wrote leaves a line without its end: it is dropped, for the run's own report is still there. */
    private void mend() throws IOException {
        byte[] all = Files.readAllBytes(file);
        int end = all.length;
        while (end > 0 && all[end - 1] != '\n') {
            end--;
        }
        if (end < all.length) {
            try (var channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
                channel.truncate(end);
            }
        }
    }

    private void take(JsonNode run) {
        if (runs.size() >= RUNS_MAX) {
            throw new IllegalStateException(file + " holds " + RUNS_MAX + " runs; begin another");
        }
        runs.add(run);
    }

    /** Takes in the JSON report of a run that has ended. */
    public void add(Path report) {
        JsonNode document;
        try {
            document = JSON.readTree(report.toFile());
        } catch (IOException e) {
            throw new UncheckedIOException("the run's report " + report + " cannot be read: " + e.getMessage(), e);
        }
        JsonNode run = document.path("run");
        if (!run.path("seed").isIntegralNumber()) {
            throw new IllegalArgumentException("expected a run's JSON report with run.seed but found something else in "
                    + report + ": it is what faults run --json FILE writes");
        }
        if (runs.stream().anyMatch(r -> isSame(r, run))) {
            throw new IllegalArgumentException(
                    "the run of " + report + " is in " + file + " already: its faults would count twice");
        }
        append(summaryOf(document));
    }

    private static boolean isSame(JsonNode one, JsonNode other) {
        return one.path("date").isTextual()
                && one.path("date").equals(other.path("date"))
                && one.path("seed").asLong() == other.path("seed").asLong();
    }

    /** A run of which there is no report: its test bed has failed. */
    public void addFailedBed(long seed) {
        append(NODES.objectNode()
                .put("date", Instant.now().toString())
                .put("seed", seed)
                .put("bed_failed", true));
    }

    private void append(ObjectNode run) {
        take(run);
        try {
            Files.writeString(
                    file, JSON.writeValueAsString(run) + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        } catch (IOException e) {
            throw new UncheckedIOException("the ledger " + file + " cannot be written: " + e.getMessage(), e);
        }
    }

    /** The runs, in the order in which they were added. */
    public List<JsonNode> runs() {
        return List.copyOf(runs);
    }

    /** How many faults were begun in all of them. */
    public long faults() {
        return runs.stream().mapToLong(run -> run.path("begun").asLong()).sum();
    }

    /** The highest seed of a run; 0 where there is none. */
    public long lastSeed() {
        return runs.stream().mapToLong(run -> run.path("seed").asLong()).max().orElse(0);
    }

    private static ObjectNode summaryOf(JsonNode report) {
        ObjectNode run = NODES.objectNode();
        for (String field : List.of(
                "date", "seed", "scenario", "hosts", "vms_per_host", "version", "commit", "machine", "nova", "again")) {
            if (report.path("run").has(field)) {
                run.set(field, report.path("run").path(field));
            }
        }
        run.put("seconds", report.path("ended_ms").asLong() / 1_000);
        faults(report, run);
        ObjectNode invariants = run.putObject("invariants");
        ArrayNode violations = run.putArray("violations");
        for (JsonNode finding : report.path("findings")) {
            invariants.put(finding.path("id").asText(), finding.path("verdict").asText());
            if (finding.path("verdict").asText().equals("VIOLATED")) {
                ObjectNode violation = violations
                        .addObject()
                        .put("id", finding.path("id").asText())
                        .put("summary", finding.path("summary").asText());
                ArrayNode evidence = violation.putArray("evidence");
                for (int i = 0;
                        i < EVIDENCE_KEPT && i < finding.path("evidence").size();
                        i++) {
                    evidence.add(finding.path("evidence").path(i));
                }
            }
        }
        return run;
    }

    private static void faults(JsonNode report, ObjectNode run) {
        ObjectNode faults = NODES.objectNode();
        ObjectNode names = NODES.objectNode();
        long begun = 0;
        long bit = 0;
        long fences = 0;
        long calls = 0;
        for (JsonNode event : report.path("events")) {
            String kind = event.path("k").asText();
            if (kind.equals(Kinds.FAULT)) {
                begun++;
                names.set(event.path("id").asText(), event.path("name"));
                ObjectNode one = faults.withObject("/" + event.path("name").asText());
                one.put("family", event.path("family").asText())
                        .put("begun", one.path("begun").asLong() + 1)
                        .put("bit", one.path("bit").asLong());
            } else if (kind.equals(Kinds.BITE) && event.path("bit").asBoolean()) {
                bit++;
                ObjectNode one = faults.withObject(
                        "/" + names.path(event.path("id").asText()).asText());
                one.put("bit", one.path("bit").asLong() + 1);
            } else if (kind.equals(Kinds.POWER)) {
                fences += !event.path("on").asBoolean()
                                && event.path("by").asText().equals("its BMC")
                        ? 1
                        : 0;
            } else if (kind.equals(Kinds.NOVA)) {
                calls += event.has("evacuates") && event.path("committed").asBoolean() ? 1 : 0;
            }
        }
        long answered = 0;
        for (JsonNode operation : report.path("operations")) {
            answered += operation.path(3).asText().equals("DONE") ? 1 : 0;
        }
        run.put("begun", begun)
                .put("bit", bit)
                .put("evacuate_calls", calls)
                .put("switched_off", fences)
                .put("answered_operations", answered)
                .set("faults", faults);
    }
}
