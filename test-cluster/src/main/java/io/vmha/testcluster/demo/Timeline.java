package io.vmha.testcluster.demo;

import com.fasterxml.jackson.databind.JsonNode;
import io.vmha.testcluster.cluster.ClusterHost;
import io.vmha.testcluster.cluster.NodeClient;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.TreeMap;

/**
 * Watches the daemons through their HTTP API and prints what is new, timed from the moment the power was cut. Each of them tells its news a
 * little later than it happened, so an event is held back for a moment in which an earlier one may still arrive.
 */
final class Timeline {
    private static final double HELD_BACK_S = 2;

    private record Event(double seconds, int number, String who, String what) {}

    private final NodeClient client;
    private final Screen screen;
    private final long cutAtWallMs;
    private final Set<String> told = new HashSet<>();
    private final PriorityQueue<Event> waiting =
            new PriorityQueue<>(Comparator.comparingDouble(Event::seconds).thenComparingInt(Event::number));
    private int events;
    private String leader = "";

    Timeline(NodeClient client, Screen screen, long cutAtWallMs, String leader) {
        this.client = client;
        this.screen = screen;
        this.cutAtWallMs = cutAtWallMs;
        this.leader = leader;
    }

    /** Looks at all living daemons once; the newest view of the group, if any gave one. */
    Optional<JsonNode> look(List<ClusterHost> living) {
        Optional<JsonNode> newest = Optional.empty();
        long newestIndex = -1;
        for (ClusterHost host : living) {
            Optional<JsonNode> view = client.get(host, "/v1/view");
            if (view.isPresent()) {
                members(host, view.get());
                leader(host, view.get());
                long index = view.get().at("/azs/0/applied_index").asLong(-1);
                if (index > newestIndex) {
                    newestIndex = index;
                    newest = view;
                }
            }
        }
        newest.ifPresent(view -> view.path("incidents").forEach(this::story));
        print(secondsSinceCut() - HELD_BACK_S);
        return newest;
    }

    /** Prints what is still held back. */
    void flush() {
        print(Double.MAX_VALUE);
    }

    private void print(double untilSeconds) {
        while (!waiting.isEmpty() && waiting.peek().seconds() <= untilSeconds) {
            Event event = waiting.poll();
            screen.event(event.seconds(), event.who(), event.what());
        }
    }

    private double secondsSinceCut() {
        return (System.currentTimeMillis() - cutAtWallMs) / 1000.0;
    }

    private void members(ClusterHost host, JsonNode view) {
        for (JsonNode member : view.path("members")) {
            String name = member.path("name").asText();
            switch (member.path("status").asText()) {
                case "failed" ->
                    say("failed " + host.name() + " " + name, host.name(), "gossip: " + name + " has failed");
                case "suspect" ->
                    say(
                            "suspect " + host.name() + " " + name,
                            host.name(),
                            "gossip: " + name + " does not answer (suspect)");
                default -> {}
            }
        }
    }

    private void leader(ClusterHost host, JsonNode view) {
        String now = view.at("/leader/host").asText("");
        boolean itself = now.equals(host.name()) && view.path("role").asText().equals("leader");
        if (itself && !now.equals(leader)) {
            leader = now;
            say(
                    "leader " + now + view.path("term"),
                    host.name(),
                    "leads now, term " + view.path("term").asText());
        }
    }

    private void story(JsonNode incident) {
        for (JsonNode note : incident.path("story")) {
            String text = note.path("text").asText();
            String key = "note " + incident.path("id").asText() + " "
                    + note.path("index").asText() + " " + text;
            if (told.add(key)) {
                waiting.add(new Event(
                        (note.path("at_ms").asLong() - cutAtWallMs) / 1000.0,
                        events++,
                        "incident " + incident.path("id").asText(),
                        text));
            }
        }
    }

    private void say(String key, String who, String what) {
        if (told.add(key)) {
            waiting.add(new Event(secondsSinceCut(), events++, who, what));
        }
    }

    /** The incidents that name a host, by number. */
    static Map<Long, JsonNode> incidents(JsonNode view) {
        var found = new TreeMap<Long, JsonNode>();
        for (JsonNode incident : view.path("incidents")) {
            found.put(incident.path("id").asLong(), incident);
        }
        return found;
    }
}
