package io.vmha.sim.recovery;

import io.vmha.recovery.core.Applied;
import io.vmha.recovery.core.Command;
import io.vmha.recovery.core.Entry;
import io.vmha.recovery.core.HostName;
import io.vmha.recovery.core.RecoveryState;
import io.vmha.sim.Dice;
import io.vmha.sim.Simulation;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SortedMap;

/**
 * The replicated log as Raft shows it to its users: one committed history with terms, voters that lag behind it, leaders that do not know
 * yet that they are deposed, and proposals that are lost, answered late, or committed long after their proposer has given them up.
 */
final class Raft {
    /** What apply does; a mutant puts its own in the place of {@link RecoveryState#apply}. */
    @FunctionalInterface
    interface Applier {
        Applied apply(RecoveryState state, Entry entry, Command command);
    }

    private static final long TICK_MS = 100;
    private static final long ELECTION_LEAST_MS = 1_000;
    private static final long ELECTION_MOST_MS = 2_400;

    /** A proposal that nobody has answered for this long is neither in a log nor in a client's hands any more. */
    private static final long IN_FLIGHT_MOST_MS = 30_000;

    private record InFlight(HostName proposer, long term, Command command, boolean replicated, long atMs) {}

    private final Simulation sim;
    private final Dice dice;
    private final Network network;
    private final SortedMap<HostName, Agent> voters;
    private final Applier applier;
    private final Rules rules;
    private final List<RecoveryState> states = new ArrayList<>();
    private final List<InFlight> inFlight = new ArrayList<>();
    private Optional<HostName> leader = Optional.empty();
    private int leaderLife;
    private long term;
    private long healthyAtMs;
    private long electionTimeoutMs = ELECTION_MOST_MS;
    private long elections;
    private double troublePercent;

    Raft(Simulation sim, Network network, SortedMap<HostName, Agent> voters, Applier applier, Rules rules) {
        this.sim = sim;
        this.dice = sim.dice("raft");
        this.network = network;
        this.voters = voters;
        this.applier = applier;
        this.rules = rules;
        states.add(RecoveryState.empty());
        sim.every(0, TICK_MS, "raft ticks", this::tick);
    }

    /** How many of a hundred proposals are lost, answered late, or committed after their proposer gave them up. */
    void setTrouble(double percent) {
        troublePercent = percent;
    }

    Optional<HostName> leader() {
        return leader;
    }

    long elections() {
        return elections;
    }

    int votersCount() {
        return voters.size();
    }

    RecoveryState latest() {
        return states.get(states.size() - 1);
    }

    RecoveryState state(int index) {
        return states.get(index);
    }

    /** The voters that have applied the log up to this index, as it really is. */
    long appliedBy(long index) {
        return voters.values().stream().filter(v -> v.applied() >= index).count();
    }

    boolean isMajority(long count) {
        return count * 2 > voters.size();
    }

    /** The voter and the others can talk to a majority of them. */
    boolean reachesMajority(Agent voter) {
        long reached = voters.values().stream()
                .filter(v -> v == voter || (v.isRunning() && network.connects(voter.host(), v.host())))
                .count();
        return isMajority(reached);
    }

    /** The leader loses its office though nothing is wrong with it. */
    void depose() {
        if (leader.isPresent()) {
            sim.tell("raft: " + leader.get() + " loses its leadership of term " + term);
            leader = Optional.empty();
        }
    }

    private void tick() {
        if (leader.isPresent()) {
            Agent leading = voters.get(leader.get());
            if (leading.life() != leaderLife) {
                depose(); // it was killed: a voter that starts again is no leader
            } else if (leading.isRunning() && reachesMajority(leading)) {
                healthyAtMs = sim.nowMs();
            } else if (sim.nowMs() - healthyAtMs > electionTimeoutMs) {
                depose();
            }
        }
        if (leader.isEmpty()) {
            elect();
        }
        for (Agent voter : voters.values()) {
            if (voter.isRunning()) {
                catchUp(voter);
                review(voter);
            }
        }
    }

    /** A node that believes that it leads learns better, or gives up when it has not reached a majority for long. */
    private void review(Agent voter) {
        boolean leads = leader.equals(Optional.of(voter.host())) && voter.term().equals(OptionalLong.of(term));
        if (leads || voter.term().isEmpty()) {
            return;
        }
        boolean isTold = reachesMajority(voter);
        if (isTold ? dice.chance(30) : dice.chance(2)) {
            voter.onLeadership(OptionalLong.empty());
        }
    }

    private void elect() {
        var candidates = voters.values().stream()
                .filter(v -> v.isRunning() && reachesMajority(v))
                .toList();
        if (candidates.isEmpty() || dice.chance(60)) {
            return;
        }
        Agent elected = dice.pick(candidates);
        settleTail();
        term += dice.between(1, 2);
        elections++;
        leader = Optional.of(elected.host());
        leaderLife = elected.life();
        healthyAtMs = sim.nowMs();
        electionTimeoutMs = dice.between(ELECTION_LEAST_MS, ELECTION_MOST_MS);
        sim.tell("raft: " + elected.host() + " is elected for term " + term);
        RecoveryState last = latest();
        long index = last.applied().index() + 1;
        states.add(last.at(new Entry(term, index)));
        long elected1 = term;
        sim.after(
                dice.mostly(10, 400),
                "raft: the elected one is ready",
                () -> elected.whenRunning(() -> {
                    if (leader.equals(Optional.of(elected.host())) && term == elected1) {
                        catchUp(elected);
                        elected.onLeadership(OptionalLong.of(elected1));
                    }
                }));
    }

    /** What the old leader had not committed: replicated entries may survive with their old term, others may be sent to the new leader. */
    private void settleTail() {
        var tail = List.copyOf(inFlight);
        inFlight.clear();
        for (InFlight proposal : tail) {
            if (sim.nowMs() - proposal.atMs() > IN_FLIGHT_MOST_MS) {
                continue;
            }
            if (proposal.replicated() && dice.chance(40)) {
                append(proposal.term(), proposal.command());
            } else if (dice.chance(40)) {
                sim.after(dice.between(100, 3_000), "raft: a client tries again", () -> {
                    if (leader.isPresent()) {
                        append(term, proposal.command());
                    }
                });
            }
        }
    }

    /** The agent asks for a command to be appended. Its answer is the index, or empty if it does not know. */
    void propose(Agent proposer, String key, Command command) {
        boolean leads = leader.equals(Optional.of(proposer.host()))
                && proposer.term().equals(OptionalLong.of(term))
                && reachesMajority(proposer);
        var proposal = new InFlight(proposer.host(), proposer.term().orElse(0), command, leads, sim.nowMs());
        inFlight.removeIf(p -> sim.nowMs() - p.atMs() > IN_FLIGHT_MOST_MS);
        inFlight.add(proposal);
        boolean trouble = dice.chance(troublePercent);
        if (!leads || (trouble && dice.chance(60))) {
            sim.after(
                    dice.between(500, 5_000), "raft: no answer", () -> proposer.onProposed(key, OptionalLong.empty()));
            if (leads && dice.chance(60)) {
                sim.after(dice.between(500, 25_000), "raft: commits late", () -> commit(proposal));
            }
            return;
        }
        boolean answerIsLost = trouble;
        sim.after(dice.mostly(3, trouble ? 3_000 : 80), "raft: commits", () -> {
            OptionalLong index = commit(proposal);
            sim.after(
                    answerIsLost || index.isEmpty() ? 5_000 : dice.mostly(1, 20),
                    "raft: answers",
                    () -> proposer.onProposed(key, answerIsLost ? OptionalLong.empty() : index));
        });
    }

    /** A person's or the aggregate's command, through whichever node leads. */
    boolean ask(Command command) {
        return leader.isPresent() && append(term, command).refusal().isEmpty();
    }

    private OptionalLong commit(InFlight proposal) {
        boolean stands = proposal.term() == term
                && leader.equals(Optional.of(proposal.proposer()))
                && reachesMajority(voters.get(proposal.proposer()));
        if (!stands || !inFlight.remove(proposal)) {
            return OptionalLong.empty(); // it stays in flight, until an election decides about it
        }
        append(proposal.term(), proposal.command());
        return OptionalLong.of(latest().applied().index());
    }

    private Applied append(long entryTerm, Command command) {
        RecoveryState before = latest();
        var entry = new Entry(entryTerm, before.applied().index() + 1);
        Applied applied = applier.apply(before, entry, command);
        states.add(applied.state());
        sim.tell("raft: " + entry.index() + " (" + entryTerm + ") " + command
                + applied.refusal().map(why -> " REFUSED: " + why).orElse(""));
        rules.onCommitted(before, entry, command, applied);
        for (Agent voter : voters.values()) {
            boolean isLeader = leader.equals(Optional.of(voter.host()));
            sim.after(
                    dice.mostly(1, isLeader ? 20 : 250),
                    "raft: applies",
                    () -> voter.whenRunning(() -> catchUp(voter)));
        }
        return applied;
    }

    private void catchUp(Agent voter) {
        boolean hears = leader.isPresent()
                && (leader.get().equals(voter.host()) || network.connects(leader.get(), voter.host()));
        if (hears) {
            while (voter.applied() < states.size() - 1) {
                voter.apply(states.get(voter.applied() + 1));
            }
        }
    }
}
