package io.vmha.recovery.core;

import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.UnaryOperator;

/** Commands about emptying a host that lives. */
public sealed interface DrainCommand extends Command {
    /** The host that is emptied. */
    HostName host();

    /** A person wants a host emptied. */
    record BeginDrain(long atMs, HostName host, Drain.Order asked) implements DrainCommand {
        @Override
        public long term() {
            return 0;
        }

        @Override
        public Applied apply(RecoveryState state, Entry entry) {
            return unfit(state)
                    .map(why -> Applied.refused(state, why))
                    .orElseGet(() -> Applied.to(state.with(state.upkeep()
                            .with(Drain.begun(host, state.hosts().get(host).epoch(), asked, atMs)
                                    .tell(new Note(
                                            atMs,
                                            entry.index(),
                                            "ordered by " + asked.person() + ": " + asked.parallel()
                                                    + " migrations at a time, VMs that cannot be migrated while they"
                                                    + " run are "
                                                    + (asked.cold() ? "stopped for it" : "left")))))));
        }

        private Optional<String> unfit(RecoveryState state) {
            if (!state.isEnabled()) {
                return Optional.of("HA is not enabled for this group");
            }
            HostRecord record = state.hosts().get(host);
            if (record == null || record.status() != HostRecord.Status.IN_SERVICE) {
                return Optional.of("host " + host + " is "
                        + (record == null ? "not in this AZ" : record.status().toString())
                        + "; only a host in service can be drained");
            }
            if (!state.openIncidents().isEmpty()) {
                return Optional.of("incident " + state.openIncidents().get(0).id()
                        + " is open, and its VMs need the other hosts; wait for its end");
            }
            Optional<Drain> other = state.upkeep().openDrain();
            if (other.isPresent()) {
                return Optional.of("host " + other.get().host() + " is being drained; one host at a time");
            }
            boolean alone = state.hosts().values().stream()
                    .noneMatch(h ->
                            !h.host().equals(host) && h.status() == HostRecord.Status.IN_SERVICE && !h.maintenance());
            return alone
                    ? Optional.of(
                            "no other host of the AZ is in service and not in maintenance: there is nowhere to go")
                    : Optional.empty();
        }
    }

    /** The leader is about to disable the host in Nova, or has found it disabled or done so. */
    record NoteDisabling(long atMs, long term, HostName host, Drain.Disabling disabling) implements DrainCommand {
        @Override
        public Applied apply(RecoveryState state, Entry entry) {
            return change(
                    state,
                    host,
                    d -> fit(d, Drain.Phase.DRAINING),
                    d -> d.with(disabling)
                            .tell(new Note(
                                    atMs,
                                    entry.index(),
                                    switch (disabling) {
                                        case NOT_YET -> "it is not disabled in Nova";
                                        case BEGUN -> "it is being disabled in Nova";
                                        case OURS -> "Nova schedules nothing to it any more";
                                        case THEIRS ->
                                            "somebody else had disabled it in Nova: to undo this drain will not enable"
                                                    + " it";
                                    })));
        }
    }

    /** VMs that have to be moved. */
    record PlanMoves(long atMs, long term, HostName host, List<Move> moves) implements DrainCommand {
        /** Of one entry of the log, whose length is bounded; the others come with the next one. */
        static final int MOVES_MAX = 200;

        public PlanMoves {
            moves = List.copyOf(moves);
        }

        @Override
        public Applied apply(RecoveryState state, Entry entry) {
            return change(state, host, d -> fit(d, Drain.Phase.DRAINING), d -> {
                Drain next = d;
                for (Move move : moves) {
                    next = next.moves().containsKey(move.server()) ? next : next.with(move);
                }
                return next.tell(new Note(atMs, entry.index(), moves.size() + " VMs to be moved"));
            });
        }
    }

    /** The leader is about to ask Nova to move a VM. Refused above the number that the person has allowed. */
    record BeginMove(long atMs, long term, HostName host, ServerId server, boolean cold) implements DrainCommand {
        @Override
        public Applied apply(RecoveryState state, Entry entry) {
            return change(
                    state,
                    host,
                    d -> {
                        Move move = d.moves().get(server);
                        if (move == null || move.step() != Move.Step.WAITING) {
                            return Optional.of("VM " + server + " is not waiting to be moved");
                        }
                        if (cold && !d.asked().cold()) {
                            return Optional.of("this drain stops no VM");
                        }
                        if (!state.openIncidents().isEmpty()) {
                            return Optional.of("an incident is open: its VMs need the other hosts");
                        }
                        return d.underWay() >= d.asked().parallel()
                                ? Optional.of(d.underWay() + " migrations are under way, and no more are allowed")
                                : fit(d, Drain.Phase.DRAINING);
                    },
                    d -> d.with(d.moves().get(server).begun(cold, term))
                            .tell(new Note(
                                    atMs,
                                    entry.index(),
                                    d.moves().get(server).name() + ": Nova is asked to move it"
                                            + (cold ? ", stopped" : ""))));
        }
    }

    /** What came of a move: it ended, or (WAITING) is to be tried again. */
    record EndMove(long atMs, long term, HostName host, ServerId server, Move.Step step, String detail)
            implements DrainCommand {
        @Override
        public Applied apply(RecoveryState state, Entry entry) {
            return change(
                    state,
                    host,
                    d -> {
                        Move move = d.moves().get(server);
                        return move == null || move.hasEnded() || step.isUnderWay()
                                ? Optional.of("VM " + server + " is not being moved")
                                : Optional.empty();
                    },
                    d -> d.with(d.moves().get(server).with(step, detail))
                            .tell(new Note(
                                    atMs,
                                    entry.index(),
                                    d.moves().get(server).name() + ": " + (step == Move.Step.MOVED ? "moved to " : "")
                                            + detail)));
        }
    }

    /** There is nothing left to be moved, or the host is scheduled to again. */
    record EndDrain(long atMs, long term, HostName host, Drain.Phase phase, String detail) implements DrainCommand {
        @Override
        public Applied apply(RecoveryState state, Entry entry) {
            // UNDONE may end it at any time: the host has failed meanwhile
            boolean fits = phase == Drain.Phase.UNDONE;
            return change(
                    state,
                    host,
                    d -> {
                        if (fits) {
                            return d.phase().isOpen() ? Optional.empty() : fit(d, Drain.Phase.DRAINING);
                        }
                        return state.group().level() >= FeatureLevel.QUEUES && state.isEvacuating()
                                ? Optional.of("an evacuation is under way, and may have this host as its target")
                                : fit(d, Drain.Phase.DRAINING);
                    },
                    d -> d.with(fits ? Drain.Phase.UNDONE : Drain.Phase.DRAINED, atMs)
                            .tell(new Note(atMs, entry.index(), detail)));
        }
    }

    /** A person takes a drain back: no further VM is moved, and the host is enabled if the drain had disabled it. */
    record UndoDrain(long atMs, HostName host, String person) implements DrainCommand {
        @Override
        public long term() {
            return 0;
        }

        @Override
        public Applied apply(RecoveryState state, Entry entry) {
            return change(
                    state,
                    host,
                    d -> d.phase() == Drain.Phase.DRAINING || d.phase() == Drain.Phase.DRAINED
                            ? Optional.empty()
                            : Optional.of("the drain of " + d.host() + " is " + d.phase() + " already"),
                    d -> {
                        Drain stopped = d;
                        for (Move move : d.moves().values()) {
                            if (move.step() == Move.Step.WAITING) {
                                stopped = stopped.with(move.with(Move.Step.LEFT, "the drain was taken back"));
                            }
                        }
                        return stopped.with(Drain.Phase.UNDOING, atMs)
                                .tell(new Note(atMs, entry.index(), "taken back by " + person));
                    });
        }
    }

    private static Optional<String> fit(Drain drain, Drain.Phase wanted) {
        return drain.phase() == wanted
                ? Optional.empty()
                : Optional.of("the drain of " + drain.host() + " is " + drain.phase() + ", not " + wanted);
    }

    private static Applied change(
            RecoveryState state, HostName host, Function<Drain, Optional<String>> unfit, UnaryOperator<Drain> change) {
        Drain drain = state.upkeep().drains().get(host);
        Optional<String> wrong =
                drain == null ? Optional.of("host " + host + " is not being drained") : unfit.apply(drain);
        return wrong.map(why -> Applied.refused(state, why))
                .orElseGet(() -> Applied.to(state.with(state.upkeep().with(change.apply(drain)))));
    }
}
