package io.vmha.recovery.membership;

import io.vmha.recovery.core.HostName;
import io.vmha.recovery.core.HostRecord;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeSet;

/** Which hosts vote: three of three or four hosts, five of five or more. Pure. Voters that do their work stay. */
final class VoterSelection {
    private VoterSelection() {}

    /** How many voters a group of this many hosts wants. */
    static int wantedCount(int hosts) {
        return hosts >= 5 ? 5 : Math.min(hosts, 3);
    }

    /**
     * The voters that the group should have.
     *
     * @param self the leader's host: it is never dropped here, leadership is handed over first
     */
    static List<String> wanted(
            HostName self, SortedMap<HostName, HostRecord> hosts, List<Voter> current, Map<HostName, Candidate> pool) {
        var spares = new ArrayList<Candidate>();
        for (Candidate candidate : pool.values()) {
            HostRecord record = hosts.get(candidate.host());
            boolean votes = current.stream().anyMatch(v -> v.peerId().equals(candidate.peerId()));
            if (candidate.alive() && !votes && record != null && record.status() == HostRecord.Status.IN_SERVICE) {
                spares.add(candidate);
            }
        }
        spares.sort(Comparator.comparing(Candidate::host));
        var kept = new ArrayList<Voter>();
        for (Voter voter : current) {
            if (voter.host().equals(self) || stays(voter, hosts, pool, spares)) {
                kept.add(voter);
            }
        }
        int count = Math.max(wantedCount(hosts.size()), 1);
        kept.sort(Comparator.comparing((Voter v) -> !v.host().equals(self))
                .thenComparing(v -> !isAlive(v, pool))
                .thenComparing(Voter::host));
        var wanted = new TreeSet<String>();
        kept.stream().limit(count).forEach(v -> wanted.add(v.peerId()));
        for (Candidate spare : spares) {
            if (wanted.size() < count) {
                wanted.add(spare.peerId());
            }
        }
        return List.copyOf(wanted);
    }

    private static boolean stays(
            Voter voter, SortedMap<HostName, HostRecord> hosts, Map<HostName, Candidate> pool, List<Candidate> spares) {
        HostRecord record = hosts.get(voter.host());
        Candidate agent = pool.get(voter.host());
        if (record == null) {
            return false; // left the aggregate
        }
        if (agent != null && agent.alive() && !agent.peerId().equals(voter.peerId())) {
            return false; // its storage was replaced: the old voter will never come back
        }
        return record.status() != HostRecord.Status.DOWN || spares.isEmpty();
    }

    private static boolean isAlive(Voter voter, Map<HostName, Candidate> pool) {
        Candidate agent = pool.get(voter.host());
        return agent != null && agent.alive() && agent.peerId().equals(voter.peerId());
    }
}
