package io.vmha.recovery.core;

import java.util.List;
import java.util.OptionalLong;
import java.util.function.ToLongFunction;

/**
 * An incident in numbers: who was lost, what became of the VMs, how long each stage took, in milliseconds from the declaration
 * ({@link IncidentClock} says by which clock).
 *
 * @param certificateMs to the last host's certificate
 * @param confirmedMs to the last host's confirmation: a majority has applied its certificate, and it was proven once more (S2)
 * @param forcedDownMs until Nova held the last host down
 * @param plannedMs until the VMs of the last host were listed
 * @param firstCallMs to the first evacuate intent
 * @param lastEndedMs to the last VM's ending
 * @param closedMs to the end of the incident, when all is put back
 */
public record IncidentReport(
        IncidentId id,
        List<HostName> hosts,
        int recovered,
        int left,
        int failed,
        int underWay,
        OptionalLong certificateMs,
        OptionalLong confirmedMs,
        OptionalLong forcedDownMs,
        OptionalLong plannedMs,
        OptionalLong firstCallMs,
        OptionalLong lastEndedMs,
        OptionalLong closedMs) {
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
                since(from, last(incident, StageTimes::confirmedAtMs)),
                since(from, last(incident, StageTimes::forcedDownAtMs)),
                since(from, last(incident, StageTimes::plannedAtMs)),
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
                                .max()),
                since(from, incident.closedAtMs() > 0 ? OptionalLong.of(incident.closedAtMs()) : OptionalLong.empty()));
    }

    /** Of the host that came to a stage last; empty as long as none has. */
    private static OptionalLong last(Incident incident, ToLongFunction<StageTimes> stage) {
        return incident.hosts().values().stream()
                .map(HostRecovery::times)
                .mapToLong(stage)
                .filter(at -> at > 0)
                .max();
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
