package io.vmha.recovery.membership;

import io.vmha.recovery.core.HostName;
import io.vmha.recovery.core.HostRecord;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;

/**
 * Which hosts vote: three of three or four hosts, five of five or more, spread over the racks. Pure. Voters that do their work stay, but for
 * a better spread.
 */
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
     * @param gone ids of voters that have been away for too long to be waited for
     */
    static List<String> wanted(
            HostName self,
            SortedMap<HostName, HostRecord> hosts,
            List<Voter> current,
            Map<HostName, Candidate> pool,
            Set<String> gone) {
        var spares = new ArrayList<Candidate>();
        for (Candidate candidate : pool.values()) {
            HostRecord record = hosts.get(candidate.host());
            boolean votes = current.stream().anyMatch(v -> v.peerId().equals(candidate.peerId()));
            if (candidate.alive() && !votes && record != null && record.status() == HostRecord.Status.IN_SERVICE) {
                spares.add(candidate);
            }
        }
        var kept = new ArrayList<Voter>();
        for (Voter voter : current) {
            if (voter.host().equals(self) || stays(voter, hosts, pool, spares, gone)) {
                kept.add(voter);
            }
        }
        int count = Math.max(wantedCount(hosts.size()), 1);
        kept.sort(Comparator.comparing((Voter v) -> !v.host().equals(self))
                .thenComparing(v -> !isAlive(v, pool))
                .thenComparing(Voter::host));
        var chosen = new ArrayList<>(kept.subList(0, Math.min(count, kept.size())));
        while (chosen.size() < count && !spares.isEmpty()) {
            Candidate next = spares.stream().min(byNeed(chosen, pool)).orElseThrow();
            spares.remove(next);
            chosen.add(new Voter(next.host(), next.peerId()));
        }
        spread(self, chosen, current, pool, spares);
        return chosen.stream().map(Voter::peerId).sorted().toList();
    }

    /** First who stands in the rack with the fewest voters, then by name. */
    private static Comparator<Candidate> byNeed(List<Voter> chosen, Map<HostName, Candidate> pool) {
        return Comparator.comparingLong((Candidate c) -> votersIn(c.rack(), chosen, pool))
                .thenComparing(Candidate::host);
    }

    /**
     * One voter of the fullest rack gives way to a spare of an emptier one, if that makes the spread better and the group is well: all its
     * voters alive and none being replaced. One per step, so that the group is never far from what it was.
     */
    private static void spread(
            HostName self,
            List<Voter> chosen,
            List<Voter> current,
            Map<HostName, Candidate> pool,
            List<Candidate> spares) {
        boolean settled = chosen.size() == current.size() && current.containsAll(chosen);
        if (!settled || spares.isEmpty() || !chosen.stream().allMatch(v -> isAlive(v, pool))) {
            return;
        }
        Candidate spare = spares.stream().min(byNeed(chosen, pool)).orElseThrow();
        chosen.stream()
                .filter(v -> !v.host().equals(self))
                .max(Comparator.comparingLong((Voter v) -> votersIn(rack(v, pool), chosen, pool))
                        .thenComparing(Voter::host))
                .filter(v -> votersIn(rack(v, pool), chosen, pool) > votersIn(spare.rack(), chosen, pool) + 1)
                .ifPresent(v -> chosen.set(chosen.indexOf(v), new Voter(spare.host(), spare.peerId())));
    }

    private static long votersIn(String rack, List<Voter> voters, Map<HostName, Candidate> pool) {
        return voters.stream().filter(v -> rack(v, pool).equals(rack)).count();
    }

    private static String rack(Voter voter, Map<HostName, Candidate> pool) {
        Candidate agent = pool.get(voter.host());
        return agent == null ? "" : agent.rack();
    }

    private static boolean stays(
            Voter voter,
            SortedMap<HostName, HostRecord> hosts,
            Map<HostName, Candidate> pool,
            List<Candidate> spares,
            Set<String> gone) {
        HostRecord record = hosts.get(voter.host());
        Candidate agent = pool.get(voter.host());
        if (record == null) {
            return false; // left the aggregate
        }
        if (agent != null && agent.alive() && !agent.peerId().equals(voter.peerId())) {
            return false; // its storage was replaced: the old voter will never come back
        }
        boolean replaceable = record.status() == HostRecord.Status.DOWN || gone.contains(voter.peerId());
        return !replaceable || spares.isEmpty();
    }

    static boolean isAlive(Voter voter, Map<HostName, Candidate> pool) {
        Candidate agent = pool.get(voter.host());
        return agent != null && agent.alive() && agent.peerId().equals(voter.peerId());
    }
}
