package io.vmha.recovery.core;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What the group looks after on hosts that live: VMs whose guests died, nova-computes that are down, hosts that are drained, drills.
 *
 * @param fallen the open ones, and the newest of those that are settled
 * @param drains the open ones, and the newest of each host
 * @param drills oldest first, the newest {@link #DRILLS_MAX}
 */
public record Upkeep(
        SortedMap<ServerId, FallenVm> fallen,
        SortedMap<HostName, Outage> outages,
        SortedMap<HostName, Drain> drains,
        List<Drill> drills) {
    /** VMs that have fallen, open or settled. */
    public static final int FALLEN_MAX = 200;

    /** More at a time is not a matter of single VMs any more. */
    static final int FALLEN_OPEN_MAX = 100;

    static final int DRAINS_MAX = 10;

    static final int DRILLS_MAX = 30;

    /** Nothing. */
    public static final Upkeep NONE = new Upkeep(new TreeMap<>(), new TreeMap<>(), new TreeMap<>(), List.of());

    public Upkeep {
        fallen = Collections.unmodifiableSortedMap(new TreeMap<>(fallen));
        outages = Collections.unmodifiableSortedMap(new TreeMap<>(outages));
        drains = Collections.unmodifiableSortedMap(new TreeMap<>(drains));
        drills = List.copyOf(drills);
    }

    /** Those that somebody still has to do something about. */
    public List<FallenVm> openFallen() {
        return fallen.values().stream().filter(vm -> vm.phase().isOpen()).toList();
    }

    /** The drain that is not over. */
    public Optional<Drain> openDrain() {
        return drains.values().stream().filter(d -> d.phase().isOpen()).findFirst();
    }

    /** The drill that is not over. */
    public Optional<Drill> openDrill() {
        return drills.stream().filter(d -> d.phase().isOpen()).findFirst();
    }

    /** @param level the group's {@link FeatureLevel} */
    Upkeep with(FallenVm vm, int level) {
        var changed = new TreeMap<>(fallen);
        changed.put(vm.server(), vm);
        if (changed.size() > FALLEN_MAX) {
            // the open ones have a bound of their own; one in quarantine is counted anew when there are very many
            boolean quarantined = level >= FeatureLevel.QUEUES;
            changed.values().stream()
                    .filter(other -> !other.phase().isOpen())
                    .filter(other -> quarantined || other.phase() != FallenVm.Phase.QUARANTINED)
                    .min(Comparator.comparing((FallenVm other) -> other.phase() == FallenVm.Phase.QUARANTINED)
                            .thenComparingLong(FallenVm::sinceAtMs))
                    .map(FallenVm::server)
                    .ifPresent(changed::remove);
        }
        return new Upkeep(changed, outages, drains, drills);
    }

    Upkeep without(ServerId vm) {
        var rest = new TreeMap<>(fallen);
        rest.remove(vm);
        return new Upkeep(rest, outages, drains, drills);
    }

    Upkeep with(Outage outage) {
        var changed = new TreeMap<>(outages);
        changed.put(outage.host(), outage);
        return new Upkeep(fallen, changed, drains, drills);
    }

    Upkeep withoutOutage(HostName host) {
        var rest = new TreeMap<>(outages);
        rest.remove(host);
        return new Upkeep(fallen, rest, drains, drills);
    }

    Upkeep with(Drain drain) {
        var changed = new TreeMap<>(drains);
        changed.put(drain.host(), drain);
        if (changed.size() > DRAINS_MAX) {
            changed.values().stream()
                    .filter(other -> !other.phase().isOpen())
                    .min(Comparator.comparingLong(Drain::startedAtMs))
                    .map(Drain::host)
                    .ifPresent(changed::remove);
        }
        return new Upkeep(fallen, outages, changed, drills);
    }

    /** Takes the place of the drill with the same number, or is the newest. */
    Upkeep with(Drill drill) {
        var changed = new ArrayList<>(drills);
        changed.removeIf(other -> other.number() == drill.number());
        changed.add(drill);
        while (changed.size() > DRILLS_MAX) {
            changed.remove(0);
        }
        return new Upkeep(fallen, outages, drains, changed);
    }
}
