package io.vmha.recovery.core;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * One failure: one host, or all hosts lost in one cut. The unit that operators see.
 *
 * @param heldBecause why nothing is done until a person approves, while HELD; afterwards why it was held
 * @param story what happened, oldest first; at most {@link #STORY_MAX} lines
 */
public record Incident(
        IncidentId id,
        Phase phase,
        Optional<String> heldBecause,
        long openedAtMs,
        long closedAtMs,
        SortedMap<HostName, HostRecovery> hosts,
        List<Note> story) {
    /** Lines kept of one incident; the newest win, the first hundred are kept too, so that the beginning can always be read. */
    public static final int STORY_MAX = 5_000;

    private static final int STORY_HEAD = 100;

    /** Where an incident is. */
    public enum Phase {
        HELD,
        OPEN,
        CLOSED
    }

    public Incident {
        hosts = Collections.unmodifiableSortedMap(new TreeMap<>(hosts));
        story = List.copyOf(story);
    }

    /** True if every host is certified and every VM has its ending (S13). */
    public boolean hasEnded() {
        return hosts.values().stream().allMatch(h -> h.mayEvacuate() && h.hasEnded());
    }

    /** True if it is open because a person let it go on after it had been held. */
    public boolean isApproved() {
        return phase == Phase.OPEN && heldBecause.isPresent();
    }

    Incident with(HostRecovery host) {
        var changed = new TreeMap<>(hosts);
        changed.put(host.host(), host);
        return new Incident(id, phase, heldBecause, openedAtMs, closedAtMs, changed, story);
    }

    /** The same without one host, about which there is nothing to be done. */
    Incident without(HostName host) {
        var rest = new TreeMap<>(hosts);
        rest.remove(host);
        return new Incident(id, phase, heldBecause, openedAtMs, closedAtMs, rest, story);
    }

    Incident held(String why) {
        return new Incident(id, Phase.HELD, Optional.of(why), openedAtMs, closedAtMs, hosts, story);
    }

    Incident with(Phase next, long atMs) {
        return new Incident(id, next, heldBecause, openedAtMs, next == Phase.CLOSED ? atMs : closedAtMs, hosts, story);
    }

    Incident tell(Note note) {
        var longer = new ArrayList<>(story);
        if (longer.size() >= STORY_MAX) {
            longer.remove(STORY_HEAD);
        }
        longer.add(note);
        return new Incident(id, phase, heldBecause, openedAtMs, closedAtMs, hosts, longer);
    }
}
