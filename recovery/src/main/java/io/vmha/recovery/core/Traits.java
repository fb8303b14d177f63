package io.vmha.recovery.core;

import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What recovery looks at in a VM besides its state: whose it is, how large, what it was made of.
 *
 * @param image the image's id; empty if it boots from a volume
 * @param imageProperties the image's properties, if they were asked for
 * @param imageTags the image's tags, if they were asked for
 * @param lockedReason who holds the lock and why, where Nova tells (2.73)
 * @param addresses its IP addresses, in Nova's order
 * @param fault why Nova holds it in {@code error}, in Nova's words
 */
public record Traits(
        String project,
        Optional<String> image,
        SortedMap<String, String> imageProperties,
        List<String> imageTags,
        SortedMap<String, String> flavorSpecs,
        int vcpus,
        int memoryMb,
        Optional<String> lockedReason,
        List<String> addresses,
        Optional<String> fault) {
    /** Nothing is known. */
    public static final Traits NONE = new Traits(
            "",
            Optional.empty(),
            new TreeMap<>(),
            List.of(),
            new TreeMap<>(),
            0,
            0,
            Optional.empty(),
            List.of(),
            Optional.empty());

    public Traits {
        imageProperties = Collections.unmodifiableSortedMap(new TreeMap<>(imageProperties));
        imageTags = List.copyOf(imageTags);
        flavorSpecs = Collections.unmodifiableSortedMap(new TreeMap<>(flavorSpecs));
        addresses = List.copyOf(addresses);
    }

    /** With what Glance says of the image. */
    public Traits withImage(Map<String, String> properties, List<String> tags) {
        return new Traits(
                project,
                image,
                new TreeMap<>(properties),
                tags,
                flavorSpecs,
                vcpus,
                memoryMb,
                lockedReason,
                addresses,
                fault);
    }
}
