package io.vmha.testcluster.history;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.vmha.testcluster.history.Operation.Action;
import io.vmha.testcluster.history.Operation.Outcome;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Histories on disk: one JSON object in each line, so that a history that was judged wrong can be looked at and judged again. */
public final class HistoryFile {
    private static final ObjectMapper JSON = new ObjectMapper();

    private HistoryFile() {}

    /** Writes a history, over what there was. */
    public static void write(Path file, Collection<Operation> history) {
        try (var out = Files.newBufferedWriter(file)) {
            for (Operation call : history) {
                out.write(line(call).toString());
                out.write('\n');
            }
        } catch (IOException e) {
            throw new UncheckedIOException("the history cannot be written to " + file, e);
        }
    }

    /** Reads what {@link #write} wrote. */
    public static List<Operation> read(Path file) {
        var history = new ArrayList<Operation>();
        try {
            for (String line : Files.readAllLines(file)) {
                history.add(operation(JSON.readTree(line)));
            }
        } catch (IOException | IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    file + ", line " + (history.size() + 1) + ": expected a call as HistoryFile writes it: "
                            + e.getMessage(),
                    e);
        }
        return history;
    }

    private static ObjectNode line(Operation call) {
        ObjectNode line = JSON.createObjectNode()
                .put("client", call.client())
                .put("key", call.key())
                .put("action", call.action().name().toLowerCase(Locale.ROOT))
                .put("argument", call.argument());
        call.expected().ifPresent(e -> line.put("expected", e));
        call.answer().ifPresent(a -> line.put("answer", a));
        return line.put("outcome", call.outcome().name().toLowerCase(Locale.ROOT))
                .put("from", call.invokedAt())
                .put("to", call.endedAt());
    }

    private static Operation operation(JsonNode line) {
        return new Operation(
                line.path("client").asText(),
                line.path("key").asText(),
                Action.valueOf(line.path("action").asText().toUpperCase(Locale.ROOT)),
                line.path("argument").asText(),
                text(line, "expected"),
                text(line, "answer"),
                Outcome.valueOf(line.path("outcome").asText().toUpperCase(Locale.ROOT)),
                line.path("from").asLong(),
                line.path("to").asLong());
    }

    private static Optional<String> text(JsonNode line, String field) {
        return Optional.ofNullable(line.get(field)).map(JsonNode::asText);
    }
}
