package io.vmha.node.documents;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.vmha.recovery.core.HostRecovery;
import io.vmha.recovery.core.Incident;
import io.vmha.recovery.core.IncidentReport;
import io.vmha.recovery.core.Note;
import io.vmha.recovery.core.RecoveryState;
import io.vmha.recovery.core.VmRecovery;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.OptionalLong;

/**
 * Incidents, in short and in full. {@code …_at} is ISO 8601, {@code …_at_ms} milliseconds since 1970: the wall clock of the leader that
 * declared the incident, carried on by monotonic clocks, so that their differences are durations.
 */
final class IncidentDocuments {
    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

    private IncidentDocuments() {}

    /** All that are kept, the newest first, in short. */
    static ArrayNode list(RecoveryState state) {
        ArrayNode list = JSON.arrayNode();
        newestFirst(state).forEach(i -> list.add(summary(i)));
        return list;
    }

    static List<Incident> newestFirst(RecoveryState state) {
        var incidents = new ArrayList<>(state.incidents().values());
        Collections.reverse(incidents);
        return incidents;
    }

    static ObjectNode summary(Incident incident) {
        IncidentReport report = IncidentReport.of(incident);
        ObjectNode node = JSON.objectNode()
                .put("id", incident.id().value())
                .put("phase", incident.phase().name().toLowerCase(Locale.ROOT))
                .put("held_because", incident.heldBecause().orElse(null));
        at(node, "opened", incident.openedAtMs());
        at(node, "closed", incident.closedAtMs());
        report.hosts().forEach(h -> node.withArray("hosts").add(h.value()));
        int total = report.recovered() + report.left() + report.failed() + report.underWay();
        node.putObject("vms")
                .put("total", total)
                .put("recovered", report.recovered())
                .put("left", report.left())
                .put("failed", report.failed())
                .put("under_way", report.underWay());
        ObjectNode times = node.putObject("times");
        put(times, "certificate_ms", report.certificateMs());
        put(times, "confirmed_ms", report.confirmedMs());
        put(times, "forced_down_ms", report.forcedDownMs());
        put(times, "planned_ms", report.plannedMs());
        put(times, "first_call_ms", report.firstCallMs());
        put(times, "last_ended_ms", report.lastEndedMs());
        put(times, "closed_ms", report.closedMs());
        return node.put("summary", report.summary());
    }

    /** Everything that is committed about an incident. */
    static ObjectNode full(Incident incident) {
        return full(incident, Incident.STORY_MAX);
    }

    /**
     * An incident with the newest lines of its story only.
     *
     * @param storyMax how many; {@code story_left_out} says how many more there are
     */
    static ObjectNode full(Incident incident, int storyMax) {
        ObjectNode node = summary(incident);
        ArrayNode recoveries = node.putArray("recoveries");
        incident.hosts().values().forEach(h -> recoveries.add(recovery(h)));
        List<Note> story = incident.story();
        int skip = Math.max(0, story.size() - storyMax);
        node.put("story_left_out", skip);
        node.set("story", story(story.subList(skip, story.size())));
        return node;
    }

    static ArrayNode story(List<Note> notes) {
        ArrayNode story = JSON.arrayNode();
        for (Note note : notes) {
            ObjectNode line = story.addObject();
            line.put("at", Instant.ofEpochMilli(note.atMs()).toString())
                    .put("at_ms", note.atMs())
                    .put("index", note.index())
                    .put("text", note.text());
        }
        return story;
    }

    private static ObjectNode recovery(HostRecovery host) {
        ObjectNode node = JSON.objectNode().put("host", host.host().value()).put("epoch", host.epoch());
        ArrayNode witnesses = node.putArray("witnesses");
        host.witnesses()
                .forEach(w -> witnesses.addObject().put("source", w.source()).put("statement", w.statement()));
        node.put("fence_attempts", host.fenceAttempts());
        host.certificate()
                .ifPresentOrElse(
                        c -> {
                            ObjectNode certificate = node.putObject("certificate")
                                    .put("proof", c.proof().name())
                                    .put("detail", c.detail())
                                    .put("term", c.term())
                                    .put("index", c.index());
                            at(certificate, "committed", c.atMs());
                        },
                        () -> node.putNull("certificate"));
        node.put("confirmed", host.confirmed())
                .put("forced_down", host.forcedDown())
                .put("planned", host.planned());
        ArrayNode vms = node.putArray("vms");
        inOrder(host).forEach(vm -> vms.add(vm(vm)));
        return node;
    }

    static List<VmRecovery> inOrder(HostRecovery host) {
        return host.vms().values().stream()
                .sorted(Comparator.comparingInt(VmRecovery::order).thenComparing(VmRecovery::server))
                .toList();
    }

    static ObjectNode vm(VmRecovery vm) {
        ObjectNode node = JSON.objectNode()
                .put("id", vm.server().value())
                .put("name", vm.name())
                .put("former_status", vm.formerStatus())
                .put("order", vm.order())
                .put("step", vm.step().name().toLowerCase(Locale.ROOT))
                .put("attempts", vm.attempts());
        put(node, "migration", vm.migration());
        vm.ending()
                .ifPresentOrElse(
                        e -> node.put("ending", e.kind().name().toLowerCase(Locale.ROOT))
                                .put("detail", e.detail()),
                        () -> node.putNull("ending").putNull("detail"));
        at(node, "requested", vm.requestedAtMs());
        at(node, "ended", vm.endedAtMs());
        return node;
    }

    private static void at(ObjectNode node, String what, long atMs) {
        if (atMs > 0) {
            node.put(what + "_at", Instant.ofEpochMilli(atMs).toString()).put(what + "_at_ms", atMs);
        } else {
            node.putNull(what + "_at").putNull(what + "_at_ms");
        }
    }

    private static void put(ObjectNode node, String key, OptionalLong value) {
        value.ifPresentOrElse(v -> node.put(key, v), () -> node.putNull(key));
    }
}
