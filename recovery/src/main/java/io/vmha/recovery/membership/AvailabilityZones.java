package io.vmha.recovery.membership;

import io.vmha.recovery.core.Aggregate;
import java.util.List;
import java.util.TreeSet;

/** Which aggregate is an availability zone: Nova knows zones only as a field of aggregates, and lets several carry the same one. */
public final class AvailabilityZones {
    /** Two hosts have no majority without each other: below three nothing can be decided after a failure. */
    public static final int HOSTS_MIN = 3;

    private AvailabilityZones() {}

    /** The answer to {@link #find}. */
    public sealed interface Lookup {}

    /** The zone is exactly this aggregate, and large enough. */
    public record Found(Aggregate aggregate) implements Lookup {}

    /** The zone cannot be protected; {@link #sentence} says why and what to do. */
    public sealed interface Refused extends Lookup {
        String sentence();
    }

    /** No aggregate carries this zone. */
    public record NoSuchZone(String zone, List<String> existing) implements Refused {
        public NoSuchZone {
            existing = List.copyOf(existing);
        }

        @Override
        public String sentence() {
            return "there is no availability zone '" + zone + "'; Nova has "
                    + (existing.isEmpty() ? "none (no aggregate carries one)" : String.join(", ", existing));
        }
    }

    /** Several aggregates carry this zone; which hosts one group should protect would be a guess. */
    public record SeveralAggregates(String zone, List<Aggregate> aggregates) implements Refused {
        public SeveralAggregates {
            aggregates = List.copyOf(aggregates);
        }

        @Override
        public String sentence() {
            var names = aggregates.stream()
                    .map(aggregate -> "'" + aggregate.name() + "' (id " + aggregate.id() + ")")
                    .toList();
            return "availability zone '" + zone + "' is carried by " + names.size() + " aggregates: "
                    + String.join(", ", names) + "; exactly one is needed: merge them";
        }
    }

    /** The aggregate has fewer than {@link #HOSTS_MIN} hosts. */
    public record TooFewHosts(String zone, Aggregate aggregate) implements Refused {
        @Override
        public String sentence() {
            var hosts = aggregate.hosts().stream().map(Object::toString).toList();
            return "availability zone '" + zone + "' (aggregate '" + aggregate.name() + "') has " + hosts.size()
                    + " hosts" + (hosts.isEmpty() ? "" : " (" + String.join(", ", hosts) + ")") + "; at least "
                    + HOSTS_MIN + " are needed";
        }
    }

    /** Finds the one aggregate of a zone. Zones are told apart by case, as Nova does. */
    public static Lookup find(List<Aggregate> aggregates, String zone) {
        var carrying = aggregates.stream()
                .filter(aggregate ->
                        aggregate.availabilityZone().filter(zone::equals).isPresent())
                .toList();
        if (carrying.isEmpty()) {
            var existing = new TreeSet<String>();
            aggregates.forEach(aggregate -> aggregate.availabilityZone().ifPresent(existing::add));
            return new NoSuchZone(zone, List.copyOf(existing));
        }
        if (carrying.size() > 1) {
            return new SeveralAggregates(zone, carrying);
        }
        var aggregate = carrying.get(0);
        return aggregate.hosts().size() < HOSTS_MIN ? new TooFewHosts(zone, aggregate) : new Found(aggregate);
    }
}
