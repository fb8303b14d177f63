package io.vmha.recovery.core;

import static io.vmha.recovery.core.CommittedLog.hv;

import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeEach;

/** Four watched hosts and their leader, with the words that may be said about them. */
class WatchedHosts {
    static final HostName LEADER = hv(1);
    static final SortedSet<HostName> WATCHED = new TreeSet<>(List.of(hv(2), hv(3), hv(4), hv(5)));

    Suspects suspects = new Suspects(RecoveryConfig.DEFAULT, LEADER);
    long nowMs = 100_000;

    @BeforeEach
    void everybodyIsWell() {
        WATCHED.forEach(host -> suspects.onGossip(host, GossipSign.ALIVE));
        review();
    }

    void age(Map<HostName, Long> ages) {
        suspects.onAges(new TreeMap<>(ages));
    }

    SortedSet<HostName> review() {
        return suspects.review(nowMs, WATCHED);
    }

    SortedMap<HostName, List<Witness>> verdict() {
        review();
        return suspects.verdict(nowMs);
    }

    Finding.Kind kindOf(HostName host) {
        review();
        return suspects.findings(nowMs).get(host).kind();
    }

    Sighting silent(HostName observer, HostName host, long silentMs) {
        return new Sighting(observer, host, silentMs + 500, "connected", silentMs, 4, 15.6);
    }

    void nobodyHears(HostName host, long silentMs) {
        suspects.onSightings(
                nowMs,
                List.of(silent(LEADER, host, silentMs), silent(hv(4), host, silentMs), silent(hv(5), host, silentMs)));
    }

    void itsKernelAnswers(HostName host) {
        nowMs += 10; // it was suspected before
        suspects.onSightings(nowMs, List.of(new Sighting(hv(5), host, 5, "refused", 0, 0, 0)));
    }

    /** The leader asks about its suspects only, and the voters answer; -1 is a voter that does not. */
    void stated(Map<HostName, List<Long>> agesMs) {
        review();
        var byVoter = new TreeMap<String, SortedMap<HostName, Long>>();
        agesMs.forEach((host, ages) -> {
            for (int i = 0; i < ages.size(); i++) {
                if (ages.get(i) >= 0) {
                    byVoter.computeIfAbsent("voter-" + i, v -> new TreeMap<>()).put(host, ages.get(i));
                }
            }
        });
        suspects.onStatements(new Result.Ages(new Action.AskVoters(1, new TreeSet<>(agesMs.keySet())), byVoter, 3));
    }

    /** Silent towards the leader, all voters and all observers for so long. */
    void isSilent(HostName host, long silentMs) {
        age(Map.of(host, silentMs));
        nobodyHears(host, silentMs);
        stated(Map.of(host, List.of(silentMs, silentMs, silentMs)));
    }

    void bmcSays(HostName host, PowerState power) {
        suspects.onPower(new BmcStatement(host, power, power != PowerState.UNKNOWN, power.name(), 50));
    }
}
