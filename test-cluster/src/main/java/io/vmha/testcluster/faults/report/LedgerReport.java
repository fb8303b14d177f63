package io.vmha.testcluster.faults.report;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** The summary of a {@link Ledger}: Markdown to be kept, and one page for people. */
public final class LedgerReport {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String SAFETY = "I1 I1d I2 I5 I8 I9 I10";

    private LedgerReport() {}

    /** How often a nemesis was met, over all runs. */
    private record Met(String family, String name, long begun, long bit) {}

    /** One line for a person. */
    public static String words(Ledger ledger) {
        Map<String, Integer> violated = new TreeMap<>();
        ledger.runs()
                .forEach(run -> run.path("violations")
                        .forEach(
                                violation -> violated.merge(violation.path("id").asText(), 1, Integer::sum)));
        long failed = ledger.runs().stream()
                .filter(run -> run.path("bed_failed").asBoolean())
                .count();
        return String.format(
                Locale.ROOT,
                "%d runs, %d faults, %d of them shown to have bitten; %d hosts switched off by BMCs, %d evacuate calls,"
                        + " %d answered operations on the store; violated: %s%s",
                ledger.runs().size() - failed,
                ledger.faults(),
                sum(ledger, "bit"),
                sum(ledger, "switched_off"),
                sum(ledger, "evacuate_calls"),
                sum(ledger, "answered_operations"),
                violated.isEmpty() ? "nothing" : violated,
                failed == 0 ? "" : "; the test bed failed " + failed + " times");
    }

    private static long sum(Ledger ledger, String field) {
        return ledger.runs().stream().mapToLong(run -> run.path(field).asLong()).sum();
    }

    private static List<Met> nemeses(Ledger ledger) {
        Map<String, Met> met = new TreeMap<>();
        for (JsonNode run : ledger.runs()) {
            for (Map.Entry<String, JsonNode> fault : run.path("faults").properties()) {
                JsonNode its = fault.getValue();
                var one = new Met(
                        its.path("family").asText(),
                        fault.getKey(),
                        its.path("begun").asLong(),
                        its.path("bit").asLong());
                met.merge(
                        one.name(),
                        one,
                        (a, b) -> new Met(a.family(), a.name(), a.begun() + b.begun(), a.bit() + b.bit()));
            }
        }
        var sorted = new ArrayList<>(met.values());
        sorted.sort(Comparator.comparing(Met::family).thenComparing(Met::name));
        return sorted;
    }

    private static String violations(JsonNode run) {
        var ids = new ArrayList<String>();
        run.path("violations").forEach(violation -> ids.add(violation.path("id").asText()));
        return ids.isEmpty() ? "–" : String.join(", ", ids);
    }

    /** As Markdown. */
    public static String markdown(Ledger ledger) {
        var text = new StringBuilder(words(ledger)).append(".\n\n");
        text.append("| run | commit | seed | seconds | faults | bit | switched off | evacuate calls | violated |\n");
        text.append("|---|---|---|---|---|---|---|---|---|\n");
        for (JsonNode run : ledger.runs()) {
            String date = run.path("date").asText();
            text.append("| ")
                    .append(date, 0, Math.min(16, date.length()))
                    .append(
                            run.path("scenario").asText().isEmpty()
                                    ? ""
                                    : " " + run.path("scenario").asText())
                    .append(" | ")
                    .append(run.path("commit").asText())
                    .append(" | ")
                    .append(run.path("seed").asText())
                    .append(" | ");
            if (run.path("bed_failed").asBoolean()) {
                text.append("the test bed failed | | | | | |\n");
                continue;
            }
            for (String field : List.of("seconds", "begun", "bit", "switched_off", "evacuate_calls")) {
                text.append(run.path(field).asLong()).append(" | ");
            }
            text.append(violations(run)).append(" |\n");
        }
        text.append("\n| family | nemesis | begun | bit |\n|---|---|---|---|\n");
        for (Met met : nemeses(ledger)) {
            text.append("| " + met.family() + " | " + met.name() + " | " + met.begun() + " | " + met.bit() + " |\n");
        }
        for (JsonNode run : ledger.runs()) {
            for (JsonNode violation : run.path("violations")) {
                text.append("\nSeed " + run.path("seed").asText() + ", "
                        + violation.path("id").asText() + ": "
                        + violation.path("summary").asText() + "\n");
                violation.path("evidence").forEach(line -> text.append("- " + line.asText() + "\n"));
            }
        }
        return text.toString();
    }

    /** Writes {@code summary.md} and {@code summary.html} into a directory. */
    public static void write(Ledger ledger, Path directory) {
        ObjectNode document = JsonNodeFactory.instance.objectNode();
        document.put("words", words(ledger)).put("safety", SAFETY);
        ArrayNode runs = document.putArray("runs");
        ledger.runs().forEach(runs::add);
        ArrayNode nemeses = document.putArray("nemeses");
        nemeses(ledger)
                .forEach(met -> nemeses.addObject()
                        .put("family", met.family())
                        .put("name", met.name())
                        .put("begun", met.begun())
                        .put("bit", met.bit()));
        try (InputStream template =
                LedgerReport.class.getResourceAsStream("/io/vmha/testcluster/faults/report/ledger.html")) {
            if (template == null) {
                throw new IllegalStateException("ledger.html is missing from the class path");
            }
            String page = new String(template.readAllBytes(), StandardCharsets.UTF_8);
            String data = JSON.writeValueAsString(document).replace("<", "\\u003c");
            Files.writeString(directory.resolve("summary.html"), page.replace("/*DOCUMENT*/null", data));
            Files.writeString(directory.resolve("summary.md"), markdown(ledger));
        } catch (IOException e) {
            throw new UncheckedIOException("the summary in " + directory + " cannot be written: " + e.getMessage(), e);
        }
    }
}
