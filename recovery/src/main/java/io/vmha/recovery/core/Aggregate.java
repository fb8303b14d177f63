package io.vmha.recovery.core;

import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** A Nova host aggregate. One with an availability zone is what a Raft group protects. */
public record Aggregate(
        long id, String name, Optional<String> availabilityZone, List<HostName> hosts, Map<String, String> metadata) {
    public Aggregate {
        hosts = hosts.stream().sorted().distinct().toList();
        metadata = Collections.unmodifiableSortedMap(new TreeMap<>(metadata));
    }
}
