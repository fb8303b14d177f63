package io.vmha.recovery.core;

import java.util.Optional;

/** Commands about reserved hosts: intent and outcome of taking one and of giving it back (S9). */
public sealed interface ReserveCommand extends Command {
    /** The reserved host. */
    HostName host();

    /** Intent: Nova shall schedule to this reserved host, because another one is lost. */
    record BeginUse(long atMs, long term, IncidentId incident, HostName lost, HostName host) implements ReserveCommand {
        @Override
        public Applied apply(RecoveryState state, Entry entry) {
            Incident found = state.incidents().get(incident);
            HostRecovery recovery = found == null ? null : found.hosts().get(lost);
            if (recovery == null) {
                return Applied.refused(state, "host " + lost + " is not part of incident " + incident);
            }
            Optional<HostName> next = ReserveUse.next(state, found, recovery);
            if (!next.equals(Optional.of(host))) {
                return Applied.refused(
                        state,
                        "host " + host + " is not the one to be taken for " + lost + ", which is "
                                + next.map(HostName::value).orElse("none"));
            }
            boolean joins = !state.hosts().containsKey(host);
            return Applied.to(tell(
                    state.with(state.group()
                            .with(new ReserveUse(host, incident, lost, joins, ReserveUse.Step.ENABLING, ""))),
                    incident,
                    new Note(
                            atMs,
                            entry.index(),
                            lost + ": reserved host " + host + " is being enabled"
                                    + (joins ? " and added to the aggregate" : ""))));
        }
    }

    /** Outcome: Nova schedules to it. */
    record Used(long atMs, long term, HostName host, String detail) implements ReserveCommand {
        @Override
        public Applied apply(RecoveryState state, Entry entry) {
            return step(state, entry, this, ReserveUse.Step.ENABLING, ReserveUse.Step.IN_USE, "stands in", detail);
        }
    }

    /** Outcome: it cannot be used; the next one is taken. */
    record UseFailed(long atMs, long term, HostName host, String why) implements ReserveCommand {
        @Override
        public Applied apply(RecoveryState state, Entry entry) {
            return step(state, entry, this, ReserveUse.Step.ENABLING, ReserveUse.Step.UNFIT, "cannot be used", why);
        }
    }

    /** Intent: the host that it stood in for is in service again, so Nova shall schedule to it no more. */
    record BeginGiveBack(long atMs, long term, HostName host) implements ReserveCommand {
        @Override
        public Applied apply(RecoveryState state, Entry entry) {
            ReserveUse use = state.group().reserves().get(host);
            HostRecord lost = use == null ? null : state.hosts().get(use.lost());
            if (use != null && (lost == null || lost.status() != HostRecord.Status.IN_SERVICE)) {
                return Applied.refused(state, "host " + use.lost() + ", for which " + host + " stands in, is not back");
            }
            return step(
                    state, entry, this, ReserveUse.Step.IN_USE, ReserveUse.Step.GIVING_BACK, "is being given back", "");
        }
    }

    /** Outcome: Nova schedules to it no more, and it has left the aggregate if it had joined it. Also what ends an unfit one. */
    record GivenBack(long atMs, long term, HostName host, String detail) implements ReserveCommand {
        @Override
        public Applied apply(RecoveryState state, Entry entry) {
            ReserveUse use = state.group().reserves().get(host);
            boolean over = use != null
                    && (use.step() == ReserveUse.Step.GIVING_BACK
                            || (use.step() == ReserveUse.Step.UNFIT && isClosed(state, use.incident())));
            if (!over) {
                return Applied.refused(state, "reserved host " + host + " is not being given back");
            }
            return Applied.to(tell(
                    state.with(state.group().without(host)),
                    use.incident(),
                    new Note(
                            atMs,
                            entry.index(),
                            use.lost() + ": reserved host " + host + " is free again: " + detail)));
        }
    }

    /** True if nothing is done about an incident any more, or it is not kept any more. */
    static boolean isClosed(RecoveryState state, IncidentId id) {
        Incident incident = state.incidents().get(id);
        return incident == null || incident.phase() == Incident.Phase.CLOSED;
    }

    private static Applied step(
            RecoveryState state,
            Entry entry,
            ReserveCommand command,
            ReserveUse.Step from,
            ReserveUse.Step to,
            String words,
            String detail) {
        ReserveUse use = state.group().reserves().get(command.host());
        if (use == null || use.step() != from) {
            return Applied.refused(
                    state,
                    "reserved host " + command.host() + " is "
                            + (use == null ? "not in use" : use.step().toString()) + " and not " + from);
        }
        return Applied.to(tell(
                state.with(state.group().with(use.with(to, detail))),
                use.incident(),
                new Note(
                        command.atMs(),
                        entry.index(),
                        use.lost() + ": reserved host " + command.host() + " " + words
                                + (detail.isEmpty() ? "" : ": " + detail))));
    }

    private static RecoveryState tell(RecoveryState state, IncidentId id, Note note) {
        Incident incident = state.incidents().get(id);
        return incident == null ? state : state.with(incident.tell(note));
    }
}
