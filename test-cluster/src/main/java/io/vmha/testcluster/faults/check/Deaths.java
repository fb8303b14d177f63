package io.vmha.testcluster.faults.check;

import com.fasterxml.jackson.databind.JsonNode;
import io.vmha.testcluster.faults.history.Event;
import io.vmha.testcluster.faults.history.History;
import io.vmha.testcluster.faults.history.Kinds;
import io.vmha.testcluster.faults.history.NovaKind;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * L: a product that does nothing breaks no promise of safety, so this one is about what it is there for. Judged are deaths that last and
 * that nothing else got in the way of: no other fault but one that must not matter, no mass fault, no maintenance.
 */
final class Deaths {
    /** A host that is back sooner may be found alive again before it was proven dead. */
    private static final long LASTING_MS = 20_000;
    /** A guest's last beat and the loss of power are noted by different threads. */
    private static final long SLACK_MS = 1_500;
    /** A person who takes a host into maintenance within this time before it dies may be in the way. */
    private static final long MAINTENANCE_MS = 30_000;

    private static final Set<String> IN_NOBODYS_WAY = Set.of("clock", "names", "pool");

    private Deaths() {}

    static Finding areRecovered(History history) {
        var against = new ArrayList<String>();
        List<Event> calls = Calls.evacuations(history).stream()
                .filter(c -> c.isTrue("accepted"))
                .toList();
        // about ten times what it takes: later than that, something was waited for that must not be in the way
        long boundMs = NovaKind.of(history).recoveredMs();
        Set<String> kept = vmsAtTheEnd(history);
        int deaths = 0;
        int vms = 0;
        long slowest = 0;
        for (Event off : history.of(Kinds.POWER)) {
            long backMs = Excuses.powerBack(history, off.text("host"), off.atMs());
            if (off.isTrue("on")
                    || !off.text("by").equals("the injector")
                    || backMs - off.atMs() < LASTING_MS
                    || !isUndisturbed(history, off)) {
                continue;
            }
            deaths++;
            for (String vm : livedOn(history, off)) {
                Optional<Event> call = calls.stream()
                        .filter(c -> c.text("evacuates").equals(vm)
                                && c.atMs() >= off.atMs()
                                && c.atMs() <= off.atMs() + boundMs)
                        .findFirst();
                vms++;
                if (call.isPresent()) {
                    slowest = Math.max(slowest, call.get().atMs() - off.atMs());
                } else if (kept.contains(vm)) {
                    against.add(
                            vm + " was on " + off.text("host") + ", which lost its power at " + off.atMs() + " ms for "
                                    + (backMs - off.atMs()) + " ms, and was not evacuated within " + boundMs + " ms");
                }
            }
        }
        return Finding.of(
                String.format(
                        Locale.ROOT,
                        "%d lasting deaths with nothing in the way, %d VMs; the slowest accepted call %.1f s after",
                        deaths,
                        vms,
                        slowest / 1e3),
                against,
                List.of());
    }

    private static boolean isUndisturbed(History history, Event off) {
        long until = off.atMs() + LASTING_MS;
        for (Event fault : history.of(Kinds.FAULT)) {
            boolean meets = fault.atMs() <= until && Excuses.endOf(history, fault) >= off.atMs();
            boolean harmless = IN_NOBODYS_WAY.contains(fault.text("family"))
                    || (fault.text("family").equals("power") && !fault.isTrue("mass"));
            if (meets && !harmless) {
                return false;
            }
        }
        return history.of(Kinds.OPERATOR).stream()
                .noneMatch(act -> act.text("host").equals(off.text("host"))
                        && act.text("what").contains("maintenance")
                        && act.atMs() >= off.atMs() - MAINTENANCE_MS
                        && act.atMs() <= until);
    }

    private static Set<String> livedOn(History history, Event off) {
        var vms = new TreeSet<String>();
        for (Event life : history.of(Kinds.GUEST)) {
            long lastMs = life.number("to_ms", 0);
            if (life.text("host").equals(off.text("host")) && Math.abs(lastMs - off.atMs()) <= SLACK_MS) {
                vms.add(life.text("vm"));
            }
        }
        return vms;
    }

    /** What was deleted meanwhile needs no recovery. */
    private static Set<String> vmsAtTheEnd(History history) {
        var vms = new TreeSet<String>();
        for (Event shown : history.of(Kinds.SERVERS)) {
            for (JsonNode server : shown.data().path("servers")) {
                vms.add(server.path("id").asText());
            }
        }
        return vms;
    }
}
