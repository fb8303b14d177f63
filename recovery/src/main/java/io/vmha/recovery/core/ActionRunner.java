package io.vmha.recovery.core;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.LongPredicate;
import java.util.function.LongSupplier;

/**
 * Carries out actions by calling the ports. Blocking; one instance serves any number of action threads. Every effect is conditional: it is
 * read first whether it is still wanted and not yet there (S9).
 */
public final class ActionRunner {
    private static final long TURN_MS = 1_000;

    private final Compute compute;
    private final Fencer fencer;
    private final Voters voters;
    private final LongPredicate termStands;
    private final LongSupplier nowMs;

    /**
     * @param termStands whether this node still leads in the given term, as far as it knows
     * @param nowMs the monotonic clock that the controller is fed with
     */
    public ActionRunner(Compute compute, Fencer fencer, Voters voters, LongPredicate termStands, LongSupplier nowMs) {
        this.compute = compute;
        this.fencer = fencer;
        this.voters = voters;
        this.termStands = termStands;
        this.nowMs = nowMs;
    }

    /** Runs one action to its result. Operating errors become results; only programming errors escape. */
    public Result run(Action action) {
        try {
            if (action instanceof Action.AskVoters ask) {
                return new Result.Ages(ask, voters.ages(ask.hosts()), voters.count());
            }
            if (action instanceof Action.StateAges ask) {
                return new Result.Statements(ask, voters.statements(ask.host(), ask.epoch()));
            }
            if (action instanceof Action.AskApplied ask) {
                return new Result.AppliedBy(ask, voters.peersAppliedAtLeast(ask.certificateIndex()));
            }
            if (action instanceof Action.AskPower ask) {
                return new Result.Power(ask, fencer.status(ask.host()));
            }
            if (!termStands.test(action.term())) {
                return new Result.Failure(action, "the leadership of term " + action.term() + " has ended");
            }
            return act(action);
        } catch (ComputeException e) {
            return new Result.Failure(action, e.getMessage());
        }
    }

    private Result act(Action action) {
        if (action instanceof Action.PowerOff off) {
            return new Result.Power(off, fencer.powerOff(off.host()));
        }
        if (action instanceof Action.ConfirmOff confirm) {
            return confirm(confirm);
        }
        if (action instanceof Action.ForceDown down) {
            return forceDown(down);
        }
        if (action instanceof Action.ListServers list) {
            return new Result.Servers(
                    list, compute.serversOn(list.host()), List.of(), compute.evacuationsFrom(list.host()));
        }
        if (action instanceof Action.Evacuate call) {
            try {
                return evacuate(call);
            } catch (ComputeException e) {
                // from one of the reads: the attempt is over, so that no intent is ever worked on twice
                return answer(
                        call, Result.EvacuateAnswer.Outcome.NOT_CALLED, "Nova could not be read: " + e.getMessage());
            }
        }
        if (action instanceof Action.Watch watch) {
            return watch(watch);
        }
        throw new AssertionError(action);
    }

    private Result confirm(Action.ConfirmOff confirm) {
        int count = voters.count();
        List<String> applied = voters.appliedAtLeast(confirm.certificateIndex());
        if (applied.size() * 2 <= count) {
            return new Result.Failure(
                    confirm, "only " + applied + " of " + count + " voters have applied the certificate yet");
        }
        BmcStatement second = fencer.status(confirm.host());
        if (second.power() == PowerState.ON) {
            // somebody switched it on between the two questions; its epoch is sealed, so it may not run VMs: off again
            second = fencer.powerOff(confirm.host());
        }
        return new Result.Confirmed(confirm, applied, count, second);
    }

    private Result forceDown(Action.ForceDown down) {
        compute.forceDown(down.host());
        try {
            compute.disable(down.host(), "vmha: incident " + down.incident());
            return new Result.HeldDown(down, "Nova holds it down and disabled");
        } catch (ComputeException e) {
            // force-down is what lets the evacuations in; disabling only keeps the host unscheduled after its return
            return new Result.HeldDown(down, "Nova holds it down, but could not disable it: " + e.getMessage());
        }
    }

    private Result evacuate(Action.Evacuate call) {
        Optional<Server> found = compute.server(call.server());
        if (found.isEmpty()) {
            return answer(call, Result.EvacuateAnswer.Outcome.DELETED, "Nova does not know it any more");
        }
        Server server = found.get();
        Optional<Migration> running =
                newest(compute.evacuationsFrom(call.host()), call.server(), call.migrationFloor());
        if (running.isPresent() && !running.get().hasFailed()) {
            return new Result.EvacuateAnswer(
                    call,
                    Result.EvacuateAnswer.Outcome.ACCEPTED,
                    OptionalLong.of(running.get().id()),
                    "an evacuation was under way already");
        }
        if (!server.host().equals(call.host())) {
            return answer(
                    call, Result.EvacuateAnswer.Outcome.ELSEWHERE, server.host().value());
        }
        if (server.taskState().isPresent()) {
            return answer(
                    call,
                    Result.EvacuateAnswer.Outcome.BUSY,
                    "Nova is busy with it (" + server.taskState().get() + ")");
        }
        if (nowMs.getAsLong() > call.notAfterMs() || !termStands.test(call.term())) {
            return answer(call, Result.EvacuateAnswer.Outcome.NOT_CALLED, "the leadership has not been proven lately");
        }
        try {
            compute.evacuate(call.server());
            return answer(call, Result.EvacuateAnswer.Outcome.ACCEPTED, "");
        } catch (ComputeException e) {
            return answer(
                    call,
                    e.kind() == ComputeException.Kind.UNKNOWN
                            ? Result.EvacuateAnswer.Outcome.UNKNOWN
                            : Result.EvacuateAnswer.Outcome.REFUSED,
                    e.getMessage());
        }
    }

    private Result watch(Action.Watch watch) {
        List<Migration> migrations = compute.evacuationsFrom(watch.host());
        var servers = new ArrayList<Server>();
        var deleted = new ArrayList<ServerId>();
        var running = new ArrayList<ServerId>();
        for (ServerId id : watch.servers()) {
            if (newest(migrations, id, 0).map(m -> !m.isFinal()).orElse(false)) {
                running.add(id);
            } else {
                compute.server(id).ifPresentOrElse(servers::add, () -> deleted.add(id));
            }
        }
        if (!running.isEmpty()) {
            // one of them in turn: its owner may delete a server under way, and its migration then never ends
            ServerId next = running.get((int) (nowMs.getAsLong() / TURN_MS % running.size()));
            if (compute.server(next).isEmpty()) {
                deleted.add(next);
            }
        }
        return new Result.Servers(watch, servers, deleted, migrations);
    }

    private static Result answer(Action.Evacuate call, Result.EvacuateAnswer.Outcome outcome, String detail) {
        return new Result.EvacuateAnswer(call, outcome, OptionalLong.empty(), detail);
    }

    /** The newest migration of a server above a floor. */
    static Optional<Migration> newest(List<Migration> migrations, ServerId server, long floor) {
        return migrations.stream()
                .filter(m -> m.server().equals(server) && m.id() > floor)
                .max(Comparator.comparingLong(Migration::id));
    }
}
