package io.vmha.sim.recovery;

import io.vmha.recovery.core.GossipSign;
import io.vmha.recovery.core.HostName;
import io.vmha.sim.Simulation;
import java.util.Map;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * The witnesses, derived from who reaches whom: when each voter last heard each host's renewal, and what gossip would say at each node.
 */
final class Renewals {
    private static final long RENEW_MS = 1_000;
    private static final long LOOK_MS = 500;
    private static final long SUSPECT_AFTER_MS = 1_500;
    private static final long FAILED_AFTER_MS = 5_000;

    private final Simulation sim;
    private final Network network;
    private final SortedMap<HostName, Agent> agents;
    private final SortedMap<HostName, Agent> voters;
    private final Map<HostName, SortedMap<HostName, Long>> heardAtMs = new TreeMap<>();
    private final Map<HostName, SortedMap<HostName, Long>> lostAtMs = new TreeMap<>();
    /** When a majority of the voters last had not heard a host for the given time, as it really was. */
    private final SortedMap<HostName, Long> silentAtMs = new TreeMap<>();

    private final long silenceMs;

    Renewals(
            Simulation sim,
            Network network,
            SortedMap<HostName, Agent> agents,
            SortedMap<HostName, Agent> voters,
            long silenceMs) {
        this.sim = sim;
        this.network = network;
        this.agents = agents;
        this.voters = voters;
        this.silenceMs = silenceMs;
        voters.keySet().forEach(this::onVoterStart);
        sim.every(RENEW_MS, RENEW_MS, "hosts renew", this::renew);
        sim.every(LOOK_MS, LOOK_MS, "witnesses are heard", this::look);
    }

    /** A voter counts from the moment it listens. */
    void onVoterStart(HostName voter) {
        var heard = new TreeMap<HostName, Long>();
        agents.keySet().forEach(host -> heard.put(host, sim.nowMs()));
        heardAtMs.put(voter, heard);
        lostAtMs.put(voter, new TreeMap<>());
    }

    private void renew() {
        for (Agent host : agents.values()) {
            if (host.isRunning()) {
                for (Agent voter : voters.values()) {
                    if (voter.isRunning() && network.connects(host.host(), voter.host())) {
                        heardAtMs.get(voter.host()).put(host.host(), sim.nowMs());
                    }
                }
            }
        }
    }

    private void look() {
        for (HostName host : agents.keySet()) {
            long silent = voters.keySet().stream()
                    .filter(v -> sim.nowMs() - heardAtMs.get(v).get(host) >= silenceMs - LOOK_MS)
                    .count();
            if (silent * 2 > voters.size()) {
                silentAtMs.put(host, sim.nowMs());
            }
        }
        for (Agent voter : voters.values()) {
            if (voter.isRunning() && voter.term().isPresent()) {
                feed(voter);
            }
        }
    }

    /** Tells a leader what its node sees. */
    private void feed(Agent voter) {
        voter.onRenewalAges(agesAt(voter.host(), new TreeSet<>(agents.keySet())));
        SortedMap<HostName, Long> lost = lostAtMs.get(voter.host());
        for (Agent host : agents.values()) {
            if (host == voter) {
                continue;
            }
            if (isSeen(voter, host)) {
                lost.remove(host.host());
            } else {
                lost.putIfAbsent(host.host(), sim.nowMs());
            }
            long lostMs = lost.containsKey(host.host()) ? sim.nowMs() - lost.get(host.host()) : 0;
            voter.onGossip(
                    host.host(),
                    lostMs >= FAILED_AFTER_MS
                            ? GossipSign.FAILED
                            : lostMs >= SUSPECT_AFTER_MS ? GossipSign.SUSPECT : GossipSign.ALIVE);
        }
    }

    /** Gossip sees a host directly or through one other node. */
    private boolean isSeen(Agent from, Agent host) {
        if (!host.isRunning()) {
            return false;
        }
        return network.connects(from.host(), host.host())
                || agents.values().stream()
                        .anyMatch(relay -> relay.isRunning()
                                && network.connects(from.host(), relay.host())
                                && network.connects(relay.host(), host.host()));
    }

    /** How long the voter has not heard these hosts. */
    SortedMap<HostName, Long> agesAt(HostName voter, SortedSet<HostName> hosts) {
        var ages = new TreeMap<HostName, Long>();
        heardAtMs.get(voter).forEach((host, at) -> {
            if (hosts.contains(host)) {
                ages.put(host, sim.nowMs() - at);
            }
        });
        return ages;
    }

    /** How long ago a majority of the voters really did not hear the host. */
    long sinceSilentMs(HostName host) {
        return sim.nowMs() - silentAtMs.getOrDefault(host, Long.MIN_VALUE / 2);
    }
}
