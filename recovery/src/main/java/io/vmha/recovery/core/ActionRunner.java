package io.vmha.recovery.core;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.LongPredicate;
import java.util.function.LongSupplier;

/**
 * Carries out actions by calling the ports. Blocking; one instance serves any number of action threads. Every effect is conditional: it is
 * read first whether it is still wanted and not yet there (S9).
 */
public final class ActionRunner {
    private static final String GIVEN_UP = "error";

    private final Compute compute;
    private final Fencer fencer;
    private final Voters voters;
    private final LongPredicate termStands;
    private final Doorbell doorbell;
    private final EvacuationCalls evacuation;

    /**
     * @param termStands whether this node still leads in the given term, as far as it knows
     * @param nowMs the monotonic clock that the controller is fed with
     */
    public ActionRunner(
            Compute compute,
            Fencer fencer,
            Voters voters,
            Doorbell doorbell,
            LongPredicate termStands,
            LongSupplier nowMs) {
        this.compute = compute;
        this.doorbell = doorbell;
        this.evacuation = new EvacuationCalls(compute, termStands, nowMs);
        this.fencer = fencer;
        this.voters = voters;
        this.termStands = termStands;
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
                return new Result.AppliedBy(ask, voters.peersAppliedAtLeast(ask.index()));
            }
            if (action instanceof Action.Observe ask) {
                return new Result.Seen(ask, voters.observe(ask.hosts(), ask.alsoLookAt()));
            }
            if (action instanceof Action.AskNova ask) {
                return new Result.Services(ask, compute.computeServices());
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
            List<Server> servers = compute.serversOn(list.host());
            return new Result.Servers(
                    list,
                    list.images() ? compute.withImages(servers) : servers,
                    List.of(),
                    compute.evacuationsFrom(list.host()));
        }
        if (action instanceof Action.Evacuate call) {
            return evacuation.evacuate(call);
        }
        if (action instanceof Action.Watch watch) {
            return watch(watch);
        }
        if (action instanceof Action.Settle settle) {
            return evacuation.settle(settle);
        }
        if (action instanceof Action.Knock knock) {
            return new Result.Knocked(knock, doorbell.answers(knock.address()));
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
        ComputeService record = compute.holdDown(down.host(), Readmission.reason(down.incident()));
        return new Result.HeldDown(
                down,
                Readmission.incidentOf(record).isPresent()
                        ? "Nova holds it down and disabled"
                        : "Nova holds it down; somebody else has disabled it ("
                                + record.disabledReason().orElse("without a reason") + "), which stays");
    }

    private Result watch(Action.Watch watch) {
        List<Migration> migrations = compute.evacuationsFrom(watch.host());
        var servers = new ArrayList<Server>();
        var deleted = new ArrayList<ServerId>();
        for (ServerId id : watch.servers()) {
            boolean running = EvacuationCalls.newest(migrations, id, 0)
                    .map(m -> !m.isFinal())
                    .orElse(false);
            // its owner may delete a server under way, or a person reset it, and its migration then never ends
            boolean closely = watch.closely().equals(Optional.of(id));
            if (!running || closely) {
                compute.server(id).ifPresentOrElse(servers::add, () -> deleted.add(id));
            }
            if (running && closely) {
                migrations = withoutGivenUp(migrations, id);
            }
        }
        return new Result.Servers(watch, servers, deleted, migrations);
    }

    /** A Nova that keeps this to itself must not keep the rest from being watched. */
    private Handling handlingOf(ServerId server) {
        try {
            return compute.handlingOf(server);
        } catch (ComputeException e) {
            return Handling.IN_HAND;
        }
    }

    /**
     * What Nova has given up before a host took it up has failed, though its migration does not say so. What its conductor has never had is
     * marked, and marked otherwise where it has had a later one: the queue between Nova's services keeps the order. So is what it has handed on
     * to a host that has not begun.
     */
    private List<Migration> withoutGivenUp(List<Migration> migrations, ServerId server) {
        Optional<Migration> newest = EvacuationCalls.newest(migrations, server, 0)
                .filter(m -> m.takenUpBy().isEmpty());
        if (newest.isEmpty()) {
            return migrations;
        }
        String status = switch (handlingOf(server)) {
            case GIVEN_UP -> GIVEN_UP;
            case UNTOUCHED -> isOvertaken(migrations, newest.get()) ? Migration.OVERTAKEN : Migration.UNTOUCHED;
            case HANDED_ON -> Migration.HANDED_ON;
            case IN_HAND -> newest.get().status();
        };
        return migrations.stream()
                .map(m -> m.equals(newest.get()) ? m.withStatus(status) : m)
                .toList();
    }

    private static boolean isOvertaken(List<Migration> migrations, Migration migration) {
        return migrations.stream()
                .anyMatch(m -> m.id() > migration.id()
                        && !m.server().equals(migration.server())
                        && m.takenUpBy().isPresent());
    }
}
