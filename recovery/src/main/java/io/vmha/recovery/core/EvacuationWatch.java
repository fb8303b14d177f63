package io.vmha.recovery.core;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.function.Function;

/** Turns what Nova says of evacuations under way into endings, retries, or nothing yet (S13: only Nova's own records end a VM). */
final class EvacuationWatch {
    /** An accepted evacuation whose migration does not appear for this long, while the server stands untouched, never began. */
    private static final long ABSENT_MS = 60_000;

    private final RecoveryConfig config;
    private final Calls calls;
    private final IncidentSteps.Proposer proposer;
    private final Map<ServerId, Long> absentSinceMs = new TreeMap<>();

    EvacuationWatch(RecoveryConfig config, Calls calls, IncidentSteps.Proposer proposer) {
        this.config = config;
        this.calls = calls;
        this.proposer = proposer;
    }

    void forget() {
        absentSinceMs.clear();
    }

    void onServers(long nowMs, long atMs, HostRecovery host, Action.Watch seen, Result.Servers result) {
        Map<ServerId, Server> servers = new TreeMap<>();
        result.servers().forEach(s -> servers.put(s.id(), s));
        for (ServerId id : seen.servers()) {
            VmRecovery vm = host.vms().get(id);
            boolean open =
                    vm != null && (vm.step() == VmRecovery.Step.CALLING || vm.step() == VmRecovery.Step.ACCEPTED);
            if (open) {
                Optional<Server> server = Optional.ofNullable(servers.get(id));
                judge(nowMs, host, vm, server, result.deleted().contains(id), result.migrations())
                        .ifPresent(outcome -> proposer.propose(
                                nowMs,
                                "outcome " + id,
                                outcome.apply(new About(
                                        atMs, seen.term(), seen.incident(), host.host(), id, vm.intentIndex()))));
            }
        }
    }

    /** Whom a command is about, and who says it when. */
    private record About(long atMs, long term, IncidentId incident, HostName host, ServerId server, long intentIndex) {
        Command accepted(long migration) {
            return new VmCommand.EvacuationAccepted(
                    atMs, term, incident, host, server, intentIndex, OptionalLong.of(migration));
        }

        Command failed(long migrationFloor, String why) {
            return new VmCommand.AttemptFailed(
                    atMs, term, incident, host, server, intentIndex, migrationFloor, true, why);
        }

        Command ended(Ending ending) {
            return new VmCommand.VmEnded(atMs, term, incident, host, server, ending);
        }
    }

    private Optional<Function<About, Command>> judge(
            long nowMs,
            HostRecovery host,
            VmRecovery vm,
            Optional<Server> server,
            boolean deleted,
            List<Migration> migrations) {
        if (deleted) {
            return Optional.of(about -> about.ended(new Ending(Ending.Kind.LEFT, "deleted meanwhile")));
        }
        Optional<Migration> migration = ActionRunner.newest(migrations, vm.server(), vm.migrationFloor());
        if (migration.isPresent()) {
            absentSinceMs.remove(vm.server());
            if (vm.step() == VmRecovery.Step.CALLING) {
                return Optional.of(about -> about.accepted(migration.get().id()));
            }
            return migration.get().isFinal()
                    ? server.flatMap(s -> conclude(nowMs, host, migration.get(), s))
                    : Optional.empty();
        }
        return server.flatMap(s -> withoutMigration(nowMs, host, vm, s));
    }

    /** Nova's record is final: where did it leave the server? */
    private Optional<Function<About, Command>> conclude(
            long nowMs, HostRecovery host, Migration migration, Server server) {
        if (server.taskState().isPresent()) {
            return Optional.empty(); // Nova writes the migration's end a moment before the server's
        }
        boolean elsewhere = !server.host().equals(host.host());
        if (migration.hasSucceeded() && elsewhere) {
            return Optional.of(about -> about.ended(
                    server.vmState().equals("error")
                            ? new Ending(Ending.Kind.FAILED, "it arrived on " + server.host() + " in state error")
                            : Ending.recovered(server.host())));
        }
        if (elsewhere) {
            return Optional.of(about -> about.ended(new Ending(
                    Ending.Kind.FAILED,
                    "migration " + migration.id() + " is " + migration.status() + " and it is on " + server.host()
                            + " as " + server.vmState())));
        }
        if (migration.hasFailed()) {
            calls.onRefused(nowMs, server.id());
            return Optional.of(about ->
                    about.failed(migration.id(), "migration " + migration.id() + " ended as " + migration.status()));
        }
        return Optional.empty();
    }

    /** No migration has appeared: either Nova never took the call, or it has not got so far. */
    private Optional<Function<About, Command>> withoutMigration(
            long nowMs, HostRecovery host, VmRecovery vm, Server server) {
        if (!server.host().equals(host.host()) && server.taskState().isEmpty()) {
            return Optional.of(about -> about.ended(Ending.recovered(server.host())));
        }
        if (server.taskState().isPresent()) {
            absentSinceMs.remove(vm.server());
            return Optional.empty();
        }
        long absentMs = nowMs - absentSinceMs.computeIfAbsent(vm.server(), id -> nowMs);
        boolean sentCallIsOver = calls.isOver(vm) ? calls.sinceOverMs(nowMs, vm) >= config.requestLimitMs() : true;
        boolean neverTaken = vm.step() == VmRecovery.Step.CALLING
                ? sentCallIsOver && absentMs >= config.requestLimitMs()
                : absentMs >= ABSENT_MS;
        if (neverTaken) {
            absentSinceMs.remove(vm.server());
            return Optional.of(about -> about.failed(vm.migrationFloor(), "Nova never began it"));
        }
        return Optional.empty();
    }
}
