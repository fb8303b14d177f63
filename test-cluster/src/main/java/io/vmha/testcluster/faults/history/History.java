package io.vmha.testcluster.faults.history;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;

/** The events of a run, in the order of their times. Kept as a file of one JSON document a line. Safe for all threads. */
public final class History {
    private static final int EVENTS_MAX = 2_000_000;
    private static final ObjectMapper JSON = new ObjectMapper();

    private final List<Event> events = new ArrayList<>();
    private final long startedNanos;
    private final List<Consumer<Event>> listeners = new CopyOnWriteArrayList<>();

    private History(long startedNanos) {
        this.startedNanos = startedNanos;
    }

    /** A history that begins now. */
    public static History begin() {
        return new History(System.nanoTime());
    }

    /** A history of these events, for checkers. */
    public static History of(List<Event> events) {
        History history = new History(System.nanoTime());
        history.events.addAll(events);
        return history;
    }

    /** Hears every event from now on, on the thread that records it: it must not take long. */
    public void listen(Consumer<Event> listener) {
        listeners.add(listener);
    }

    /** Hears no more. */
    public void forget(Consumer<Event> listener) {
        listeners.remove(listener);
    }

    /** Milliseconds since the run began. */
    public long nowMs() {
        return atMs(System.nanoTime());
    }

    /** The time of this run at which CLOCK_MONOTONIC, which is what {@code System.nanoTime} reads on Linux, showed this. */
    public long atMs(long monotonicNanos) {
        return Math.floorDiv(monotonicNanos - startedNanos, 1_000_000L);
    }

    /** Notes that this happened now. */
    public Event record(String kind, Consumer<ObjectNode> fields) {
        return recordAt(nowMs(), kind, fields);
    }

    /** Notes that this happened at some time. */
    public synchronized Event recordAt(long atMs, String kind, Consumer<ObjectNode> fields) {
        if (events.size() >= EVENTS_MAX) {
            throw new IllegalStateException("the history is full (" + EVENTS_MAX + " events); use a shorter run");
        }
        ObjectNode data = JsonNodeFactory.instance.objectNode();
        fields.accept(data);
        var event = new Event(atMs, kind, data);
        events.add(event);
        listeners.forEach(listener -> listener.accept(event));
        return event;
    }

    /** All events, by their times; those of the same time as they were recorded. */
    public synchronized List<Event> all() {
        var sorted = new ArrayList<>(events);
        sorted.sort(Comparator.comparingLong(Event::atMs));
        return List.copyOf(sorted);
    }

    /** The events of one kind, by their times. */
    public List<Event> of(String kind) {
        return all().stream().filter(event -> event.kind().equals(kind)).toList();
    }

    /** Writes it as one JSON document a line. */
    public void write(Path file) {
        try (BufferedWriter out = Files.newBufferedWriter(file)) {
            for (Event event : all()) {
                ObjectNode line = JsonNodeFactory.instance.objectNode();
                line.put("at_ms", event.atMs()).put("kind", event.kind());
                line.setAll(event.data());
                out.write(JSON.writeValueAsString(line));
                out.write('\n');
            }
        } catch (IOException e) {
            throw new UncheckedIOException("the history cannot be written to " + file + ": " + e.getMessage(), e);
        }
    }

    /** Reads what {@link #write} wrote. */
    public static History read(Path file) {
        var events = new ArrayList<Event>();
        try (BufferedReader in = Files.newBufferedReader(file)) {
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                JsonNode node = JSON.readTree(line);
                if (!(node instanceof ObjectNode data)
                        || !data.path("at_ms").isIntegralNumber()
                        || !data.path("kind").isTextual()) {
                    throw new IllegalArgumentException("a line of " + file
                            + " must be a JSON object with at_ms and kind but is: "
                            + line.substring(0, Math.min(line.length(), 200)));
                }
                events.add(new Event(
                        data.remove("at_ms").asLong(), data.remove("kind").asText(), data));
            }
        } catch (NoSuchFileException e) {
            throw new IllegalArgumentException(
                    "there is no history " + file + "; faults run --history FILE keeps one", e);
        } catch (CharacterCodingException e) {
            throw new IllegalArgumentException(
                    "expected a history in " + file + " but found bytes that are no text", e);
        } catch (IOException e) {
            throw new UncheckedIOException("the history " + file + " cannot be read: " + e.getMessage(), e);
        }
        if (events.isEmpty()) {
            throw new IllegalArgumentException("the history " + file + " holds nothing, so nothing can be judged");
        }
        return of(events);
    }
}
