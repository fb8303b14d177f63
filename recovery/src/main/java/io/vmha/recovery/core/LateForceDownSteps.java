package io.vmha.recovery.core;

import io.vmha.recovery.core.UpkeepController.Turn;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The steps about hosts in service that Nova holds down, or disabled, as if they were lost. What carries the reason of an incident of an earlier
 * life is a request of ours that Nova has carried out late, and the host returns once more. Anything else is somebody's wish, or cannot be told
 * from one: a person is told.
 */
final class LateForceDownSteps {
    /** Nova's record is read so seldom that whoever is just changing it by hand has time to say why. */
    private static final long STANDING_MS = 15_000;

    /**
     * What is wrong with a host's record, and since when.
     *
     * @param heartbeat of its nova-compute then: one that has moved since shows that the host is at work
     */
    private record Odd(String what, Optional<String> heartbeat, long sinceMs) {}

    private final Map<HostName, Odd> odd = new TreeMap<>();

    void forget() {
        odd.clear();
    }

    void onComputes(Turn turn, UpkeepResult.ComputesSeen seen) {
        for (ComputeService service : seen.services()) {
            HostRecord host = turn.state().hosts().get(service.host());
            boolean serves = host != null && host.status() == HostRecord.Status.IN_SERVICE && !host.maintenance();
            Optional<String> what = serves ? what(service) : Optional.empty();
            if (what.isEmpty()) {
                odd.remove(service.host());
                continue;
            }
            Odd first = odd.get(service.host());
            if (first == null || !first.what().equals(what.get())) {
                first = new Odd(what.get(), service.heartbeat(), turn.nowMs());
                odd.put(service.host(), first);
            }
            boolean stands = turn.nowMs() - first.sinceMs() >= STANDING_MS
                    && !first.heartbeat().equals(service.heartbeat());
            if (stands) {
                onStanding(turn, host, service, what.get());
            }
        }
    }

    private static Optional<String> what(ComputeService service) {
        Optional<IncidentId> incident = Readmission.incidentOf(service);
        String disabled = incident.map(i -> "disabled for incident " + i).orElse("");
        if (service.forcedDown()) {
            return Optional.of("holds it down" + (disabled.isEmpty() ? "" : " and " + disabled));
        }
        return incident.map(i -> "has it " + disabled);
    }

    private static String unasked(RecoveryState state, ComputeService service) {
        boolean mayBeOurs = state.group().level() < FeatureLevel.QUEUES
                && Readmission.incidentOf(service).isPresent();
        return mayBeOurs
                ? "the group takes back only from feature level " + FeatureLevel.QUEUES
                        + " on what an incident has left (see vmha raft peers)"
                : "nothing in the log asks for it";
    }

    private static void onStanding(Turn turn, HostRecord host, ComputeService service, String what) {
        Optional<ReturnCommand.ReturnAgain> again = Readmission.incidentOf(service)
                .map(incident -> new ReturnCommand.ReturnAgain(
                        turn.atMs(), turn.term(), host.host(), host.epoch(), incident, what))
                .filter(command -> command.isFit(turn.state()));
        if (again.isPresent()) {
            turn.propose("return again " + host.host(), again.get());
        } else if (service.forcedDown() && !turn.state().upkeep().outages().containsKey(host.host())) {
            turn.propose(
                    "compute " + host.host(),
                    new InstanceCommand.NoteCompute(
                            turn.atMs(),
                            turn.term(),
                            host.host(),
                            true,
                            "Nova " + what + ", though the host is in service, and " + unasked(turn.state(), service)
                                    + ": its"
                                    + " VMs run, and Nova can do nothing with them. If nobody wants that: openstack"
                                    + " compute service set --up " + host.host() + " nova-compute; if somebody does:"
                                    + " vmha host maintenance " + host.host() + " on"));
        }
    }
}
