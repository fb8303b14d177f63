package io.vmha.gossip.observe;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Who observes whom: every host has {@link #OBSERVERS} observers, and observes as many. Immutable, and the same on every host that knows the
 * same names.
 *
 * <p>Each observer comes from a ring of its own, ordered by a hash of the names, so that hosts that stand side by side, and die together,
 * are not each other's only observers (Rapid, USENIX ATC 2018, section 4.1).
 */
public final class ObserverRing {
    /** Observers of each host; all others, if there are fewer. */
    public static final int OBSERVERS = 3;

    private static final long FNV_OFFSET = 0xcbf29ce484222325L;
    private static final long FNV_PRIME = 0x100000001b3L;

    private final SortedMap<String, List<String>> observers = new TreeMap<>();
    private final SortedMap<String, List<String>> targets = new TreeMap<>();

    private ObserverRing() {}

    private record Place(long hash, String name) {}

    /** The rings of these hosts. */
    public static ObserverRing of(Collection<String> hosts) {
        var ring = new ObserverRing();
        var names = new TreeSet<>(hosts);
        for (String name : names) {
            ring.observers.put(name, new ArrayList<>(OBSERVERS));
            ring.targets.put(name, new ArrayList<>(OBSERVERS));
        }
        int each = Math.min(OBSERVERS, names.size() - 1);
        for (int number = 0; number < each; number++) {
            ring.turn(order(names, number), number + 1);
        }
        ring.observers.replaceAll((name, list) -> Collections.unmodifiableList(list));
        ring.targets.replaceAll((name, list) -> Collections.unmodifiableList(list));
        return ring;
    }

    /** Gives everybody one more observer: the nearest before it in this ring that does not observe it yet. */
    private void turn(List<String> ring, int wanted) {
        for (int place = 0; place < ring.size(); place++) {
            String host = ring.get(place);
            List<String> known = observers.get(host);
            for (int back = 1; back < ring.size() && known.size() < wanted; back++) {
                String before = ring.get(Math.floorMod(place - back, ring.size()));
                if (!known.contains(before)) {
                    known.add(before);
                    targets.get(before).add(host);
                }
            }
        }
    }

    private static List<String> order(Collection<String> names, int number) {
        return names.stream()
                .map(name -> new Place(hash(number, name), name))
                .sorted(Comparator.comparingLong(Place::hash).thenComparing(Place::name))
                .map(Place::name)
                .toList();
    }

    private static long hash(int number, String name) {
        long hash = (FNV_OFFSET ^ number) * FNV_PRIME;
        for (int i = 0; i < name.length(); i++) {
            hash = (hash ^ name.charAt(i)) * FNV_PRIME;
        }
        hash ^= hash >>> 32; // the last characters of a name must reach the upper bits, which decide the order
        hash *= 0xd6e8feb86659fd93L;
        return hash ^ (hash >>> 32);
    }

    /** Whom this host observes; nobody if it is not one of them. */
    public List<String> targetsOf(String host) {
        return targets.getOrDefault(host, List.of());
    }

    /** Who observes this host. */
    public List<String> observersOf(String host) {
        return observers.getOrDefault(host, List.of());
    }
}
