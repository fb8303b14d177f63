package io.vmha.recovery.core;

import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Collections;
import java.util.NavigableSet;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Which groups of an incident's VMs come after which: the database before the application. A dependency that is part of a circle is
 * ignored, for else nobody of the circle would ever begin; so is one on a group that has lost no VM.
 */
final class Groups {
    private final SortedMap<String, NavigableSet<String>> after = new TreeMap<>();
    private final NavigableSet<String> circular = new TreeSet<>();

    private Groups() {}

    static Groups of(Collection<VmRecovery> vms) {
        var groups = new Groups();
        for (VmRecovery vm : vms) {
            String name = vm.brief().group();
            if (!name.isEmpty()) {
                groups.after
                        .computeIfAbsent(name, n -> new TreeSet<>())
                        .addAll(vm.brief().after());
            }
        }
        groups.after.keySet().stream().filter(groups::reachesItself).forEach(groups.circular::add);
        return groups;
    }

    private boolean reachesItself(String group) {
        var seen = new TreeSet<String>();
        var ahead = new ArrayDeque<>(after.get(group));
        while (!ahead.isEmpty()) {
            String next = ahead.poll();
            if (next.equals(group)) {
                return true;
            }
            if (seen.add(next)) {
                ahead.addAll(after.getOrDefault(next, Collections.emptyNavigableSet()));
            }
        }
        return false;
    }

    /** The groups that wait for each other in a circle. */
    NavigableSet<String> circular() {
        return Collections.unmodifiableNavigableSet(circular);
    }

    /** The groups that must be ready before this VM's turn. */
    NavigableSet<String> before(VmRecovery vm) {
        var wanted = new TreeSet<>(vm.brief().after());
        wanted.remove(vm.brief().group());
        if (circular.contains(vm.brief().group())) {
            wanted.removeAll(circular);
        }
        wanted.retainAll(after.keySet());
        return wanted;
    }
}
