package io.vmha.node.control;

import io.vmha.node.raft.GroupId;
import io.vmha.recovery.core.Aggregate;
import io.vmha.recovery.core.AzSettings;
import io.vmha.recovery.core.HostName;
import io.vmha.recovery.membership.AvailabilityZones;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * What one list of Nova's aggregates means for the group; pure. Whatever is odd changes no membership: it is told to people.
 *
 * @param authority whether the aggregate's metadata names this group; empty if the aggregate is not there to say so
 * @param rival the group that it names in place of this one
 * @param follow the aggregate, if its hosts are to be followed
 * @param trouble what a person should know
 */
record AggregateReading(
        Optional<Boolean> authority, Optional<String> rival, Optional<Aggregate> follow, Optional<String> trouble) {

    /** @param hosts the group's hosts as they are now */
    static AggregateReading of(List<Aggregate> all, AzSettings az, GroupId group, Set<HostName> hosts) {
        Optional<Aggregate> found =
                all.stream().filter(a -> a.id() == az.aggregateId()).findFirst();
        if (found.isEmpty()) {
            return new AggregateReading(
                    Optional.empty(),
                    Optional.empty(),
                    Optional.empty(),
                    Optional.of("the aggregate " + az.aggregateId() + " of " + az.name()
                            + " does not exist any more; its hosts stay as they were. If another one has taken its"
                            + " place: vmha az enable "
                            + az.name() + "; if the AZ is given up: vmha az disable " + az.name()));
        }
        Aggregate aggregate = found.get();
        String owner = aggregate.metadata().getOrDefault(AggregateFollower.GROUP_KEY, "");
        if (!owner.equals(group.toString())) {
            return new AggregateReading(
                    Optional.of(false),
                    Optional.of(owner).filter(o -> !o.isEmpty()),
                    Optional.empty(),
                    Optional.of("the aggregate's metadata " + AggregateFollower.GROUP_KEY + " is '" + owner
                            + "' but this group is " + group + "; this group does not act"
                            + (owner.isEmpty()
                                    ? ". If the key was removed by mistake: vmha az enable " + az.name()
                                    : "")));
        }
        Optional<String> odd = oddZone(all, az, aggregate).or(() -> oddHosts(aggregate, hosts));
        return new AggregateReading(
                Optional.of(true), Optional.empty(), odd.isPresent() ? Optional.empty() : found, odd);
    }

    /** The same, but for hosts that must not be taken in yet. */
    AggregateReading without(List<HostName> held) {
        if (follow.isEmpty() || held.isEmpty()) {
            return this;
        }
        Aggregate all = follow.get();
        List<HostName> rest =
                all.hosts().stream().filter(host -> !held.contains(host)).toList();
        var fit = new Aggregate(all.id(), all.name(), all.availabilityZone(), rest, all.metadata());
        return new AggregateReading(
                authority,
                rival,
                Optional.of(fit),
                Optional.of(held.get(0) + " is not taken in: " + Newcomers.why(held.get(0))));
    }

    private static Optional<String> oddZone(List<Aggregate> all, AzSettings az, Aggregate aggregate) {
        List<Long> sameName = all.stream()
                .filter(a -> a.availabilityZone().equals(Optional.of(az.name())))
                .map(Aggregate::id)
                .toList();
        if (sameName.equals(List.of(aggregate.id()))) {
            return Optional.empty();
        }
        String now = aggregate.availabilityZone().map(z -> "'" + z + "'").orElse("no AZ");
        return Optional.of(az.name() + " maps to aggregates " + sameName + " but exactly " + az.aggregateId()
                + " was enabled, which carries " + now
                + " now; membership stays as it was until that is so again, and hosts are protected as before");
    }

    /** Half a list looks like many hosts that left at once. A person who means it goes in steps, or enables the AZ again. */
    private static Optional<String> oddHosts(Aggregate aggregate, Set<HostName> hosts) {
        var left = new TreeSet<>(hosts);
        left.removeAll(aggregate.hosts());
        if (left.isEmpty()) {
            return Optional.empty();
        }
        if (aggregate.hosts().size() < AvailabilityZones.HOSTS_MIN) {
            return Optional.of("Nova lists " + aggregate.hosts().size() + " hosts in aggregate " + aggregate.id()
                    + " where the group has " + hosts.size() + ", and an AZ needs " + AvailabilityZones.HOSTS_MIN
                    + "; no host is let go. Add hosts, or end the protection with vmha az disable");
        }
        if (left.size() * 2 >= hosts.size()) {
            return Optional.of("Nova does not list " + left + " in aggregate " + aggregate.id() + " any more, which is "
                    + left.size() + " of " + hosts.size()
                    + " hosts at once; none is let go. Take out fewer than half at a time, or say that it is"
                    + " meant: vmha az enable");
        }
        return Optional.empty();
    }
}
