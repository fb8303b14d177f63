package io.vmha.recovery.core;

import java.util.Collection;
import java.util.Locale;
import java.util.Optional;

/**
 * A reserved host that stands in for a lost one.
 *
 * <p>ENABLING (intent committed) → IN_USE (Nova schedules to it) → GIVING_BACK (intent; the lost host is in service again) → gone from the state
 * when Nova does not schedule to it any more. One that could not be enabled is UNFIT until its incident is closed, and the next one is taken.
 *
 * @param host the reserved host
 * @param incident in which it was taken
 * @param lost the host that it stands in for
 * @param joined whether it was added to the aggregate, and so leaves it again
 * @param detail what was found or done last
 */
public record ReserveUse(HostName host, IncidentId incident, HostName lost, boolean joined, Step step, String detail) {
    /** Where it is. */
    public enum Step {
        ENABLING,
        IN_USE,
        UNFIT,
        GIVING_BACK
    }

    ReserveUse with(Step next, String words) {
        return new ReserveUse(host, incident, lost, joined, next, words);
    }

    /** How it stands with it, for people: what it waits for, and what they can do where that may never come. */
    public String standing(RecoveryState state) {
        return switch (step) {
            case ENABLING -> "is being enabled for " + lost + since(": ");
            case UNFIT -> "cannot be used for " + lost + since(": ");
            case GIVING_BACK ->
                "is being given back, " + lost + " is in service again"
                        + (joined ? "; it leaves the aggregate when no VM is on it any more" : "") + since(": ");
            case IN_USE -> "stands in for " + lost + waits(state);
        };
    }

    private String since(String before) {
        return detail.isEmpty() ? "" : before + detail;
    }

    private String waits(RecoveryState state) {
        HostRecord record = state.hosts().get(lost);
        if (record == null) {
            return ", which is not in the aggregate any more: it is given back only when " + lost
                    + " is in service again";
        }
        if (!ReserveCommand.isClosed(state, incident)) {
            return " until incident " + incident + " is closed and " + lost + " is in service again";
        }
        return " since incident " + incident + ": it is given back when " + lost + ", which is "
                + record.status().name().toLowerCase(Locale.ROOT).replace('_', ' ') + ", is in service again";
    }

    /** True if something is to be done about it in Nova. */
    boolean isPending() {
        return step == Step.ENABLING || step == Step.GIVING_BACK;
    }

    /** The reserved host that is to be taken for this lost one now; empty if it has one, needs none, or none is left. */
    static Optional<HostName> next(RecoveryState state, Incident incident, HostRecovery lost) {
        Collection<ReserveUse> uses = state.group().reserves().values();
        boolean needed =
                incident.phase() == Incident.Phase.OPEN && lost.forcedDown() && lost.planned() && !lost.hasEnded();
        boolean served = uses.stream()
                .anyMatch(u ->
                        u.lost().equals(lost.host()) && u.incident().equals(incident.id()) && u.step() != Step.UNFIT);
        if (!needed || served) {
            return Optional.empty();
        }
        return state.az().map(az -> az.policy().reserved()).orElse(ReservedHosts.NONE).hosts().stream()
                .filter(host -> mayBeTaken(state, host))
                .findFirst();
    }

    private static boolean mayBeTaken(RecoveryState state, HostName host) {
        HostRecord record = state.hosts().get(host);
        boolean well = record == null
                ? state.az().map(az -> az.policy().reserved().join()).orElse(false)
                : record.status() == HostRecord.Status.IN_SERVICE && !record.maintenance();
        return well && !state.group().reserves().containsKey(host);
    }

    /** True if a reserved host of this incident is about to be taken or enabled: evacuations begun now would do without it. */
    static boolean isAwaited(RecoveryState state, Incident incident) {
        boolean enabling = state.group().reserves().values().stream()
                .anyMatch(u -> u.incident().equals(incident.id()) && u.step() == Step.ENABLING);
        return enabling
                || incident.hosts().values().stream()
                        .anyMatch(h -> next(state, incident, h).isPresent());
    }
}
