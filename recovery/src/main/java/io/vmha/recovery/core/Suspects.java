package io.vmha.recovery.core;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * The leader's picture of who may be dead: silence of renewals at this voter and at the others, gossip, and what the BMCs say. A suspect is
 * harmless; a verdict needs witnesses that fail for different reasons.
 *
 * <p>A host is <em>suspect</em> when its renewals are late here or gossip suspects it. It is <em>dead</em> when it is silent and either its
 * BMC says "off", or a majority of the voters state the silence and gossip does not call it alive.
 */
final class Suspects {
    private static final int SETTLES_MAX = 5;
    private static final long FROM_THE_BEGINNING = Long.MIN_VALUE / 2;

    private final RecoveryConfig config;
    private final Map<HostName, Long> ageMs = new TreeMap<>();
    private final Map<HostName, GossipSign> gossip = new TreeMap<>();
    private final Map<HostName, BmcStatement> power = new TreeMap<>();
    private final Map<HostName, Long> suspectSinceMs = new TreeMap<>();
    private final Map<HostName, SortedMap<String, Long>> statedAges = new TreeMap<>();
    private final Map<HostName, Long> watchedSinceMs = new TreeMap<>();
    private boolean firstReview = true;
    private long reviewedAtMs;
    private int voters;

    Suspects(RecoveryConfig config) {
        this.config = config;
    }

    void onAges(SortedMap<HostName, Long> ages) {
        ageMs.clear();
        ageMs.putAll(ages);
    }

    void onGossip(HostName host, GossipSign sign) {
        gossip.put(host, sign);
    }

    void onStatements(Result.Ages ages) {
        statedAges.clear();
        ages.byVoter()
                .forEach((voter, byHost) -> byHost.forEach((host, age) -> {
                    // what is said about a host that is no suspect any more is about a silence that has ended
                    if (suspectSinceMs.containsKey(host)) {
                        statedAges.computeIfAbsent(host, h -> new TreeMap<>()).put(voter, age);
                    }
                }));
        voters = ages.voters();
    }

    void onPower(BmcStatement statement) {
        power.put(statement.host(), statement);
    }

    /** Brings the list of suspects up to date with the hosts that are watched. */
    SortedSet<HostName> review(long nowMs, SortedSet<HostName> watched) {
        reviewedAtMs = nowMs;
        suspectSinceMs.keySet().retainAll(watched);
        // what a BMC said about an earlier life of a host that has returned since must not end the next one
        power.keySet().retainAll(watched);
        watchedSinceMs.keySet().retainAll(watched);
        for (HostName host : watched) {
            watchedSinceMs.putIfAbsent(host, firstReview ? FROM_THE_BEGINNING : nowMs);
            if (age(host) >= config.suspectAfterMs()
                    || sign(host) == GossipSign.SUSPECT
                    || sign(host) == GossipSign.FAILED) {
                suspectSinceMs.putIfAbsent(host, nowMs);
            } else {
                suspectSinceMs.remove(host);
                power.remove(host);
            }
        }
        firstReview = false;
        statedAges.keySet().retainAll(suspectSinceMs.keySet());
        return new TreeSet<>(suspectSinceMs.keySet());
    }

    /** The hosts that are dead, with who says so; empty while the cut has not settled. */
    SortedMap<HostName, List<Witness>> verdict(long nowMs) {
        var dead = new TreeMap<HostName, List<Witness>>();
        boolean unsettled = false;
        boolean patienceOver = false;
        for (var suspect : suspectSinceMs.entrySet()) {
            long suspectMs = nowMs - suspect.getValue();
            // a silent host about which not every witness has answered yet belongs to the cut: S8 counts the hosts of a
            // cut, so a cut that
            // is declared piece by piece would slip below the limit
            boolean undecided = !isDead(suspect.getKey()) && age(suspect.getKey()) >= config.suspectAfterMs();
            unsettled |= suspectMs < config.settleMs() || undecided;
            if (isDead(suspect.getKey())) {
                dead.put(suspect.getKey(), witnesses(suspect.getKey()));
                // a host that keeps flapping must not hold up the dead ones for ever
                patienceOver |= suspectMs >= SETTLES_MAX * config.settleMs();
            }
        }
        return unsettled && !patienceOver ? new TreeMap<>() : dead;
    }

    private boolean isDead(HostName host) {
        if (age(host) < config.silenceMs()) {
            return false;
        }
        boolean off = Optional.ofNullable(power.get(host))
                .map(BmcStatement::provesOff)
                .orElse(false);
        boolean gossipDoubts = sign(host) == GossipSign.SUSPECT || sign(host) == GossipSign.FAILED;
        return (off && sign(host) != GossipSign.UNKNOWN) || (gossipDoubts && silentAtMajority(host));
    }

    private boolean silentAtMajority(HostName host) {
        long silent = statements(host).values().stream()
                .filter(age -> age >= config.silenceMs())
                .count();
        return voters > 0 && silent * 2 > voters;
    }

    private List<Witness> witnesses(HostName host) {
        var words = new ArrayList<Witness>();
        words.add(new Witness("the leader", "no renewal for " + age(host) + " ms"));
        statements(host)
                .forEach((voter, age) -> words.add(new Witness("voter " + voter, "no renewal for " + age + " ms")));
        words.add(new Witness("gossip", sign(host).name()));
        BmcStatement bmc = power.get(host);
        if (bmc != null) {
            words.add(new Witness("bmc", bmc.power() + " (" + bmc.detail() + ")"));
        }
        return words;
    }

    private SortedMap<String, Long> statements(HostName host) {
        return statedAges.getOrDefault(host, new TreeMap<>());
    }

    /** A host was silent before it was taken in, returned or left its maintenance: only the silence since then counts. */
    private long age(HostName host) {
        long watchedMs = reviewedAtMs - watchedSinceMs.getOrDefault(host, reviewedAtMs);
        return Math.min(ageMs.getOrDefault(host, 0L), watchedMs);
    }

    private GossipSign sign(HostName host) {
        return gossip.getOrDefault(host, GossipSign.UNKNOWN);
    }

    /** A new leader asks again: statements that were made to an older one are stale. */
    void forget() {
        firstReview = true;
        watchedSinceMs.clear();
        suspectSinceMs.clear();
        power.clear();
        statedAges.clear();
        voters = 0;
    }
}
