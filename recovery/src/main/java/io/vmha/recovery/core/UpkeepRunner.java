package io.vmha.recovery.core;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.LongPredicate;

/** Carries out {@link UpkeepAction}s by calling the ports. Blocking; one instance serves any number of threads. Every effect reads first (S9). */
public final class UpkeepRunner {
    /** One whose owner has stopped it in the meantime stays stopped; error is what a restart that failed leaves. */
    private static final Set<String> MAY_RESTART = Set.of("active", "error");

    private final Operations nova;
    private final Fencer fencer;
    private final Guests guests;
    private final LongPredicate termStands;

    /** @param termStands whether this node still leads in the given term, as far as it knows */
    public UpkeepRunner(Operations nova, Fencer fencer, Guests guests, LongPredicate termStands) {
        this.nova = nova;
        this.fencer = fencer;
        this.guests = guests;
        this.termStands = termStands;
    }

    /** Runs one action to its result. Operating errors become results. */
    public UpkeepResult run(UpkeepAction action) {
        try {
            if (action instanceof UpkeepAction.LookAtVm look) {
                return look(look);
            }
            if (action instanceof UpkeepAction.AskComputes ask) {
                return new UpkeepResult.ComputesSeen(ask, nova.computeServices());
            }
            if (action instanceof UpkeepAction.LookAtHost look) {
                return look(look);
            }
            if (action instanceof UpkeepAction.LookForLateRebuilds look) {
                return look(look);
            }
            if (!termStands.test(action.term())) {
                return ended(action);
            }
            return act(action);
        } catch (ComputeException e) {
            return new UpkeepResult.Failed(action, e.getMessage(), e.kind() == ComputeException.Kind.UNKNOWN);
        }
    }

    private static UpkeepResult ended(UpkeepAction action) {
        return new UpkeepResult.Failed(action, "the leadership of term " + action.term() + " has ended", false);
    }

    private UpkeepResult look(UpkeepAction.LookAtVm look) {
        Optional<Server> server = nova.server(look.server());
        if (server.isPresent() && look.images()) {
            server = nova.withImages(List.of(server.get())).stream().findFirst();
        }
        return new UpkeepResult.VmSeen(look, server, isUp(look.host()));
    }

    /** One list of migrations for all; a server is read only where one of them failed. */
    private UpkeepResult look(UpkeepAction.LookForLateRebuilds look) {
        List<Migration> migrations = nova.evacuationsFrom(look.source());
        var servers = new TreeMap<ServerId, Server>();
        for (Migration migration : migrations) {
            ServerId id = migration.server();
            if (migration.hasFailed() && look.servers().contains(id) && !servers.containsKey(id)) {
                nova.server(id).ifPresent(s -> servers.put(id, s));
            }
        }
        return new UpkeepResult.LateRebuildsSeen(look, LateRebuild.among(look.source(), migrations, servers, guests));
    }

    /** What was proven a moment ago is read once more: nobody but a late rebuild may have touched the record. */
    private UpkeepResult reset(UpkeepAction.ResetRecord reset) {
        Optional<Server> server = nova.server(reset.server());
        boolean stands = server.map(s -> s.host().equals(reset.host()) && LateRebuild.isBroken(s))
                .orElse(false);
        if (!stands || !isUp(reset.host())) {
            return new UpkeepResult.Failed(reset, "its record is another by now: " + server, false);
        }
        if (!termStands.test(reset.term())) {
            return ended(reset);
        }
        // one that is stopped and called active is stopped by Nova itself in time: the first half alone does no harm
        nova.callActive(reset.server());
        if (reset.rest() == Rest.AS_IT_COMES) {
            return new UpkeepResult.Done(reset, "Nova calls it active again", 0);
        }
        try {
            nova.rest(reset.server(), reset.rest());
            return new UpkeepResult.Done(reset, "Nova has been asked to bring it to rest again", 0);
        } catch (ComputeException e) {
            return new UpkeepResult.HalfDone(reset, e.getMessage());
        }
    }

    private boolean isUp(HostName host) {
        return service(host).map(s -> s.up() && !s.forcedDown()).orElse(false);
    }

    private Optional<ComputeService> service(HostName host) {
        return nova.computeServices().stream()
                .filter(s -> s.host().equals(host))
                .findFirst();
    }

    private UpkeepResult look(UpkeepAction.LookAtHost look) {
        var here = new TreeMap<ServerId, Server>();
        nova.serversOn(look.host()).forEach(s -> here.put(s.id(), s));
        var elsewhere = new TreeMap<ServerId, Server>();
        for (ServerId id : look.moving()) {
            if (!here.containsKey(id)) {
                nova.server(id).ifPresent(s -> elsewhere.put(id, s));
            }
        }
        return new UpkeepResult.HostSeen(look, service(look.host()), here, elsewhere);
    }

    private UpkeepResult act(UpkeepAction action) {
        if (action instanceof UpkeepAction.RestartVm restart) {
            return restart(restart);
        }
        if (action instanceof UpkeepAction.DisableHost disable) {
            nova.disableLiving(disable.host(), disable.reason());
            return new UpkeepResult.Done(disable, "disabled", 0);
        }
        if (action instanceof UpkeepAction.EnableHost enable) {
            nova.enable(enable.host());
            return new UpkeepResult.Done(enable, "enabled", 0);
        }
        if (action instanceof UpkeepAction.MoveVm move) {
            return move(move);
        }
        if (action instanceof UpkeepAction.ConfirmMove confirm) {
            nova.confirmMigration(confirm.server());
            return new UpkeepResult.Done(confirm, "confirmed", 0);
        }
        if (action instanceof UpkeepAction.ResetRecord reset) {
            return reset(reset);
        }
        if (action instanceof UpkeepAction.CutPower cut) {
            BmcStatement said = fencer.powerOff(cut.host());
            return said.provesOff()
                    ? new UpkeepResult.Done(cut, said.detail(), said.tookMs())
                    : new UpkeepResult.Failed(cut, "its BMC has not cut the power: " + said.detail(), true);
        }
        if (action instanceof UpkeepAction.RestorePower power) {
            BmcStatement said = fencer.powerOn(power.host());
            return said.power() == PowerState.ON
                    ? new UpkeepResult.Done(power, said.detail(), said.tookMs())
                    : new UpkeepResult.Failed(power, "its BMC has not switched it on: " + said.detail(), true);
        }
        throw new AssertionError(action);
    }

    /** Nova queues what it is asked for a nova-compute that is down, and would carry it out much later, unasked. */
    private UpkeepResult restart(UpkeepAction.RestartVm restart) {
        Optional<Server> server = nova.server(restart.server());
        Optional<String> wrong =
                server.isEmpty() ? Optional.of("Nova does not know it any more") : unfit(server.get(), restart.host());
        if (wrong.isEmpty() && !MAY_RESTART.contains(server.get().vmState())) {
            wrong = Optional.of("Nova has it " + server.get().vmState() + " by now");
        }
        if (wrong.isPresent()) {
            return new UpkeepResult.Failed(restart, wrong.get(), false);
        }
        if (!termStands.test(restart.term())) {
            return ended(restart); // what was read has taken its time
        }
        nova.restart(restart.server());
        return new UpkeepResult.Done(restart, "Nova has been asked to restart it", 0);
    }

    private UpkeepResult move(UpkeepAction.MoveVm move) {
        Optional<Server> server = nova.server(move.server());
        Optional<String> wrong =
                server.isEmpty() ? Optional.of("Nova does not know it any more") : unfit(server.get(), move.host());
        if (wrong.isPresent()) {
            return new UpkeepResult.Failed(move, wrong.get(), false);
        }
        if (!termStands.test(move.term())) {
            return ended(move);
        }
        if (move.cold()) {
            nova.migrateCold(move.server());
        } else {
            nova.migrateLive(move.server());
        }
        return new UpkeepResult.Done(move, "Nova has been asked to move it", 0);
    }

    private Optional<String> unfit(Server server, HostName host) {
        if (!server.host().equals(host)) {
            return Optional.of("Nova has it on " + server.host());
        }
        if (server.taskState().isPresent()) {
            return Optional.of("Nova is at work on it: " + server.taskState().get());
        }
        return isUp(host) ? Optional.empty() : Optional.of("the nova-compute of " + host + " is not up");
    }
}
