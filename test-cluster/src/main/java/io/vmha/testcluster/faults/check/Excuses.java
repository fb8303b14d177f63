package io.vmha.testcluster.faults.check;

import com.fasterxml.jackson.databind.JsonNode;
import io.vmha.testcluster.faults.history.Event;
import io.vmha.testcluster.faults.history.History;
import io.vmha.testcluster.faults.history.Kinds;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * I8 and I10: what the injector did, against what was fenced and evacuated. A host may be fenced if the injector took its power or cut it off
 * the majority; its daemon's silence alone is no excuse, unless it lasts longer than a person would wait.
 */
final class Excuses {
    /** What is decided while a fault lasts may be done this long after it has been healed: a BMC that was slow, a limit of a call. */
    private static final long AFTERMATH_MS = 60_000;
    /** A daemon that is silent for longer, on a kernel that answers, may be given up. */
    private static final long SILENCE_MAX_MS = 28_000;

    /** Who takes a host's power so that it may be recovered; nobody asked the daemons. */
    private static final Set<String> TRUE_DEATHS = Set.of("the injector", "its guard");

    private Excuses() {}

    static Finding noFalseEvacuation(History history) {
        var against = new ArrayList<String>();
        List<Event> fences = fences(history);
        for (Event fence : fences) {
            if (!isExcused(history, fence.text("host"), fence.atMs())) {
                against.add(fence.atMs() + " ms: " + fence.text("host")
                        + " was switched off by its BMC, but lived and could be reached");
            }
        }
        List<Event> calls = Calls.evacuations(history);
        for (Event call : calls) {
            String source = call.data().at("/evidence/source").asText("");
            if (!source.isEmpty()
                    && !isExcused(history, source, call.atMs())
                    && !wasFenced(fences, source, call.atMs())) {
                against.add(call.atMs() + " ms: " + call.text("evacuates") + " was evacuated from " + source
                        + ", which lived and could be reached");
            }
        }
        return Finding.of(
                fences.size() + " hosts switched off by BMCs, " + calls.size() + " evacuate calls", against, List.of());
    }

    /** Power that went by a BMC, at the daemons' word. */
    private static List<Event> fences(History history) {
        return history.of(Kinds.POWER).stream()
                .filter(event -> !event.isTrue("on") && event.text("by").equals("its BMC"))
                .toList();
    }

    /** A fence is judged by itself: what follows from it is not judged again. */
    private static boolean wasFenced(List<Event> fences, String host, long atMs) {
        return fences.stream().anyMatch(f -> f.text("host").equals(host) && f.atMs() <= atMs);
    }

    private static boolean isExcused(History history, String host, long atMs) {
        for (Event fault : history.of(Kinds.FAULT)) {
            long ended = endOf(history, fault);
            boolean running = fault.atMs() <= atMs && atMs <= ended + AFTERMATH_MS;
            boolean dead = names(fault, "dead", host) || names(fault, "cut", host);
            boolean longSilent = names(fault, "silent", host) && atMs - fault.atMs() >= SILENCE_MAX_MS;
            if (running && (dead || longSilent)) {
                return true;
            }
        }
        return history.of(Kinds.POWER).stream()
                .anyMatch(power -> !power.isTrue("on")
                        && power.text("host").equals(host)
                        && TRUE_DEATHS.contains(power.text("by"))
                        && power.atMs() <= atMs
                        && atMs <= powerBack(history, host, power.atMs()) + AFTERMATH_MS);
    }

    static long powerBack(History history, String host, long offMs) {
        return history.of(Kinds.POWER).stream()
                .filter(power -> power.isTrue("on") && power.text("host").equals(host) && power.atMs() > offMs)
                .mapToLong(Event::atMs)
                .findFirst()
                .orElse(Long.MAX_VALUE / 2);
    }

    static long endOf(History history, Event fault) {
        return history.of(Kinds.HEALED).stream()
                .filter(healed -> healed.text("id").equals(fault.text("id")))
                .mapToLong(Event::atMs)
                .findFirst()
                .orElse(Long.MAX_VALUE / 2);
    }

    private static boolean names(Event fault, String field, String host) {
        for (JsonNode name : fault.data().path(field)) {
            if (name.asText().equals(host)) {
                return true;
            }
        }
        return false;
    }

    static Finding massFaultsPause(History history) {
        var against = new ArrayList<String>();
        int faults = 0;
        for (Event fault : history.of(Kinds.FAULT)) {
            if (!fault.isTrue("mass")) {
                continue;
            }
            faults++;
            long ended = endOf(history, fault);
            for (Event fence : fences(history)) {
                if (fault.atMs() <= fence.atMs() && fence.atMs() <= ended) {
                    against.add(fence.atMs() + " ms: " + fence.text("host") + " was switched off during "
                            + fault.text("name"));
                }
            }
            for (Event call : Calls.evacuations(history)) {
                if (fault.atMs() <= call.atMs() && call.atMs() <= ended) {
                    against.add(call.atMs() + " ms: " + call.text("evacuates") + " was evacuated during "
                            + fault.text("name"));
                }
            }
        }
        return Finding.of(faults + " faults that hit everybody", against, List.of());
    }
}
