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
import java.util.stream.Collectors;

/** I3 and I12: what became of each VM, and whether somebody can say why. */
final class Endings {
    /** A guest that beat this shortly before the end runs at the end. */
    private static final long ALIVE_MS = 3_000;

    private Endings() {}

    static Finding exactlyOne(History history) {
        List<Event> shown = history.of(Kinds.SERVERS);
        if (shown.isEmpty()) {
            return Finding.of("Nova was not asked", List.of(), List.of("the end of the run is not in this history"));
        }
        Event end = shown.get(shown.size() - 1);
        var against = new ArrayList<String>();
        Map<String, List<String>> running = runningAt(history, end.atMs());
        Set<String> failed = reported(history, "failed");
        for (JsonNode server : end.data().path("servers")) {
            String id = server.path("id").asText();
            String status = server.path("status").asText();
            List<String> hosts = running.getOrDefault(id, List.of());
            String what = server.path("name").asText() + " (" + id + ") is " + status + " on "
                    + server.path("host").asText()
                    + (server.path("task").asText().isEmpty()
                            ? ""
                            : ", " + server.path("task").asText()) + ", and runs on " + hosts;
            boolean right = switch (status) {
                case "ACTIVE" ->
                    hosts.equals(List.of(server.path("host").asText()))
                            && server.path("task").asText().isEmpty();
                case "SHUTOFF" -> hosts.isEmpty();
                default -> failed.contains(id) && hosts.isEmpty();
            };
            if (!right) {
                against.add(what);
            }
        }
        against.addAll(withoutOneEnding(history));
        return Finding.of(end.data().path("servers").size() + " VMs at the end", against, List.of());
    }

    private static Map<String, List<String>> runningAt(History history, long atMs) {
        Map<String, List<String>> running = new TreeMap<>();
        for (Event life : history.of(Kinds.GUEST)) {
            if (life.number("to_ms", 0) >= atMs - ALIVE_MS) {
                running.computeIfAbsent(life.text("vm"), vm -> new ArrayList<>())
                        .add(life.text("host"));
            }
        }
        return running;
    }

    private static List<String> withoutOneEnding(History history) {
        var against = new ArrayList<String>();
        for (JsonNode incident : incidents(history).values()) {
            if (!incident.path("phase").asText().equals("closed")) {
                continue;
            }
            for (JsonNode recovery : incident.path("recoveries")) {
                for (JsonNode vm : recovery.path("vms")) {
                    if (!vm.path("ending").isTextual()) {
                        against.add("incident " + incident.path("id").asText() + " is closed, but "
                                + vm.path("name").asText() + " has no ending");
                    }
                }
            }
        }
        return against;
    }

    /** The incidents of the replica that has applied most, by their numbers. */
    static Map<Long, JsonNode> incidents(History history) {
        Map<Long, JsonNode> incidents = new TreeMap<>();
        for (Event replica : history.of(Kinds.REPLICA)) {
            for (JsonNode incident : replica.data().path("incidents")) {
                // a summary, which older incidents are given as where the full document could not be had, never
                // replaces the full one
                incidents.merge(
                        incident.path("id").asLong(),
                        incident,
                        (old, now) -> now.has("recoveries") || !old.has("recoveries") ? now : old);
            }
        }
        return incidents;
    }

    private static Set<String> reported(History history, String ending) {
        var vms = new TreeSet<String>();
        for (JsonNode incident : incidents(history).values()) {
            for (JsonNode recovery : incident.path("recoveries")) {
                for (JsonNode vm : recovery.path("vms")) {
                    if (vm.path("ending").asText().equals(ending)) {
                        vms.add(vm.path("id").asText());
                    }
                }
            }
        }
        return vms;
    }

    static Finding explained(History history) {
        Map<Long, JsonNode> incidents = incidents(history);
        List<Event> calls = Calls.evacuations(history);
        if (incidents.isEmpty() && !calls.isEmpty()) {
            return Finding.of(
                    calls.size() + " evacuate calls", List.of(), List.of("no replica's incidents are in this history"));
        }
        var against = new ArrayList<String>();
        var vms = calls.stream().map(call -> call.text("evacuates")).collect(Collectors.toCollection(TreeSet::new));
        for (String vm : vms) {
            boolean explained = incidents.values().stream().anyMatch(incident -> explains(incident, vm));
            if (!explained) {
                against.add(vm + " was evacuated, but no incident with a certificate and a story names it");
            }
        }
        return Finding.of(
                vms.size() + " VMs were evacuated, in " + incidents.size() + " incidents", against, List.of());
    }

    private static boolean explains(JsonNode incident, String vm) {
        for (JsonNode recovery : incident.path("recoveries")) {
            if (recovery.path("vms").findValuesAsText("id").contains(vm)
                    && !recovery.at("/certificate/proof").asText("").isEmpty()
                    && !recovery.at("/certificate/detail").asText("").isEmpty()
                    && incident.path("story").size() > 0) {
                return true;
            }
        }
        return false;
    }
}
