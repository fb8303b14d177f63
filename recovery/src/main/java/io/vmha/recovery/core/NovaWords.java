package io.vmha.recovery.core;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Whether Nova still hears a silent host's nova-compute: its heartbeat moves from one reading to the next. No clock of Nova's is trusted. */
final class NovaWords {
    private record Reading(Optional<String> heartbeat, boolean moved, boolean up) {}

    private final Map<HostName, Reading> readings = new TreeMap<>();

    /** @param silent the hosts that have been silent since before this was read */
    void on(List<ComputeService> services, Collection<HostName> silent) {
        for (ComputeService service : services) {
            if (silent.contains(service.host())) {
                Reading last = readings.get(service.host());
                boolean moved = last != null
                        && last.heartbeat().isPresent()
                        && !last.heartbeat().equals(service.heartbeat());
                readings.put(service.host(), new Reading(service.heartbeat(), moved, service.up()));
            }
        }
    }

    /** True if the heartbeat has moved while the host was silent towards us. */
    boolean isHeard(HostName host) {
        return readings.containsKey(host) && readings.get(host).moved();
    }

    Optional<Witness> witness(HostName host) {
        return Optional.ofNullable(readings.get(host))
                .map(r -> new Witness(
                        "nova",
                        "its nova-compute is " + (r.up() ? "up" : "down")
                                + (r.moved() ? " and has reported meanwhile" : ", without a new report so far")));
    }

    void keepOnly(Collection<HostName> silent) {
        readings.keySet().retainAll(silent);
    }

    void forget() {
        readings.clear();
    }
}
