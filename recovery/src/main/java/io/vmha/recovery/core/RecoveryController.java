package io.vmha.recovery.core;

import java.util.Collection;
import java.util.List;
import java.util.OptionalLong;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Decides what a leader does about dead hosts. Fed with events, it writes decisions to its {@link Outbox}; it never waits.
 *
 * <p>It has no plan of its own in memory: each time it looks at the committed {@link RecoveryState} and asks for the next step that is
 * missing. A new leader therefore goes on where the old one stopped, by the same code (S9).
 *
 * <p>Only a leader whose own term has begun decides anything; on the other nodes the controller just keeps its picture up to date.
 */
public final class RecoveryController implements Result.Listener {
    private static final long PROPOSAL_LIMIT_MS = 5_000;
    private static final long ACTION_LIMIT_MS = 120_000;
    private static final long TICK_MS = 100;
    private static final long CROWD_MS = 20;

    /** What people are shown is made anew when it changes, and this often. */
    private static final long REPORT_MS = 500;

    /** How soon the witnesses are asked again while a suspicion is young, and how often while an old one lasts. */
    private static final long ASK_AGAIN_MS = 120;

    private static final long ASK_RARELY_MS = 2_000;
    private static final long YOUNG_MS = 8_000;
    private static final long NOVA_AGAIN_MS = 3_000;

    /** All hosts are looked at once for each new suspicion, but no more often than this. */
    private static final long SWEEP_MS = 1_000;

    private final HostName self;
    private final Outbox outbox;
    private final IncidentClock clock;
    private final Pending pending = new Pending();
    private final Suspects suspects;
    private final Returns returns;
    private final IncidentSteps steps;
    private RecoveryState state = RecoveryState.empty();
    private OptionalLong term = OptionalLong.empty();
    private boolean authorized = true;
    private long tickAtMs;
    private long decidedAtMs = Long.MIN_VALUE / 2;
    private long sweptAtMs = Long.MIN_VALUE / 2;
    private SortedSet<HostName> sweptFor = new TreeSet<>();
    private SortedSet<HostName> knownSuspects = new TreeSet<>();
    private SortedMap<HostName, Finding.Kind> reported = new TreeMap<>();
    private long reportedAtMs;

    /** @param self this node's own host: a leader never declares itself dead */
    public RecoveryController(RecoveryConfig config, HostName self, Outbox outbox, WallClock clock) {
        this.self = self;
        this.outbox = outbox;
        this.clock = new IncidentClock(clock);
        this.suspects = new Suspects(config, self);
        this.returns = new Returns(config.verdict());
        this.steps = new IncidentSteps(config, pending, this::propose, this::execute);
    }

    /** This node has become leader of a term and has applied everything before it, or (empty) leads no more. */
    public void onLeadership(long nowMs, OptionalLong leaderOfTerm) {
        if (!leaderOfTerm.equals(term)) {
            pending.clear();
            suspects.forget();
            returns.forget();
            sweptFor = new TreeSet<>();
            knownSuspects = new TreeSet<>();
            report(nowMs, new TreeMap<>());
            term = leaderOfTerm;
            steps.onTerm(nowMs, leaderOfTerm.orElse(0));
            clock.onLeading(nowMs);
        }
        decide(nowMs);
    }

    /**
     * Whether this group is the one that the aggregate's metadata names. A leader that finds another group there stops acting: two groups
     * never own one AZ.
     */
    public void onAuthority(long nowMs, boolean ours) {
        authorized = ours;
        decide(nowMs);
    }

    /** A command was applied. */
    public void onState(long nowMs, RecoveryState applied) {
        state = applied;
        clock.onState(nowMs, applied, term.isPresent());
        pending.reached(applied.applied().index());
        decide(nowMs);
    }

    /** How long each host has not renewed with this node, in milliseconds. */
    public void onRenewalAges(long nowMs, SortedMap<HostName, Long> agesMs) {
        suspects.onAges(agesMs);
        decide(nowMs);
    }

    /** What the hosts said of their guards when this node last answered their renewals (S6). */
    public void onArmings(long nowMs, SortedMap<HostName, Arming> claims) {
        if (!isLeading()) {
            return;
        }
        claims.forEach((host, arming) -> {
            HostRecord record = state.hosts().get(host);
            // of a host under recovery the voters are asked one by one: this node may not be the last that heard it
            if (record != null
                    && record.status() == HostRecord.Status.IN_SERVICE
                    && !record.arming().equals(arming)) {
                propose(
                        nowMs,
                        "arming " + host,
                        new ProofCommand.NoteArming(
                                clock.wallMs(nowMs), term.getAsLong(), host, record.epoch(), arming));
            }
        });
    }

    /** Gossip's word about a host has changed. */
    public void onGossip(long nowMs, HostName host, GossipSign sign) {
        suspects.onGossip(host, sign);
        decide(nowMs);
    }

    /** Observers have told what they see, this node's own one included. */
    public void onSightings(long nowMs, Collection<Sighting> sightings) {
        suspects.onSightings(nowMs, sightings);
        // when a rack dies they come by the hundred: the first is looked at at once, the others together
        if (nowMs - decidedAtMs >= CROWD_MS) {
            decide(nowMs);
        }
    }

    /** The outcome of a proposal: the index at which it was committed, or empty if it was not, as far as this node knows. */
    public void onProposed(long nowMs, String key, OptionalLong index) {
        if (index.isPresent() && index.getAsLong() > state.applied().index()) {
            pending.committed(key, index.getAsLong());
        } else if (index.isPresent()) {
            pending.done(key);
        } else {
            pending.failed(nowMs, key);
        }
        decide(nowMs);
    }

    /** The result of an action. One that an older leadership asked for is ignored. */
    public void onResult(long nowMs, Result result) {
        if (isLeading() && result.action().term() == term.getAsLong()) {
            steps.delays().onResult(nowMs, clock.wallMs(nowMs), result);
            result.deliver(nowMs, this);
            decide(nowMs);
        }
    }

    /** Time has passed. */
    public void onTimer(long nowMs) {
        if (nowMs >= tickAtMs) {
            decide(nowMs);
        }
    }

    /** When {@link #onTimer} must be called at the latest. */
    public long nextDeadlineMs() {
        return tickAtMs;
    }

    private boolean isLeading() {
        return term.isPresent() && authorized && state.isEnabled();
    }

    private void decide(long nowMs) {
        tickAtMs = nowMs + TICK_MS;
        decidedAtMs = nowMs;
        if (!isLeading()) {
            return;
        }
        watchHosts(nowMs);
        for (Incident incident : state.openIncidents()) {
            if (incident.phase() == Incident.Phase.OPEN) {
                steps.advance(nowMs, term.getAsLong(), clock.wallMs(nowMs), state, incident);
            }
        }
    }

    private void watchHosts(long nowMs) {
        var watched = new TreeSet<HostName>();
        state.hosts().values().stream()
                .filter(h -> h.isWatched() && !h.maintenance() && !h.host().equals(self))
                .forEach(h -> watched.add(h.host()));
        var suspected = suspects.review(nowMs, watched);
        askWitnesses(nowMs, suspected, watched);
        steps.onDoubtful(nowMs, suspects.doubtful(nowMs));
        SortedMap<HostName, Finding.Kind> kinds = suspects.kinds(nowMs);
        report(nowMs, kinds);
        SortedMap<HostName, List<Witness>> dead = suspects.verdict(nowMs, kinds);
        if (!dead.isEmpty()) {
            dead.replaceAll((host, words) -> returns.withBoot(host, words));
            propose(
                    nowMs,
                    "declare",
                    new IncidentCommand.DeclareIncident(clock.wallMs(nowMs), term.getAsLong(), new TreeMap<>(dead)));
        }
        returns.putBack(nowMs, state, clock.wallMs(nowMs), term.getAsLong())
                .forEach((host, command) -> propose(nowMs, "put back " + host, command));
    }

    private void askWitnesses(long nowMs, SortedSet<HostName> suspected, SortedSet<HostName> watched) {
        hurryFor(suspected);
        SortedSet<HostName> unproven = Returns.unproven(state);
        if (!suspected.isEmpty()) {
            execute(nowMs, new Action.AskVoters(term.getAsLong(), suspected));
            suspected.stream()
                    .filter(host -> suspects.isWorthABmc(nowMs, host))
                    .forEach(host -> execute(nowMs, new Action.AskPower(term.getAsLong(), host)));
        }
        if (!suspected.isEmpty() || steps.evacuations().wantsServices(nowMs)) {
            execute(nowMs, new Action.AskNova(term.getAsLong()));
        }
        if (!suspected.isEmpty() || !unproven.isEmpty()) {
            // who else is silent? So a whole rack is found within one time limit of its first host
            boolean news = !sweptFor.containsAll(suspected) && nowMs - sweptAtMs >= SWEEP_MS;
            var about = new TreeSet<>(suspected);
            about.addAll(unproven);
            about.addAll(suspects.overdue());
            if (pending.begin(nowMs, "observe", ACTION_LIMIT_MS)) {
                if (news) {
                    sweptAtMs = nowMs;
                    sweptFor = new TreeSet<>(suspected);
                }
                outbox.execute(new Action.Observe(term.getAsLong(), about, news ? watched : new TreeSet<>()));
            }
        }
        sweptFor.retainAll(suspected);
    }

    /** The pauses between the questions belong to older suspicions: a new one is asked about now. */
    private void hurryFor(SortedSet<HostName> suspected) {
        for (HostName host : suspected) {
            if (!knownSuspects.contains(host)) {
                pending.hurry(new Action.AskPower(0, host).key());
                pending.hurry(new Action.AskVoters(0, suspected).key());
                pending.hurry("observe");
            }
        }
        knownSuspects = suspected;
    }

    private void report(long nowMs, SortedMap<HostName, Finding.Kind> kinds) {
        boolean changed = !kinds.equals(reported);
        if (changed || (!kinds.isEmpty() && nowMs - reportedAtMs >= REPORT_MS)) {
            reported = kinds;
            reportedAtMs = nowMs;
            outbox.report(suspects.findings(nowMs));
        }
    }

    private long askAgainMs(long nowMs) {
        return suspects.youngestMs(nowMs) < YOUNG_MS ? ASK_AGAIN_MS : ASK_RARELY_MS;
    }

    private void propose(long nowMs, String key, Command command) {
        if (pending.begin(nowMs, key, PROPOSAL_LIMIT_MS)) {
            outbox.propose(key, command);
        }
    }

    private void execute(long nowMs, Action action) {
        if (pending.begin(nowMs, action.key(), ACTION_LIMIT_MS)) {
            outbox.execute(action);
        }
    }

    @Override
    public void onAges(long nowMs, Result.Ages result) {
        suspects.onStatements(result);
        pending.pause(nowMs, result.action().key(), askAgainMs(nowMs));
    }

    @Override
    public void onSeen(long nowMs, Result.Seen result) {
        suspects.onSightings(nowMs, result.testimony().sightings());
        returns.onTestimony(nowMs, result.testimony());
        pending.pause(nowMs, result.action().key(), askAgainMs(nowMs));
    }

    @Override
    public void onServices(long nowMs, Result.Services result) {
        suspects.onServices(result.services());
        steps.evacuations().onServices(nowMs, result.services());
        pending.pause(nowMs, result.action().key(), NOVA_AGAIN_MS);
    }

    @Override
    public void onStatements(long nowMs, Result.Statements result) {
        steps.onStatements(nowMs, clock.wallMs(nowMs), state, result);
    }

    @Override
    public void onAppliedBy(long nowMs, Result.AppliedBy result) {
        steps.onAppliedBy(nowMs, clock.wallMs(nowMs), state, result);
    }

    @Override
    public void onPower(long nowMs, Result.Power result) {
        if (result.action() instanceof Action.AskPower) {
            suspects.onPower(result.statement());
            pending.pause(nowMs, result.action().key(), 2 * askAgainMs(nowMs));
        } else {
            steps.onPower(nowMs, clock.wallMs(nowMs), state, result);
        }
    }

    @Override
    public void onConfirmed(long nowMs, Result.Confirmed result) {
        steps.onConfirmed(nowMs, clock.wallMs(nowMs), result);
    }

    @Override
    public void onHeldDown(long nowMs, Result.HeldDown result) {
        steps.onHeldDown(nowMs, clock.wallMs(nowMs), result);
    }

    @Override
    public void onServers(long nowMs, Result.Servers result) {
        steps.onServers(nowMs, clock.wallMs(nowMs), state, result);
    }

    @Override
    public void onEvacuate(long nowMs, Result.EvacuateAnswer result) {
        steps.evacuations().onEvacuate(nowMs, clock.wallMs(nowMs), result);
    }

    @Override
    public void onSettled(long nowMs, Result.Settled result) {
        steps.evacuations().onSettled(nowMs, clock.wallMs(nowMs), result);
    }

    @Override
    public void onKnocked(long nowMs, Result.Knocked result) {
        steps.evacuations().onKnocked(nowMs, result);
    }

    @Override
    public void onFailure(long nowMs, Result.Failure result) {
        if (result.action() instanceof Action.Settle settle) {
            steps.evacuations().onSettleFailed(nowMs, clock.wallMs(nowMs), settle, result.why());
        } else {
            pending.failed(nowMs, result.action().key());
        }
    }
}
