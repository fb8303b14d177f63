package io.vmha.recovery.core;

import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/** The voters and the BMCs of three hosts as a unit test needs them: they say what the test has set. */
final class FakeGroup implements Voters, Fencer {
    int count = 3;
    List<String> applied = List.of("a", "b", "c");
    long ageMs = 10_000;
    List<HostName> observers = List.of(CommittedLog.hv(1), CommittedLog.hv(2), CommittedLog.hv(9));
    boolean kernelsAnswer;
    /** Hosts that no voter has looked at yet. */
    final SortedSet<HostName> unseen = new TreeSet<>();

    String boot = "boot-1";
    PowerState power = PowerState.ON;
    boolean identityMatches = true;
    /** Hosts whose BMC does not answer. */
    final SortedSet<HostName> mute = new TreeSet<>();
    /** Power states that the next questions are answered with, before {@link #power} counts again. */
    final List<PowerState> nextStatus = new ArrayList<>();
    /** What the voters say about lives of hosts. */
    List<AgeStatement> statements = List.of();
    /** Every change that was asked for, oldest first. */
    final List<String> effects = new ArrayList<>();

    @Override
    public int count() {
        return count;
    }

    @Override
    public SortedMap<String, SortedMap<HostName, Long>> ages(SortedSet<HostName> hosts) {
        var ages = new TreeMap<String, SortedMap<HostName, Long>>();
        for (String voter : applied) {
            var of = new TreeMap<HostName, Long>();
            hosts.forEach(host -> of.put(host, ageMs));
            ages.put(voter, of);
        }
        return ages;
    }

    /** Every voter is an observer, and hears no kernel unless {@link #kernelsAnswer}. */
    @Override
    public Testimony observe(SortedSet<HostName> hosts, SortedSet<HostName> alsoLookAt) {
        var sightings = new ArrayList<Sighting>();
        var said = new ArrayList<BootStatement>();
        for (HostName host : hosts) {
            if (unseen.contains(host)) {
                continue;
            }
            for (HostName observer : observers) {
                sightings.add(
                        kernelsAnswer
                                ? new Sighting(observer, host, 5, "refused", 0, 0, 0)
                                : new Sighting(observer, host, ageMs, "refused", ageMs - 500, 4, 15.6));
            }
            applied.forEach(voter -> said.add(new BootStatement(voter, host, boot, ageMs)));
        }
        return new Testimony(sightings, said);
    }

    @Override
    public List<String> appliedAtLeast(long index) {
        return applied;
    }

    @Override
    public List<AgeStatement> statements(HostName host, long epoch) {
        return statements.stream().filter(s -> s.host().equals(host)).toList();
    }

    @Override
    public List<String> peersAppliedAtLeast(long index) {
        return applied;
    }

    @Override
    public boolean isConfigured(HostName host) {
        return true;
    }

    @Override
    public BmcStatement status(HostName host) {
        if (mute.contains(host)) {
            return new BmcStatement(host, PowerState.UNKNOWN, false, "no answer", 4_000);
        }
        PowerState said = nextStatus.isEmpty() ? power : nextStatus.remove(0);
        return new BmcStatement(host, said, identityMatches, "chassis power is " + said, 50);
    }

    @Override
    public BmcStatement powerOff(HostName host) {
        effects.add("power-off " + host);
        if (mute.contains(host)) {
            return status(host);
        }
        power = PowerState.OFF;
        return new BmcStatement(host, power, identityMatches, "chassis power is off", 200);
    }

    @Override
    public BmcStatement powerOn(HostName host) {
        throw new AssertionError("no recovery switches a host on");
    }
}
