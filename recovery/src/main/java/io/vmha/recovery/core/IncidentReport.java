package io.vmha.recovery.core;

import java.util.List;
import java.util.OptionalLong;

/**
 * An incident in numbers: who was lost, what became of the VMs, how long each stage took. Times are wall-clock differences of the leader's
 * clock, in milliseconds from the declaration.
 *
 * @param certificateMs to the last host's certificate
 * @param firstCallMs to the first evacuate intent
 * @param lastEndedMs to the last VM's ending
 */
public record IncidentReport(
        IncidentId id,
        List<HostName> hosts,
        int recovered,
        int left,
        int failed,
        int underWay,
        OptionalLong certificateMs,
        OptionalLong firstCallMs,
        OptionalLong lastEndedMs) {
    /** The report of an incident as it stands. */
    public static IncidentReport of(Incident incident) {
        var vms = incident.hosts().values().stream()
                .flatMap(h -> h.vms().values().stream())
                .toList();
        long from = incident.openedAtMs();
        return new IncidentReport(
                incident.id(),
                List.copyOf(incident.hosts().keySet()),
                count(vms, Ending.Kind.RECOVERED),
                count(vms, Ending.Kind.LEFT),
                count(vms, Ending.Kind.FAILED),
                (int) vms.stream().filter(vm -> !vm.hasEnded()).count(),
                since(
                        from,
                        incident.hosts().values().stream()
                                .flatMap(h -> h.certificate().stream())
                                .mapToLong(Certificate::atMs)
                                .max()),
                since(
                        from,
                        vms.stream()
                                .mapToLong(VmRecovery::requestedAtMs)
                                .filter(at -> at > 0)
                                .min()),
                since(
                        from,
                        vms.stream()
                                .mapToLong(VmRecovery::endedAtMs)
                                .filter(at -> at > 0)
                                .max()));
    }

    /** One line for people. */
    public String summary() {
        return recovered + " VMs recovered, " + left + " left on purpose, " + failed + " failed"
                + (underWay > 0 ? ", " + underWay + " under way" : "");
    }

    private static int count(List<VmRecovery> vms, Ending.Kind kind) {
        return (int) vms.stream()
                .filter(VmRecovery::hasEnded)
                .filter(vm -> vm.ending().map(e -> e.kind() == kind).orElse(false))
                .count();
    }

    private static OptionalLong since(long from, OptionalLong at) {
        return at.isPresent() ? OptionalLong.of(at.getAsLong() - from) : OptionalLong.empty();
    }
}
