package io.vmha.recovery.core;

import java.util.List;
import java.util.TreeMap;

/** Commands about the AZ and its hosts. */
public sealed interface AzCommand extends Command {
    @Override
    default long term() {
        return 0;
    }

    /** Puts the AZ under this group's protection, with the hosts that its aggregate has now. */
    record EnableAz(long atMs, AzSettings settings, List<HostName> hosts) implements AzCommand {
        public EnableAz {
            hosts = List.copyOf(hosts);
        }

        @Override
        public Applied apply(RecoveryState state, Entry entry) {
            if (state.az().isPresent() && !state.az().get().name().equals(settings.name())) {
                return Applied.refused(
                        state,
                        "this group protects " + state.az().get().name() + " and cannot take " + settings.name());
            }
            RecoveryState next = state.withAz(settings);
            for (HostName host : state.hosts().keySet()) {
                // armed under other proofs, or while nothing was protected: it says so again
                next = next.withHost(host, h -> h.with(Arming.UNREPORTED));
            }
            Applied withHosts = new SetHosts(atMs, 0, hosts).apply(next, entry);
            return withHosts.refusal().isPresent() ? new Applied(state, withHosts.refusal()) : withHosts;
        }
    }

    /** Ends the protection. Refused while an incident is open: its VMs would be left half-way. */
    record DisableAz(long atMs) implements AzCommand {
        @Override
        public Applied apply(RecoveryState state, Entry entry) {
            if (state.az().isEmpty()) {
                return Applied.refused(state, "no AZ is enabled in this group");
            }
            if (!state.openIncidents().isEmpty()) {
                return Applied.refused(
                        state,
                        "incident " + state.openIncidents().get(0).id()
                                + " is open; wait for its end or cancel it first");
            }
            return Applied.to(state.withAz(state.az().get().withEnabled(false)));
        }
    }

    /** Arms or disarms the AZ: disarmed, incidents are recorded and held. */
    record SetArmed(long atMs, boolean armed) implements AzCommand {
        @Override
        public Applied apply(RecoveryState state, Entry entry) {
            return state.az()
                    .map(az -> Applied.to(state.withAz(az.withArmed(armed))))
                    .orElseGet(() -> Applied.refused(state, "no AZ is enabled in this group"));
        }
    }

    /** Starts or ends maintenance of a host: it is not declared dead meanwhile. */
    record SetMaintenance(long atMs, HostName host, boolean maintenance) implements AzCommand {
        @Override
        public Applied apply(RecoveryState state, Entry entry) {
            if (!state.hosts().containsKey(host)) {
                return Applied.refused(
                        state,
                        "host " + host + " is not in this AZ; its hosts are "
                                + state.hosts().keySet());
            }
            boolean tested = state.group()
                    .fenceTrial()
                    .filter(t -> t.host().equals(host) && t.isUnderWay(atMs))
                    .isPresent();
            if (!maintenance && tested) {
                return Applied.refused(
                        state, "host " + host + " is being powered off and on for a test; wait for its end");
            }
            return Applied.to(state.withHost(host, h -> h.withMaintenance(maintenance)));
        }
    }

    /** What a host's agent has found out about the storage under its instances (S10). */
    record ReportStorage(long atMs, HostName host, StorageReport report) implements AzCommand {
        @Override
        public Applied apply(RecoveryState state, Entry entry) {
            HostRecord record = state.hosts().get(host);
            if (record == null) {
                return Applied.refused(state, "host " + host + " is not in this AZ");
            }
            if (record.status() != HostRecord.Status.IN_SERVICE) {
                return Applied.refused(
                        state,
                        "host " + host + " is " + record.status() + ": what it says now is not about its lost VMs");
            }
            return Applied.to(state.withHost(host, h -> h.withStorage(report)));
        }
    }

    /**
     * A person says that a recovered host is clean and in service again: it begins a new life. Until then no voter answers its renewals.
     * The automatic way back is {@link ReturnCommand} (S11).
     */
    record ReturnHost(long atMs, HostName host, String person) implements AzCommand {
        @Override
        public Applied apply(RecoveryState state, Entry entry) {
            HostRecord record = state.hosts().get(host);
            if (record == null || record.status() != HostRecord.Status.DOWN) {
                return Applied.refused(
                        state,
                        "host " + host + " is "
                                + (record == null
                                        ? "not in this AZ"
                                        : record.status().toString()) + "; only a host that is DOWN can return");
            }
            return Applied.to(state.withHost(host, HostRecord::returned));
        }
    }

    /**
     * The aggregate's hosts as the leader read them from Nova. New ones begin above every epoch that has ended. A host under recovery or still down stays until it is
     * settled.
     */
    record SetHosts(long atMs, long term, List<HostName> hosts) implements AzCommand {
        public SetHosts {
            hosts = List.copyOf(hosts);
        }

        @Override
        public Applied apply(RecoveryState state, Entry entry) {
            if (hosts.isEmpty()) {
                return Applied.refused(
                        state, "an aggregate without hosts is never taken over: it would drop every host's protection");
            }
            var next = new TreeMap<HostName, HostRecord>();
            for (HostName host : hosts) {
                HostRecord known = state.hosts().get(host);
                next.put(
                        host,
                        known != null
                                ? known
                                : HostRecord.fresh(host, state.group().epochFloor() + 1));
            }
            long floor = 0;
            for (HostRecord record : state.hosts().values()) {
                if (record.status() != HostRecord.Status.IN_SERVICE) {
                    next.put(record.host(), record);
                }
                if (!next.containsKey(record.host())) {
                    // should it come back, it begins a life that no voter has sealed and no certificate is about
                    floor = Math.max(floor, record.epoch());
                }
            }
            return Applied.to(state.withHosts(next).with(state.group().withFloor(floor)));
        }
    }
}
