package io.vmha.recovery.core;

import java.util.List;

/**
 * What the voters, asked by the leader, say of some hosts: what they and their observers see, and from which boot the renewals came.
 */
public record Testimony(List<Sighting> sightings, List<BootStatement> boots) {
    public Testimony {
        sightings = List.copyOf(sightings);
        boots = List.copyOf(boots);
    }

    /** Nothing has been said. */
    public static Testimony none() {
        return new Testimony(List.of(), List.of());
    }
}
