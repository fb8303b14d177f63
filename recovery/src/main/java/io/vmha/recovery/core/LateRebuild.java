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

    /** The servers of a host that Nova calls broken since a rebuild of theirs failed on another host than the one where it has them. */
    static List<LateRebuild> among(
            HostName source, List<Migration> migrations, Map<ServerId, Server> servers, Guests guests) {
        var lates = new TreeMap<ServerId, HostName>();
        for (Migration migration : migrations) {
            Server server = servers.get(migration.server());
            boolean broken = server != null
                    && server.vmState().equals("error")
                    && server.taskState().equals(LEFT_BEHIND); // what fails for another reason leaves no task
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

    /** What is told of it. The same words for the same case: it is told once. */
    String words() {
        String seen = server.name() + ": a rebuild that had waited for " + late
                + " until that host came back has left its record in Nova as error/rebuilding";
        return isProvenToRun()
                ? seen + ", though it runs on " + server.host() + ": the record is reset"
                : seen + "; whether it runs on " + server.host() + ", where Nova has it, is not known (" + holders
                        + " say so): look there, and if it does: openstack server set --state active " + server.id();
    }
}
