package io.vmha.sim.recovery;

import io.vmha.recovery.core.HostName;
import io.vmha.recovery.core.ServerId;
import io.vmha.sim.Simulation;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/** The truth about which VM runs where: what the hosts really do, whatever anybody believes. No VM ever runs on two hosts. */
final class Ledger {
    private final Simulation sim;
    private final Map<ServerId, HostName> runsOn = new TreeMap<>();
    private long starts;

    Ledger(Simulation sim) {
        this.sim = sim;
    }

    void start(ServerId vm, HostName host) {
        HostName other = runsOn.get(vm);
        if (other != null && !other.equals(host)) {
            throw sim.violation("no double run", vm + " is started on " + host + " while it runs on " + other);
        }
        runsOn.put(vm, host);
        starts++;
    }

    void stop(ServerId vm) {
        runsOn.remove(vm);
    }

    /** The host has lost its power. */
    SortedSet<ServerId> stopAll(HostName host) {
        var stopped = new TreeSet<ServerId>();
        runsOn.forEach((vm, on) -> {
            if (on.equals(host)) {
                stopped.add(vm);
            }
        });
        runsOn.keySet().removeAll(stopped);
        return stopped;
    }

    boolean runs(ServerId vm) {
        return runsOn.containsKey(vm);
    }

    long starts() {
        return starts;
    }
}
