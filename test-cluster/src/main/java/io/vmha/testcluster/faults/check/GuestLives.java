package io.vmha.testcluster.faults.check;

import io.vmha.testcluster.faults.history.Event;
import io.vmha.testcluster.faults.history.History;
import io.vmha.testcluster.faults.history.Kinds;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** I1: the lives of each guest, as its own heartbeats and its disk show them, follow each other without overlap. */
final class GuestLives {
    private GuestLives() {}

    static Finding byHeartbeats(History history) {
        return noOverlap(history.of(Kinds.GUEST), "heartbeat");
    }

    static Finding byDisk(History history) {
        return noOverlap(history.of(Kinds.DISK), "write");
    }

    /** By VM, each VM's lives by their beginnings. */
    static Map<String, List<Event>> byVm(List<Event> lives) {
        Map<String, List<Event>> byVm = new TreeMap<>();
        lives.forEach(life ->
                byVm.computeIfAbsent(life.text("vm"), vm -> new ArrayList<>()).add(life));
        byVm.values().forEach(list -> list.sort(Comparator.comparingLong(life -> life.number("from_ms", 0))));
        return byVm;
    }

    private static Finding noOverlap(List<Event> lives, String sign) {
        var against = new ArrayList<String>();
        Map<String, List<Event>> byVm = byVm(lives);
        byVm.forEach((vm, own) -> {
            own.stream()
                    .filter(life -> !life.text("went_back").isEmpty())
                    .forEach(life -> against.add(vm + ": the count of one copy, " + life.text("nonce") + " on "
                            + life.text("host") + ", went back " + life.text("went_back") + ": two wrote"));
            for (int i = 0; i < own.size(); i++) {
                for (int j = i + 1; j < own.size(); j++) {
                    long oldTo = own.get(i).number("to_ms", 0);
                    long newFrom = own.get(j).number("from_ms", 0);
                    if (oldTo >= newFrom) {
                        against.add(vm + ": a " + sign + " of the copy on "
                                + own.get(i).text("host") + " at " + oldTo + " ms, after the first of the copy on "
                                + own.get(j).text("host") + " at " + newFrom + " ms");
                    }
                }
            }
        });
        if (lives.isEmpty()) {
            return Finding.of("no guest was seen", List.of(), List.of("there is no " + sign + " in this history"));
        }
        return Finding.of(lives.size() + " lives of " + byVm.size() + " VMs", against, List.of());
    }
}
