package io.vmha.recovery.core;

import io.vmha.recovery.core.Waits.Reason;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;

/** Turns what Nova says of evacuations under way into endings, retries, or nothing yet (S13: only Nova's own records end a VM). */
final class EvacuationWatch {
    /** An accepted evacuation whose migration does not appear for this long, while the server stands untouched, never began. */
    private static final long ABSENT_MS = 60_000;

    /**
     * Nova names the target only once the target has begun; one that has not after so long, and may be a host that died, never will. Twice
     * as long as Nova needs to notice that a service is down: whoever is up at the end has been at work since the beginning.
     */
    private static final long LOST_MS = 120_000;

    /** What Nova says of its services is worth nothing later. */
    private static final long SERVICES_FRESH_MS = 10_000;

    /** The clocks of two leaders, and the moment between a host's death and its certificate. */
    private static final long CLOCK_SLACK_MS = 60_000;

    /**
     * What no conductor has taken up, without a later one to compare it with, is lost after so long. Much longer than Nova lets a message wait
     * for an answer, for here time is all there is to judge by.
     */
    private static final long UNTOUCHED_MS = 300_000;

    /** From the conductor's word that it has handed an evacuation on to the host's queue. */
    private static final long ON_ITS_WAY_MS = 5_000;

    private static final String TRIED_AGAIN = "it is tried again";

    private final RecoveryConfig config;
    private final Calls calls;
    private final Wave wave;
    private final IncidentSteps.Proposer proposer;
    private final Heartbeats heartbeats = new Heartbeats();
    private final Waits waits = new Waits();
    private final TreeSet<HostName> serving = new TreeSet<>();
    private long servicesAtMs = Long.MIN_VALUE / 2;
    private long servicesWantedAtMs = Long.MIN_VALUE / 2;

    EvacuationWatch(RecoveryConfig config, Calls calls, Wave wave, IncidentSteps.Proposer proposer) {
        this.config = config;
        this.calls = calls;
        this.wave = wave;
        this.proposer = proposer;
    }

    void forget() {
        heartbeats.forget();
        waits.forget();
        serving.clear();
        servicesAtMs = Long.MIN_VALUE / 2;
        servicesWantedAtMs = Long.MIN_VALUE / 2;
    }

    void onServices(long nowMs, List<ComputeService> services) {
        servicesAtMs = nowMs;
        heartbeats.on(nowMs, services);
        serving.clear();
        services.stream().filter(ComputeService::up).forEach(s -> serving.add(s.host()));
    }

    /** True while something cannot be decided without Nova's word about its services. */
    boolean wantsServices(long nowMs) {
        return nowMs - servicesWantedAtMs < SERVICES_FRESH_MS;
    }

    void onServers(
            long nowMs, long atMs, RecoveryState state, HostRecovery host, Action.Watch seen, Result.Servers result) {
        Map<ServerId, Server> servers = new TreeMap<>();
        result.servers().forEach(s -> servers.put(s.id(), s));
        for (ServerId id : seen.servers()) {
            VmRecovery vm = host.vms().get(id);
            if (vm != null && vm.isUnderWay()) {
                Optional<Server> server = Optional.ofNullable(servers.get(id));
                judge(nowMs, state, host, vm, server, result.deleted().contains(id), result.migrations())
                        .ifPresent(outcome -> proposer.propose(
                                nowMs,
                                "outcome " + id,
                                outcome.apply(new About(
                                        atMs, seen.term(), seen.incident(), host.host(), vm, state.group()))));
            }
        }
    }

    /** An older leader has left the call open: until it cannot be calling any more, nothing is done about it (S9). */
    void onInherited(long nowMs, About about, long leaderSinceMs) {
        waits.tell(
                        about.vm(),
                        Reason.INHERITED,
                        nowMs - leaderSinceMs,
                        config.inheritedWaitMs(),
                        "an older leader may still be calling Nova for it",
                        "Nova is asked what came of the call")
                .ifPresent(words ->
                        proposer.propose(nowMs, "outcome " + about.server(), about.held(words.apply(about.atMs()))));
    }

    /**
     * Whom a command is about, and who says it when.
     *
     * @param group whose level decides what can be said
     */
    record About(long atMs, long term, IncidentId incident, HostName host, VmRecovery vm, GroupRecord group) {
        ServerId server() {
            return vm.server();
        }

        long intentIndex() {
            return vm.intentIndex();
        }

        Command accepted(long migration) {
            return new VmCommand.EvacuationAccepted(
                    atMs, term, incident, host, server(), intentIndex(), OptionalLong.of(migration), "");
        }

        /** Nova has ended it, or its server is not marked for it any more. */
        Command failed(long migrationFloor, String why) {
            return failed(migrationFloor, false, why);
        }

        /** Nova never will. A group that cannot note that lets no host return before the VM has its ending ({@link FeatureLevel#objection}). */
        Command givenUp(long migrationFloor, String why) {
            return failed(migrationFloor, group.level() >= FeatureLevel.QUEUES, why);
        }

        private Command failed(long migrationFloor, boolean queued, String why) {
            return new VmCommand.AttemptFailed(
                    atMs, term, incident, host, server(), intentIndex(), migrationFloor, true, queued, why);
        }

        Command held(String why) {
            return new VmCommand.EvacuationHeld(atMs, term, incident, host, server(), intentIndex(), why);
        }

        Command ended(Ending ending) {
            return new VmCommand.VmEnded(atMs, term, incident, host, server(), ending);
        }
    }

    private Optional<Function<About, Command>> judge(
            long nowMs,
            RecoveryState state,
            HostRecovery host,
            VmRecovery vm,
            Optional<Server> server,
            boolean deleted,
            List<Migration> migrations) {
        if (deleted) {
            return Optional.of(about -> about.ended(new Ending(Ending.Kind.LEFT, "deleted meanwhile")));
        }
        Optional<Migration> migration = EvacuationCalls.newest(migrations, vm.server(), vm.migrationFloor());
        if (migration.isPresent()) {
            waits.over(vm, Reason.NO_MIGRATION);
            if (vm.step() == VmRecovery.Step.CALLING) {
                return Optional.of(about -> about.accepted(migration.get().id()));
            }
            return migration.get().isFinal()
                    ? server.flatMap(s -> conclude(nowMs, state, host, vm, migration.get(), s))
                    : server.flatMap(s -> arrived(host.host(), vm, s))
                            .or(() -> overtaken(nowMs, vm, migration.get()))
                            .or(() -> untouched(nowMs, vm, migration.get()))
                            .or(() -> stuck(nowMs, state, host.host(), vm, migration.get()))
                            .or(() -> server.flatMap(s -> abandoned(nowMs, host, vm, migration.get(), s)))
                            .or(() -> running(nowMs, vm, migration.get()));
        }
        return server.flatMap(s -> withoutMigration(nowMs, host, vm, s));
    }

    /**
     * A server that Nova has elsewhere, without a task, has arrived, whatever its newest migration says: where an earlier evacuation was left
     * accepted, Nova's conductor takes that one's record for the next evacuation, and the next one's stays accepted for ever.
     */
    private static Optional<Function<About, Command>> arrived(HostName source, VmRecovery vm, Server server) {
        boolean elsewhere = !server.host().equals(source) && !server.host().equals(Server.NO_HOST);
        return elsewhere && server.taskState().isEmpty()
                ? Optional.of(
                        about -> about.ended(Ending.arrived(server, vm.brief().shouldRun())))
                : Optional.empty();
    }

    /**
     * Nova's conductor has taken up a later evacuation and, a minute later, still not this one: the nova-api that took the call died before it
     * had handed it on. Were it to turn up all the same, Nova's database would let one rebuild through.
     */
    private Optional<Function<About, Command>> overtaken(long nowMs, VmRecovery vm, Migration migration) {
        if (!migration.isOvertaken()) {
            return Optional.empty();
        }
        String seen = "no conductor of Nova has taken up migration " + migration.id() + ", and later ones they have";
        long waitedMs = waits.waitedMs(vm, Reason.OVERTAKEN, nowMs);
        return waitedMs >= ABSENT_MS
                ? Optional.of(about -> about.givenUp(migration.id(), seen + "; it stays accepted for ever"))
                : waits(vm, Reason.OVERTAKEN, waitedMs, ABSENT_MS, seen, TRIED_AGAIN);
    }

    /**
     * Nova's conductor has not taken it up, and there is no later one by whose fate to judge. The heartbeats of the nova-computes come to Nova
     * through the conductors, in the same queue: if those get through for so long, this one was lost before it came there.
     */
    private Optional<Function<About, Command>> untouched(long nowMs, VmRecovery vm, Migration migration) {
        if (!migration.isUntouched()) {
            return Optional.empty();
        }
        servicesWantedAtMs = nowMs;
        String seen = "no conductor of Nova has taken up migration " + migration.id();
        long waitedMs = waits.waitedMs(vm, Reason.UNTOUCHED, nowMs);
        if (waitedMs < UNTOUCHED_MS) {
            return waits(
                    vm,
                    Reason.UNTOUCHED,
                    waitedMs,
                    UNTOUCHED_MS,
                    seen,
                    TRIED_AGAIN + ", if Nova's conductors are at work");
        }
        return areServicesKnown(nowMs) && !serving.isEmpty()
                ? Optional.of(about -> about.givenUp(
                        migration.id(),
                        seen + " for " + waitedMs / 1_000 + " s, though the nova-computes " + serving
                                + " get through to them: its nova-api died over the call"))
                : Optional.empty();
    }

    /** Nothing but Nova ends it, however long it takes (S13); what that may be is told. */
    private Optional<Function<About, Command>> running(long nowMs, VmRecovery vm, Migration migration) {
        long waitedMs = waits.waitedMs(vm, Reason.RUNNING, nowMs);
        if (migration.takenUpBy().isPresent()) {
            String seen = "migration " + migration.id() + " is " + migration.status() + " on "
                    + migration.takenUpBy().get();
            String then = "its nova-compute ends it, or has forgotten it if it was started anew; only then: openstack"
                    + " server set --state error " + vm.server();
            return waits(vm, Reason.RUNNING, waitedMs, Waits.OPEN, seen, then);
        }
        return waits.isTold(vm)
                ? Optional.empty() // something more to the point
                : waits(
                        vm,
                        Reason.NO_TARGET,
                        waitedMs,
                        Waits.OPEN,
                        "no host has taken up migration " + migration.id()
                                + ", which waits in a queue of Nova's services",
                        "see whether nova-conductor, nova-scheduler and every nova-compute are at work");
    }

    /** Nothing is to be done yet, which is told if it lasts. */
    private Optional<Function<About, Command>> waits(
            VmRecovery vm, Reason reason, long waitedMs, long limitMs, String what, String then) {
        return waits.tell(vm, reason, waitedMs, limitMs, what, then)
                .map(words -> about -> about.held(words.apply(about.atMs())));
    }

    /**
     * The evacuation's target is certified dead, or nobody but a host that is can be its target: it will never write the end of its migration,
     * and Nova has no other way to end it. The attempt has failed, and what it left behind in the server's record is cleared before the next
     * one. Looked at again after a while, because a look may have begun before the target died and just after it was done.
     */
    private Optional<Function<About, Command>> stuck(
            long nowMs, RecoveryState state, HostName source, VmRecovery vm, Migration migration) {
        Optional<HostName> target = migration.takenUpBy();
        if (target.isEmpty() && hasLostAnother(state, source, vm.requestedAtMs())) {
            List<HostName> silent = silentOthers(nowMs, state, source);
            if (!silent.isEmpty()) {
                waits.over(vm, Reason.STUCK);
                return held(nowMs, vm, migration, silent);
            }
            waits.over(vm, Reason.SILENT);
        }
        boolean dead = target.isPresent()
                ? isCertified(state, target.get())
                : hasLostAnother(state, source, vm.requestedAtMs()) && areServicesKnown(nowMs);
        if (!dead) {
            waits.over(vm, Reason.STUCK);
            return Optional.empty();
        }
        String seen = target.map(host -> "its target " + host + " died over migration " + migration.id())
                .orElse("no host has taken up migration " + migration.id() + ", and one that might have has died");
        String left = ", which stays " + migration.status() + " for ever";
        long waitedMs = waits.waitedMs(vm, Reason.STUCK, nowMs);
        long limitMs = target.isPresent() ? config.requestLimitMs() : LOST_MS;
        if (waitedMs >= limitMs) {
            return Optional.of(about -> about.givenUp(migration.id(), seen + left));
        }
        if (isInNoLivingQueue(nowMs, state, source, vm, migration)) {
            return Optional.of(about -> about.givenUp(
                    migration.id(),
                    seen + ": every other nova-compute has been at work since, and has not begun it" + left));
        }
        return target.isPresent()
                ? waits(vm, Reason.TARGET, waitedMs, limitMs, seen, TRIED_AGAIN)
                : waits(
                        vm,
                        Reason.QUEUE,
                        waitedMs,
                        limitMs,
                        seen,
                        TRIED_AGAIN + ", or sooner, when every other nova-compute has shown that it has not got it");
    }

    /**
     * Nova's conductor has handed it on a while ago, and no nova-compute has begun with it, though all have been at work since but for those of the
     * certified: it is in the queue of one of these. Only a close look tells, so a look from farther away decides nothing.
     */
    private boolean isInNoLivingQueue(
            long nowMs, RecoveryState state, HostName source, VmRecovery vm, Migration migration) {
        if (!migration.isHandedOn()) {
            return false;
        }
        long queuedAtMs = nowMs - waits.waitedMs(vm, Reason.HANDED_ON, nowMs) + ON_ITS_WAY_MS;
        return heartbeats.haveAllBeatenTwiceSince(queuedAtMs, host -> host.equals(source) || isCertified(state, host));
    }

    private static boolean isCertified(RecoveryState state, HostName host) {
        return Optional.ofNullable(state.hosts().get(host))
                .map(record -> state.isCertified(host, record.epoch()))
                .orElse(false);
    }

    /**
     * The hosts that are not certified and have no nova-compute at work. A request waits in the queue of such a one, and would be carried out
     * as soon as it is there again, beside the next attempt.
     */
    private List<HostName> silentOthers(long nowMs, RecoveryState state, HostName source) {
        servicesWantedAtMs = nowMs;
        return areServicesKnown(nowMs)
                ? state.hosts().keySet().stream()
                        .filter(host -> !host.equals(source) && !isCertified(state, host) && !serving.contains(host))
                        .toList()
                : List.of();
    }

    private boolean areServicesKnown(long nowMs) {
        return nowMs - servicesAtMs < SERVICES_FRESH_MS;
    }

    /** Somebody must know why a VM stays down for so long, and what would help. */
    private Optional<Function<About, Command>> held(
            long nowMs, VmRecovery vm, Migration migration, List<HostName> silent) {
        return waits(
                vm,
                Reason.SILENT,
                waits.waitedMs(vm, Reason.SILENT, nowMs),
                Waits.OPEN,
                "no host has taken up migration " + migration.id() + ", and it may wait for nova-compute on " + silent
                        + ", which Nova does not hear",
                "start it there, or take the host out of the aggregate if it is never to serve again");
    }

    /** True if another host has died that Nova may have taken for alive when the call was made. */
    private static boolean hasLostAnother(RecoveryState state, HostName source, long requestedAtMs) {
        return state.incidents().values().stream()
                .flatMap(i -> i.hosts().values().stream())
                .filter(h -> !h.host().equals(source))
                .flatMap(h -> h.certificate().stream())
                .anyMatch(certificate -> certificate.atMs() + CLOCK_SLACK_MS >= requestedAtMs);
    }

    /**
     * A server without a task, still on the dead host, has nobody at work on it, whatever the migration says: a person has reset its
     * record, because its target forgot it (a nova-compute that restarts over a rebuild does), or it never began.
     */
    private Optional<Function<About, Command>> abandoned(
            long nowMs, HostRecovery host, VmRecovery vm, Migration migration, Server server) {
        if (server.taskState().isPresent() || !server.host().equals(host.host())) {
            waits.over(vm, Reason.IDLE);
            return Optional.empty();
        }
        String seen = "migration " + migration.id() + " stays " + migration.status()
                + ", but its server waits for nothing: its record was reset";
        long waitedMs = waits.waitedMs(vm, Reason.IDLE, nowMs);
        return waitedMs < config.requestLimitMs()
                ? waits(vm, Reason.IDLE, waitedMs, config.requestLimitMs(), seen, TRIED_AGAIN)
                : Optional.of(about -> about.failed(migration.id(), seen));
    }

    /** Nova's record is final: where did it leave the server? */
    private Optional<Function<About, Command>> conclude(
            long nowMs, RecoveryState state, HostRecovery host, VmRecovery vm, Migration migration, Server server) {
        // Nova writes the migration's end a moment before the server's; a task that stays after that is another matter
        long waitedMs = server.taskState().isPresent() ? waits.waitedMs(vm, Reason.TASK, nowMs) : ABSENT_MS;
        if (waitedMs < ABSENT_MS) {
            String seen =
                    "migration " + migration.id() + " is " + migration.status() + ", and its server still has the task "
                            + server.taskState().orElseThrow();
            return waits(vm, Reason.TASK, waitedMs, ABSENT_MS, seen, "the migration's word counts");
        }
        boolean elsewhere = !server.host().equals(host.host());
        if (migration.hasSucceeded() && elsewhere) {
            return Optional.of(
                    about -> about.ended(Ending.arrived(server, vm.brief().shouldRun())));
        }
        if (elsewhere) {
            return Optional.of(about -> about.ended(new Ending(
                    Ending.Kind.FAILED,
                    "migration " + migration.id() + " is " + migration.status() + " and it is on " + server.host()
                            + " as " + server.vmState())));
        }
        if (migration.hasFailed()) {
            calls.onRefused(nowMs, server.id());
            wave.onTrouble(nowMs);
            String where =
                    migration.destination().map(target -> " on " + target).orElse("");
            String why = server.traits().fault().map(fault -> ": " + fault).orElse("");
            return Optional.of(about -> about.failed(
                    migration.id(), "migration " + migration.id() + " ended as " + migration.status() + where + why));
        }
        return contradicted(nowMs, state, host, vm, migration);
    }

    /**
     * Nova has the migration completed and its server still on the dead host. It writes the server's new host first and the migration's end
     * second (resource_tracker.py, finish_evacuation), so this passes, or is a record that somebody has changed by hand. Nobody works on the server
     * any more; whether it runs on the target is the question. Not if that one is certified dead: the attempt has failed. Otherwise it may, and
     * another call might have it run twice: a person must look.
     */
    private Optional<Function<About, Command>> contradicted(
            long nowMs, RecoveryState state, HostRecovery host, VmRecovery vm, Migration migration) {
        String seen = "Nova has migration " + migration.id() + " as " + migration.status() + " and its server still on "
                + host.host();
        Optional<HostName> dead = migration.destination().filter(target -> isCertified(state, target));
        long waitedMs = waits.waitedMs(vm, Reason.CONTRADICTED, nowMs);
        if (waitedMs < LOST_MS) {
            String then = dead.isPresent() ? TRIED_AGAIN : "a person must look";
            return waits(vm, Reason.CONTRADICTED, waitedMs, LOST_MS, seen, then);
        }
        if (dead.isPresent()) {
            return Optional.of(about -> about.failed(migration.id(), seen + "; its target " + dead.get() + " is dead"));
        }
        return Optional.of(about -> about.ended(new Ending(
                Ending.Kind.FAILED,
                seen + ": look on "
                        + migration.destination().map(HostName::toString).orElse("every host")
                        + " whether it runs there, and evacuate it by hand only if it does not")));
    }

    /** No migration has appeared: either Nova never took the call, or it has not got so far. */
    private Optional<Function<About, Command>> withoutMigration(
            long nowMs, HostRecovery host, VmRecovery vm, Server server) {
        if (!server.host().equals(host.host()) && server.taskState().isEmpty()) {
            return Optional.of(
                    about -> about.ended(Ending.arrived(server, vm.brief().shouldRun())));
        }
        long absentMs = waits.waitedMs(vm, Reason.NO_MIGRATION, nowMs);
        boolean sentCallIsOver = calls.isOver(vm) ? calls.sinceOverMs(nowMs, vm) >= config.requestLimitMs() : true;
        // a Nova that died between its first write and its second leaves a task without a migration
        boolean untouchedCall =
                vm.step() == VmRecovery.Step.CALLING && server.taskState().isEmpty();
        long limitMs = untouchedCall ? config.requestLimitMs() : ABSENT_MS;
        if (sentCallIsOver && absentMs >= limitMs) {
            waits.over(vm, Reason.NO_MIGRATION);
            return Optional.of(about -> about.failed(vm.migrationFloor(), "Nova never began it"));
        }
        return waits(vm, Reason.NO_MIGRATION, absentMs, limitMs, "Nova shows no migration for the call", TRIED_AGAIN);
    }
}
