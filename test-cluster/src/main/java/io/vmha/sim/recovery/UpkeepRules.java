package io.vmha.sim.recovery;

import io.vmha.recovery.core.Command;
import io.vmha.recovery.core.Drain;
import io.vmha.recovery.core.DrainCommand;
import io.vmha.recovery.core.Drill;
import io.vmha.recovery.core.DrillCommand;
import io.vmha.recovery.core.Entry;
import io.vmha.recovery.core.HostName;
import io.vmha.recovery.core.HostRecord;
import io.vmha.recovery.core.IncidentId;
import io.vmha.recovery.core.InstanceCommand;
import io.vmha.recovery.core.Move;
import io.vmha.recovery.core.RecoveryState;
import io.vmha.recovery.core.ReserveCommand;
import io.vmha.recovery.core.ReserveUse;
import io.vmha.recovery.core.Rest;
import io.vmha.recovery.core.Server;
import io.vmha.recovery.core.ServerId;
import io.vmha.recovery.core.TurnCommand;
import io.vmha.recovery.core.UpkeepAction;
import io.vmha.sim.Simulation;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * What upkeep promises, written a second time: whose turn it is, what a drain leaves behind, what a drill may touch, which reserved host stands
 * in for whom, and what becomes of records that a late rebuild has broken.
 */
final class UpkeepRules {
    /** A call whose sender was entitled to it arrives within this time: two requests, and what a caller may stand still. */
    private static final long ON_THE_WAY_MS = 45_000;

    private static final long TURN_MS = 120_000;
    private static final long LOOK_MS = 5_000;
    /** Twice what the product waits before it calls a person, and what a change of the leader costs. */
    private static final long TOLD_MS = 300_000;

    private static final String DRAIN_REASON = "vmha: drain";

    private record MoveIntent(HostName host, long term, long index) {}

    private record Lost(IncidentId incident, HostName host) {}

    private record TurnOf(HostName host, long sinceMs) {}

    private final Simulation sim;
    private final Cluster cluster;
    private Optional<TurnOf> turn = Optional.empty();
    private final Map<ServerId, MoveIntent> moves = new TreeMap<>();
    private final TreeSet<Long> called = new TreeSet<>();
    private final Map<HostName, Long> drainChangedAtMs = new TreeMap<>();
    private final Map<HostName, Long> drillChangedAtMs = new TreeMap<>();
    private final Map<HostName, Long> reserveChangedAtMs = new TreeMap<>();
    private final Map<HostName, Lost> standsInFor = new TreeMap<>();
    private final TreeSet<ServerId> told = new TreeSet<>();
    private final Map<ServerId, Long> brokenSinceMs = new TreeMap<>();
    /** What people have put on a drained host themselves. */
    private final TreeSet<ServerId> placed = new TreeSet<>();

    private long drains;
    private long drills;
    private long uses;
    private long mended;

    UpkeepRules(Simulation sim, Cluster cluster) {
        this.sim = sim;
        this.cluster = cluster;
        sim.every(LOOK_MS, LOOK_MS, "somebody looks at what was drained", this::look);
    }

    /** Drains that have ended with nothing left to be moved. */
    long drains() {
        return drains;
    }

    /** Drills that were passed. */
    long drills() {
        return drills;
    }

    /** Reserved hosts that have stood in. */
    long uses() {
        return uses;
    }

    /** Records that were mended after a late rebuild. */
    long mended() {
        return mended;
    }

    private void require(boolean holds, String rule, String what) {
        if (!holds) {
            throw sim.violation(rule, what);
        }
    }

    private static boolean isRecent(Map<HostName, Long> changes, HostName host, long nowMs) {
        return nowMs - changes.getOrDefault(host, Long.MIN_VALUE / 2) <= ON_THE_WAY_MS;
    }

    /** A person creates a server on a host that is disabled. */
    void onPlaced(ServerId id) {
        placed.add(id);
    }

    // --- what is committed

    void onCommitted(RecoveryState before, Entry entry, Command command, RecoveryState after) {
        if (command instanceof TurnCommand about) {
            onTurn(about);
        } else if (command instanceof DrainCommand about) {
            drainChangedAtMs.put(about.host(), sim.nowMs());
            onDrain(entry, about, after);
        } else if (command instanceof DrillCommand) {
            onDrill(after);
        } else if (command instanceof ReserveCommand about) {
            reserveChangedAtMs.put(about.host(), sim.nowMs());
            onReserve(about, before);
        } else if (command instanceof InstanceCommand.NoteLateRebuild note) {
            told.add(note.server());
        }
    }

    void onRefused(Command command, String why) {
        boolean over = turn.filter(t -> sim.nowMs() - t.sinceMs() < TURN_MS).isEmpty();
        require(
                !(command instanceof TurnCommand.TakeTurn) || !why.contains("the turn of") || !over,
                "S7",
                "nobody has the turn, and it is refused: " + why);
    }

    private void onTurn(TurnCommand command) {
        if (command instanceof TurnCommand.TakeTurn take) {
            boolean anothers = turn.filter(t -> !t.host().equals(take.host()) && sim.nowMs() - t.sinceMs() < TURN_MS)
                    .isPresent();
            require(!anothers, "S7", take.host() + " gets its turn, and it is that of " + turn);
            turn = Optional.of(new TurnOf(take.host(), sim.nowMs()));
        } else if (turn.filter(t -> t.host().equals(command.host())).isPresent()) {
            turn = Optional.empty();
        }
    }

    private void onDrain(Entry entry, DrainCommand command, RecoveryState after) {
        HostName host = command.host();
        if (command instanceof DrainCommand.BeginMove begin) {
            moves.put(begin.server(), new MoveIntent(host, begin.term(), entry.index()));
        } else if (command instanceof DrainCommand.EndMove end) {
            moves.remove(end.server());
            boolean stillThere = cluster.nova()
                    .server(end.server())
                    .map(s -> s.host().equals(host))
                    .orElse(false);
            require(
                    end.step() != Move.Step.MOVED || !stillThere,
                    "drain",
                    end.server() + " is called moved, and Nova has it on " + host);
            Move move = after.upkeep().drains().get(host).moves().get(end.server());
            require(
                    move.step() != Move.Step.LEFT || !move.detail().isBlank(),
                    "drain",
                    end.server() + " is left on " + host + ", and nobody is told why");
        } else if (command instanceof DrainCommand.EndDrain end) {
            onDrainEnded(host, end.phase(), after);
        }
    }

    private void onDrainEnded(HostName host, Drain.Phase phase, RecoveryState after) {
        HostRecord record = after.hosts().get(host);
        if (phase == Drain.Phase.DRAINED) {
            drains++;
            cluster.nova()
                    .serversOn(host)
                    .forEach(s -> requireTold(after.upkeep().drains().get(host), s.id()));
            return;
        }
        boolean serves = record != null && record.status() == HostRecord.Status.IN_SERVICE;
        boolean ours = cluster.nova()
                .disabledFor(host)
                .map(why -> why.startsWith(DRAIN_REASON))
                .orElse(false);
        require(
                !serves || !ours || isRecent(drillChangedAtMs, host, sim.nowMs()),
                "drain",
                "the drain of " + host + " is undone, the host is in service, and Nova still has it disabled for it");
    }

    private void requireTold(Drain drain, ServerId id) {
        Move move = drain.moves().get(id);
        boolean isTold =
                move != null && move.step() == Move.Step.LEFT && !move.detail().isBlank();
        require(
                isTold || placed.contains(id),
                "drain",
                drain.host() + " is called drained, and " + id + " is there without a word: " + move + ", "
                        + cluster.nova().server(id));
    }

    private void look() {
        lookAtDrained();
        lookAtBroken();
    }

    /** A person learns of each record that a late rebuild has broken, or it is mended. */
    private void lookAtBroken() {
        brokenSinceMs.keySet().retainAll(cluster.nova().broken().keySet());
        long quietSinceMs = cluster.scenario().faultEveryMs() > 0 ? Scenario.HEAL_AT_MS : 0;
        for (ServerId id : cluster.nova().broken().keySet()) {
            long sinceMs = Math.max(quietSinceMs, brokenSinceMs.computeIfAbsent(id, key -> sim.nowMs()));
            require(
                    told.contains(id) || sim.nowMs() - sinceMs <= TOLD_MS,
                    "late rebuild",
                    "the record of " + id + " is broken for " + (sim.nowMs() - sinceMs) + " ms, and nobody is told: "
                            + cluster.nova().server(id));
        }
    }

    /** What was on its way to a host when it was drained must not stay there unseen. */
    private void lookAtDrained() {
        RecoveryState state = cluster.raft().latest();
        for (Drain drain : state.upkeep().drains().values()) {
            HostRecord record = state.hosts().get(drain.host());
            boolean stands = drain.phase() == Drain.Phase.DRAINED
                    && record != null
                    && record.epoch() == drain.epoch()
                    && record.status() == HostRecord.Status.IN_SERVICE
                    && cluster.nova().disabledFor(drain.host()).isPresent();
            if (stands) {
                cluster.nova().serversOn(drain.host()).forEach(s -> requireTold(drain, s.id()));
            }
        }
    }

    private void onDrill(RecoveryState after) {
        Drill drill = after.upkeep().drills().get(after.upkeep().drills().size() - 1);
        drillChangedAtMs.put(drill.host(), sim.nowMs());
        if (drill.phase() == Drill.Phase.PASSED) {
            drills++;
            Optional<Server> canary = cluster.nova().server(drill.canary());
            require(
                    canary.map(s -> !s.host().equals(drill.host())).orElse(true), // without: deleted by its owner
                    "drill",
                    "the drill of " + drill.host() + " is passed, and its canary is " + canary);
            require(
                    after.hosts().get(drill.host()).status() == HostRecord.Status.IN_SERVICE
                            && !cluster.nova().isForcedDown(drill.host()),
                    "drill",
                    "the drill of " + drill.host() + " is passed, and the host does not serve");
        } else if (drill.phase() == Drill.Phase.FAILED) {
            require(
                    cluster.machine(drill.host()).isOn() || drill.detail().contains("power"),
                    "drill",
                    "the drill of " + drill.host() + " has failed, the host has no power, and nobody is told: "
                            + drill.detail());
        }
    }

    private void onReserve(ReserveCommand command, RecoveryState before) {
        if (command instanceof ReserveCommand.BeginUse begin) {
            var lost = new Lost(begin.incident(), begin.lost());
            require(
                    !standsInFor.containsKey(begin.host()),
                    "reserve",
                    begin.host() + " is taken for " + lost + ", and stands in for " + standsInFor.get(begin.host()));
            require(
                    !standsInFor.containsValue(lost),
                    "reserve",
                    begin.host() + " is taken for " + lost + ", for which another one stands in: " + standsInFor);
            standsInFor.put(begin.host(), lost);
        } else if (command instanceof ReserveCommand.Used used) {
            uses++;
            require(
                    cluster.nova().disabledFor(used.host()).isEmpty(),
                    "reserve",
                    used.host() + " stands in, and Nova does not schedule to it: "
                            + cluster.nova().disabledFor(used.host()));
        } else if (command instanceof ReserveCommand.UseFailed failed) {
            standsInFor.remove(failed.host());
        } else if (command instanceof ReserveCommand.GivenBack back) {
            standsInFor.remove(back.host());
            boolean wasUsed = before.group().reserves().get(back.host()).step() == ReserveUse.Step.GIVING_BACK;
            require(
                    !wasUsed || cluster.nova().disabledFor(back.host()).isPresent(),
                    "reserve",
                    back.host() + " is given back, and Nova schedules to it");
        }
    }

    // --- what arrives outside

    void beforeMove(UpkeepAction.MoveVm action, ServerId id) {
        MoveIntent open = moves.get(id);
        require(
                open != null && open.host().equals(action.host()) && open.term() == action.term(),
                "drain",
                "Nova is asked to move " + id + " in term " + action.term() + ", and the open intent is " + open);
        require(called.add(open.index()), "drain", "Nova is asked twice to move " + id + " for " + open);
    }

    void beforeDisable(HostName host) {
        Drain drain = cluster.raft().latest().upkeep().drains().get(host);
        require(
                drain != null && (drain.phase().isOpen() || isRecent(drainChangedAtMs, host, sim.nowMs())),
                "drain",
                host + " is disabled, and its drain is " + drain);
    }

    void beforeEnable(HostName host) {
        require(
                isRecent(drainChangedAtMs, host, sim.nowMs())
                        || Optional.ofNullable(cluster.raft()
                                        .latest()
                                        .upkeep()
                                        .drains()
                                        .get(host))
                                .filter(d -> d.phase() == Drain.Phase.UNDOING)
                                .isPresent(),
                "drain",
                host + " is enabled, and no drain of it is taken back");
        require(
                cluster.nova()
                        .disabledFor(host)
                        .map(why -> why.startsWith(DRAIN_REASON))
                        .orElse(true),
                "drain",
                host + " is enabled, and somebody else has disabled it: "
                        + cluster.nova().disabledFor(host));
    }

    /** A drill touches its own host and nothing but its canary. */
    void beforeCut(UpkeepAction.CutPower action, HostName host) {
        Optional<Drill> drill = drillOf(host);
        require(
                drill.isPresent() && action.host().equals(host),
                "drill",
                "the power of " + host + " is cut, and there is no drill of it");
        List<ServerId> others = new ArrayList<>();
        cluster.ledger().running(host).stream()
                .filter(id -> !id.equals(drill.get().canary()))
                .forEach(others::add);
        require(others.isEmpty(), "drill", "the power of " + host + " is cut for a drill, and on it run " + others);
    }

    void beforePower(UpkeepAction.RestorePower action, HostName host) {
        require(
                drillOf(host).isPresent() && action.host().equals(host),
                "drill",
                host + " is switched on, and there is no drill of it");
    }

    private Optional<Drill> drillOf(HostName host) {
        return cluster.raft().latest().upkeep().drills().stream()
                .filter(d -> d.host().equals(host))
                .reduce((older, newer) -> newer)
                .filter(d -> d.phase().isOpen() || isRecent(drillChangedAtMs, host, sim.nowMs()));
    }

    void beforeReserveChange(ReserveUse use, HostName host, ReserveUse.Step step) {
        require(use.host().equals(host), "reserve", host + " is changed for the use of " + use.host());
        ReserveUse now = cluster.raft().latest().group().reserves().get(host);
        require(
                use.step() == step
                        && ((now != null && now.step() == step) || isRecent(reserveChangedAtMs, host, sim.nowMs())),
                "reserve",
                host + " is changed in Nova as for " + step + ", and its use is " + now);
    }

    /** Only a record that a late rebuild has broken, of a server that runs where Nova has it and nowhere else, or rests as it was left. */
    void beforeCallActive(ServerId id, Rest rest) {
        Server server = cluster.nova().server(id).orElseThrow();
        require(told.contains(id), "late rebuild", "the record of " + id + " is reset, and nobody was told");
        require(
                cluster.nova().broken().containsKey(id),
                "late rebuild",
                "the record of " + id + " is reset, and no late rebuild has broken it: " + server);
        List<HostName> runsOn = cluster.ledger().hostsOf(id);
        boolean justDied = cluster.renewals().kernels().sinceTrulyLostMs(server.host()) <= ON_THE_WAY_MS;
        boolean asSaid = rest == Rest.AS_IT_COMES
                ? runsOn.equals(List.of(server.host())) || (runsOn.isEmpty() && justDied)
                : runsOn.isEmpty();
        require(
                asSaid,
                "late rebuild",
                id + " is called active on " + server.host() + " to be " + rest + ", and runs on " + runsOn);
        mended++;
    }

    /** One that had joined the aggregate leaves it when people have moved away what is on it; one that is lost itself must come back first. */
    private boolean isWaitingForPeople(ReserveUse use) {
        boolean full = use.joined() && !cluster.nova().serversOn(use.host()).isEmpty();
        boolean lost = !cluster.machine(use.host()).isOn();
        return use.step() == ReserveUse.Step.GIVING_BACK
                && (full || lost)
                && cluster.nova().disabledFor(use.host()).isPresent();
    }

    /** What has not come to its end yet. */
    List<String> unsettled() {
        var open = new ArrayList<String>();
        RecoveryState state = cluster.raft().latest();
        state.upkeep().openDrain().ifPresent(d -> open.add("the drain of " + d.host() + " is open: " + d));
        // one whose host nobody switches on again fails later than any run lasts
        state.upkeep()
                .openDrill()
                .filter(d -> cluster.machine(d.host()).isOn())
                .ifPresent(d -> open.add("the drill of " + d.host() + " is open: " + d));
        state.group().reserves().values().stream()
                .filter(use -> !isWaitingForPeople(use))
                .filter(use -> use.step() != ReserveUse.Step.IN_USE
                        || Optional.ofNullable(state.hosts().get(use.lost()))
                                .filter(h -> h.status() == HostRecord.Status.IN_SERVICE)
                                .isPresent())
                .forEach(use -> open.add("reserved host is not given back: " + use));
        for (HostName reserved : cluster.reserved()) {
            boolean free = !state.group().reserves().containsKey(reserved);
            if (free && cluster.nova().disabledFor(reserved).isEmpty()) {
                open.add("reserved host " + reserved + " is free, and Nova schedules to it");
            }
        }
        cluster.nova().broken().forEach((id, source) -> {
            if (!told.contains(id)) {
                open.add("a late rebuild of " + id + " from " + source
                        + " has broken its record, and nobody is told: "
                        + cluster.nova().server(id));
            }
        });
        return open;
    }
}
