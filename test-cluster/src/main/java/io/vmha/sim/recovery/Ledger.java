package io.vmha.sim.recovery;

import io.vmha.recovery.core.HostName;
import io.vmha.recovery.core.ServerId;
import io.vmha.sim.Simulation;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * The truth about which VM runs where: what the hosts really do, whatever anybody believes. No VM ever runs on two hosts. A paused copy writes
 * nothing; it may stay where it is while the VM runs elsewhere, but must never run on.
 */
final class Ledger {
    private final Simulation sim;
    private final Map<ServerId, HostName> runsOn = new TreeMap<>();
    private final Map<HostName, SortedSet<ServerId>> live = new TreeMap<>();
    private final Map<HostName, SortedSet<ServerId>> paused = new TreeMap<>();
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
        on(live, host).add(vm);
        starts++;
    }

    void stop(ServerId vm) {
        HostName host = runsOn.remove(vm);
        if (host != null) {
            on(live, host).remove(vm);
        }
        paused.values().forEach(copies -> copies.remove(vm));
    }

    /** The host has lost its power. */
    SortedSet<ServerId> stopAll(HostName host) {
        on(paused, host).clear();
        return halt(host);
    }

    /** Everything on the host stands still. */
    SortedSet<ServerId> pauseAll(HostName host) {
        SortedSet<ServerId> stopped = halt(host);
        on(paused, host).addAll(stopped);
        return stopped;
    }

    private SortedSet<ServerId> halt(HostName host) {
        var stopped = new TreeSet<>(on(live, host));
        on(live, host).clear();
        stopped.forEach(runsOn::remove);
        return stopped;
    }

    /** What stood still on the host runs on. */
    SortedSet<ServerId> resumeAll(HostName host) {
        SortedSet<ServerId> copies = destroyPaused(host);
        copies.forEach(vm -> start(vm, host));
        return copies;
    }

    /** What stood still on the host is gone. */
    SortedSet<ServerId> destroyPaused(HostName host) {
        var copies = new TreeSet<>(on(paused, host));
        on(paused, host).clear();
        return copies;
    }

    private static SortedSet<ServerId> on(Map<HostName, SortedSet<ServerId>> where, HostName host) {
        return where.computeIfAbsent(host, h -> new TreeSet<>());
    }

    boolean runs(ServerId vm) {
        return runsOn.containsKey(vm);
    }

    /** True while any VM of this host may write. */
    boolean anyLive(HostName host) {
        SortedSet<ServerId> here = live.get(host);
        return here != null && !here.isEmpty();
    }

    long starts() {
        return starts;
    }
}
