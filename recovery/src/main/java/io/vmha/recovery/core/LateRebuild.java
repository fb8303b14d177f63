package io.vmha.recovery.core;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * A server that was recovered and that Nova calls broken since, because a rebuild that had waited in the queue of a host that was dead was taken
 * up when that host came back. Nova's database lets nothing start twice, but the late one leaves the record in {@code error} with the task
 * {@code rebuilding} (manager.py, rebuild_instance: UnexpectedTaskStateError), although the server runs on.
 *
 * @param source the host from which it was recovered
 * @param late the host that took the rebuild up too late
 * @param holders the hosts whose guards have kept saying that it runs there
 */
public record LateRebuild(HostName source, Server server, HostName late, SortedSet<HostName> holders) {
    /** The task that a rebuild which is preempted leaves behind. */
    private static final Optional<String> LEFT_BEHIND = Optional.of("rebuilding");

    public LateRebuild {
        holders = Collections.unmodifiableSortedSet(new TreeSet<>(holders));
    }

    /** True if Nova's record is as a preempted rebuild leaves it; what fails for another reason leaves no task. */
    static boolean isBroken(Server server) {
        return server.vmState().equals("error") && server.taskState().equals(LEFT_BEHIND);
    }

    /** The servers of a host that Nova calls broken since a rebuild of theirs failed on another host than the one where it has them. */
    static List<LateRebuild> among(
            HostName source, List<Migration> migrations, Map<ServerId, Server> servers, Guests guests) {
        var lates = new TreeMap<ServerId, HostName>();
        for (Migration migration : migrations) {
            Server server = servers.get(migration.server());
            boolean broken = server != null && isBroken(server);
            migration
                    .destination()
                    .filter(host -> broken && migration.hasFailed() && !host.equals(server.host()))
                    .ifPresent(host -> lates.put(migration.server(), host));
        }
        var holders = lates.isEmpty() ? new TreeMap<ServerId, SortedSet<HostName>>() : guests.holders(lates.keySet());
        var found = new ArrayList<LateRebuild>();
        lates.forEach((id, host) ->
                found.add(new LateRebuild(source, servers.get(id), host, holders.getOrDefault(id, new TreeSet<>()))));
        return found;
    }

    /** True if it runs where Nova has it, and nowhere else. */
    boolean isProvenToRun() {
        return holders.equals(new TreeSet<>(List.of(server.host())));
    }

    /**
     * What is told of it. The same words for the same case: it is told once.
     *
     * @param mended whether its record is reset now; otherwise a person must look
     */
    String words(boolean mended) {
        String seen = server.name() + ": a rebuild that had waited for " + late
                + " until that host came back has left its record in Nova as error/rebuilding";
        return mended
                ? seen + ", though it runs on " + server.host() + ": the record is reset"
                : seen + "; it should run on " + server.host() + ", where Nova has it, and " + holdersInWords()
                        + ": look there, and if it runs: openstack server set --state active " + server.id();
    }

    private String holdersInWords() {
        return holders.isEmpty()
                ? "no guard says that it runs"
                : "the guards of " + holders + " say that it runs there";
    }
}
