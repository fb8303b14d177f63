package io.vmha.recovery.core;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * The leader's evacuate calls: whose turn it is, how many at a time, what came of them, and putting back what was changed. Like
 * {@link IncidentSteps} it looks at what is committed and asks for what is missing; what it remembers only paces it.
 */
final class Evacuations {
    /** Nova takes a silent compute service for down after this long (nova.conf service_down_time). */
    private static final long NOVA_NOTICES_MS = 60_000;

    /** A suspect is declared or cleared within this time, or it is not worth waiting for. */
    private static final long SUSPECT_LIMIT_MS = 15_000;

    /** A reserved host is enabled within this time, or the VMs go without it. */
    private static final long RESERVE_LIMIT_MS = 20_000;

    /** Fewer than there are action threads, so that watching goes on while Nova is slow to answer. */
    private static final int CALLING_MAX = 6;

    /** A VM that Nova cannot bring to rest, or unlock, for so long is reported and let go. */
    static final long SETTLE_LIMIT_MS = 120_000;

    /** What the calls wait for is told when it lasts longer than this. */
    private static final long TELL_AFTER_MS = 5_000;

    private static final long TURN_MS = 1_000;
    private static final long SETTLE_AGAIN_MS = 1_000;
    private static final long KNOCK_AGAIN_MS = 2_000;
    /** The groups that wait for a VM go on without it when it has not listened for so long after its recovery. */
    static final long READY_LIMIT_MS = 120_000;

    private final RecoveryConfig config;
    private final Pending pending;
    private final IncidentSteps.Proposer proposer;
    private final IncidentSteps.Executor executor;
    private final Calls calls = new Calls();
    private final Wave wave;
    private final EvacuationWatch watch;
    private final SortedMap<HostName, Long> targetSinceMs = new TreeMap<>();
    private final SortedMap<HostName, Long> doubtfulSinceMs = new TreeMap<>();
    private final SortedMap<IncidentId, Long> reserveSinceMs = new TreeMap<>();
    private final Map<ServerId, Long> settlingSinceMs = new TreeMap<>();
    private final Map<ServerId, Long> recoveredSinceMs = new TreeMap<>();
    private final TreeSet<ServerId> listening = new TreeSet<>();
    private final TreeSet<String> told = new TreeSet<>();
    private long term;
    private long leaderSinceMs;

    Evacuations(
            RecoveryConfig config, Pending pending, IncidentSteps.Proposer proposer, IncidentSteps.Executor executor) {
        this.config = config;
        this.pending = pending;
        this.proposer = proposer;
        this.executor = executor;
        this.wave = new Wave(config.parallelMax());
        this.watch = new EvacuationWatch(config, calls, wave, proposer);
    }

    void onTerm(long nowMs, long newTerm) {
        term = newTerm;
        leaderSinceMs = nowMs;
        targetSinceMs.clear();
        doubtfulSinceMs.clear();
        reserveSinceMs.clear();
        settlingSinceMs.clear();
        recoveredSinceMs.clear();
        listening.clear();
        told.clear();
        calls.forget();
        wave.forget();
        watch.forget();
    }

    /** Makes the calls whose intents are committed, looks at those that Nova has taken, puts back what is over. */
    void follow(long nowMs, long atMs, GroupRecord group, IncidentId incident, HostRecovery host) {
        var underWay = new TreeSet<ServerId>();
        for (VmRecovery vm : host.vms().values()) {
            if (vm.step() == VmRecovery.Step.ACCEPTED
                    || (vm.step() == VmRecovery.Step.CALLING && isUnresolved(nowMs, vm))) {
                underWay.add(vm.server());
            } else if (vm.step() == VmRecovery.Step.CALLING && vm.intentTerm() != term) {
                watch.onInherited(
                        nowMs, new EvacuationWatch.About(atMs, term, incident, host.host(), vm, group), leaderSinceMs);
            }
            if (vm.step() == VmRecovery.Step.CALLING && vm.intentTerm() == term && calls.begin(nowMs, vm)) {
                executor.execute(nowMs, call(nowMs, incident, host.host(), vm));
            }
            if (vm.step() == VmRecovery.Step.SETTLING && !pending.isUnderWay(nowMs, settled(vm.server()))) {
                settlingSinceMs.putIfAbsent(vm.server(), nowMs);
                Ending ending = vm.ending().orElseThrow();
                boolean recovered = ending.kind() == Ending.Kind.RECOVERED;
                executor.execute(
                        nowMs,
                        new Action.Settle(
                                term,
                                incident,
                                host.host(),
                                vm.server(),
                                recovered ? vm.brief().rest() : Rest.AS_IT_COMES,
                                !vm.brief().lockedBefore()));
            }
        }
        if (!underWay.isEmpty()) {
            executor.execute(nowMs, new Action.Watch(term, incident, host.host(), underWay, inTurn(nowMs, underWay)));
        }
    }

    /** One after the other of those that take long: a look at each of them at every tick would keep Nova from working on them. */
    private Optional<ServerId> inTurn(long nowMs, SortedSet<ServerId> underWay) {
        List<ServerId> slow = underWay.stream()
                .filter(server -> calls.takesLong(nowMs, server))
                .toList();
        return slow.isEmpty() ? Optional.empty() : Optional.of(slow.get((int) (nowMs / TURN_MS % slow.size())));
    }

    private Action.Evacuate call(long nowMs, IncidentId incident, HostName host, VmRecovery vm) {
        return new Action.Evacuate(
                term,
                incident,
                host,
                vm.server(),
                vm.intentIndex(),
                vm.migrationFloor(),
                calls.provenAtMs(vm) + config.leaseMs(),
                vm.brief().shouldRun(),
                new Action.Preparation(
                        !vm.brief().lockedBefore(),
                        calls.staleTask(nowMs, vm.server()).or(() -> vm.brief().staleTask())));
    }

    /**
     * An intent whose outcome nobody knows: one whose call was made by this leader without an answer, or one that an older leader left open,
     * once that leader cannot be calling any more (S9).
     */
    private boolean isUnresolved(long nowMs, VmRecovery vm) {
        return vm.intentTerm() == term ? calls.isOver(vm) : nowMs - leaderSinceMs >= config.inheritedWaitMs();
    }

    /** What the calls of an incident wait for, since when, and for how long at the most. */
    private record Awaited(String what, long sinceMs, long limitMs) {
        boolean isWaitedFor(long nowMs) {
            return nowMs - sinceMs < limitMs;
        }
    }

    /**
     * Nova schedules to a dead host as long as it does not know that it is dead, and what it has scheduled there never comes back. So calls
     * wait until every host under recovery is forced down, at the longest until Nova has noticed by itself, and a while for hosts that are
     * about to be declared. Without a reserved host that is on its way, the VMs would crowd the others, or find no place at all.
     */
    private Optional<Awaited> awaited(long nowMs, RecoveryState state, Incident incident) {
        var all = new ArrayList<Awaited>();
        for (Incident open : state.openIncidents()) {
            for (HostRecovery host : open.hosts().values()) {
                if (!host.forcedDown()) {
                    long sinceMs = targetSinceMs.computeIfAbsent(host.host(), h -> nowMs);
                    all.add(new Awaited(
                            "Nova holds " + host.host() + " down, which is lost too", sinceMs, NOVA_NOTICES_MS));
                }
            }
        }
        doubtfulSinceMs.forEach((host, sinceMs) ->
                all.add(new Awaited("it is known whether " + host + " lives", sinceMs, SUSPECT_LIMIT_MS)));
        if (ReserveUse.isAwaited(state, incident)) {
            long sinceMs = reserveSinceMs.computeIfAbsent(incident.id(), i -> nowMs);
            all.add(new Awaited("a reserved host is enabled", sinceMs, RESERVE_LIMIT_MS));
        } else {
            reserveSinceMs.remove(incident.id());
        }
        return all.stream().filter(awaited -> awaited.isWaitedFor(nowMs)).findFirst();
    }

    /** Told once for each, if it lasts and there is somebody who waits. */
    private void tell(long nowMs, long atMs, Incident incident, Awaited awaited) {
        if (nowMs - awaited.sinceMs() < TELL_AFTER_MS) {
            return;
        }
        Optional<HostName> waiting = incident.hosts().values().stream()
                .filter(h -> h.mayEvacuate() && !h.hasEnded() && h.planned())
                .map(HostRecovery::host)
                .findFirst();
        if (waiting.isPresent() && told.add(incident.id() + " " + awaited.what())) {
            long sinceAtMs = atMs - (nowMs - awaited.sinceMs());
            proposer.propose(
                    nowMs,
                    "awaited " + incident.id(),
                    new IncidentCommand.NoteDelay(
                            atMs,
                            term,
                            incident.id(),
                            waiting.get(),
                            "no more evacuations are asked for since " + Waits.time(sinceAtMs) + " until "
                                    + awaited.what() + ", or until " + Waits.time(sinceAtMs + awaited.limitMs())));
        }
    }

    /** The hosts that may be about to be declared: a bad target for an evacuation. */
    void onDoubtful(long nowMs, SortedSet<HostName> hosts) {
        doubtfulSinceMs.keySet().retainAll(hosts);
        hosts.forEach(host -> doubtfulSinceMs.putIfAbsent(host, nowMs));
    }

    /** Opens intents for those whose turn it is, as far as the wave has room. */
    void start(long nowMs, long atMs, RecoveryState state, Incident incident) {
        Optional<Awaited> awaited = awaited(nowMs, state, incident);
        if (awaited.isPresent()) {
            tell(nowMs, atMs, incident, awaited.get());
            return;
        }
        List<VmRecovery> all = state.openIncidents().stream()
                .flatMap(i -> i.hosts().values().stream())
                .flatMap(h -> h.vms().values().stream())
                .toList();
        long underWay = all.stream().filter(VmRecovery::isUnderWay).count();
        long calling = all.stream()
                .filter(vm -> vm.step() == VmRecovery.Step.CALLING && !calls.isOver(vm))
                .count();
        var hostOf = new HashMap<ServerId, HostName>();
        for (VmRecovery vm : waiting(nowMs, state, incident, hostOf)) {
            if (underWay >= wave.size() || calling >= CALLING_MAX) {
                return;
            }
            if (calls.mayRetry(nowMs, vm.server())) {
                underWay++;
                calling++;
                if (vm.intentIndex() == 0) {
                    forget(vm.server()); // what is remembered is of an earlier incident
                }
                calls.onProposed(nowMs, vm.server());
                proposer.propose(
                        nowMs,
                        "call " + vm.server(),
                        new VmCommand.BeginEvacuation(atMs, term, incident.id(), hostOf.get(vm.server()), vm.server()));
            }
        }
    }

    private void forget(ServerId server) {
        calls.forget(server);
        settlingSinceMs.remove(server);
        recoveredSinceMs.remove(server);
        listening.remove(server);
    }

    /** The incident's VMs that may be called for now, in their order. */
    private List<VmRecovery> waiting(
            long nowMs, RecoveryState state, Incident incident, Map<ServerId, HostName> hostOf) {
        var vms = new ArrayList<VmRecovery>();
        incident.hosts().values().forEach(h -> vms.addAll(h.vms().values()));
        var groups = Groups.of(vms);
        var held = new TreeMap<String, Boolean>();
        var waiting = new ArrayList<VmRecovery>();
        for (HostRecovery host : incident.hosts().values()) {
            for (VmRecovery vm : host.vms().values()) {
                boolean isItsTurn = vm.step() == VmRecovery.Step.PLANNED
                        && host.mayEvacuate()
                        && state.evacuatingElsewhere(incident.id(), host.host(), vm.server())
                                .isEmpty()
                        && groups.before(vm).stream()
                                .allMatch(group -> held.computeIfAbsent(group, g -> isReady(nowMs, g, vms)));
                if (isItsTurn) {
                    waiting.add(vm);
                    hostOf.put(vm.server(), host.host());
                }
            }
        }
        waiting.sort(Comparator.comparingInt(VmRecovery::order).thenComparing(VmRecovery::server));
        return waiting;
    }

    /** True if all VMs of the group have their endings, and those that shall listen do, or have had time enough. */
    private boolean isReady(long nowMs, String group, List<VmRecovery> vms) {
        boolean ready = true;
        for (VmRecovery vm : vms) {
            if (vm.brief().group().equals(group)) {
                ready &= vm.ending().isPresent() && isListening(nowMs, vm);
            }
        }
        return ready;
    }

    private boolean isListening(long nowMs, VmRecovery vm) {
        boolean expected = vm.brief().readyAt().isPresent()
                && vm.ending().orElseThrow().kind() == Ending.Kind.RECOVERED
                && !listening.contains(vm.server());
        if (!expected) {
            return true;
        }
        long sinceMs = recoveredSinceMs.computeIfAbsent(vm.server(), s -> nowMs);
        if (nowMs - sinceMs >= READY_LIMIT_MS) {
            return true;
        }
        executor.execute(
                nowMs, new Action.Knock(term, vm.server(), vm.brief().readyAt().orElseThrow()));
        return false;
    }

    void onKnocked(long nowMs, Result.Knocked result) {
        if (result.open()) {
            pending.done(result.action().key());
            listening.add(result.action().server());
        } else {
            pending.pause(nowMs, result.action().key(), KNOCK_AGAIN_MS);
        }
    }

    void onServices(long nowMs, List<ComputeService> services) {
        watch.onServices(nowMs, services);
    }

    boolean wantsServices(long nowMs) {
        return watch.wantsServices(nowMs);
    }

    void onWatched(long nowMs, long atMs, RecoveryState state, Action.Watch seen, Result.Servers result) {
        pending.pause(nowMs, seen.key(), config.pollMs());
        if (mostArrivals(result.migrations()) > config.arrivalsMax()) {
            wave.onTrouble(nowMs);
        }
        IncidentSteps.host(state, seen.incident(), seen.host())
                .ifPresent(h -> watch.onServers(nowMs, atMs, state, h, seen, result));
    }

    private static int mostArrivals(List<Migration> migrations) {
        var arrivals = new TreeMap<HostName, Integer>();
        migrations.stream()
                .filter(m -> !m.isFinal())
                .flatMap(m -> m.destination().stream())
                .forEach(target -> arrivals.merge(target, 1, Integer::sum));
        return arrivals.values().stream().max(Comparator.naturalOrder()).orElse(0);
    }

    void onEvacuate(long nowMs, long atMs, Result.EvacuateAnswer answer) {
        Action.Evacuate call = answer.action();
        pending.done(call.key());
        pace(nowMs, answer);
        // should the outcome be lost on its way into the log, reading Nova will find it again
        calls.onOver(nowMs, call.server(), call.intentIndex());
        outcome(nowMs, atMs, answer).ifPresent(command -> proposer.propose(nowMs, "outcome " + call.server(), command));
    }

    private void pace(long nowMs, Result.EvacuateAnswer answer) {
        switch (answer.outcome()) {
            case ACCEPTED ->
                wave.onAnswer(nowMs, calls.sinceBegunMs(nowMs, answer.action().server()));
            case UNKNOWN, NOT_CALLED -> wave.onTrouble(nowMs);
            case REFUSED, BUSY, ELSEWHERE, DELETED, FORBIDDEN -> {
                // says something about the server, not about Nova
            }
        }
    }

    private Optional<Command> outcome(long nowMs, long atMs, Result.EvacuateAnswer answer) {
        Action.Evacuate call = answer.action();
        return switch (answer.outcome()) {
            case ACCEPTED ->
                Optional.of(new VmCommand.EvacuationAccepted(
                        atMs,
                        term,
                        call.incident(),
                        call.host(),
                        call.server(),
                        call.intentIndex(),
                        answer.migration(),
                        answer.detail()));
            case REFUSED -> {
                calls.onRefused(nowMs, call.server());
                yield Optional.of(failed(atMs, call, true, answer.detail()));
            }
            case NOT_CALLED -> {
                calls.onRefused(nowMs, call.server());
                yield Optional.of(failed(atMs, call, false, answer.detail()));
            }
            case BUSY -> {
                calls.onRefused(nowMs, call.server());
                boolean counts = calls.onBusy(nowMs, call.server(), answer.detail());
                yield Optional.of(failed(atMs, call, counts, "Nova is busy with it (" + answer.detail() + ")"));
            }
            case UNKNOWN -> Optional.empty();
            case ELSEWHERE -> ended(atMs, call, answer.ending().orElseThrow());
            case DELETED -> ended(atMs, call, new Ending(Ending.Kind.LEFT, "deleted meanwhile"));
            case FORBIDDEN -> ended(atMs, call, new Ending(Ending.Kind.LEFT, answer.detail()));
        };
    }

    private Command failed(long atMs, Action.Evacuate call, boolean counts, String why) {
        return new VmCommand.AttemptFailed(
                atMs,
                term,
                call.incident(),
                call.host(),
                call.server(),
                call.intentIndex(),
                call.migrationFloor(),
                counts,
                false,
                why);
    }

    private Optional<Command> ended(long atMs, Action.Evacuate call, Ending ending) {
        return Optional.of(new VmCommand.VmEnded(atMs, term, call.incident(), call.host(), call.server(), ending));
    }

    void onSettled(long nowMs, long atMs, Result.Settled result) {
        if (result.done()) {
            pending.done(result.action().key());
            proposeSettled(nowMs, atMs, result.action(), result.words(), "");
        } else {
            settleAgain(nowMs, atMs, result.action(), result.words());
        }
    }

    void onSettleFailed(long nowMs, long atMs, Action.Settle settle, String why) {
        settleAgain(nowMs, atMs, settle, why);
    }

    private void settleAgain(long nowMs, long atMs, Action.Settle settle, String why) {
        pending.pause(nowMs, settle.key(), SETTLE_AGAIN_MS);
        if (nowMs - settlingSinceMs.getOrDefault(settle.server(), nowMs) >= SETTLE_LIMIT_MS) {
            proposeSettled(
                    nowMs,
                    atMs,
                    settle,
                    "not all could be put back",
                    "a person should look at its state and lock: " + why);
        }
    }

    private void proposeSettled(long nowMs, long atMs, Action.Settle settle, String done, String trouble) {
        settlingSinceMs.remove(settle.server());
        proposer.propose(
                nowMs,
                settled(settle.server()),
                new VmCommand.VmSettled(atMs, term, settle.incident(), settle.host(), settle.server(), done, trouble));
    }

    private static String settled(ServerId server) {
        return "settled " + server;
    }
}
