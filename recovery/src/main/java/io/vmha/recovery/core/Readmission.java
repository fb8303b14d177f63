package io.vmha.recovery.core;

import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.regex.Pattern;

/**
 * What is left to do in Nova for a host that returns (S11): takes the force-down back, waits until its nova-compute reports itself, and
 * enables it if it was this product that disabled it. Every step is read before and after; called again until it says {@link #done}.
 *
 * @param done nothing is left to do
 * @param detail what was done, or what is waited for
 */
public record Readmission(HostName host, boolean done, String detail) {
    /** How the reason of every disabling of ours begins. */
    static final String OURS = "vmha: ";

    /** How it goes on where it was an incident's; a host that an operator has drained stays disabled. */
    static final String INCIDENT = OURS + "incident";

    private static final Pattern OF_INCIDENT = Pattern.compile(INCIDENT + " [0-9]{1,18}");

    /** What a host that is lost is disabled with. */
    static String reason(IncidentId incident) {
        return INCIDENT + " " + incident;
    }

    /** The incident for which this product has disabled it; empty if nobody has, or somebody else. */
    static Optional<IncidentId> incidentOf(ComputeService service) {
        return service.disabledReason()
                .filter(reason ->
                        !service.enabled() && OF_INCIDENT.matcher(reason).matches())
                .map(reason -> new IncidentId(Long.parseLong(reason.substring(INCIDENT.length() + 1))));
    }

    /** Carries out the next step that is missing. Blocking; operating errors become a detail. */
    public static Readmission advance(ServiceRecords nova, HostName host, BooleanSupplier stillWanted) {
        try {
            Optional<ComputeService> found = service(nova, host);
            if (found.isEmpty()) {
                return waiting(host, "Nova has no nova-compute on it");
            }
            ComputeService service = found.get();
            if (service.forcedDown()) {
                if (!stillWanted.getAsBoolean()) {
                    return waiting(host, "the leadership has ended");
                }
                nova.forceUp(host);
                return waiting(host, "Nova has taken the force-down back");
            }
            if (!service.up()) {
                return waiting(host, "its nova-compute does not report to Nova; is it running?");
            }
            boolean ours =
                    service.disabledReason().map(r -> r.startsWith(INCIDENT)).orElse(false);
            if (!service.enabled() && ours) {
                if (!stillWanted.getAsBoolean()) {
                    return waiting(host, "the leadership has ended");
                }
                nova.enable(host);
                return waiting(host, "Nova schedules to it again");
            }
            return new Readmission(
                    host,
                    true,
                    service.enabled()
                            ? "Nova has it up and enabled"
                            : "Nova has it up; somebody else has disabled it ("
                                    + service.disabledReason().orElse("without a reason") + "), which stays");
        } catch (ComputeException e) {
            return waiting(host, e.getMessage());
        }
    }

    private static Optional<ComputeService> service(ServiceRecords nova, HostName host) {
        return nova.computeServices().stream()
                .filter(s -> s.host().equals(host))
                .findFirst();
    }

    private static Readmission waiting(HostName host, String detail) {
        return new Readmission(host, false, detail);
    }
}
