package io.vmha.sim.recovery;

import io.vmha.recovery.core.Applied;
import io.vmha.recovery.core.Command;
import io.vmha.recovery.core.Electorate;
import io.vmha.recovery.core.Entry;
import io.vmha.recovery.core.FeatureLevel;
import io.vmha.recovery.core.HostName;
import io.vmha.recovery.core.LevelCommand;
import io.vmha.recovery.core.RecoveryState;
import io.vmha.sim.Dice;
import io.vmha.sim.Simulation;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.function.LongFunction;

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
    private final SortedMap<HostName, Agent> agents;
    private List<Agent> votersNow = List.of();
    private List<Agent> outgoingNow = List.of();
    /** Asked for with every renewal; empty when it has to be found out anew. */
    private List<Agent> membersNow = List.of();

    private long jointSinceMs;
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
    private Optional<HostName> lagging = Optional.empty();

    Raft(
            Simulation sim,
            Network network,
            SortedMap<HostName, Agent> agents,
            Scenario scenario,
            Applier applier,
            Rules rules) {
        this.sim = sim;
        this.dice = sim.dice("raft");
        this.network = network;
        this.agents = agents;
        this.applier = applier;
        this.rules = rules;
        var founders = new TreeSet<String>();
        agents.values().stream().limit(scenario.voters()).forEach(a -> founders.add(a.peerId()));
        states.add(RecoveryState.emptyAt(scenario.trust().level()));
        configure(new Entry(0, 1), new Electorate(founders, new TreeSet<>(), 1));
        sim.every(0, TICK_MS, "raft ticks", this::tick);
        if (scenario.trust().isRising()) {
            long atMs = sim.dice("level").between(0, Scenario.HEAL_AT_MS);
            sim.every(atMs, 1_000, "the level may be raised", this::raiseLevel);
        }
    }

    /** All builds understand the newest level by now. */
    private void raiseLevel() {
        RecoveryState state = latest();
        boolean due = state.isEnabled()
                && state.group().level() < FeatureLevel.newest()
                && state.openIncidents().isEmpty()
                && !state.group().electorate().isJoint();
        if (due) {
            long voters = state.group().electorate().index();
            long now = Agent.WALL_MS + sim.nowMs();
            ask(inTerm -> new LevelCommand.RaiseLevel(now, inTerm, FeatureLevel.newest(), voters));
        }
    }

    /** How many of a hundred proposals are lost, answered late, or committed after their proposer gave them up. */
    void setTrouble(double percent) {
        troublePercent = percent;
    }

    /** This voter gets no entries for so long, though it can be reached: its replica stays as it is. One at a time. */
    void lag(HostName voter, long forMs) {
        if (lagging.isEmpty() && !leader.equals(Optional.of(voter))) {
            sim.tell("raft: " + voter + " gets no entries for " + forMs + " ms");
            lagging = Optional.of(voter);
            sim.after(forMs, "raft: gets entries again", () -> lagging = Optional.empty());
        }
    }

    private boolean lags(Agent voter) {
        return lagging.equals(Optional.of(voter.host()));
    }

    Optional<HostName> leader() {
        return leader;
    }

    long elections() {
        return elections;
    }

    int votersCount() {
        return votersNow.size();
    }

    Electorate electorate() {
        return latest().group().electorate();
    }

    /** The voters as they really are; one whose disk was lost is not among them any more. */
    List<Agent> votersNow() {
        return votersNow.stream()
                .filter(a -> electorate().voters().contains(a.peerId()))
                .toList();
    }

    /** All who vote, those on their way out included. */
    List<Agent> members() {
        if (membersNow.isEmpty()) {
            membersNow = agents.values().stream().filter(this::isMember).toList();
        }
        return membersNow;
    }

    /** An agent has become another peer. */
    void onWiped() {
        membersNow = List.of();
    }

    boolean isMember(Agent agent) {
        return electorate().voters().contains(agent.peerId())
                || electorate().outgoing().contains(agent.peerId());
    }

    /** Takes the group to other voters, if nothing of that kind is under way: a joint configuration first, the final one later. */
    void reconfigure(SortedSet<String> wanted) {
        Electorate now = electorate();
        if (leader.isEmpty() || now.isJoint() || wanted.isEmpty() || wanted.equals(now.voters())) {
            return;
        }
        List<Agent> reached = reachedBy(agents.get(leader.get()));
        var index = latest().applied().index() + 1;
        var joint = new Electorate(wanted, now.voters(), index);
        if (reachesMajority(agents.get(leader.get())) && joint.isMajority(ids(reached))) {
            sim.tell("raft: voters change from " + now.voters() + " to " + wanted);
            jointSinceMs = sim.nowMs() + dice.mostly(20, 4_000);
            configure(new Entry(term, index), joint);
            spread();
        }
    }

    private void finishChange() {
        Electorate now = electorate();
        if (now.isJoint() && sim.nowMs() >= jointSinceMs) {
            var index = latest().applied().index() + 1;
            configure(new Entry(term, index), new Electorate(now.voters(), new TreeSet<>(), index));
            spread();
            if (leader.isPresent() && !isMember(agents.get(leader.get()))) {
                depose();
            }
        }
    }

    private void configure(Entry entry, Electorate next) {
        states.add(latest().configured(entry, next));
        membersNow = List.of();
        votersNow = byId(next.voters());
        outgoingNow = byId(next.outgoing());
    }

    private List<Agent> byId(SortedSet<String> ids) {
        return ids.stream()
                .map(id -> agents.get(new HostName(id.substring(0, id.indexOf('@')))))
                .toList();
    }

    private static List<String> ids(List<Agent> peers) {
        return peers.stream().map(Agent::peerId).toList();
    }

    /**
     * What the voter tells of the configuration: the newest in its log, joint until it has applied the final one, and with it every seal
     * before it (S3).
     */
    Electorate told(Agent voter) {
        Electorate newest =
                states.get(Math.min(voter.logged(), states.size() - 1)).group().electorate();
        if (newest.isJoint() || newest.index() <= voter.applied()) {
            return newest;
        }
        Electorate applied = states.get(voter.applied()).group().electorate();
        return new Electorate(
                newest.voters(), applied.isJoint() ? applied.outgoing() : applied.voters(), newest.index());
    }

    RecoveryState latest() {
        return states.get(states.size() - 1);
    }

    RecoveryState state(int index) {
        return states.get(index);
    }

    /** A majority of the voters has applied the log up to this index, as it really is. */
    boolean isAppliedByMajority(long index) {
        return isMajority(members().stream().filter(v -> v.applied() >= index).toList());
    }

    /** These are a majority of the voters, and of the outgoing ones while the configuration is joint. */
    boolean isMajority(List<Agent> peers) {
        return isMajority(votersNow, peers, electorate().voters())
                && (outgoingNow.isEmpty()
                        || isMajority(outgoingNow, peers, electorate().outgoing()));
    }

    private static boolean isMajority(List<Agent> of, List<Agent> peers, SortedSet<String> ids) {
        return of.stream()
                                .filter(a -> peers.contains(a) && ids.contains(a.peerId()))
                                .count()
                        * 2
                > of.size();
    }

    private List<Agent> reachedBy(Agent one) {
        return agents.values().stream()
                .filter(v -> v == one || (v.isRunning() && !lags(v) && network.connects(one.host(), v.host())))
                .toList();
    }

    /** The voter and the others can talk to a majority of them. */
    boolean reachesMajority(Agent voter) {
        return isMajority(reachedBy(voter));
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
            Agent leading = agents.get(leader.get());
            if (leading.life() != leaderLife) {
                depose(); // it was killed: a voter that starts again is no leader
            } else if (leading.isRunning() && reachesMajority(leading)) {
                healthyAtMs = sim.nowMs();
                leading.onLeadershipProven(term);
                finishChange();
            } else if (sim.nowMs() - healthyAtMs > electionTimeoutMs) {
                depose();
            }
        }
        if (leader.isEmpty()) {
            elect();
        }
        for (Agent voter : agents.values()) {
            if (voter.isRunning()) {
                if (isMember(voter)) {
                    catchUp(voter);
                }
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
        var candidates = members().stream()
                .filter(v -> v.isRunning() && !lags(v) && reachesMajority(v))
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
                    if (leader.isPresent()
                            && objection(leader.get(), proposal.command()).isEmpty()) {
                        append(term, proposal.command());
                    }
                });
            }
        }
    }

    /** The agent asks for a command to be appended. Its answer is the index, or empty if it does not know. */
    void propose(Agent proposer, String key, Command command) {
        propose(proposer, command, index -> proposer.onProposed(key, index));
    }

    /** The same for anybody who lives where the agent does. */
    void propose(Agent proposer, Command command, Consumer<OptionalLong> answered) {
        rules.onProposed(proposer, command);
        boolean leads = leader.equals(Optional.of(proposer.host()))
                && proposer.term().equals(OptionalLong.of(term))
                && reachesMajority(proposer);
        var proposal = new InFlight(proposer.host(), proposer.term().orElse(0), command, leads, sim.nowMs());
        inFlight.removeIf(p -> sim.nowMs() - p.atMs() > IN_FLIGHT_MOST_MS);
        boolean trouble = dice.chance(troublePercent);
        if (leads && objection(proposer.host(), command).isPresent()) {
            sim.after(1, "raft: keeps it out of the log", () -> answered.accept(OptionalLong.empty()));
            return;
        }
        inFlight.add(proposal);
        if (!leads || (trouble && dice.chance(60))) {
            sim.after(dice.between(500, 5_000), "raft: no answer", () -> answered.accept(OptionalLong.empty()));
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
                    () -> answered.accept(answerIsLost ? OptionalLong.empty() : index));
        });
    }

    /** A person's or the aggregate's command, through whichever node leads. */
    boolean ask(Command command) {
        return leader.isPresent()
                && objection(leader.get(), command).isEmpty()
                && append(term, command).refusal().isEmpty();
    }

    /** The same, for one that names the term. */
    boolean ask(LongFunction<Command> inTerm) {
        return ask(inTerm.apply(term));
    }

    /** A command of a host's agent, which is no leader, on its way through the group: the refusal, or empty. */
    Optional<String> submit(HostName from, Command command) {
        Optional<HostName> reached = leader.filter(l -> network.connects(from, l) && reachesMajority(agents.get(l)));
        return reached.isPresent()
                ? objection(reached.get(), command)
                        .or(() -> append(term, command).refusal())
                : Optional.of("the group did not answer");
    }

    /** What the leader keeps out of the log, by what it has applied. */
    private Optional<String> objection(HostName leads, Command command) {
        return FeatureLevel.objection(states.get(agents.get(leads).applied()), command);
    }

    /** A linearizable read of a host's agent. */
    Optional<RecoveryState> confirmed(HostName from) {
        return leader.filter(l -> network.connects(from, l) && reachesMajority(agents.get(l)))
                .map(l -> latest());
    }

    private OptionalLong commit(InFlight proposal) {
        boolean stands = proposal.term() == term
                && leader.equals(Optional.of(proposal.proposer()))
                && reachesMajority(agents.get(proposal.proposer()));
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
        spread();
        return applied;
    }

    /** What is committed is in the logs of those that the leader reaches, and applied a moment later. */
    private void spread() {
        for (Agent voter : members()) {
            boolean isLeader = leader.equals(Optional.of(voter.host()));
            if (voter.isRunning() && hears(voter)) {
                voter.log(states.size() - 1);
            }
            sim.after(
                    dice.mostly(1, isLeader ? 20 : 250),
                    "raft: applies",
                    () -> voter.whenRunning(() -> catchUp(voter)));
        }
    }

    private boolean hears(Agent voter) {
        return leader.isPresent()
                && !lags(voter)
                && (leader.get().equals(voter.host()) || network.connects(leader.get(), voter.host()));
    }

    private void catchUp(Agent voter) {
        if (!hears(voter) || !isMember(voter)) {
            return;
        }
        if (voter.applied() == 0) {
            voter.apply(states.size() - 1, latest()); // a newcomer gets a snapshot
        }
        while (voter.applied() < states.size() - 1) {
            int next = voter.applied() + 1;
            voter.apply(next, states.get(next));
        }
    }
}
