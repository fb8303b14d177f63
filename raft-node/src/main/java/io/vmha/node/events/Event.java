package io.vmha.node.events;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Optional;

/**
 * Something that happened, as the group has committed it.
 *
 * @param id the same on every node and after every change of leader, so that a receiver can leave out what it has already
 * @param atMs wall-clock time of the node that proposed it, in milliseconds since 1970
 * @param index the log index at which the group learned of it
 * @param incident the incident that it belongs to
 * @param host the host that it is about
 * @param text one sentence for people
 */
public record Event(
        String id, long atMs, long index, Kind kind, Optional<Long> incident, Optional<String> host, String text) {
    /** What an event is about. */
    public enum Kind {
        /** a line of an incident's story */
        INCIDENT,
        /** an incident waits for a person's approval */
        HELD,
        /** an incident is closed; the text is its report */
        CLOSED,
        /** a host has come into service, left it, or begun another life */
        HOST,
        /** a VM has died on a host that lives, or was restarted, or waits for a person */
        VM,
        /** a drain or a drill has gone a step further */
        UPKEEP,
        /** HA was enabled, disabled, armed or disarmed */
        AZ
    }

    /** The event as the webhook sends it. */
    public ObjectNode document(String az) {
        ObjectNode node = JsonNodeFactory.instance
                .objectNode()
                .put("id", id)
                .put("az", az)
                .put("at_ms", atMs)
                .put("index", index)
                .put("kind", kind.name().toLowerCase(java.util.Locale.ROOT));
        incident.ifPresent(number -> node.put("incident", number));
        host.ifPresent(name -> node.put("host", name));
        return node.put("text", text);
    }
}
