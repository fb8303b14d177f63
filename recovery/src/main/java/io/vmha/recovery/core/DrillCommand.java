package io.vmha.recovery.core;

import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/** Commands about rehearsals on a live cluster. */
public sealed interface DrillCommand extends Command {
    /**
     * A person wants the power of a host cut for a rehearsal. The host must be in maintenance, which this ends: from now on it is watched.
     *
     * @param vms what Nova has on the host: the canary, and nothing else
     */
    record BeginDrill(long atMs, HostName host, ServerId canary, String person, List<ServerId> vms)
            implements DrillCommand {
        public BeginDrill {
            vms = List.copyOf(vms);
        }

        @Override
        public long term() {
            return 0;
        }

        @Override
        public Applied apply(RecoveryState state, Entry entry) {
            Optional<String> wrong = unfit(state);
            if (wrong.isPresent()) {
                return Applied.refused(state, wrong.get());
            }
            List<Drill> drills = state.upkeep().drills();
            long number = drills.isEmpty() ? 1 : drills.get(drills.size() - 1).number() + 1;
            Drill drill = Drill.prepared(number, host, canary, person, atMs)
                    .tell(new Note(
                            atMs,
                            entry.index(),
                            "ordered by " + person + ": the power of " + host + " will be cut, VM " + canary
                                    + " must come back elsewhere"));
            return Applied.to(state.withHost(host, h -> h.withMaintenance(false))
                    .with(state.upkeep().with(drill)));
        }

        private Optional<String> unfit(RecoveryState state) {
            if (!state.isEnabled() || !state.az().map(AzSettings::armed).orElse(false)) {
                return Optional.of("the AZ is not enabled and armed: nothing would be recovered");
            }
            HostRecord record = state.hosts().get(host);
            if (record == null || record.status() != HostRecord.Status.IN_SERVICE || !record.maintenance()) {
                return Optional.of("host " + host + " is "
                        + (record == null ? "not in this AZ" : record.status() + " and not in maintenance")
                        + "; a drill needs one in maintenance: vmha host drain, then vmha host maintenance " + host
                        + " on");
            }
            if (!state.openIncidents().isEmpty()
                    || state.upkeep().openDrain().isPresent()
                    || state.upkeep().openDrill().isPresent()) {
                return Optional.of("an incident, a drain or a drill is open; wait for its end");
            }
            Optional<HostRecord> other = state.hosts().values().stream()
                    .filter(h -> !h.host().equals(host))
                    .filter(h -> h.status() != HostRecord.Status.IN_SERVICE || h.maintenance())
                    .findFirst();
            if (other.isPresent()) {
                return Optional.of("host " + other.get().host() + " is "
                        + (other.get().maintenance()
                                ? "in maintenance"
                                : other.get().status())
                        + ": a drill wants every other host whole");
            }
            int share = state.az().orElseThrow().limits().maxSharePercent();
            if (100 > state.hosts().size() * share) {
                return Optional.of("one host of " + state.hosts().size() + " is above the limit of " + share
                        + " %: the incident would be held");
            }
            return vms.equals(List.of(canary))
                    ? Optional.empty()
                    : Optional.of("Nova has " + vms.size() + " VMs on " + host + " and must have the canary " + canary
                            + " there and nothing else");
        }
    }

    /** The leader goes one step further; the incident is noted as soon as there is one. */
    record AdvanceDrill(
            long atMs,
            long term,
            long number,
            Drill.Phase phase,
            OptionalLong incident,
            Drill.Times times,
            String detail)
            implements DrillCommand {
        @Override
        public Applied apply(RecoveryState state, Entry entry) {
            Optional<Drill> open = state.upkeep().openDrill().filter(d -> d.number() == number);
            if (open.isEmpty()) {
                return Applied.refused(state, "drill " + number + " is not open");
            }
            if (phase.compareTo(open.get().phase()) <= 0) {
                return Applied.refused(
                        state, "drill " + number + " is " + open.get().phase() + " and cannot become " + phase);
            }
            Drill next = open.get().with(phase, atMs, times).tell(new Note(atMs, entry.index(), detail));
            return Applied.to(
                    state.with(state.upkeep().with(incident.isPresent() ? next.of(incident.getAsLong()) : next)));
        }
    }
}
