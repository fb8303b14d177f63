package io.vmha.node.events;

import io.vmha.recovery.core.AzSettings;
import io.vmha.recovery.core.HostName;
import io.vmha.recovery.core.HostRecord;
import io.vmha.recovery.core.Incident;
import io.vmha.recovery.core.IncidentId;
import io.vmha.recovery.core.IncidentReport;
import io.vmha.recovery.core.Note;
import io.vmha.recovery.core.RecoveryState;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Tells what is new in a committed state. The first state that it sees is where it begins: of that, only the stories of open incidents are
 * told, because the leader before may have died before it told them. So an event may be told twice, by two leaders, with the same id.
 *
 * <p>Not safe for use by several threads at a time.
 */
final class EventFeed {
    private RecoveryState seen = RecoveryState.empty();
    private final Map<IncidentId, Long> told = new TreeMap<>();
    private boolean begun;

    /** What has happened since the state before, oldest first. */
    List<Event> onState(RecoveryState state, long nowMs) {
        var events = new ArrayList<Event>();
        for (Incident incident : state.incidents().values()) {
            if (begun || incident.phase() != Incident.Phase.CLOSED) {
                incident(state, incident, events);
            } else {
                told.put(incident.id(), state.applied().index());
            }
        }
        if (begun) {
            state.hosts().values().forEach(record -> host(state, record, nowMs, events));
            az(state, nowMs, events);
            UpkeepEvents.between(seen.upkeep(), state, events);
        }
        told.keySet().retainAll(state.incidents().keySet());
        seen = state;
        begun = true;
        return events;
    }

    /** The next state is a beginning: what happens until then is another leader's to tell. */
    void rest() {
        begun = false;
        told.clear();
    }

    private void incident(RecoveryState state, Incident incident, List<Event> events) {
        long after = told.getOrDefault(incident.id(), 0L);
        long number = incident.id().value();
        long last = after;
        int line = 0;
        for (Note note : incident.story()) {
            line = note.index() == last ? line + 1 : 0;
            last = note.index();
            if (note.index() > after) {
                events.add(new Event(
                        "incident-" + number + "-" + note.index() + "-" + line,
                        note.atMs(),
                        note.index(),
                        Event.Kind.INCIDENT,
                        Optional.of(number),
                        Optional.empty(),
                        note.text()));
            }
        }
        told.put(incident.id(), Math.max(after, last));
        Optional<Incident.Phase> before =
                Optional.ofNullable(seen.incidents().get(incident.id())).map(Incident::phase);
        if (!before.equals(Optional.of(incident.phase()))) {
            phase(state, incident).ifPresent(events::add);
        }
    }

    private static Optional<Event> phase(RecoveryState state, Incident incident) {
        long number = incident.id().value();
        return switch (incident.phase()) {
            case HELD ->
                Optional.of(new Event(
                        "incident-" + number + "-held",
                        incident.openedAtMs(),
                        state.applied().index(),
                        Event.Kind.HELD,
                        Optional.of(number),
                        Optional.empty(),
                        "waits for a person: " + incident.heldBecause().orElse("held")
                                + "; approve it with: vmha incidents approve " + number));
            case OPEN -> Optional.empty();
            case CLOSED ->
                Optional.of(new Event(
                        "incident-" + number + "-closed",
                        incident.closedAtMs(),
                        state.applied().index(),
                        Event.Kind.CLOSED,
                        Optional.of(number),
                        Optional.empty(),
                        IncidentReport.of(incident).summary()));
        };
    }

    private void host(RecoveryState state, HostRecord record, long nowMs, List<Event> events) {
        HostRecord before = seen.hosts().get(record.host());
        String now = words(record);
        if (before == null || !words(before).equals(now)) {
            events.add(new Event(
                    "host-" + record.host() + "-" + state.applied().index(),
                    nowMs,
                    state.applied().index(),
                    Event.Kind.HOST,
                    Optional.empty(),
                    Optional.of(record.host().value()),
                    record.host() + " is " + now));
        }
    }

    private static String words(HostRecord record) {
        return record.status().name().toLowerCase(Locale.ROOT).replace('_', ' ')
                + (record.maintenance() ? ", in maintenance" : "") + ", epoch " + record.epoch();
    }

    private void az(RecoveryState state, long nowMs, List<Event> events) {
        String before = words(seen.az());
        String now = words(state.az());
        if (!before.equals(now)) {
            events.add(new Event(
                    "az-" + state.applied().index(),
                    nowMs,
                    state.applied().index(),
                    Event.Kind.AZ,
                    Optional.empty(),
                    Optional.empty(),
                    "HA is " + now));
        }
        for (HostName gone : seen.hosts().keySet()) {
            if (!state.hosts().containsKey(gone)) {
                events.add(new Event(
                        "host-" + gone + "-" + state.applied().index(),
                        nowMs,
                        state.applied().index(),
                        Event.Kind.HOST,
                        Optional.empty(),
                        Optional.of(gone.value()),
                        gone + " has left the aggregate"));
            }
        }
    }

    private static String words(Optional<AzSettings> az) {
        return az.filter(AzSettings::enabled)
                .map(a -> a.armed() ? "enabled" : "enabled and disarmed: incidents are held")
                .orElse("disabled");
    }
}
