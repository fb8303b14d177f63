package io.vmha.node.events;

import io.vmha.recovery.core.Drain;
import io.vmha.recovery.core.Drill;
import io.vmha.recovery.core.FallenVm;
import io.vmha.recovery.core.HostName;
import io.vmha.recovery.core.Note;
import io.vmha.recovery.core.Outage;
import io.vmha.recovery.core.RecoveryState;
import io.vmha.recovery.core.Upkeep;
import java.util.List;
import java.util.Optional;

/** What is new about VMs that fell, nova-computes that are down, drains and drills. */
final class UpkeepEvents {
    private UpkeepEvents() {}

    static void between(Upkeep before, RecoveryState state, List<Event> events) {
        Upkeep now = state.upkeep();
        for (FallenVm vm : now.fallen().values()) {
            FallenVm earlier = before.fallen().get(vm.server());
            List<Note> told = earlier == null ? List.of() : earlier.story();
            stories("vm-" + vm.server(), told, vm.story(), Event.Kind.VM, vm.host(), "VM " + vm.title() + ": ", events);
        }
        for (Outage outage : now.outages().values()) {
            if (!before.outages().containsKey(outage.host())) {
                events.add(host("compute-", outage.host(), state, outage.sinceAtMs(), outage.detail()));
            }
        }
        for (Outage outage : before.outages().values()) {
            if (!now.outages().containsKey(outage.host())) {
                events.add(host(
                        "compute-",
                        outage.host(),
                        state,
                        outage.sinceAtMs(),
                        "its nova-compute is up again, or the host is not in service"));
            }
        }
        for (Drain drain : now.drains().values()) {
            Drain earlier = before.drains().get(drain.host());
            boolean same = earlier != null && earlier.startedAtMs() == drain.startedAtMs();
            stories(
                    "drain-" + drain.host(),
                    same ? earlier.story() : List.of(),
                    drain.story(),
                    Event.Kind.UPKEEP,
                    drain.host(),
                    "drain of " + drain.host() + ": ",
                    events);
        }
        for (Drill drill : now.drills()) {
            List<Note> told = before.drills().stream()
                    .filter(d -> d.number() == drill.number())
                    .findFirst()
                    .map(Drill::story)
                    .orElse(List.of());
            stories(
                    "drill-" + drill.number(),
                    told,
                    drill.story(),
                    Event.Kind.UPKEEP,
                    drill.host(),
                    "drill " + drill.number() + ": ",
                    events);
        }
    }

    /** Stories are cut at their beginning when they grow long: what is newer than the last line told is new. */
    private static void stories(
            String id,
            List<Note> told,
            List<Note> story,
            Event.Kind kind,
            HostName host,
            String begins,
            List<Event> events) {
        long after = told.isEmpty() ? 0 : told.get(told.size() - 1).index();
        int line = 0;
        for (Note note : story) {
            if (note.index() > after) {
                events.add(new Event(
                        id + "-" + note.index() + "-" + line,
                        note.atMs(),
                        note.index(),
                        kind,
                        Optional.empty(),
                        Optional.of(host.value()),
                        begins + note.text()));
                line++;
            }
        }
    }

    private static Event host(String id, HostName host, RecoveryState state, long atMs, String text) {
        return new Event(
                id + host + "-" + state.applied().index(),
                atMs,
                state.applied().index(),
                Event.Kind.HOST,
                Optional.empty(),
                Optional.of(host.value()),
                host + ": " + text);
    }
}
