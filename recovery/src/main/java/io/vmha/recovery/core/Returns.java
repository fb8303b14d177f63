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
 * Hosts that were declared dead, are not proven dead, and renew again. Which start of its kernel a host's renewals come from says whether it
 * ever went away: only one that did not is put back without a person.
 */
final class Returns {
    private static final String BOOT = "boot";

    /** Statements of the voters that are older than this are not about now. */
    private static final long FRESH_MS = 2_500;

    /** The voters' answers to one question are no further apart. */
    private static final long ASKED_MS = 1_500;

    private final VerdictTimes times;
    private final Map<HostName, Long> unprovenSinceMs = new TreeMap<>();
    private final Map<HostName, SortedMap<String, BootStatement>> boots = new TreeMap<>();
    private long heardAtMs;

    Returns(VerdictTimes times) {
        this.times = times;
    }

    /** The hosts of open incidents that are not proven dead: they may come back. */
    static SortedSet<HostName> unproven(RecoveryState state) {
        var unproven = new TreeSet<HostName>();
        for (Incident incident : state.openIncidents()) {
            incident.hosts().values().stream()
                    .filter(h -> h.certificate().isEmpty())
                    .forEach(h -> unproven.add(h.host()));
        }
        return unproven;
    }

    /** The boot that the host's last renewals before its verdict came from: what was heard of it then, or committed before. */
    static Optional<String> bootAtVerdict(RecoveryState state, HostRecovery host) {
        return host.witnesses().stream()
                .filter(w -> w.source().equals(BOOT))
                .map(Witness::statement)
                .findFirst()
                .or(() -> Optional.ofNullable(state.hosts().get(host.host()))
                        .map(record -> record.arming().boot())
                        .filter(boot -> !boot.isEmpty()));
    }

    void onTestimony(long nowMs, Testimony testimony) {
        boots.clear();
        heardAtMs = nowMs;
        for (BootStatement statement : testimony.boots()) {
            boots.computeIfAbsent(statement.host(), h -> new TreeMap<>()).put(statement.voter(), statement);
        }
    }

    void forget() {
        boots.clear();
        unprovenSinceMs.clear();
    }

    /** The witnesses of a verdict, with the boot that the voters last heard of. */
    List<Witness> withBoot(HostName host, List<Witness> words) {
        var longer = new ArrayList<>(words);
        boots.getOrDefault(host, new TreeMap<>()).values().stream()
                .filter(s -> !s.bootId().isEmpty())
                .min((a, b) -> Long.compare(a.ageMs(), b.ageMs()))
                .ifPresent(s -> longer.add(new Witness(BOOT, s.bootId())));
        return longer;
    }

    /** What has to be proposed for the hosts that never went away. */
    SortedMap<HostName, Command> putBack(long nowMs, RecoveryState state, long atMs, long term) {
        var back = new TreeMap<HostName, Command>();
        SortedSet<HostName> unproven = unproven(state);
        unprovenSinceMs.keySet().retainAll(unproven);
        unproven.forEach(host -> unprovenSinceMs.putIfAbsent(host, nowMs));
        if (nowMs - heardAtMs > FRESH_MS || boots.isEmpty()) {
            return back;
        }
        for (Incident incident : state.openIncidents()) {
            for (HostRecovery host : incident.hosts().values()) {
                List<String> fresh =
                        fresh(state, host).stream().map(BootStatement::voter).toList();
                boolean untouched = host.certificate().isEmpty()
                        && host.fenceTerm() == 0
                        && !host.proving().isSealed();
                if (untouched && state.group().electorate().isMajority(fresh)) {
                    back.put(
                            host.host(),
                            new IncidentCommand.PutBack(
                                    atMs,
                                    term,
                                    incident.id(),
                                    host.host(),
                                    bootAtVerdict(state, host).orElseThrow(),
                                    fresh));
                }
            }
        }
        return back;
    }

    /** Renewals of now, and from after the verdict, from the boot of the verdict. */
    private List<BootStatement> fresh(RecoveryState state, HostRecovery host) {
        long sinceMs = unprovenSinceMs.getOrDefault(host.host(), heardAtMs);
        if (heardAtMs - sinceMs < times.missedMs() + ASKED_MS) {
            return List.of();
        }
        Optional<String> before = bootAtVerdict(state, host);
        return boots.getOrDefault(host.host(), new TreeMap<>()).values().stream()
                .filter(s -> before.equals(Optional.of(s.bootId())) && s.ageMs() < times.missedMs())
                .toList();
    }
}
