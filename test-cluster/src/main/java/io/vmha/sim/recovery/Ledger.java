package io.vmha.sim.recovery;

import io.vmha.recovery.core.HostName;
import io.vmha.recovery.core.Hypervisor;
import io.vmha.recovery.core.ServerId;
import io.vmha.sim.Simulation;
import java.util.ArrayList;
import java.util.List;
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
    /** Whose process has died there by itself, and has not been started since. */
    private final Map<HostName, SortedSet<ServerId>> crashed = new TreeMap<>();

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
        on(crashed, host).remove(vm);
        starts++;
    }

    /** A live migration: in one moment it runs here no more, and there. */
    void move(ServerId vm, HostName from, HostName to) {
        destroy(vm, from);
        start(vm, to);
    }

    void stop(ServerId vm) {
        HostName host = runsOn.remove(vm);
        if (host != null) {
            on(live, host).remove(vm);
        }
        paused.values().forEach(copies -> copies.remove(vm));
    }

    /** The copy on this host is gone, running or paused. */
    void destroy(ServerId vm, HostName host) {
        on(paused, host).remove(vm);
        if (on(live, host).remove(vm) && host.equals(runsOn.get(vm))) {
            runsOn.remove(vm);
        }
    }

    /** Its process dies, and nobody has told it to. */
    void crash(ServerId vm, HostName host) {
        destroy(vm, host);
        on(crashed, host).add(vm);
    }

    SortedSet<ServerId> crashed(HostName host) {
        return on(crashed, host);
    }

    /** The copy on this host stands still. */
    void pause(ServerId vm, HostName host) {
        if (on(live, host).contains(vm)) {
            destroy(vm, host);
            on(paused, host).add(vm);
        }
    }

    /**
     * Somebody starts the VM on a host behind everybody's back, whether it runs elsewhere or not. What is found out about that is the test.
     */
    void startStray(ServerId vm, HostName host) {
        on(paused, host).remove(vm);
        on(live, host).add(vm);
        runsOn.putIfAbsent(vm, host);
    }

    /** What runs on this host. */
    List<ServerId> running(HostName host) {
        return List.copyOf(on(live, host));
    }

    /** The guests on this host that have a process. */
    List<Hypervisor.Domain> domains(HostName host) {
        var domains = new ArrayList<Hypervisor.Domain>();
        on(live, host).forEach(vm -> domains.add(new Hypervisor.Domain(vm, "name-" + vm, true)));
        on(paused, host).forEach(vm -> domains.add(new Hypervisor.Domain(vm, "name-" + vm, false)));
        return domains;
    }

    boolean hasCopy(ServerId vm, HostName host) {
        return on(live, host).contains(vm) || on(paused, host).contains(vm);
    }

    /** The hosts on which it runs. */
    List<HostName> hostsOf(ServerId vm) {
        return live.keySet().stream()
                .filter(host -> live.get(host).contains(vm))
                .toList();
    }

    /** The hosts that have a copy of it, running or paused. */
    SortedSet<HostName> copiesOf(ServerId vm) {
        var hosts = new TreeSet<HostName>(hostsOf(vm));
        paused.forEach((host, copies) -> {
            if (copies.contains(vm)) {
                hosts.add(host);
            }
        });
        return hosts;
    }

    /** The host has lost its power. */
    SortedSet<ServerId> stopAll(HostName host) {
        on(paused, host).clear();
        on(crashed, host).clear();
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
        stopped.forEach(vm -> runsOn.remove(vm, host));
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
