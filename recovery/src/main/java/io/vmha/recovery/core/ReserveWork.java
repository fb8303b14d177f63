package io.vmha.recovery.core;

import java.util.Optional;
import java.util.function.BooleanSupplier;

/**
 * What is to be done in Nova about one reserved host, one step a call: every step is read before it is taken and read again after it.
 *
 * @param kind how far it has come
 * @param detail what was done, or what is waited for
 */
public record ReserveWork(HostName host, Kind kind, String detail) {
    /** With which the product disables a host that it keeps in reserve. */
    public static final String REASON = Readmission.OURS + "reserved";

    /** How far it has come. */
    public enum Kind {
        /** Nothing is left to do. */
        DONE,
        /** There is more to do, or something to wait for. */
        WAITING,
        /** It cannot be done. */
        FAILED
    }

    /** Carries out the next step that is missing. Blocking; operating errors become a detail. */
    public static ReserveWork advance(
            ReserveRecords nova, ReserveUse use, long aggregateId, BooleanSupplier stillWanted) {
        try {
            Optional<ComputeService> found = nova.computeServices().stream()
                    .filter(s -> s.host().equals(use.host()))
                    .findFirst();
            if (found.isEmpty()) {
                return new ReserveWork(use.host(), Kind.FAILED, "Nova has no nova-compute on it");
            }
            if (!stillWanted.getAsBoolean()) {
                return waiting(use, "the leadership has ended");
            }
            return use.step() == ReserveUse.Step.ENABLING
                    ? enable(nova, use, found.get(), aggregateId)
                    : giveBack(nova, use, found.get(), aggregateId);
        } catch (ComputeException e) {
            return waiting(use, e.getMessage());
        }
    }

    private static ReserveWork enable(ReserveRecords nova, ReserveUse use, ComputeService service, long aggregateId) {
        if (!service.up() || service.forcedDown()) {
            return new ReserveWork(use.host(), Kind.FAILED, "its nova-compute is down");
        }
        if (use.joined() && !isIn(nova, aggregateId, use.host())) {
            nova.join(aggregateId, use.host());
            return waiting(use, "added to the aggregate");
        }
        if (!service.enabled()) {
            nova.enable(use.host());
            return waiting(use, "enabled");
        }
        return new ReserveWork(
                use.host(), Kind.DONE, "Nova schedules to it" + (use.joined() ? ", and it is in the aggregate" : ""));
    }

    private static ReserveWork giveBack(ReserveRecords nova, ReserveUse use, ComputeService service, long aggregateId) {
        if (service.disabledReason()
                .map(why -> why.startsWith(Readmission.INCIDENT))
                .orElse(false)) {
            // who brings it back into service enables it, and only then can it be put back into reserve
            return waiting(use, "it is lost itself, and is given back when it is in service again");
        }
        if (service.enabled()) {
            nova.disableLiving(use.host(), REASON);
            return waiting(use, "Nova schedules to it no more");
        }
        if (use.joined() && isIn(nova, aggregateId, use.host())) {
            int left = nova.serversOn(use.host()).size();
            if (left > 0) {
                return waiting(use, left + " VMs are on it; it leaves the aggregate when they have been moved away");
            }
            nova.leave(aggregateId, use.host());
            return waiting(use, "removed from the aggregate");
        }
        return new ReserveWork(use.host(), Kind.DONE, "Nova schedules to it no more");
    }

    private static boolean isIn(ReserveRecords nova, long aggregateId, HostName host) {
        return nova.aggregates().stream()
                .anyMatch(a -> a.id() == aggregateId && a.hosts().contains(host));
    }

    private static ReserveWork waiting(ReserveUse use, String detail) {
        return new ReserveWork(use.host(), Kind.WAITING, detail);
    }
}
