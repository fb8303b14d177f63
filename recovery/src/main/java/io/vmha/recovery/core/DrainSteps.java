package io.vmha.recovery.core;

import io.vmha.recovery.core.UpkeepController.Turn;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;

/** The steps of a drain: disable, plan, move VM by VM, end; and of its undoing. One reading of Nova per second feeds all of them. */
final class DrainSteps {
    private static final long LOOK_AGAIN_MS = 1_000;
    /** Nova sets the task_state before it answers; one that is gone so soon has not begun. */
    private static final long SETTLED_MS = 3_000;

    private static final int LIVE_TRIES = 3;
    private static final int COLD_TRIES = 2;
    private static final long RETRY_MS = 5_000;

    /** How the reason of a host that a drain has disabled begins. */
    private static final String REASON = Readmission.OURS + "drain by ";

    /** A task that Nova has not ended by then: nobody seems to be at work on it, and the drain must end. */
    private static final long BUSY_LIMIT_MS = 600_000;

    /** A live migration of much memory takes long; one of which nobody sees the end must not keep others from draining their hosts. */
    private static final long MOVING_LIMIT_MS = 1_800_000;

    /**
     * A call of this leadership.
     *
     * @param overAtMs when it was answered, or when what it may have set off has begun; never, while it is on its way
     */
    private record Call(int attempt, long overAtMs) {
        static final long NEVER = Long.MAX_VALUE;
    }

    private final RecoveryConfig config;
    /** Of this leadership: no intent is called for twice. */
    private final Map<ServerId, Call> calls = new TreeMap<>();

    private final Map<ServerId, Long> retryAtMs = new TreeMap<>();
    private final Map<ServerId, Long> busySinceMs = new TreeMap<>();
    private final Map<ServerId, Long> movingSinceMs = new TreeMap<>();

    DrainSteps(RecoveryConfig config) {
        this.config = config;
    }

    void forget() {
        calls.clear();
        retryAtMs.clear();
        busySinceMs.clear();
        movingSinceMs.clear();
    }

    void decide(Turn turn) {
        Optional<Drain> open = turn.state().upkeep().openDrain();
        if (open.isEmpty()) {
            return;
        }
        Drain drain = open.get();
        calls.keySet().retainAll(drain.moves().keySet());
        retryAtMs.keySet().retainAll(drain.moves().keySet());
        busySinceMs.keySet().retainAll(drain.moves().keySet());
        movingSinceMs.keySet().removeIf(id -> {
            Move move = drain.moves().get(id);
            return move == null || !move.step().isUnderWay();
        });
        for (Move move : drain.moves().values()) {
            Call last = calls.get(move.server());
            boolean isCalled = last != null && last.attempt() == move.attempts();
            if (move.step().isUnderWay() && move.intentTerm() == turn.term() && !isCalled) {
                calls.put(move.server(), new Call(move.attempts(), Call.NEVER));
                turn.execute(new UpkeepAction.MoveVm(
                        turn.term(), drain.host(), move.server(), move.step() == Move.Step.MOVING_COLD));
            }
        }
        var moving = new TreeSet<ServerId>();
        drain.moves().values().stream().filter(m -> !m.hasEnded()).forEach(m -> moving.add(m.server()));
        turn.execute(new UpkeepAction.LookAtHost(turn.term(), drain.host(), moving));
    }

    void onResult(Turn turn, UpkeepResult result) {
        turn.pending().pause(turn.nowMs(), result.action().key(), LOOK_AGAIN_MS);
        if (result.action() instanceof UpkeepAction.MoveVm move) {
            boolean unknown = result instanceof UpkeepResult.Failed failed && failed.unknown();
            calls.computeIfPresent(
                    move.server(),
                    (id, call) -> new Call(call.attempt(), turn.nowMs() + (unknown ? config.requestLimitMs() : 0)));
        }
        Optional<Drain> open = turn.state().upkeep().openDrain();
        if (open.isEmpty()) {
            return;
        }
        Drain drain = open.get();
        if (result instanceof UpkeepResult.HostSeen seen && seen.action().host().equals(drain.host())) {
            onSeen(turn, drain, seen);
        } else if (result instanceof UpkeepResult.Failed failed
                && failed.action() instanceof UpkeepAction.MoveVm move
                && !failed.unknown()
                && drain.moves().containsKey(move.server())) {
            onFailed(turn, drain, drain.moves().get(move.server()), failed.why());
        }
    }

    private void onSeen(Turn turn, Drain drain, UpkeepResult.HostSeen seen) {
        HostRecord host = turn.state().hosts().get(drain.host());
        boolean serves = host != null && host.status() == HostRecord.Status.IN_SERVICE;
        // to take a drain back is to have Nova schedule to the host again, in whichever life it is by now
        if (!serves || (host.epoch() != drain.epoch() && drain.phase() != Drain.Phase.UNDOING)) {
            end(
                    turn,
                    drain,
                    Drain.Phase.UNDONE,
                    "given up: the host has failed meanwhile" + staysDisabled(drain, seen));
            return;
        }
        drain.moves().values().stream()
                .filter(move -> move.step().isUnderWay())
                .forEach(move -> follow(turn, drain, move, seen));
        if (drain.phase() == Drain.Phase.UNDOING) {
            undo(turn, drain, seen);
        } else if (isDisabled(turn, drain, seen)) {
            go(turn, drain, seen);
        }
    }

    /** A host that is given up is enabled by nobody: its person is told. */
    private static String staysDisabled(Drain drain, UpkeepResult.HostSeen seen) {
        boolean ours = seen.service()
                .filter(s -> !s.enabled() && whose(s) == Drain.Disabling.OURS)
                .isPresent();
        return ours
                ? "; Nova has it disabled for this drain, and when it is back: openstack compute service set --enable "
                        + drain.host() + " nova-compute"
                : "";
    }

    /** Takes one step towards the host's being disabled. */
    private static boolean isDisabled(Turn turn, Drain drain, UpkeepResult.HostSeen seen) {
        if (seen.service().isEmpty()) {
            return false;
        }
        ComputeService service = seen.service().get();
        switch (drain.disabling()) {
            case NOT_YET -> note(turn, drain, service.enabled() ? Drain.Disabling.BEGUN : whose(service));
            case BEGUN -> {
                if (service.enabled()) {
                    turn.execute(new UpkeepAction.DisableHost(
                            turn.term(), drain.host(), REASON + drain.asked().person()));
                } else {
                    note(turn, drain, whose(service));
                }
            }
            case OURS, THEIRS -> {
                return true;
            }
        }
        return false;
    }

    private static Drain.Disabling whose(ComputeService service) {
        return service.disabledReason().map(r -> r.startsWith(REASON)).orElse(false)
                ? Drain.Disabling.OURS
                : Drain.Disabling.THEIRS;
    }

    private static void note(Turn turn, Drain drain, Drain.Disabling disabling) {
        turn.propose(
                "drain " + drain.host(),
                new DrainCommand.NoteDisabling(turn.atMs(), turn.term(), drain.host(), disabling));
    }

    private void go(Turn turn, Drain drain, UpkeepResult.HostSeen seen) {
        List<Move> fresh = seen.here().values().stream()
                .filter(server -> !drain.moves().containsKey(server.id()))
                .limit(DrainCommand.PlanMoves.MOVES_MAX)
                .map(server -> Move.planned(server.id(), server.name()))
                .toList();
        if (!fresh.isEmpty()) {
            turn.propose(
                    "drain " + drain.host(), new DrainCommand.PlanMoves(turn.atMs(), turn.term(), drain.host(), fresh));
            return;
        }
        int free = drain.asked().parallel() - drain.underWay();
        for (Move move : drain.moves().values()) {
            boolean isDue = move.step() == Move.Step.WAITING
                    && retryAtMs.getOrDefault(move.server(), 0L) <= turn.nowMs()
                    && !turn.isRecording("move-of " + move.server());
            if (isDue && !seen.here().containsKey(move.server())) {
                follow(turn, drain, move, seen); // somebody else has moved it
            } else if (isDue && free > 0 && begin(turn, drain, move, seen.here().get(move.server()))) {
                free--;
            }
        }
        if (drain.moves().values().stream().allMatch(Move::hasEnded)
                && !turn.state().isEvacuating()) { // it may be the target of one
            end(turn, drain, Drain.Phase.DRAINED, drain.summary());
        }
    }

    /** @return whether Nova will be asked */
    private boolean begin(Turn turn, Drain drain, Move move, Server server) {
        if (server.taskState().isPresent()) {
            long busyMs = turn.nowMs() - busySinceMs.computeIfAbsent(move.server(), id -> turn.nowMs());
            if (busyMs >= BUSY_LIMIT_MS) {
                finish(
                        turn,
                        drain,
                        move,
                        Move.Step.LEFT,
                        "stays: Nova has been at work on it for " + busyMs / 60_000 + " min ("
                                + server.taskState().get() + "); when it has ended, drain the host again");
            }
            return false; // later
        }
        busySinceMs.remove(move.server());
        boolean isLive = (server.vmState().equals("active") || server.vmState().equals("paused"))
                && move.attempts() < LIVE_TRIES;
        boolean isCold = (server.vmState().equals("active") || server.vmState().equals("stopped"))
                && move.attempts() < LIVE_TRIES + COLD_TRIES
                && drain.asked().cold();
        if (!isLive && !isCold) {
            String why = move.detail().isEmpty()
                    ? "stays: Nova has it " + server.vmState()
                            + (server.vmState().equals("stopped")
                                    ? "; with --fallback cold stopped VMs are moved as well"
                                    : ", which can be migrated neither running nor stopped")
                    : "stays: " + move.detail();
            finish(turn, drain, move, Move.Step.LEFT, why);
            return false;
        }
        turn.propose(
                "move-of " + move.server(),
                new DrainCommand.BeginMove(turn.atMs(), turn.term(), drain.host(), move.server(), !isLive));
        return true;
    }

    private void follow(Turn turn, Drain drain, Move move, UpkeepResult.HostSeen seen) {
        Call last = calls.get(move.server());
        boolean onItsWay = last != null && last.attempt() == move.attempts() && last.overAtMs() == Call.NEVER;
        if (onItsWay || turn.isRecording("move-of " + move.server())) {
            return;
        }
        Server elsewhere = seen.elsewhere().get(move.server());
        Server here = seen.here().get(move.server());
        if (elsewhere == null && here == null) {
            finish(turn, drain, move, Move.Step.LEFT, "deleted meanwhile");
        } else if (elsewhere != null && elsewhere.vmState().equals("resized")) {
            turn.execute(new UpkeepAction.ConfirmMove(turn.term(), drain.host(), move.server()));
            leaveIfEndless(turn, drain, move, elsewhere);
        } else if (elsewhere != null && elsewhere.taskState().isEmpty()) {
            finish(turn, drain, move, Move.Step.MOVED, elsewhere.host().value());
        } else if (here != null && here.taskState().isEmpty() && isSettled(turn, move)) {
            onFailed(turn, drain, move, "Nova has not moved it, and is not at work on it any more");
        } else {
            leaveIfEndless(turn, drain, move, elsewhere == null ? here : elsewhere);
        }
    }

    /** Nova goes on with it, or never will: this drain does not wait for it any more, and less if a person has taken it back. */
    private void leaveIfEndless(Turn turn, Drain drain, Move move, Server server) {
        if (!move.step().isUnderWay()) {
            return;
        }
        long movingMs = turn.nowMs() - movingSinceMs.computeIfAbsent(move.server(), id -> turn.nowMs());
        if (movingMs >= (drain.phase() == Drain.Phase.UNDOING ? BUSY_LIMIT_MS : MOVING_LIMIT_MS)) {
            finish(
                    turn,
                    drain,
                    move,
                    Move.Step.LEFT,
                    "stays: Nova has been moving it for " + movingMs / 60_000 + " min ("
                            + server.taskState().orElse(server.vmState())
                            + ") and may go on without this drain; see: openstack server migration list --server "
                            + move.server());
        }
    }

    /** True if Nova would have begun by now: with our own call, or with that of an older leader. */
    private boolean isSettled(Turn turn, Move move) {
        Call last = calls.get(move.server());
        boolean ours = last != null && last.attempt() == move.attempts();
        return ours ? turn.nowMs() - last.overAtMs() > SETTLED_MS : turn.leadingForMs() > config.inheritedWaitMs();
    }

    private void onFailed(Turn turn, Drain drain, Move move, String why) {
        boolean mayRetry = move.attempts() < LIVE_TRIES + (drain.asked().cold() ? COLD_TRIES : 0);
        retryAtMs.put(move.server(), turn.nowMs() + RETRY_MS * move.attempts());
        finish(
                turn,
                drain,
                move,
                mayRetry ? Move.Step.WAITING : Move.Step.LEFT,
                "attempt " + move.attempts() + " failed: " + why);
    }

    private static void finish(Turn turn, Drain drain, Move move, Move.Step step, String detail) {
        turn.propose(
                "move-of " + move.server(),
                new DrainCommand.EndMove(turn.atMs(), turn.term(), drain.host(), move.server(), step, detail));
    }

    private static void undo(Turn turn, Drain drain, UpkeepResult.HostSeen seen) {
        if (seen.service().isEmpty() || drain.underWay() > 0) {
            return;
        }
        ComputeService service = seen.service().get();
        boolean ours = drain.disabling() != Drain.Disabling.THEIRS && whose(service) == Drain.Disabling.OURS;
        if (!service.enabled() && ours) {
            turn.execute(new UpkeepAction.EnableHost(turn.term(), drain.host()));
        } else {
            end(
                    turn,
                    drain,
                    Drain.Phase.UNDONE,
                    service.enabled()
                            ? "Nova schedules to it; what was moved stays where it is"
                            : "somebody else has disabled it in Nova, which stays");
        }
    }

    private static void end(Turn turn, Drain drain, Drain.Phase phase, String detail) {
        turn.propose(
                "drain " + drain.host(),
                new DrainCommand.EndDrain(turn.atMs(), turn.term(), drain.host(), phase, detail));
    }
}
