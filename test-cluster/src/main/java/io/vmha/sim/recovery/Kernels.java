package io.vmha.sim.recovery;

import io.vmha.gossip.observe.ObserverRing;
import io.vmha.recovery.core.HostName;
import io.vmha.recovery.core.Sighting;
import io.vmha.sim.Simulation;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The observation of the hosts' kernels, as it would see this cluster: a kernel answers as long as the machine is up and the paths go both
 * ways, whatever its agent does. Observers are agents, which say nothing while they do not run.
 */
final class Kernels {
    static final long LOOK_MS = 250;
    private static final long TIMEOUT_MS = 500;
    private static final double DOUBT = 3.9;

    private final Simulation sim;
    private final Network network;
    private final SortedMap<HostName, Machine> machines;
    private final SortedMap<HostName, Agent> agents;
    private final ObserverRing ring;
    private final Map<HostName, SortedMap<HostName, Long>> lostAtMs = new TreeMap<>();
    private final Map<HostName, Long> upAtMs = new TreeMap<>();
    private final Map<HostName, Long> trulyLostAtMs = new TreeMap<>();

    Kernels(Simulation sim, Network network, SortedMap<HostName, Machine> machines, SortedMap<HostName, Agent> agents) {
        this.sim = sim;
        this.network = network;
        this.machines = machines;
        this.agents = agents;
        this.ring =
                ObserverRing.of(machines.keySet().stream().map(HostName::value).toList());
        agents.keySet().forEach(observer -> lostAtMs.put(observer, new TreeMap<>()));
        sim.every(LOOK_MS, LOOK_MS, "kernels are probed", this::probe);
    }

    private void probe() {
        for (Agent observer : agents.values()) {
            SortedMap<HostName, Long> lost = lostAtMs.get(observer.host());
            for (Machine machine : machines.values()) {
                boolean answers = machine.isUp() && network.connects(observer.host(), machine.host());
                if (answers || !observer.isRunning()) {
                    lost.remove(machine.host()); // an observer that stands still forgets what it has waited for
                } else {
                    lost.putIfAbsent(machine.host(), sim.nowMs());
                }
            }
        }
        for (Machine machine : machines.values()) {
            if (machine.isUp()) {
                upAtMs.put(machine.host(), sim.nowMs());
            }
            if (!machine.isUp() || isTrulyLost(machine.host())) {
                trulyLostAtMs.put(machine.host(), sim.nowMs());
            }
        }
    }

    /** As many as a verdict needs cannot reach the kernel. */
    private boolean isTrulyLost(HostName host) {
        int unreached = unreached(host);
        return unreached >= 3 || unreached >= besides(host);
    }

    /** How many of those that run and have power cannot reach the kernel. */
    private int unreached(HostName host) {
        int count = 0;
        for (Agent a : agents.values()) {
            count += !network.connects(a.host(), host) && !a.host().equals(host) && a.isRunning() ? 1 : 0;
        }
        return count;
    }

    /** How many others are up on the leader's side of whatever cut there is, whether their agents run or not. */
    private int besides(HostName host) {
        Agent leader = null;
        for (Agent a : agents.values()) {
            boolean leads = a.term().isPresent();
            if (leads && (leader == null || a.term().getAsLong() > leader.term().getAsLong())) {
                leader = a;
            }
        }
        int count = 0;
        for (Machine m : machines.values()) {
            boolean here =
                    leader == null || leader.host().equals(m.host()) || network.connects(leader.host(), m.host());
            count += here && m.isUp() && !m.host().equals(host) ? 1 : 0;
        }
        return count;
    }

    /** How long ago the host was off, or out of the reach of as many as a verdict needs. */
    long sinceTrulyLostMs(HostName host) {
        if (!machines.get(host).isUp()) {
            return 0; // since the last look
        }
        return sim.nowMs() - trulyLostAtMs.getOrDefault(host, Long.MIN_VALUE / 2);
    }

    /** How long ago the host was up. */
    long upMsAgo(HostName host) {
        return sim.nowMs() - upAtMs.getOrDefault(host, Long.MIN_VALUE / 2);
    }

    /** What an observer says of a host that it observes or has been asked to look at. */
    Sighting sighting(HostName observer, HostName host) {
        Long lost = lostAtMs.get(observer).get(host);
        long lostMs = lost == null ? 0 : sim.nowMs() - lost;
        if (lostMs < TIMEOUT_MS) {
            return new Sighting(observer, host, lostMs, "connected", 0, 0, 0);
        }
        int unanswered = (int) Math.min(64, lostMs / LOOK_MS);
        return new Sighting(observer, host, lostMs, "connected", lostMs, unanswered, unanswered * DOUBT);
    }

    /** What the observers of the ring that reach this leader tell it of hosts that are silent. */
    List<Sighting> toldTo(Agent leader) {
        var told = new ArrayList<Sighting>();
        for (Agent observer : agents.values()) {
            if (observer.isRunning() && (observer == leader || network.connects(observer.host(), leader.host()))) {
                for (String target : ring.targetsOf(observer.host().value())) {
                    Sighting s = sighting(observer.host(), new HostName(target));
                    if (s.isSilent()) {
                        told.add(s);
                    }
                }
            }
        }
        return told;
    }

    List<Sighting> seenBy(Collection<Agent> observers, Collection<HostName> asked, Collection<HostName> alsoLookAt) {
        var seen = new ArrayList<Sighting>();
        for (Agent observer : observers) {
            for (HostName host : machines.keySet()) {
                boolean isAsked = asked.contains(host);
                if (!host.equals(observer.host()) && (isAsked || alsoLookAt.contains(host))) {
                    Sighting s = sighting(observer.host(), host);
                    if (isAsked || s.isSilent()) {
                        seen.add(s);
                    }
                }
            }
        }
        return seen;
    }
}
