package io.vmha.testcluster.cloud;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/** Nova's record of one aggregate. Guarded by the {@link Region} it belongs to. */
final class AggregateRecord {
    static final String AZ_KEY = "availability_zone";

    final long id;
    final String uuid = UUID.randomUUID().toString();
    final long createdAtMs;
    final List<String> hosts = new ArrayList<>();
    final Map<String, String> metadata = new LinkedHashMap<>();
    String name;
    Optional<Long> updatedAtMs = Optional.empty();

    AggregateRecord(long id, String name, long nowMs) {
        this.id = id;
        this.name = name;
        this.createdAtMs = nowMs;
    }

    Optional<String> az() {
        return Optional.ofNullable(metadata.get(AZ_KEY));
    }
}
