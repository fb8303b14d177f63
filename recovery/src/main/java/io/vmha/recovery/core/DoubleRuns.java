package io.vmha.recovery.core;

import java.util.Collection;
import java.util.Collections;
import java.util.Map;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Finds VMs that run on two hosts at once (S12), from what every host says runs on it.
 *
 * <p>A host's word is some time old when it arrives, and a live migration moves a guest from one moment to the next. So two claims are a double
 * run only once both hosts have kept making them for {@link #CONFIRM_MS} since the later of them began.
 */
public final class DoubleRuns {
    /** How long both hosts must go on claiming it: twice what a claim may be old, and a second for the way. */
    public static final long CONFIRM_MS = 3_000;

    /** A host that has said nothing for this long claims nothing. */
    static final long FRESH_MS = 5_000;

    /** More than a host can run; a flood of invented names must not fill the memory. */
    static final int GUESTS_MAX = 1_024;

    /** Whoever may renew is heard here, too: a host that is left out would run its copies unseen. */
    static final int HOSTS_MAX = LeaseVoter.HOSTS_MAX;

    private record Claim(long sinceMs, long lastMs) {}

    private final SortedMap<HostName, SortedMap<ServerId, Claim>> claims = new TreeMap<>();
    private final SortedMap<HostName, Long> spokeAtMs = new TreeMap<>();

    /** A host says what runs on it now. */
    public void onGuests(long nowMs, HostName host, Collection<ServerId> guests) {
        if (!claims.containsKey(host) && claims.size() >= HOSTS_MAX) {
            return;
        }
        SortedMap<ServerId, Claim> before = claims.getOrDefault(host, Collections.emptySortedMap());
        var now = new TreeMap<ServerId, Claim>();
        for (ServerId guest : guests) {
            Claim earlier = before.get(guest);
            boolean goesOn = earlier != null && nowMs - earlier.lastMs() <= FRESH_MS;
            if (now.size() < GUESTS_MAX) {
                now.put(guest, new Claim(goesOn ? earlier.sinceMs() : nowMs, nowMs));
            }
        }
        claims.put(host, now);
    }

    /** What the host has just said is the word of its guard, and all that runs there. */
    public void onComplete(long nowMs, HostName host) {
        SortedMap<ServerId, Claim> said = claims.getOrDefault(host, Collections.emptySortedMap());
        if (claims.containsKey(host) && said.size() < GUESTS_MAX) {
            spokeAtMs.put(host, nowMs);
        }
    }

    /** Only these hosts belong to the AZ. */
    public void keepOnly(Collection<HostName> hosts) {
        claims.keySet().retainAll(hosts);
        spokeAtMs.keySet().retainAll(hosts);
    }

    /** The VMs that run on more than one host, with these hosts. */
    public SortedMap<ServerId, SortedSet<HostName>> found(long nowMs) {
        var holders = new TreeMap<ServerId, SortedMap<HostName, Claim>>();
        claims.forEach((host, guests) -> guests.forEach((guest, claim) -> {
            if (nowMs - claim.lastMs() <= FRESH_MS) {
                holders.computeIfAbsent(guest, g -> new TreeMap<>()).put(host, claim);
            }
        }));
        var found = new TreeMap<ServerId, SortedSet<HostName>>();
        holders.forEach((guest, hosts) -> {
            SortedSet<HostName> sure = confirmed(hosts);
            if (sure.size() > 1) {
                found.put(guest, sure);
            }
        });
        return found;
    }

    /** The hosts that have kept claiming a guest, and do now. */
    public SortedSet<HostName> holders(long nowMs, ServerId guest) {
        var holders = new TreeSet<HostName>();
        claims.forEach((host, guests) -> {
            Claim claim = guests.get(guest);
            if (claim != null && nowMs - claim.lastMs() <= FRESH_MS && claim.lastMs() - claim.sinceMs() >= CONFIRM_MS) {
                holders.add(host);
            }
        });
        return holders;
    }

    /** The hosts whose guards say what runs there, be it nothing. */
    public SortedSet<HostName> speaking(long nowMs) {
        var speaking = new TreeSet<HostName>();
        spokeAtMs.forEach((host, atMs) -> {
            if (nowMs - atMs <= FRESH_MS) {
                speaking.add(host);
            }
        });
        return speaking;
    }

    /** Those of a host's that it must stop: the copy on a host whose life is over is the one that must not run. */
    public SortedMap<ServerId, SortedSet<HostName>> mustStop(
            long nowMs, RecoveryState state, HostName host, long epoch) {
        if (!state.isSealed(host, epoch)) {
            return Collections.emptySortedMap();
        }
        SortedMap<ServerId, SortedSet<HostName>> found = found(nowMs);
        found.values().removeIf(hosts -> !hosts.contains(host));
        return found;
    }

    private static SortedSet<HostName> confirmed(Map<HostName, Claim> hosts) {
        var sure = new TreeSet<HostName>();
        hosts.forEach((host, claim) -> hosts.forEach((other, its) -> {
            long bothSinceMs = Math.max(claim.sinceMs(), its.sinceMs());
            if (!host.equals(other)
                    && claim.lastMs() - bothSinceMs >= CONFIRM_MS
                    && its.lastMs() - bothSinceMs >= CONFIRM_MS) {
                sure.add(host);
            }
        }));
        return sure;
    }
}
