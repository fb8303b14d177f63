package io.vmha.recovery.core;

import java.util.Optional;

/** Commands that bring a recovered host back into service by itself (S11). */
public sealed interface ReturnCommand extends Command {
    /** The host that returns. */
    HostName host();

    /**
     * The host's agent has found nothing on the host that lives elsewhere now. The host begins its next life: its renewals are answered again,
     * and its gate opens once a majority has answered. Nova still holds it down.
     *
     * @param epoch the life that is over
     * @param swept what the agent found and destroyed, in words
     */
    record BeginReturn(long atMs, HostName host, long epoch, String swept) implements ReturnCommand {
        /** Anyone may ask: it is the agent of a host that is no voter and has no term. */
        @Override
        public long term() {
            return 0;
        }

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
            if (record.epoch() != epoch) {
                return Applied.refused(
                        state, "host " + host + " is in epoch " + record.epoch() + " and was swept in " + epoch);
            }
            if (record.maintenance()) {
                return Applied.refused(state, "host " + host + " is in maintenance; end it first");
            }
            return blocked(state)
                    .map(why -> Applied.refused(state, why))
                    .orElseGet(() ->
                            Applied.to(state.withHost(host, h -> h.returned().with(HostRecord.Status.RETURNING))));
        }

        /**
         * An evacuation under way may be on its way to this host: its target was chosen before the host died, or by a Nova that did not know
         * yet. Its rebuild would go on when the host's nova-compute starts. So would one that was given up, as long as its server is marked for a
         * rebuild: beside the next attempt.
         */
        private static Optional<String> blocked(RecoveryState state) {
            for (Incident incident : state.openIncidents()) {
                boolean underWay = incident.hosts().values().stream()
                        .flatMap(h -> h.vms().values().stream())
                        .anyMatch(VmRecovery::mayBeInAQueue);
                if (underWay) {
                    return Optional.of("evacuations of incident " + incident.id()
                            + " are under way or waiting to be tried again, and may have this host as their target;"
                            + " wait for their end");
                }
            }
            return Optional.empty();
        }
    }

    /**
     * Nova holds a host in service down or disabled for an incident of an earlier life: it was slow, and has carried out a request of that incident
     * after the host's return. The host is on its way back once more, in the same life.
     *
     * @param incident whose number Nova gives as the reason
     * @param seen what Nova says of the host, in words
     */
    record ReturnAgain(long atMs, long term, HostName host, long epoch, IncidentId incident, String seen)
            implements ReturnCommand {
        @Override
        public int level() {
            return FeatureLevel.QUEUES;
        }

        @Override
        public Applied apply(RecoveryState state, Entry entry) {
            Optional<String> unfit = unfit(state);
            if (unfit.isPresent()) {
                return Applied.refused(state, unfit.get());
            }
            Incident about = state.incidents().get(incident);
            var note = new Note(
                    atMs,
                    entry.index(),
                    host + ": Nova was slow to carry out what was asked of it here, and " + seen
                            + " in its next life: that is taken back");
            return Applied.to(state.with(about.tell(note)).withHost(host, h -> h.with(HostRecord.Status.RETURNING)));
        }

        /** Whether it would be applied as far as is known. */
        boolean isFit(RecoveryState state) {
            return state.group().level() >= level() && unfit(state).isEmpty();
        }

        private Optional<String> unfit(RecoveryState state) {
            HostRecord record = state.hosts().get(host);
            if (!state.isEnabled()
                    || record == null
                    || record.status() != HostRecord.Status.IN_SERVICE
                    || record.epoch() != epoch) {
                return Optional.of("host " + host + " is not in service in epoch " + epoch);
            }
            if (record.maintenance()) {
                return Optional.of("host " + host + " is in maintenance: a person may want it down");
            }
            Incident about = state.incidents().get(incident);
            boolean ours = about != null
                    && about.phase() == Incident.Phase.CLOSED
                    && Optional.ofNullable(about.hosts().get(host))
                            .filter(h -> h.certificate().isPresent() && h.epoch() < epoch)
                            .isPresent();
            return ours
                    ? Optional.empty()
                    : Optional.of("no closed incident " + incident + " has certified an earlier life of " + host);
        }
    }

    /** Nova takes the host for up, and schedules to it unless somebody else has disabled it: the host is in service. */
    record EndReturn(long atMs, long term, HostName host, long epoch, String detail) implements ReturnCommand {
        @Override
        public Applied apply(RecoveryState state, Entry entry) {
            HostRecord record = state.hosts().get(host);
            if (record == null || record.status() != HostRecord.Status.RETURNING || record.epoch() != epoch) {
                return Applied.refused(state, "host " + host + " is not returning in epoch " + epoch);
            }
            return Applied.to(state.withHost(host, h -> h.with(HostRecord.Status.IN_SERVICE)));
        }
    }
}
