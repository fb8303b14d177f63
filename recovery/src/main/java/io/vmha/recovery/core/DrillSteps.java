package io.vmha.recovery.core;

import io.vmha.recovery.core.UpkeepController.Turn;
import java.util.Comparator;
import java.util.Optional;
import java.util.OptionalLong;

/** The steps of a drill: cut, wait for the ordinary recovery, power, wait for the ordinary return. */
final class DrillSteps {
    /** A host without power is declared dead within seconds. */
    private static final long DECLARED_LIMIT_MS = 120_000;

    private static final long RECOVERED_LIMIT_MS = 900_000;
    private static final long BACK_LIMIT_MS = 1_800_000;

    private final HostName self;

    DrillSteps(HostName self) {
        this.self = self;
    }

    void decide(Turn turn) {
        Optional<Drill> open = turn.state().upkeep().openDrill();
        if (open.isEmpty() || turn.isRecording("drill")) {
            return;
        }
        Drill drill = open.get();
        switch (drill.phase()) {
            case PREPARED -> cut(turn, drill);
            case CUT -> follow(turn, drill);
            case RECOVERED -> turn.execute(new UpkeepAction.RestorePower(turn.term(), drill.host()));
            case RETURNING -> awaitReturn(turn, drill);
            case PASSED, FAILED -> throw new AssertionError(drill);
        }
    }

    private void cut(Turn turn, Drill drill) {
        if (drill.host().equals(self)) {
            fail(
                    turn,
                    drill,
                    "the host leads and would cut its own power; stop its vmhad for a moment, then begin anew");
        } else if (incident(turn, drill).isPresent()) {
            // an older leader has cut it and could not say so
            advance(turn, drill, Drill.Phase.CUT, drill.times(), "the power of " + drill.host() + " is cut");
        } else {
            turn.execute(new UpkeepAction.CutPower(turn.term(), drill.host()));
        }
    }

    void onResult(Turn turn, UpkeepResult result) {
        Optional<Drill> open = turn.state().upkeep().openDrill();
        if (open.isEmpty()) {
            return;
        }
        Drill drill = open.get();
        if (result instanceof UpkeepResult.Failed failed) {
            fail(turn, drill, failed.why(), failed.unknown() || drill.phase() != Drill.Phase.PREPARED);
        } else if (result instanceof UpkeepResult.Done done && drill.phase() == Drill.Phase.PREPARED) {
            advance(
                    turn,
                    drill,
                    Drill.Phase.CUT,
                    Drill.Times.NONE.cut(done.tookMs()),
                    "the power of " + drill.host() + " is cut, its BMC took " + done.tookMs() + " ms");
        } else if (result instanceof UpkeepResult.Done && drill.phase() == Drill.Phase.RECOVERED) {
            advance(turn, drill, Drill.Phase.RETURNING, drill.times(), drill.host() + " has power again");
        }
    }

    private static Optional<Incident> incident(Turn turn, Drill drill) {
        return turn.state().incidents().values().stream()
                .filter(i -> i.hosts().containsKey(drill.host()) && i.openedAtMs() >= drill.startedAtMs())
                .max(Comparator.comparing(Incident::id));
    }

    private static void follow(Turn turn, Drill drill) {
        Optional<Incident> found = incident(turn, drill);
        long sinceMs = turn.atMs() - drill.cutAtMs();
        if (found.isEmpty()) {
            if (sinceMs > DECLARED_LIMIT_MS) {
                fail(turn, drill, "nobody has declared the host dead for " + DECLARED_LIMIT_MS / 1_000 + " s");
            }
            return;
        }
        Incident incident = found.get();
        if (incident.phase() == Incident.Phase.HELD) {
            fail(
                    turn,
                    drill,
                    "incident " + incident.id() + " is held: "
                            + incident.heldBecause().orElse(""));
        } else if (incident.phase() == Incident.Phase.CLOSED) {
            judge(turn, drill, incident);
        } else if (sinceMs > RECOVERED_LIMIT_MS) {
            fail(turn, drill, "incident " + incident.id() + " is still open after " + sinceMs / 1_000 + " s");
        }
    }

    private static void judge(Turn turn, Drill drill, Incident incident) {
        VmRecovery canary = incident.hosts().get(drill.host()).vms().get(drill.canary());
        Optional<Ending> ending = Optional.ofNullable(canary).flatMap(VmRecovery::ending);
        if (ending.isEmpty() || ending.get().kind() != Ending.Kind.RECOVERED) {
            fail(
                    turn,
                    drill,
                    "the canary was not recovered: "
                            + ending.map(Ending::detail).orElse("it is not in the plan"));
            return;
        }
        IncidentReport report = IncidentReport.of(incident);
        long declaredMs = incident.openedAtMs() - drill.cutAtMs();
        var times = new Drill.Times(
                drill.times().cutTookMs(),
                OptionalLong.of(declaredMs),
                after(declaredMs, report.certificateMs()),
                after(declaredMs, report.firstCallMs()),
                after(declaredMs, report.lastEndedMs()),
                OptionalLong.empty());
        turn.propose(
                "drill",
                new DrillCommand.AdvanceDrill(
                        turn.atMs(),
                        turn.term(),
                        drill.number(),
                        Drill.Phase.RECOVERED,
                        OptionalLong.of(incident.id().value()),
                        times,
                        "the canary runs on " + ending.get().detail()));
    }

    private static OptionalLong after(long declaredMs, OptionalLong sinceDeclared) {
        return sinceDeclared.isPresent()
                ? OptionalLong.of(declaredMs + sinceDeclared.getAsLong())
                : OptionalLong.empty();
    }

    private static void awaitReturn(Turn turn, Drill drill) {
        HostRecord host = turn.state().hosts().get(drill.host());
        long sinceMs = turn.atMs() - drill.cutAtMs();
        if (host != null && host.status() == HostRecord.Status.IN_SERVICE) {
            advance(
                    turn,
                    drill,
                    Drill.Phase.PASSED,
                    drill.times().back(sinceMs),
                    drill.host() + " is in service again: the drill is passed");
        } else if (sinceMs > BACK_LIMIT_MS) {
            fail(
                    turn,
                    drill,
                    drill.host() + " is not back in service after " + sinceMs / 1_000 + " s; see vmha explain host");
        }
    }

    private static void fail(Turn turn, Drill drill, String why) {
        fail(turn, drill, why, drill.phase() != Drill.Phase.PREPARED);
    }

    /** @param mayBeOff whether the host may be without power, as a BMC that reports failure may have cut it all the same */
    private static void fail(Turn turn, Drill drill, String why, boolean mayBeOff) {
        String power = !mayBeOff ? "" : "; look whether " + drill.host() + " has power, nobody gives it back now";
        advance(turn, drill, Drill.Phase.FAILED, drill.times(), "failed: " + why + power);
    }

    private static void advance(Turn turn, Drill drill, Drill.Phase phase, Drill.Times times, String detail) {
        turn.propose(
                "drill",
                new DrillCommand.AdvanceDrill(
                        turn.atMs(), turn.term(), drill.number(), phase, OptionalLong.empty(), times, detail));
    }
}
