package io.vmha.recovery.core;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.UnaryOperator;

/**
 * Everything that all nodes of a group agree on: the AZ, its hosts, and the incidents. Immutable; {@link #apply} makes the next one.
 *
 * @param applied the log position of this state
 * @param incidents open ones and the last {@link #CLOSED_MAX} closed ones
 * @param nextIncident the number of the next incident
 * @param group what the group has agreed on about itself
 * @param upkeep what it looks after on hosts that live
 */
public record RecoveryState(
        Entry applied,
        Optional<AzSettings> az,
        SortedMap<HostName, HostRecord> hosts,
        SortedMap<IncidentId, Incident> incidents,
        long nextIncident,
        GroupRecord group,
        Upkeep upkeep) {
    /** Closed incidents that are kept for reading. */
    public static final int CLOSED_MAX = 50;

    public RecoveryState {
        hosts = Collections.unmodifiableSortedMap(new TreeMap<>(hosts));
        incidents = Collections.unmodifiableSortedMap(new TreeMap<>(incidents));
        upkeep = upkeep == null ? Upkeep.NONE : upkeep; // a snapshot of an older program has none
    }

    /** With nothing to look after on hosts that live. */
    public RecoveryState(
            Entry applied,
            Optional<AzSettings> az,
            SortedMap<HostName, HostRecord> hosts,
            SortedMap<IncidentId, Incident> incidents,
            long nextIncident,
            GroupRecord group) {
        this(applied, az, hosts, incidents, nextIncident, group, Upkeep.NONE);
    }

    /** The state of a group before its first command. */
    public static RecoveryState empty() {
        return new RecoveryState(
                new Entry(0, 0), Optional.empty(), new TreeMap<>(), new TreeMap<>(), 1, GroupRecord.FRESH);
    }

    /** The same where the group has agreed on a {@link FeatureLevel} before. */
    public static RecoveryState emptyAt(int level) {
        RecoveryState fresh = empty();
        return fresh.with(fresh.group().at(level));
    }

    /** Applies one committed command. */
    public Applied apply(Entry entry, Command command) {
        RecoveryState here = at(entry);
        if (command.term() != 0 && command.term() != entry.term()) {
            return Applied.refused(
                    here,
                    "decided in term " + command.term() + " but appended in term " + entry.term()
                            + ": the leadership it rested on has ended");
        }
        if (command.level() > group.level()) {
            return Applied.refused(here, FeatureLevel.tooHigh(command, group.level()));
        }
        return command.apply(here, entry);
    }

    /** The same state at a later place in the log, where nothing of it changes. */
    public RecoveryState at(Entry entry) {
        return new RecoveryState(entry, az, hosts, incidents, nextIncident, group, upkeep);
    }

    /**
     * A configuration of the voters was committed. Raft writes one at every election: the index since which these vote moves only if others
     * vote than before, because it lets all ages begin anew (S4).
     */
    public RecoveryState configured(Entry entry, Electorate voters) {
        return voters.isSameAs(group.electorate()) ? at(entry) : at(entry).with(group.with(voters));
    }

    /**
     * True if an evacuation is under way, or waits where a host that is not lost any more would take it up. A group that cannot note the latter takes
     * every one for it of which an attempt counted: what Nova never got waits nowhere.
     */
    boolean isEvacuating() {
        boolean noted = group.level() >= FeatureLevel.QUEUES;
        return openIncidents().stream()
                .flatMap(i -> i.hosts().values().stream())
                .flatMap(h -> h.vms().values().stream())
                .anyMatch(vm ->
                        noted ? vm.mayBeInAQueue() : vm.ending().isEmpty() && (vm.isUnderWay() || vm.attempts() > 0));
    }

    /** The incidents that are not closed, oldest first. */
    public List<Incident> openIncidents() {
        var open = new ArrayList<Incident>(0); // mostly there is none, and every decision asks
        for (Incident incident : incidents.values()) {
            if (incident.phase() != Incident.Phase.CLOSED) {
                open.add(incident);
            }
        }
        return open.isEmpty() ? List.of() : Collections.unmodifiableList(open);
    }

    /** The incident that is not closed and concerns this host. */
    public Optional<Incident> openIncidentOf(HostName host) {
        for (Incident incident : incidents.values()) {
            if (incident.phase() != Incident.Phase.CLOSED && incident.hosts().containsKey(host)) {
                return Optional.of(incident);
            }
        }
        return Optional.empty();
    }

    /** True if the group may act at all: HA is enabled for its AZ. */
    public boolean isEnabled() {
        return az.map(AzSettings::enabled).orElse(false);
    }

    /** S8: whether another host of this incident may be powered off; a disarmed AZ leaves it to a person's approval. */
    public boolean mayFence(Incident incident) {
        return incident.isApproved() || az.map(AzSettings::armed).orElse(false);
    }

    /** True if this life of the host is certified dead: its renewals are not answered any more. */
    public boolean isCertified(HostName host, long epoch) {
        HostRecord record = hosts.get(host);
        if (record == null || epoch > record.epoch()) {
            return false;
        }
        return epoch < record.epoch()
                || record.status() == HostRecord.Status.DOWN
                || openIncidentOf(host)
                        .flatMap(i -> i.hosts().get(host).certificate())
                        .isPresent();
    }

    /** True if the voters that have applied this state answer this life of the host no more (S4). */
    public boolean isSealed(HostName host, long epoch) {
        return isCertified(host, epoch)
                || (hosts.containsKey(host)
                        && epoch == hosts.get(host).epoch()
                        && openIncidentOf(host)
                                .map(i -> i.hosts().get(host).proving().isSealed())
                                .orElse(false));
    }

    /** Which proofs this AZ relies on; none of them is taken before it is enabled. */
    public boolean provesByLease() {
        return isEnabled() && az.map(s -> s.proofs().lease()).orElse(false);
    }

    /** What this AZ does about VMs that die on hosts that live. */
    public RestartPolicy restartPolicy() {
        return az.flatMap(AzSettings::restarts).orElse(RestartPolicy.DEFAULT);
    }

    /** Another place, an incident and a host, from which this server is being evacuated. */
    Optional<IncidentId> evacuatingElsewhere(IncidentId incident, HostName host, ServerId server) {
        for (Incident other : openIncidents()) {
            for (HostRecovery from : other.hosts().values()) {
                boolean here = other.id().equals(incident) && from.host().equals(host);
                VmRecovery vm = from.vms().get(server);
                if (!here && vm != null && vm.isUnderWay()) {
                    return Optional.of(other.id());
                }
            }
        }
        return Optional.empty();
    }

    RecoveryState withAz(AzSettings settings) {
        return new RecoveryState(applied, Optional.of(settings), hosts, incidents, nextIncident, group, upkeep);
    }

    RecoveryState withHosts(SortedMap<HostName, HostRecord> changed) {
        return new RecoveryState(applied, az, changed, incidents, nextIncident, group, upkeep);
    }

    RecoveryState withHost(HostName host, UnaryOperator<HostRecord> change) {
        var changed = new TreeMap<>(hosts);
        changed.computeIfPresent(host, (name, record) -> change.apply(record));
        return withHosts(changed);
    }

    RecoveryState with(GroupRecord record) {
        return new RecoveryState(applied, az, hosts, incidents, nextIncident, record, upkeep);
    }

    RecoveryState with(Incident incident) {
        var changed = new TreeMap<>(incidents);
        changed.put(incident.id(), incident);
        var closed = changed.values().stream()
                .filter(i -> i.phase() == Incident.Phase.CLOSED)
                .map(Incident::id)
                .toList();
        closed.stream().limit(Math.max(0, closed.size() - CLOSED_MAX)).forEach(changed::remove);
        return new RecoveryState(
                applied,
                az,
                hosts,
                changed,
                Math.max(nextIncident, incident.id().value() + 1),
                group,
                upkeep);
    }

    RecoveryState with(Upkeep changed) {
        return new RecoveryState(applied, az, hosts, incidents, nextIncident, group, changed);
    }
}
