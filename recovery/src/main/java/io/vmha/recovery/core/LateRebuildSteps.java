package io.vmha.recovery.core;

import io.vmha.recovery.core.UpkeepController.Turn;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/** The steps about servers whose records a {@link LateRebuild} has broken: it is told in their incident, and mended where it is proven right. */
final class LateRebuildSteps {
    private static final long LOOK_EVERY_MS = 10_000;
    /** To go through all VMs of all incidents is not for each tick. */
    private static final long THINK_EVERY_MS = 2_000;

    /** What is in the queue of a nova-compute is taken up as soon as that one starts; it may start long after its host. */
    private static final long WINDOW_MS = 900_000;

    /** A rebuild that its owner has asked for has destroyed the guest by then, or stands in another task. */
    private static final long STANDING_MS = 45_000;

    private final Map<ServerId, Long> standingSinceMs = new TreeMap<>();
    private final Map<ServerId, Long> provenSinceMs = new TreeMap<>();
    private long returnSeenAtMs = Long.MIN_VALUE / 2;
    private long lookAtMs = Long.MIN_VALUE;

    void forget() {
        standingSinceMs.clear();
        provenSinceMs.clear();
    }

    void decide(Turn turn) {
        boolean returns = turn.state().hosts().values().stream()
                .anyMatch(record -> record.status() == HostRecord.Status.RETURNING);
        if (returns) {
            returnSeenAtMs = turn.nowMs();
        }
        if (turn.nowMs() < lookAtMs) {
            return;
        }
        lookAtMs = turn.nowMs() + THINK_EVERY_MS;
        // what an earlier leader has seen is not known
        boolean due = turn.nowMs() - returnSeenAtMs < WINDOW_MS || turn.leadingForMs() < WINDOW_MS;
        SortedMap<HostName, SortedSet<ServerId>> triedAgain = due ? triedAgain(turn.state()) : new TreeMap<>();
        triedAgain.forEach(
                (source, servers) -> turn.execute(new UpkeepAction.LookForLateRebuilds(turn.term(), source, servers)));
    }

    /** The servers that were recovered at a later attempt, by the host from which: an earlier one may still wait somewhere. */
    private static SortedMap<HostName, SortedSet<ServerId>> triedAgain(RecoveryState state) {
        var servers = new TreeMap<HostName, SortedSet<ServerId>>();
        for (Incident incident : state.incidents().values()) {
            for (HostRecovery host : incident.hosts().values()) {
                host.vms().values().stream()
                        .filter(vm -> isOverAtALaterAttempt(vm) && !isUnderWay(state, vm.server()))
                        .forEach(vm -> servers.computeIfAbsent(host.host(), h -> new TreeSet<>())
                                .add(vm.server()));
            }
        }
        return servers;
    }

    /** The record of one that came back may be broken before that is seen: then its ending is that it failed. */
    static boolean isOverAtALaterAttempt(VmRecovery vm) {
        return vm.hasEnded()
                && vm.attempts() > 1
                && vm.ending().map(e -> e.kind() != Ending.Kind.LEFT).orElse(false);
    }

    private static boolean isUnderWay(RecoveryState state, ServerId server) {
        return state.openIncidents().stream()
                .flatMap(i -> i.hosts().values().stream())
                .anyMatch(
                        h -> h.vms().containsKey(server) && !h.vms().get(server).hasEnded());
    }

    void onResult(Turn turn, UpkeepResult result) {
        turn.pending().pause(turn.nowMs(), result.action().key(), LOOK_EVERY_MS);
        if (result instanceof UpkeepResult.HalfDone half && half.action() instanceof UpkeepAction.ResetRecord reset) {
            LateRebuild late = reset.late();
            ServerId id = late.server().id();
            String words = late.wordsOfTrouble(reset.rest(), half.why());
            turn.propose(
                    "late " + id,
                    new InstanceCommand.NoteLateRebuild(turn.atMs(), turn.term(), late.source(), id, words, true));
        }
        if (result instanceof UpkeepResult.LateRebuildsSeen seen) {
            var broken = new TreeSet<ServerId>();
            seen.found().forEach(late -> broken.add(late.server().id()));
            for (ServerId id : seen.action().servers()) {
                if (!broken.contains(id)) {
                    standingSinceMs.remove(id);
                    provenSinceMs.remove(id);
                }
            }
            seen.found().forEach(late -> onBroken(turn, late));
        }
    }

    private void onBroken(Turn turn, LateRebuild late) {
        ServerId id = late.server().id();
        HostRecord home = turn.state().hosts().get(late.server().host());
        Rest left = leftAs(turn.state(), late.source(), id);
        boolean rests = late.isProvenToRest(left);
        boolean proven =
                (late.isProvenToRun() || rests) && home != null && home.status() == HostRecord.Status.IN_SERVICE;
        if (!proven) {
            provenSinceMs.remove(id);
        }
        long standingMs = turn.nowMs() - standingSinceMs.computeIfAbsent(id, key -> turn.nowMs());
        long provenMs = proven ? turn.nowMs() - provenSinceMs.computeIfAbsent(id, key -> turn.nowMs()) : 0;
        if (proven ? provenMs < STANDING_MS : standingMs < 2 * STANDING_MS) {
            return;
        }
        Rest rest = rests ? left : Rest.AS_IT_COMES;
        String words = proven ? late.wordsOfMending(rest) : late.wordsForAPerson(left);
        if (!isTold(turn.state(), late.source(), words)) {
            turn.propose(
                    "late " + id,
                    new InstanceCommand.NoteLateRebuild(turn.atMs(), turn.term(), late.source(), id, words, !proven));
        } else if (proven && !turn.isRecording("late " + id)) {
            turn.execute(new UpkeepAction.ResetRecord(turn.term(), late, rest));
        }
    }

    /** How the recovery has left it: as its owner had. */
    private static Rest leftAs(RecoveryState state, HostName source, ServerId server) {
        return state.incidents().values().stream()
                .flatMap(i -> Optional.ofNullable(i.hosts().get(source)).stream())
                .flatMap(h -> Optional.ofNullable(h.vms().get(server)).stream())
                .filter(LateRebuildSteps::isOverAtALaterAttempt)
                .reduce((older, newer) -> newer)
                .map(vm -> vm.brief().restsAs())
                .orElse(Rest.AS_IT_COMES);
    }

    private static boolean isTold(RecoveryState state, HostName source, String words) {
        return state.incidents().values().stream()
                .filter(i -> i.hosts().containsKey(source))
                .flatMap(i -> i.story().stream())
                .anyMatch(note -> note.text().equals(words));
    }
}
