package io.vmha.recovery.core;

import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * A voter's part in the leases (S3, S4): it answers renewals, refuses sealed lives for good, and states how long it has not answered.
 *
 * <p>The caller serialises all calls. So to check the seal, note the time and answer is one step with respect to applying a seal and to
 * stating an age. Forgetting is conservative: an age counts from the latest of the last answer, the first question after the start (only
 * then the port surely listens), and the newest change of the voters.
 */
public final class LeaseVoter {
    /** More hosts than this do not fit one AZ; a flood of invented names must not fill the memory. */
    public static final int HOSTS_MAX = 10_000;

    /**
     * The answer to a renewal.
     *
     * @param known the host belongs to this group's AZ
     * @param sealed this life is answered no more
     * @param answered the renewal counts: the voter has noted the time
     * @param epoch the host's epoch in the applied state
     */
    public record Reply(boolean known, boolean sealed, boolean answered, long epoch) {}

    private record Noted(long atMs, boolean unarmed, String boot, long saidAtMs) {
        static Noted withoutAWord(long atMs) {
            return new Noted(atMs, false, "", 0);
        }

        /** The same word, heard again. */
        Noted at(long nowMs) {
            return new Noted(nowMs, unarmed, boot, saidAtMs);
        }

        /** True if this was said after a word that arrives only now. Words of different boots cannot be compared, nor those without a time. */
        boolean isNewerThan(String itsBoot, long itsSaidAtMs) {
            return itsSaidAtMs > 0 && itsSaidAtMs < saidAtMs && !boot.isEmpty() && boot.equals(itsBoot);
        }
    }

    private final Map<HostName, Noted> answered = new TreeMap<>();
    private final SortedMap<HostName, Arming> claims = new TreeMap<>();
    private final SortedMap<HostName, Long> seals = new TreeMap<>();
    private RecoveryState state = RecoveryState.empty();
    private OptionalLong countingSinceMs = OptionalLong.empty();

    /** The seals that an earlier process promised to keep: for each host the newest life that is answered no more. Read before listening. */
    public void promised(SortedMap<HostName, Long> kept) {
        kept.forEach((host, epoch) -> seals.merge(host, epoch, Math::max));
    }

    /** The server begins anew, with an empty state; what it has promised stays. */
    public void restart() {
        countingSinceMs = OptionalLong.empty();
        answered.clear();
        claims.clear();
        state = RecoveryState.empty();
    }

    /** Forgets everything: the server is another peer from now on. */
    public void forget() {
        seals.clear();
        restart();
    }

    /**
     * A newer state was applied.
     *
     * @return the seals, if they are more than before: they must be on disk before anything else is said
     */
    public Optional<SortedMap<HostName, Long>> onState(long nowMs, RecoveryState next) {
        if (!next.group().electorate().isSameAs(state.group().electorate()) && countingSinceMs.isPresent()) {
            countingSinceMs = OptionalLong.of(nowMs);
        }
        boolean more = false;
        for (HostRecord record : next.hosts().values()) {
            HostName host = record.host();
            if (!state.hosts().containsKey(host) && answered.size() < HOSTS_MAX) {
                // what was promised to it before it left is not known any more
                answered.put(host, Noted.withoutAWord(nowMs));
            }
            long sealed = next.isSealed(host, record.epoch()) ? record.epoch() : record.epoch() - 1;
            if (sealed > seals.getOrDefault(host, 0L)) {
                seals.put(host, sealed);
                more = true;
            }
        }
        state = next;
        answered.keySet().retainAll(next.hosts().keySet());
        claims.keySet().retainAll(next.hosts().keySet());
        return more ? Optional.of(seals()) : Optional.empty();
    }

    /**
     * A host renews.
     *
     * @param boot names the host's boot. While an incident about it is open, only the boot counts that the group has noted before: a host
     *     that has booted since has lost its VMs, and renewing must not hold up their recovery
     * @param saidAtMs when the host made its claim, by a clock of its own that only its boots set back; 0 if it does not say. A renewal may
     *     be overtaken by a later one, and it is the last word that counts (S6)
     */
    public Reply onRenewal(long nowMs, HostName host, long epoch, Arming claim, String boot, long saidAtMs) {
        listens(nowMs);
        HostRecord record = state.hosts().get(host);
        if (record == null) {
            return new Reply(false, false, false, 0);
        }
        long about = epoch == 0 ? record.epoch() : epoch;
        boolean sealed = about <= seals.getOrDefault(host, 0L) || state.isSealed(host, about);
        boolean counts = !sealed && about == record.epoch() && isBootKnown(record, boot);
        // what is not noted is not answered (S3)
        boolean noted = counts && (answered.size() < HOSTS_MAX || answered.containsKey(host));
        if (noted) {
            Noted last = answered.get(host);
            if (last != null && last.isNewerThan(boot, saidAtMs)) {
                answered.put(host, last.at(nowMs)); // it is answered, so the host has a lease by it
            } else {
                answered.put(host, new Noted(nowMs, !claim.armed(), boot, saidAtMs));
                claims.put(host, claim.in(boot));
            }
        }
        return new Reply(state.isEnabled(), sealed, noted && epoch != 0, record.epoch());
    }

    private static boolean isBootKnown(HostRecord record, String boot) {
        String before = record.arming().boot();
        return record.status() == HostRecord.Status.IN_SERVICE || before.isEmpty() || before.equals(boot);
    }

    /** How long the host has not been answered. */
    public long ageMs(long nowMs, HostName host) {
        listens(nowMs);
        Noted last = answered.get(host);
        long since = countingSinceMs.getAsLong();
        return nowMs - (last == null ? since : Math.max(since, last.atMs()));
    }

    /** This voter's word about one life of a host. */
    public AgeStatement statement(long nowMs, String self, HostName host, long epoch) {
        Noted last = answered.get(host);
        return new AgeStatement(
                self,
                host,
                epoch,
                state.group().electorate().index(),
                state.applied().index(),
                ageMs(nowMs, host),
                epoch <= seals.getOrDefault(host, 0L),
                last != null && last.unarmed());
    }

    /** What the hosts said of their guards with the last renewals that counted. */
    public SortedMap<HostName, Arming> claims() {
        return Collections.unmodifiableSortedMap(new TreeMap<>(claims));
    }

    /** The newest life of each host that is answered no more. */
    public SortedMap<HostName, Long> seals() {
        return Collections.unmodifiableSortedMap(new TreeMap<>(seals));
    }

    /** A question arrives, so the port listens: the earliest moment that is sure. */
    private void listens(long nowMs) {
        if (countingSinceMs.isEmpty()) {
            countingSinceMs = OptionalLong.of(nowMs);
        }
    }
}
