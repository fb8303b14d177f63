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
 * @param isHomeSpeaking whether the guard of the host where Nova has it says what runs there
 */
public record LateRebuild(
        HostName source, Server server, HostName late, SortedSet<HostName> holders, boolean isHomeSpeaking) {
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
        Guests.Words words = lates.isEmpty() ? Guests.Words.NONE : guests.wordsOf(lates.keySet());
        var found = new ArrayList<LateRebuild>();
        lates.forEach((id, host) -> {
            Server server = servers.get(id);
            SortedSet<HostName> holders = words.holders().getOrDefault(id, new TreeSet<>());
            found.add(new LateRebuild(
                    source, server, host, holders, words.speaking().contains(server.host())));
        });
        return found;
    }

    /** True if it runs where Nova has it, and nowhere else. */
    boolean isProvenToRun() {
        return holders.equals(new TreeSet<>(List.of(server.host())));
    }

    /**
     * True if it stands still as it was left: the guard of the host where Nova has it speaks, and nobody's says that it runs. A suspended one is
     * not brought back there: Nova would save its memory, of which there is none, and break the record for good.
     *
     * @param rest how it was left
     */
    boolean isProvenToRest(Rest rest) {
        boolean canBePutBack = rest == Rest.STOPPED || rest == Rest.PAUSED;
        return canBePutBack && holders.isEmpty() && isHomeSpeaking;
    }

    /**
     * What is told of it. The same words for the same case: it is told once.
     *
     * @param rest what its record is put back to: {@code AS_IT_COMES} for one that runs
     */
    String wordsOfMending(Rest rest) {
        return seen()
                + (rest == Rest.AS_IT_COMES
                        ? ", though it runs on " + server.host() + ": the record is reset"
                        : ", though it is " + rest.vmState().orElseThrow() + " on " + server.host()
                                + ", where no guard says that it runs: the record is reset, and Nova brings it there"
                                + " again");
    }

    /**
     * What a person is asked to look at.
     *
     * @param rest how it was left
     */
    String wordsForAPerson(Rest rest) {
        String should =
                rest == Rest.AS_IT_COMES ? "run" : "be " + rest.vmState().orElseThrow();
        return seen() + "; it should " + should + " on " + server.host() + ", where Nova has it, and "
                + holdersInWords()
                + ": look there, and if it runs: openstack server set --state active " + server.id()
                + (rest == Rest.AS_IT_COMES ? "" : "; if it does not, the same, and then bring it to rest again");
    }

    /** What a person is asked to do when Nova would not have the second half of it. */
    String wordsOfTrouble(Rest rest, String why) {
        return server.name() + ": its record is reset after a late rebuild, but it could not be "
                + rest.vmState().orElse("called active") + " again: do that by hand: " + why;
    }

    private String seen() {
        return server.name() + ": a rebuild that had waited for " + late
                + " until that host came back has left its record in Nova as error/rebuilding";
    }

    private String holdersInWords() {
        return holders.isEmpty()
                ? "no guard says that it runs"
                : "the guards of " + holders + " say that it runs there";
    }
}
