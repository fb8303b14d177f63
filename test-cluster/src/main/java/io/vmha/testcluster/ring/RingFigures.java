package io.vmha.testcluster.ring;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** What was measured in rings of one kind and size, by the kind of the agents in them; filled by one thread for each ring. */
final class RingFigures {
    private final Map<Kind, List<Ring.Cost>> costs = new EnumMap<>(Kind.class);
    private final Map<Kind, List<Double>> first = new EnumMap<>(Kind.class);
    private final Map<Kind, List<Double>> last = new EnumMap<>(Kind.class);
    private int falseFailures;

    RingFigures() {}

    synchronized void addCosts(Map<Kind, Ring.Cost> ofOneRing) {
        ofOneRing.forEach((kind, cost) ->
                costs.computeIfAbsent(kind, any -> new ArrayList<>()).add(cost));
    }

    synchronized void addDeath(Ring.Death death) {
        death.seconds().forEach((kind, seconds) -> {
            first.computeIfAbsent(kind, any -> new ArrayList<>())
                    .add(seconds.stream().mapToDouble(s -> s).min().orElseThrow());
            last.computeIfAbsent(kind, any -> new ArrayList<>())
                    .add(seconds.stream().mapToDouble(s -> s).max().orElseThrow());
        });
    }

    synchronized void addFalseFailures(int ofOneRing) {
        falseFailures += ofOneRing;
    }

    synchronized Set<Kind> kinds() {
        return costs.keySet();
    }

    /** The mean of the rings. */
    synchronized Ring.Cost cost(Kind kind) {
        List<Ring.Cost> ofKind = costs.get(kind);
        return new Ring.Cost(
                ofKind.stream().mapToDouble(Ring.Cost::packets).average().orElseThrow(),
                ofKind.stream().mapToDouble(Ring.Cost::streamPackets).average().orElseThrow(),
                ofKind.stream().mapToDouble(Ring.Cost::bytes).average().orElseThrow(),
                ofKind.stream().mapToDouble(Ring.Cost::cpuPercent).average().orElseThrow(),
                ofKind.stream().mapToDouble(Ring.Cost::residentMiB).average().orElseThrow());
    }

    /** For each death, seconds until the first agent of the kind declared it. */
    synchronized List<Double> first(Kind kind) {
        return List.copyOf(first.getOrDefault(kind, List.of()));
    }

    /** For each death, seconds until the last one did. */
    synchronized List<Double> last(Kind kind) {
        return List.copyOf(last.getOrDefault(kind, List.of()));
    }

    /** How often an agent took a living one for dead. */
    synchronized int falseFailures() {
        return falseFailures;
    }
}
