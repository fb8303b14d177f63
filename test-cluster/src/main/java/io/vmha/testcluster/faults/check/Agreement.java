package io.vmha.testcluster.faults.check;

import com.fasterxml.jackson.databind.JsonNode;
import io.vmha.testcluster.faults.history.Event;
import io.vmha.testcluster.faults.history.History;
import io.vmha.testcluster.faults.history.Kinds;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** I6, I7 and C: replicas, views of the pool, and the end of every trouble. */
final class Agreement {
    private Agreement() {}

    static Finding sameState(History history) {
        Map<Long, List<Event>> byIndex = new TreeMap<>();
        for (Event replica : history.of(Kinds.REPLICA)) {
            if (replica.number("index", -1) >= 0) {
                byIndex.computeIfAbsent(replica.number("index", -1), index -> new ArrayList<>())
                        .add(replica);
            }
        }
        var against = new ArrayList<String>();
        long compared = 0;
        for (var entry : byIndex.entrySet()) {
            Event first = entry.getValue().get(0);
            for (Event other : entry.getValue().subList(1, entry.getValue().size())) {
                compared++;
                boolean same = first.data()
                                .path("incidents")
                                .equals(other.data().path("incidents"))
                        && first.data().path("hosts").equals(other.data().path("hosts"));
                if (!same) {
                    against.add("at index " + entry.getKey() + " " + first.text("host") + " and " + other.text("host")
                            + " differ: " + difference(first.data(), other.data()));
                }
            }
        }
        List<String> doubts = compared == 0 ? List.of("no two replicas were seen at the same index") : List.of();
        against.addAll(differentDigests(history));
        return Finding.of(compared + " pairs of replicas at the same index", against, doubts);
    }

    /** The keys and sessions are in these digests as well. */
    private static List<String> differentDigests(History history) {
        Map<String, Map<String, Set<String>>> hostsByDigest = new TreeMap<>();
        for (Event state : history.of(Kinds.STATE)) {
            hostsByDigest
                    .computeIfAbsent(
                            state.text("group") + " at index " + state.number("index", -1), at -> new TreeMap<>())
                    .computeIfAbsent(state.text("digest"), digest -> new TreeSet<>())
                    .add(state.text("host"));
        }
        return hostsByDigest.entrySet().stream()
                .filter(at -> at.getValue().size() > 1)
                .map(at -> "the states of group " + at.getKey() + " differ: " + at.getValue())
                .toList();
    }

    private static String difference(JsonNode one, JsonNode other) {
        if (!one.path("hosts").equals(other.path("hosts"))) {
            return one.path("hosts") + " against " + other.path("hosts");
        }
        for (int i = 0; i < one.path("incidents").size(); i++) {
            if (!one.path("incidents").path(i).equals(other.path("incidents").path(i))) {
                return "incident " + one.path("incidents").path(i).path("id").asText();
            }
        }
        return "the number of incidents";
    }

    static Finding samePool(History history) {
        var against = new ArrayList<String>();
        List<Event> views = history.of(Kinds.POOL);
        var wanted = new TreeSet<String>();
        views.forEach(view -> wanted.addAll(view.texts("wanted")));
        for (Event view : views) {
            var alive = new TreeSet<>(view.texts("alive"));
            alive.removeIf(name -> !name.startsWith("hv-"));
            if (!alive.equals(wanted)) {
                against.add(view.text("host") + " sees " + alive + ", but the truth is " + wanted);
            }
        }
        List<String> doubts = views.isEmpty() ? List.of("no view of the pool is in this history") : List.of();
        return Finding.of(views.size() + " views of the pool", against, doubts);
    }

    static Finding converged(History history) {
        List<Event> healings = history.of(Kinds.CONVERGED);
        var against = new ArrayList<String>();
        long slowest = 0;
        for (Event healing : healings) {
            slowest = Math.max(slowest, healing.number("took_ms", 0));
            if (!healing.isTrue("ok")) {
                against.add("at " + healing.atMs() + " ms, " + healing.number("took_ms", 0) + " ms after the healing: "
                        + healing.text("why"));
            }
        }
        List<String> doubts = healings.isEmpty() ? List.of("nothing was healed in this history") : List.of();
        return Finding.of(healings.size() + " healings, the slowest took " + slowest / 1000.0 + " s", against, doubts);
    }
}
