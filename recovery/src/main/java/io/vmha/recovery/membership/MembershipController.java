package io.vmha.recovery.membership;

import io.vmha.recovery.core.Aggregate;
import io.vmha.recovery.core.AzCommand;
import io.vmha.recovery.core.HostName;
import io.vmha.recovery.core.RecoveryState;
import io.vmha.recovery.core.WallClock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Makes the group follow the aggregate: hosts that Nova added are taken in, hosts that Nova removed are let go, and the right number of them
 * vote. One change at a time, and only by the leader.
 *
 * <p>A host appears as soon as Nova lists it. It disappears only after two readings in a row without it: one odd answer changes nothing.
 */
public final class MembershipController {
    private static final long CHANGE_LIMIT_MS = 15_000;
    private static final long RETRY_PAUSE_MS = 500;
    private static final long PROPOSAL_PAUSE_MS = 5_000;
    private static final int READINGS_TO_DROP = 2;

    private final HostName self;
    private final long replaceAfterMs;
    private final MembershipOutbox outbox;
    private final WallClock clock;
    private final Map<HostName, Candidate> pool = new TreeMap<>();
    private final Map<HostName, Integer> missing = new TreeMap<>();
    private RecoveryState state = RecoveryState.empty();
    private List<Voter> voters = List.of();
    private List<HostName> listed = List.of();
    private OptionalLong term = OptionalLong.empty();
    private boolean authorized = true;
    private long changeUntilMs;
    private long proposedUntilMs;
    /** Since when a voter's agent is not alive in the pool, by the voter's id. */
    private final Map<String, Long> awaySinceMs = new TreeMap<>();

    /**
     * @param self this node's host
     * @param replaceAfterMs a voter whose agent has been away for so long is replaced by a spare host, if there is one
     */
    public MembershipController(HostName self, long replaceAfterMs, MembershipOutbox outbox, WallClock clock) {
        this.replaceAfterMs = replaceAfterMs;
        this.self = self;
        this.outbox = outbox;
        this.clock = clock;
    }

    /** This node leads in a term, or (empty) leads no more. */
    public void onLeadership(long nowMs, OptionalLong leaderOfTerm) {
        term = leaderOfTerm;
        missing.clear();
        awaySinceMs.clear();
        listed = List.of();
        changeUntilMs = 0;
        proposedUntilMs = 0;
        decide(nowMs);
    }

    /** Whether the aggregate's metadata names this group. A group that does not own the AZ takes nobody in. */
    public void onAuthority(long nowMs, boolean ours) {
        authorized = ours;
        decide(nowMs);
    }

    /** A command was applied. */
    public void onState(long nowMs, RecoveryState applied) {
        state = applied;
        decide(nowMs);
    }

    /** The agents of the pool, one per host. */
    public void onPool(long nowMs, List<Candidate> agents) {
        pool.clear();
        agents.forEach(agent -> pool.merge(agent.host(), agent, (a, b) -> a.alive() ? a : b));
        decide(nowMs);
    }

    /** The newest configuration, committed or not; what follows it waits until the change is over. */
    public void onVoters(long nowMs, List<Voter> configuration) {
        voters = List.copyOf(configuration);
        decide(nowMs);
    }

    /**
     * The change that was asked for is over. What is still missing is asked for at once if it took the group a step further, whose voters
     * {@link #onVoters} has told before, and otherwise after a pause.
     */
    public void onChangeOver(long nowMs, boolean further) {
        changeUntilMs = further ? nowMs : nowMs + RETRY_PAUSE_MS;
        decide(nowMs);
    }

    /** The aggregate as Nova lists it now. Failed readings are not reported here. */
    public void onAggregate(long nowMs, Aggregate aggregate) {
        listed = aggregate.hosts();
        var named = new TreeSet<>(listed);
        missing.keySet().removeAll(named);
        state.hosts().keySet().stream().filter(h -> !named.contains(h)).forEach(h -> missing.merge(h, 1, Integer::sum));
        decide(nowMs);
    }

    /** Time has passed. */
    public void onTimer(long nowMs) {
        decide(nowMs);
    }

    private void decide(long nowMs) {
        if (term.isEmpty() || !authorized || !state.isEnabled()) {
            return;
        }
        followAggregate(nowMs);
        followVoters(nowMs);
    }

    private void followAggregate(long nowMs) {
        if (listed.isEmpty() || nowMs < proposedUntilMs) {
            return;
        }
        var wanted = new TreeSet<>(listed);
        for (HostName host : state.hosts().keySet()) {
            boolean surelyGone = missing.getOrDefault(host, 0) >= READINGS_TO_DROP;
            if (!surelyGone || state.openIncidentOf(host).isPresent()) {
                wanted.add(host);
            }
        }
        if (!wanted.equals(state.hosts().keySet())) {
            proposedUntilMs = nowMs + PROPOSAL_PAUSE_MS;
            outbox.propose(
                    "hosts", new AzCommand.SetHosts(clock.wallMs(nowMs), term.getAsLong(), new ArrayList<>(wanted)));
        }
    }

    private Set<String> away(long nowMs) {
        awaySinceMs.keySet().retainAll(voters.stream().map(Voter::peerId).toList());
        for (Voter voter : voters) {
            if (VoterSelection.isAlive(voter, pool)) {
                awaySinceMs.remove(voter.peerId());
            } else {
                awaySinceMs.putIfAbsent(voter.peerId(), nowMs);
            }
        }
        var away = new TreeSet<String>();
        awaySinceMs.forEach((voter, since) -> {
            if (nowMs - since >= replaceAfterMs) {
                away.add(voter);
            }
        });
        return away;
    }

    private void followVoters(long nowMs) {
        if (voters.isEmpty() || nowMs < changeUntilMs) {
            return;
        }
        if (!state.hosts().containsKey(self)) {
            // this host has left the aggregate: another one leads, and lets this one go
            voters.stream()
                    .filter(v -> state.hosts().containsKey(v.host()))
                    .filter(v ->
                            pool.containsKey(v.host()) && pool.get(v.host()).alive())
                    .findFirst()
                    .ifPresent(v -> {
                        changeUntilMs = nowMs + CHANGE_LIMIT_MS;
                        outbox.transferLeadership(v.peerId());
                    });
            return;
        }
        List<String> wanted = VoterSelection.wanted(self, state.hosts(), voters, pool, away(nowMs));
        var current = new TreeSet<String>();
        voters.forEach(v -> current.add(v.peerId()));
        if (!current.equals(new TreeSet<>(wanted))) {
            changeUntilMs = nowMs + CHANGE_LIMIT_MS;
            outbox.changeVoters(wanted);
        }
    }
}
