package io.vmha.recovery.core;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * The leader's picture of who may be dead: silence of renewals at this voter and at the others, what the observers of each host's kernel
 * see, gossip, the BMCs, and Nova. A suspect is harmless; a verdict needs witnesses that fail for different reasons.
 *
 * <p>A host is <em>suspect</em> when its renewals are late here, an observer gets no answer, or gossip suspects it. What its silence means is
 * its {@link Finding}: only a host that a majority of the voters miss and that no observer hears can be dead, and one whose kernel answers is
 * left alone.
 */
final class Suspects {
    private static final int SETTLES_MAX = 5;
    private static final long FROM_THE_BEGINNING = Long.MIN_VALUE / 2;

    /** The silences of one cut differ by a renewal period: those that are so near to being declared are declared with the others. */
    private static final long SAME_CUT_MS = 1_200;

    /** Gossip suspects an agent that has stopped well before that. */
    private static final long GOSSIP_NOTICES_MS = 10_000;

    private final RecoveryConfig config;
    private final VerdictTimes times;
    private final HostName self;
    private final Map<HostName, Long> ageMs = new TreeMap<>();
    private final Map<HostName, GossipSign> gossip = new TreeMap<>();
    private final Map<HostName, BmcStatement> power = new TreeMap<>();
    private final Map<HostName, Long> suspectSinceMs = new TreeMap<>();
    private final Map<HostName, SortedMap<String, Long>> statedAges = new TreeMap<>();
    private final Map<HostName, Long> watchedSinceMs = new TreeMap<>();
    private final SortedSet<HostName> unheard = new TreeSet<>();
    private final KernelWords kernels = new KernelWords();
    private final NovaWords nova = new NovaWords();
    private final Flapping flapping = new Flapping();
    private final Overdue overdue = new Overdue();
    private boolean firstReview = true;
    private long reviewedAtMs;
    private int voters;

    /** @param self the leader's own host */
    Suspects(RecoveryConfig config, HostName self) {
        this.config = config;
        this.times = config.verdict();
        this.self = self;
    }

    void onAges(SortedMap<HostName, Long> ages) {
        ageMs.clear();
        ageMs.putAll(ages);
    }

    void onGossip(HostName host, GossipSign sign) {
        gossip.put(host, sign);
    }

    void onSightings(long nowMs, Collection<Sighting> sightings) {
        sightings.forEach(s -> kernels.on(nowMs, s));
    }

    void onServices(List<ComputeService> services) {
        nova.on(services, suspectSinceMs.keySet());
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
        kernels.keepOnly(watched);
        flapping.keepOnly(watched);
        for (HostName host : watched) {
            watchedSinceMs.putIfAbsent(host, firstReview ? FROM_THE_BEGINNING : nowMs);
            long silentSince = kernels.silentSinceMs(nowMs, host);
            if (isLate(host, config.suspectAfterMs()) || silentSince != Long.MAX_VALUE || gossipDoubts(host)) {
                suspectSinceMs.putIfAbsent(host, Math.min(nowMs, silentSince));
            } else {
                suspectSinceMs.remove(host);
                power.remove(host);
                if (unheard.remove(host)) {
                    flapping.onReturn(nowMs, host);
                }
            }
        }
        firstReview = false;
        unheard.retainAll(suspectSinceMs.keySet());
        statedAges.keySet().retainAll(suspectSinceMs.keySet());
        nova.keepOnly(suspectSinceMs.keySet());
        var late = new TreeSet<HostName>();
        if (!suspectSinceMs.isEmpty()) {
            late.addAll(watched);
            late.removeIf(host -> suspectSinceMs.containsKey(host) || !isLate(host, times.missedMs()));
        }
        overdue.review(nowMs, late);
        return new TreeSet<>(suspectSinceMs.keySet());
    }

    /** Hosts that are no suspects, and may have died with those that are: the observers should say what they see of them. */
    Set<HostName> overdue() {
        return overdue.hosts();
    }

    /** What the silence of each suspect means, as far as the witnesses have spoken. */
    SortedMap<HostName, Finding.Kind> kinds(long nowMs) {
        var kinds = new TreeMap<HostName, Finding.Kind>();
        int possible = possibleObservers(nowMs);
        suspectSinceMs.forEach((host, since) -> kinds.put(host, kind(nowMs, host, since, possible)));
        // where hosts with power are cut off, one whose BMC says nothing is one of them more likely than dead: declared
        // alone and at once, it
        // would slip below the limit that the cut is above (S8)
        boolean anyCutOff = kinds.containsValue(Finding.Kind.ISOLATED);
        long cutOff = kinds.entrySet().stream()
                .filter(k -> anyCutOff && isUnheardWithoutOff(k.getKey(), k.getValue()))
                .count();
        if (cutOff > 1) {
            kinds.replaceAll((host, kind) -> isUnheardWithoutOff(host, kind) ? Finding.Kind.PARTITIONED : kind);
        }
        return kinds;
    }

    /**
     * How many observers a suspect may have, the leader among them. One whose agent is silent cannot tell now, but may be able to soon: only
     * those that nobody hears are not waited for. One that is not watched, because it is in maintenance or its recovery is not closed, tells
     * as well as any other while its agent runs.
     */
    private int possibleObservers(long nowMs) {
        long unheard = suspectSinceMs.entrySet().stream()
                .filter(s -> kernels.isUnheard(nowMs, s.getKey(), s.getValue()))
                .count();
        long unwatched = ageMs.entrySet().stream()
                .filter(a ->
                        !watchedSinceMs.containsKey(a.getKey()) && !a.getKey().equals(self))
                .filter(a -> a.getValue() < config.suspectAfterMs())
                .count();
        return 1 + watchedSinceMs.size() + (int) unwatched - (int) unheard;
    }

    /** The same with words, for people. */
    SortedMap<HostName, Finding> findings(long nowMs) {
        var findings = new TreeMap<HostName, Finding>();
        kinds(nowMs)
                .forEach((host, kind) -> findings.put(
                        host,
                        new Finding(host, kind, age(host).orElse(0), why(nowMs, host, kind), witnesses(nowMs, host))));
        return findings;
    }

    private boolean isUnheardWithoutOff(HostName host, Finding.Kind kind) {
        return kind == Finding.Kind.ISOLATED || (kind == Finding.Kind.DEAD && !isOff(host));
    }

    private boolean isOff(HostName host) {
        return Optional.ofNullable(power.get(host)).map(BmcStatement::provesOff).orElse(false);
    }

    private Finding.Kind kind(long nowMs, HostName host, long sinceMs, int possible) {
        GossipSign sign = sign(host);
        boolean off = isOff(host);
        if (sign == GossipSign.UNKNOWN || !isLate(host, times.missedMs())) {
            return Finding.Kind.UNDECIDED;
        }
        if (off && isLate(host, config.silenceMs())) {
            return Finding.Kind.DEAD;
        }
        if (!isMissedByMajority(host)) {
            return Finding.Kind.UNDECIDED;
        }
        return switch (kernels.sum(nowMs, host, self, sinceMs, possible)) {
            case UNCLEAR -> Finding.Kind.UNDECIDED;
            case ANSWERS ->
                sign == GossipSign.ALIVE && isLate(host, GOSSIP_NOTICES_MS)
                        ? Finding.Kind.MUTE
                        : Finding.Kind.AGENT_SILENT;
            case SILENT -> {
                unheard.add(host);
                yield unheardKind(nowMs, host, off);
            }
        };
    }

    /** Nobody hears it: dead, or only cut off? */
    private Finding.Kind unheardKind(long nowMs, HostName host, boolean off) {
        BmcStatement bmc = power.get(host);
        if (off) {
            return Finding.Kind.DEAD;
        }
        if (sign(host) == GossipSign.LEFT) {
            return Finding.Kind.UNDECIDED; // its daemon has said goodbye: only its BMC can say more
        }
        if ((bmc != null && bmc.power() == PowerState.ON) || nova.isHeard(host)) {
            return Finding.Kind.ISOLATED;
        }
        boolean bmcHasSpoken = bmc != null || nowMs - silentSinceMs(nowMs, host) >= times.bmcPatienceMs();
        return bmcHasSpoken ? Finding.Kind.DEAD : Finding.Kind.UNDECIDED;
    }

    /** The hosts that are to be declared, with who says so; empty while the cut has not settled. */
    SortedMap<HostName, List<Witness>> verdict(long nowMs) {
        return verdict(nowMs, kinds(nowMs));
    }

    SortedMap<HostName, List<Witness>> verdict(long nowMs, SortedMap<HostName, Finding.Kind> kinds) {
        var due = new TreeMap<HostName, List<Witness>>();
        boolean anyDue = false;
        boolean unsettled = overdue.isAnyInDoubt(kernels);
        boolean patienceOver = false;
        boolean cutIsWhole = isCutWhole(nowMs, kinds);
        for (var judged : kinds.entrySet()) {
            long suspectMs = nowMs - silentSinceMs(nowMs, judged.getKey());
            // a silent host about which not every witness has answered yet belongs to the cut: S8 counts the hosts of a
            // cut, so a cut that is declared piece by piece would slip below the limit
            boolean undecided =
                    judged.getValue() == Finding.Kind.UNDECIDED && isLate(judged.getKey(), times.missedMs());
            unsettled |=
                    suspectMs < config.settleMs() || undecided || mayHaveJustDied(nowMs, judged.getKey(), suspectMs);
            boolean waits = judged.getValue() == Finding.Kind.PARTITIONED && !cutIsWhole;
            if (!waits && isDue(nowMs, judged.getKey(), judged.getValue(), 0)) {
                anyDue = true;
                // a host that keeps flapping must not hold up the dead ones for ever
                patienceOver |= suspectMs >= SETTLES_MAX * config.settleMs();
            }
        }
        if (anyDue && (!unsettled || patienceOver)) {
            kinds.forEach((host, kind) -> {
                boolean waits = kind == Finding.Kind.PARTITIONED && !cutIsWhole;
                if (!waits && isDue(nowMs, host, kind, SAME_CUT_MS)) {
                    due.put(host, witnesses(nowMs, host));
                }
            });
        }
        return due;
    }

    /**
     * Nobody hears its kernel, and its newest renewal is too young to be missed, or not known yet: it died right after that, or will be heard in a
     * moment, and is not waited for any longer. A kernel that falls silent later than so is not the reason for it.
     */
    private boolean mayHaveJustDied(long nowMs, HostName host, long suspectMs) {
        return !isLate(host, times.missedMs())
                && suspectMs < times.missedMs() + config.settleMs()
                && kernels.isUnheard(nowMs, host, suspectSinceMs.get(host));
    }

    /**
     * True if every host of a cut has been silent for long enough, as far as is known: what the observers say of one may be older than what
     * they say of the next, and a cut that is declared piece by piece slips below the limit that it is above (S8). One that flaps, or that
     * the observers cannot agree on, does not hold up the others for ever.
     */
    private boolean isCutWhole(long nowMs, SortedMap<HostName, Finding.Kind> kinds) {
        boolean ripe = true;
        boolean patienceOver = false;
        for (var judged : kinds.entrySet()) {
            if (judged.getValue() == Finding.Kind.PARTITIONED) {
                ripe &= isDue(nowMs, judged.getKey(), judged.getValue(), SAME_CUT_MS);
                patienceOver |= isDue(nowMs, judged.getKey(), judged.getValue(), 0)
                        && isLate(judged.getKey(), times.isolatedMs() + SETTLES_MAX * config.settleMs());
            }
        }
        return ripe || patienceOver;
    }

    private boolean isDue(long nowMs, HostName host, Finding.Kind kind, long earlyMs) {
        boolean flaps = flapping.isFlapping(nowMs, host) && !isOff(host);
        return switch (kind) {
            case UNDECIDED, MUTE -> false;
            case DEAD -> !flaps || isLate(host, times.flappingMs());
            case ISOLATED, PARTITIONED -> isLost(nowMs, host, earlyMs, flaps ? times.flappingMs() : times.isolatedMs());
            case AGENT_SILENT -> times.agentSilentFences() && isLate(host, times.agentSilentMs());
        };
    }

    /**
     * Nobody has heard of it for so long, neither its agent nor its kernel. Both are asked once a second, so what is known of the same cut
     * differs by that much.
     */
    private boolean isLost(long nowMs, HostName host, long earlyMs, long patienceMs) {
        long kernelMs = nowMs - kernels.unheardSinceMs(nowMs, host);
        return isLate(host, patienceMs - earlyMs) && kernelMs + SAME_CUT_MS >= patienceMs;
    }

    /** Since when it has been silent in the way that it is now: an agent that stopped long ago says nothing about its kernel. */
    private long silentSinceMs(long nowMs, HostName host) {
        long kernelMs = kernels.silentSinceMs(nowMs, host);
        long suspectMs = suspectSinceMs.get(host);
        return kernelMs == Long.MAX_VALUE ? suspectMs : Math.max(suspectMs, kernelMs);
    }

    /** Suspects that no observer hears and about which nothing is decided yet: nothing should be sent to them. */
    SortedSet<HostName> doubtful(long nowMs) {
        var doubtful = new TreeSet<HostName>();
        for (HostName host : suspectSinceMs.keySet()) {
            if (kernels.silentSinceMs(nowMs, host) != Long.MAX_VALUE && isLate(host, times.missedMs())) {
                doubtful.add(host);
            }
        }
        return doubtful;
    }

    /** The youngest silence's age, in milliseconds: old ones need not be asked about so often. */
    long youngestMs(long nowMs) {
        return nowMs
                - suspectSinceMs.keySet().stream()
                        .mapToLong(host -> silentSinceMs(nowMs, host))
                        .max()
                        .orElse(Long.MIN_VALUE / 2);
    }

    /** Suspects whose BMC is worth a question: somebody hears nothing of them. */
    boolean isWorthABmc(long nowMs, HostName host) {
        return kernels.silentSinceMs(nowMs, host) != Long.MAX_VALUE || isLate(host, config.silenceMs());
    }

    private boolean isMissedByMajority(HostName host) {
        long missing = statements(host).values().stream()
                .filter(age -> age >= times.missedMs())
                .count();
        return voters > 0 && missing * 2 > voters;
    }

    private boolean gossipDoubts(HostName host) {
        return sign(host) == GossipSign.SUSPECT || sign(host) == GossipSign.FAILED;
    }

    private String why(long nowMs, HostName host, Finding.Kind kind) {
        OptionalLong silentMs = age(host);
        long silentS = silentMs.orElse(0) / 1_000;
        return switch (kind) {
            case UNDECIDED ->
                silentMs.isEmpty()
                        ? "it is not known yet when it renewed last: neither a sign of life nor of death"
                        : silentMs.getAsLong() < times.missedMs()
                                ? "it renews, but an observer or gossip doubts it; is its port 8300 open to the other hosts?"
                                : "silent, and not every witness has spoken yet or they contradict each other";
            case DEAD ->
                "nobody hears it" + (flapping.isFlapping(nowMs, host) ? "; it has been flapping, so it waits" : "");
            case ISOLATED ->
                "nobody hears it, but it has power: cut off or hung; declared lost after " + times.isolatedMs() / 1_000
                        + " s";
            case PARTITIONED ->
                "nobody hears it nor others, but they have power: a cut; declared lost after "
                        + times.isolatedMs() / 1_000 + " s";
            case AGENT_SILENT ->
                "its kernel answers and its vmhad has been silent for " + silentS
                        + " s: its VMs may well be running; "
                        + (times.agentSilentFences()
                                ? "it is fenced after " + times.agentSilentMs() / 1_000 + " s"
                                : "it is not fenced, start vmhad there or power the host off");
            case MUTE ->
                "its kernel answers and gossip hears its vmhad, but no renewal has arrived for " + silentS
                        + " s: look for a firewall before port 8300, or at its certificate";
        };
    }

    private List<Witness> witnesses(long nowMs, HostName host) {
        var words = new ArrayList<Witness>();
        OptionalLong silentMs = age(host);
        words.add(new Witness(
                "the leader",
                silentMs.isPresent() ? "no renewal for " + silentMs.getAsLong() + " ms" : "knows of no renewal yet"));
        statements(host)
                .forEach((voter, age) -> words.add(new Witness("voter " + voter, "no renewal for " + age + " ms")));
        words.addAll(kernels.witnesses(nowMs, host));
        words.add(new Witness("gossip", sign(host).name()));
        BmcStatement bmc = power.get(host);
        if (bmc != null) {
            words.add(new Witness("bmc", bmc.power() + " (" + bmc.detail() + ")"));
        }
        nova.witness(host).ifPresent(words::add);
        return words;
    }

    private SortedMap<String, Long> statements(HostName host) {
        return statedAges.getOrDefault(host, new TreeMap<>());
    }

    /**
     * A host was silent before it was taken in, returned or left its maintenance: only the silence since then counts. Empty while this voter has not
     * said anything of it.
     */
    private OptionalLong age(HostName host) {
        Long known = ageMs.get(host);
        long watchedMs = reviewedAtMs - watchedSinceMs.getOrDefault(host, reviewedAtMs);
        return known == null ? OptionalLong.empty() : OptionalLong.of(Math.min(known, watchedMs));
    }

    /** True if no renewal has come for at least so long; one of which that is not known is not late, and not known to be well. */
    private boolean isLate(HostName host, long forMs) {
        return age(host).orElse(Long.MIN_VALUE) >= forMs;
    }

    private GossipSign sign(HostName host) {
        return gossip.getOrDefault(host, GossipSign.UNKNOWN);
    }

    /** A new leader asks again: statements that were made to an older one are stale. */
    void forget() {
        firstReview = true;
        ageMs.clear();
        watchedSinceMs.clear();
        suspectSinceMs.clear();
        power.clear();
        statedAges.clear();
        unheard.clear();
        kernels.forget();
        nova.forget();
        flapping.forget();
        overdue.forget();
        voters = 0;
    }
}
