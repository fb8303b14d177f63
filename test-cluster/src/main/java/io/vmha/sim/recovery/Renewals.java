package io.vmha.sim.recovery;

import io.vmha.recovery.core.Arming;
import io.vmha.recovery.core.BootStatement;
import io.vmha.recovery.core.Electorate;
import io.vmha.recovery.core.GossipSign;
import io.vmha.recovery.core.HostName;
import io.vmha.recovery.core.LeaseVoter;
import io.vmha.recovery.core.Testimony;
import io.vmha.sim.Dice;
import io.vmha.sim.Simulation;
import java.util.ArrayList;
import java.util.List;
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
    private static final long LOOK_MS = 250;
    private static final long SUSPECT_AFTER_MS = 1_500;
    private static final long FAILED_AFTER_MS = 5_000;

    private record Renewal(Agent host, int life, long sentAtMs, long epoch, Arming claim, String boot, boolean slow) {}

    private final Simulation sim;
    private final Network network;
    private final SortedMap<HostName, Agent> agents;
    private final Raft raft;
    private final Dice dice;
    private final Map<HostName, SortedMap<HostName, Long>> heardAtMs = new TreeMap<>();
    private final Map<HostName, SortedMap<HostName, Long>> answeredAtMs = new TreeMap<>();
    private final Map<HostName, SortedMap<HostName, Long>> lostAtMs = new TreeMap<>();
    private final Map<HostName, SortedMap<HostName, String>> bootAt = new TreeMap<>();
    private final Map<HostName, SortedMap<HostName, GossipSign>> told = new TreeMap<>();
    private final SortedMap<HostName, Machine> machines;
    private final Kernels kernels;

    Renewals(
            Simulation sim,
            Network network,
            SortedMap<HostName, Machine> machines,
            SortedMap<HostName, Agent> agents,
            Raft raft) {
        this.sim = sim;
        this.network = network;
        this.machines = machines;
        this.agents = agents;
        this.raft = raft;
        this.dice = sim.dice("renewals");
        this.kernels = new Kernels(sim, network, machines, agents);
        agents.keySet().forEach(this::onVoterStart);
        sim.every(RENEW_MS, RENEW_MS, "hosts renew", this::renew);
        sim.every(LOOK_MS, LOOK_MS, "witnesses are heard", this::look);
    }

    Kernels kernels() {
        return kernels;
    }

    /** A voter counts from the moment it listens. */
    void onVoterStart(HostName voter) {
        var heard = new TreeMap<HostName, Long>();
        agents.keySet().forEach(host -> heard.put(host, sim.nowMs()));
        heardAtMs.put(voter, heard);
        answeredAtMs.computeIfAbsent(voter, v -> new TreeMap<>());
        lostAtMs.put(voter, new TreeMap<>());
        bootAt.put(voter, new TreeMap<>());
        told.put(voter, new TreeMap<>());
    }

    private void renew() {
        List<Agent> voters = raft.members();
        for (Agent host : agents.values()) {
            if (host.isRunning()) {
                boolean slow = dice.chance(5); // a burst of traffic: everything of this round is late
                voters.forEach(voter -> renewWith(host, voter, slow));
            }
        }
    }

    /** An agent that has just started renews at once. */
    void renewNow(HostName host) {
        raft.members().forEach(voter -> renewWith(agents.get(host), voter, false));
    }

    /** One renewal on its way to one voter and back. Most are quick; some are overtaken by pauses, cuts and seals. */
    private void renewWith(Agent host, Agent voter, boolean slow) {
        var renewal = new Renewal(
                host,
                host.life(),
                host.leased().nowMs(),
                host.leased().epoch(),
                host.leased().claim(),
                machines.get(host.host()).bootId(),
                slow);
        Runnable arrives = () -> {
            if (network.reaches(host.host(), voter.host())) {
                String to = voter.peerId();
                voter.whenRunning(() -> answer(renewal, voter, to));
            }
        };
        if (dice.chance(3)) {
            sim.after(dice.mostly(1, 900), "a renewal arrives", arrives);
        } else {
            arrives.run();
        }
    }

    private void answer(Renewal renewal, Agent voter, String to) {
        Agent host = renewal.host();
        if (!voter.peerId().equals(to) || !raft.members().contains(voter)) {
            return;
        }
        LeaseVoter.Reply reply = voter.voter()
                .onRenewal(
                        voter.leased().nowMs(),
                        host.host(),
                        renewal.epoch(),
                        renewal.claim(),
                        renewal.boot(),
                        renewal.sentAtMs());
        if (!network.reaches(voter.host(), host.host())) {
            if (reply.answered()) {
                answeredAtMs.get(voter.host()).put(host.host(), sim.nowMs());
            }
            return;
        }
        heardAtMs.get(voter.host()).put(host.host(), sim.nowMs());
        bootAt.get(voter.host()).put(host.host(), renewal.boot());
        if (reply.answered()) {
            answeredAtMs.get(voter.host()).put(host.host(), sim.nowMs());
        }
        Electorate told = raft.told(voter);
        Runnable back = () -> {
            if (host.life() == renewal.life()) {
                host.whenRunning(() -> host.leased().onAnswer(reply, to, renewal.sentAtMs(), renewal.epoch(), told));
            }
        };
        if (renewal.slow() || dice.chance(3)) {
            sim.after(dice.between(1, 900), "an answer arrives", back);
        } else {
            back.run();
        }
    }

    private void look() {
        for (Agent voter : agents.values()) {
            if (voter.isRunning() && voter.term().isPresent()) {
                feed(voter);
            }
        }
    }

    /** Tells a leader what its node sees. */
    private void feed(Agent voter) {
        voter.onRenewalAges(agesAt(voter.host(), new TreeSet<>(agents.keySet())));
        voter.onClaims(voter.voter().claims());
        voter.onSightings(kernels.toldTo(voter));
        SortedMap<HostName, Long> lost = lostAtMs.get(voter.host());
        SortedMap<HostName, GossipSign> signs = told.get(voter.host());
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
            GossipSign sign = host.hasLeft()
                    ? GossipSign.LEFT
                    : lostMs >= FAILED_AFTER_MS
                            ? GossipSign.FAILED
                            : lostMs >= SUSPECT_AFTER_MS ? GossipSign.SUSPECT : GossipSign.ALIVE;
            if (signs.put(host.host(), sign) != sign) {
                voter.onGossip(host.host(), sign);
            }
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

    /** How long the voter says that it has not answered these hosts. */
    SortedMap<HostName, Long> agesAt(HostName voter, SortedSet<HostName> hosts) {
        Agent asked = agents.get(voter);
        var ages = new TreeMap<HostName, Long>();
        hosts.forEach(host -> ages.put(host, asked.voter().ageMs(asked.leased().nowMs(), host)));
        return ages;
    }

    /** How long this process of the voter really has not answered the host. */
    long unansweredMs(HostName voter, HostName host) {
        return sim.nowMs() - answeredAtMs.get(voter).getOrDefault(host, Long.MIN_VALUE / 2);
    }

    /** What these voters say when a leader asks them. */
    Testimony testimony(List<Agent> answering, SortedSet<HostName> asked, SortedSet<HostName> alsoLookAt) {
        var boots = new ArrayList<BootStatement>();
        for (Agent voter : answering) {
            bootAt.get(voter.host()).forEach((host, boot) -> {
                if (asked.contains(host)) {
                    long heardMs = sim.nowMs() - heardAtMs.get(voter.host()).get(host);
                    boots.add(new BootStatement(voter.peerId(), host, boot, heardMs));
                }
            });
        }
        return new Testimony(kernels.seenBy(answering, asked, alsoLookAt), boots);
    }
}
