package io.vmha.recovery.core;

import io.vmha.recovery.core.Result.EvacuateAnswer.Outcome;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.LongPredicate;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;

/** What an action thread does to one server: read, lock, clear what the dead host left behind, evacuate; and later put it back. */
final class EvacuationCalls {
    private final Compute compute;
    private final LongPredicate termStands;
    private final LongSupplier nowMs;

    EvacuationCalls(Compute compute, LongPredicate termStands, LongSupplier nowMs) {
        this.compute = compute;
        this.termStands = termStands;
        this.nowMs = nowMs;
    }

    /** Never throws for an operating error: an attempt that could not read is over, so that no intent is ever worked on twice. */
    Result.EvacuateAnswer evacuate(Action.Evacuate call) {
        try {
            Optional<Server> found = compute.server(call.server());
            if (found.isEmpty()) {
                return answer(call, Outcome.DELETED, "Nova does not know it any more");
            }
            List<Migration> evacuations = compute.evacuationsFrom(call.host());
            return running(call, evacuations)
                    .or(() -> whyNot(call, found.get()))
                    .orElseGet(() -> ask(call, found.get(), otherTarget(call, evacuations)));
        } catch (ComputeException e) {
            return answer(call, Outcome.NOT_CALLED, "Nova could not be read: " + e.getMessage());
        }
    }

    private static Optional<Result.EvacuateAnswer> running(Action.Evacuate call, List<Migration> evacuations) {
        return newest(evacuations, call.server(), call.migrationFloor())
                .filter(migration -> !migration.hasFailed())
                .map(migration -> new Result.EvacuateAnswer(
                        call,
                        Outcome.ACCEPTED,
                        OptionalLong.of(migration.id()),
                        Optional.empty(),
                        "an evacuation was under way already"));
    }

    private Optional<Result.EvacuateAnswer> whyNot(Action.Evacuate call, Server server) {
        if (!server.host().equals(call.host())) {
            return Optional.of(elsewhere(call, server));
        }
        Optional<String> never = Treatment.of(server).leave();
        if (never.isPresent()) {
            return Optional.of(answer(call, Outcome.FORBIDDEN, never.get()));
        }
        if (server.taskState().isPresent()
                && !server.taskState().equals(call.preparation().staleTask())) {
            return Optional.of(answer(call, Outcome.BUSY, server.taskState().get()));
        }
        return whyNotLeading(call);
    }

    /** Judged like an arrival: not before nothing is done about it any more, and by the state in which it is there. */
    private static Result.EvacuateAnswer elsewhere(Action.Evacuate call, Server server) {
        boolean atWork = server.taskState().isPresent()
                && !server.taskState().equals(call.preparation().staleTask());
        if (atWork) {
            return answer(call, Outcome.BUSY, server.taskState().get());
        }
        Ending ending = Ending.arrived(server, call.shouldRun());
        return new Result.EvacuateAnswer(
                call, Outcome.ELSEWHERE, OptionalLong.empty(), Optional.of(ending), ending.detail());
    }

    private Optional<Result.EvacuateAnswer> whyNotLeading(Action.Evacuate call) {
        return nowMs.getAsLong() > call.notAfterMs() || !termStands.test(call.term())
                ? Optional.of(answer(call, Outcome.NOT_CALLED, "the leadership has not been proven lately"))
                : Optional.empty();
    }

    /**
     * Nova's scheduler does not remember that a host could not take a server, and picks it again: after a migration that nobody has confirmed,
     * say, the host where the server was before, which has its domain still ({@code InstanceExists}) and the most room. So another host of the
     * zone is named after a failure on one, each time the next. The choice is Nova's again where it could not schedule at all, which may be for
     * the host that was named.
     */
    private Optional<HostName> otherTarget(Action.Evacuate call, List<Migration> evacuations) {
        List<Migration> failed = evacuations.stream()
                .filter(m -> m.server().equals(call.server()) && m.hasFailed())
                .sorted(Comparator.comparingLong(Migration::id))
                .toList();
        if (failed.isEmpty() || failed.get(failed.size() - 1).destination().isEmpty()) {
            return Optional.empty();
        }
        Set<HostName> failedOn =
                failed.stream().flatMap(m -> m.destination().stream()).collect(Collectors.toSet());
        Set<HostName> zone = compute.aggregates().stream()
                .filter(a -> a.availabilityZone().isPresent() && a.hosts().contains(call.host()))
                .flatMap(a -> a.hosts().stream())
                .collect(Collectors.toSet());
        List<HostName> others = compute.computeServices().stream()
                .filter(s -> s.up() && s.enabled() && zone.contains(s.host()))
                .map(ComputeService::host)
                .filter(host -> !host.equals(call.host()) && !failedOn.contains(host))
                .sorted()
                .toList();
        return others.isEmpty()
                ? Optional.empty()
                : Optional.of(others.get(Math.floorMod(call.server().hashCode() + failed.size(), others.size())));
    }

    private Result.EvacuateAnswer ask(Action.Evacuate call, Server server, Optional<HostName> target) {
        var prepared =
                new StringBuilder(target.map(host -> "asked for " + host + ", because the last one could not take it")
                        .orElse(""));
        if (call.preparation().lock() && (!server.locked() || Action.isOurLock(server))) {
            try {
                compute.lock(call.server(), Action.lockReason(call.incident()));
            } catch (ComputeException e) {
                // a lock keeps its owner's hands off; that it is missing must not keep the server down
                prepared.append(prepared.isEmpty() ? "" : "; ")
                        .append("not locked: ")
                        .append(e.getMessage());
            }
        }
        if (server.taskState().isPresent() || !Treatment.isEvacuable(server)) {
            try {
                compute.resetState(call.server());
            } catch (ComputeException e) {
                boolean passes = e.kind() == ComputeException.Kind.UNKNOWN || isNotSent(e);
                return answer(
                        call,
                        passes ? Outcome.NOT_CALLED : Outcome.REFUSED,
                        "its record could not be reset: " + e.getMessage());
            }
            prepared.append(prepared.isEmpty() ? "" : "; ")
                    .append("its record was reset from ")
                    .append(server.vmState())
                    .append(server.taskState().map(task -> "/" + task).orElse(""));
        }
        // what was done so far has taken its time
        return whyNotLeading(call).orElseGet(() -> {
            try {
                compute.evacuate(call.server(), target);
                return answer(call, Outcome.ACCEPTED, prepared.toString());
            } catch (ComputeException e) {
                return answer(
                        call,
                        e.kind() == ComputeException.Kind.UNKNOWN
                                ? Outcome.UNKNOWN
                                : isNotSent(e) ? Outcome.NOT_CALLED : Outcome.REFUSED,
                        e.getMessage());
            }
        });
    }

    private static boolean isNotSent(ComputeException e) {
        return e.kind() == ComputeException.Kind.NOT_SENT;
    }

    /** Reads first at each step, so that it may be repeated until all is done. */
    Result.Settled settle(Action.Settle settle) {
        var done = "";
        if (settle.rest() != Rest.AS_IT_COMES) {
            String wanted = settle.rest().vmState().orElseThrow();
            Optional<Server> found = compute.server(settle.server());
            if (found.isEmpty()) {
                return new Result.Settled(settle, true, "deleted meanwhile");
            }
            if (!found.get().vmState().equals(wanted)) {
                if (found.get().taskState().isEmpty()) {
                    compute.rest(settle.server(), settle.rest());
                }
                return new Result.Settled(settle, false, "it is not yet " + wanted);
            }
            done = wanted + " as before";
        }
        if (settle.unlock()) {
            compute.unlock(settle.server(), Action.lockReason(settle.incident()));
            done += done.isEmpty() ? "unlocked" : ", unlocked";
        }
        return new Result.Settled(settle, true, done);
    }

    private static Result.EvacuateAnswer answer(Action.Evacuate call, Outcome outcome, String detail) {
        return new Result.EvacuateAnswer(call, outcome, OptionalLong.empty(), Optional.empty(), detail);
    }

    /** The newest migration of a server above a floor. */
    static Optional<Migration> newest(List<Migration> migrations, ServerId server, long floor) {
        return migrations.stream()
                .filter(m -> m.server().equals(server) && m.id() > floor)
                .max(Comparator.comparingLong(Migration::id));
    }
}
