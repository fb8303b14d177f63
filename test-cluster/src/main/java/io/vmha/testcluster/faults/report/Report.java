package io.vmha.testcluster.faults.report;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.vmha.testcluster.faults.check.Finding;
import io.vmha.testcluster.faults.check.Invariant;
import io.vmha.testcluster.faults.history.Event;
import io.vmha.testcluster.faults.history.History;
import io.vmha.testcluster.faults.history.Kinds;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** Makes the report's document of a history and its findings, and the page of the document. */
public final class Report {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;
    /** What the page shows as it is; the rest is summed up. */
    private static final List<String> SHOWN = List.of(
            Kinds.FAULT,
            Kinds.BITE,
            Kinds.HEALED,
            Kinds.POWER,
            Kinds.DAEMON,
            Kinds.NOVA,
            Kinds.VIEW,
            Kinds.GUEST,
            Kinds.CONVERGED,
            Kinds.OPERATOR,
            Kinds.NOTE,
            Kinds.SAMPLE);

    private static final int EVENTS_MAX = 60_000;

    private Report() {}

    /** The version of what was tested. */
    public static String version() {
        String version = Report.class.getPackage().getImplementationVersion();
        return version == null ? "development" : version;
    }

    /** Everything that the page shows. */
    public static ObjectNode document(History history, Map<Invariant, Finding> findings) {
        ObjectNode document = NODES.objectNode();
        List<Event> all = history.all();
        all.stream()
                .filter(e -> e.kind().equals(Kinds.RUN))
                .findFirst()
                .ifPresent(run -> document.set("run", run.data()));
        ArrayNode judged = document.putArray("findings");
        findings.forEach((invariant, finding) -> {
            ObjectNode node = judged.addObject()
                    .put("id", invariant.id())
                    .put("title", invariant.title())
                    .put("verdict", finding.verdict().name())
                    .put("summary", finding.summary());
            finding.evidence().forEach(node.putArray("evidence")::add);
        });
        document.put("ended_ms", all.isEmpty() ? 0 : all.get(all.size() - 1).atMs());
        ArrayNode events = document.putArray("events");
        int shown = 0;
        for (Event event : all) {
            if (SHOWN.contains(event.kind()) && shown < EVENTS_MAX) {
                shown++;
                ObjectNode node = events.addObject().put("t", event.atMs()).put("k", event.kind());
                node.setAll(event.data());
                node.remove("body");
            }
        }
        ObjectNode names = document.putObject("names");
        history.of(Kinds.SERVERS)
                .forEach(servers -> servers.data()
                        .path("servers")
                        .forEach(server -> names.put(
                                server.path("id").asText(), server.path("name").asText())));
        document.set("operations", operations(history));
        document.set("incidents", incidents(history));
        return document;
    }

    /** Each operation in four numbers or words: when, how long, what, how it ended. */
    private static ArrayNode operations(History history) {
        ArrayNode list = NODES.arrayNode();
        for (Event operation : history.of(Kinds.OPERATION)) {
            long took = operation.number("to_ns", 0) - operation.number("from_ns", 0);
            list.addArray()
                    .add(operation.atMs())
                    .add(Math.max(0, took / 1_000_000L))
                    .add(operation.text("action"))
                    .add(operation.text("outcome"));
        }
        return list;
    }

    /** The incidents as the replica that has applied most holds them. */
    private static JsonNode incidents(History history) {
        JsonNode incidents = NODES.arrayNode();
        long index = -1;
        for (Event replica : history.of(Kinds.REPLICA)) {
            if (replica.number("index", -1) > index) {
                index = replica.number("index", -1);
                incidents = replica.data().path("incidents");
            }
        }
        return incidents;
    }

    /** Writes the page. */
    public static void write(ObjectNode document, Path file) {
        try (InputStream template =
                Report.class.getResourceAsStream("/io/vmha/testcluster/faults/report/report.html")) {
            if (template == null) {
                throw new IllegalStateException("report.html is missing from the class path");
            }
            String page = new String(template.readAllBytes(), StandardCharsets.UTF_8);
            // inside a script element nothing but its end tag means anything to a browser
            String data = JSON.writeValueAsString(document).replace("<", "\\u003c");
            Files.writeString(file, page.replace("/*DOCUMENT*/null", data));
        } catch (IOException e) {
            throw new UncheckedIOException("the report cannot be written to " + file + ": " + e.getMessage(), e);
        }
    }

    /** Writes a document for programs. */
    public static void writeJson(JsonNode document, Path file) {
        try {
            JSON.writerWithDefaultPrettyPrinter().writeValue(file.toFile(), document);
        } catch (IOException e) {
            throw new UncheckedIOException("the report cannot be written to " + file + ": " + e.getMessage(), e);
        }
    }
}
