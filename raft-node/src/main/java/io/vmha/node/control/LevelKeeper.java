package io.vmha.node.control;

import io.vmha.gossip.serf.Member;
import io.vmha.gossip.serf.MemberStatus;
import io.vmha.node.raft.RaftNode;
import io.vmha.proto.v1.AgesOf;
import io.vmha.proto.v1.LogReply;
import io.vmha.proto.v1.PeerRequest;
import io.vmha.recovery.core.Command;
import io.vmha.recovery.core.FeatureLevel;
import io.vmha.recovery.core.HostName;
import io.vmha.recovery.core.LevelCommand;
import io.vmha.recovery.core.RecoveryState;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The leader's part in the {@link FeatureLevel}: once every voter and every host of the AZ has said, with renewals of the last seconds, that its
 * build understands a higher one, it has that committed.
 */
public final class LevelKeeper {
    private static final Logger LOG = LoggerFactory.getLogger(LevelKeeper.class);
    private static final Duration LIMIT = Duration.ofMillis(1_500);

    private final RaftNode raft;
    private final int newest;

    /** @param newest the highest level that this node understands */
    public LevelKeeper(RaftNode raft, int newest) {
        this.raft = raft;
        this.newest = newest;
    }

    /** Asks this node's own voter, whom every host tells, and has the level raised if it can be. Does nothing unless this node leads. */
    public void look(OptionalLong term, RecoveryState state, Function<Command, CompletableFuture<LogReply>> commit) {
        boolean due = term.isPresent()
                && state.isEnabled()
                && state.group().level() < newest
                && state.openIncidents().isEmpty();
        if (!due) {
            return;
        }
        byte[] question = PeerRequest.newBuilder()
                .setAges(AgesOf.newBuilder().setLevels(true))
                .build()
                .toByteArray();
        var unused = raft.ask(raft.self(), question, LIMIT)
                .thenAccept(bytes -> VoterPanel.parse(bytes).ifPresent(reply -> {
                    var said = new TreeMap<HostName, Integer>();
                    reply.getLevelsMap().forEach((host, level) -> said.put(new HostName(host), level));
                    agreed(state, said, newest).ifPresent(level -> raise(term.getAsLong(), state, level, commit));
                }));
    }

    private static void raise(
            long term, RecoveryState state, int level, Function<Command, CompletableFuture<LogReply>> commit) {
        var command = new LevelCommand.RaiseLevel(
                System.currentTimeMillis(),
                term,
                level,
                state.group().electorate().index());
        var unused = commit.apply(command).whenComplete((reply, failure) -> {
            if (failure != null) {
                LOG.warn("feature level not confirmed level={} why=\"{}\"", level, failure.toString());
            } else if (reply.getRefusal().isEmpty()) {
                LOG.info("feature level raised from={} to={}", state.group().level(), level);
            } else {
                LOG.info("feature level not raised level={} why=\"{}\"", level, reply.getRefusal());
            }
        });
    }

    /** The level that all who read the state understand, if it is above the group's. Who has not spoken understands the first. */
    static OptionalInt agreed(RecoveryState state, SortedMap<HostName, Integer> said, int newest) {
        var readers = new TreeSet<>(state.hosts().keySet());
        readers.addAll(state.group().electorate().hosts());
        int level = newest;
        for (HostName reader : readers) {
            level = Math.min(level, said.getOrDefault(reader, FeatureLevel.FIRST));
        }
        return level > state.group().level() && !state.group().electorate().isJoint()
                ? OptionalInt.of(level)
                : OptionalInt.empty();
    }

    /** The hosts whose vmhad runs, and cannot read what the group writes: a sentence for each. */
    static List<String> tooOld(RecoveryState state, List<Member> pool) {
        int level = state.group().level();
        return level == FeatureLevel.FIRST
                ? List.of()
                : pool.stream()
                        .filter(m -> m.status() == MemberStatus.ALIVE)
                        .flatMap(m -> PeerBook.agent(m).stream())
                        .filter(a -> a.level() < level && state.hosts().containsKey(a.host()))
                        .map(a ->
                                "host " + a.host() + " runs vmhad " + a.version() + ", which understands feature level "
                                        + a.level() + ", and the group is at " + level
                                        + ": it renews and can be recovered, but cannot vote; upgrade it")
                        .toList();
    }

    /** The open incidents that keep a group from this build's level. */
    static List<Long> holding(RecoveryState state) {
        return state.isEnabled() && state.group().level() < FeatureLevel.newest()
                ? state.openIncidents().stream().map(i -> i.id().value()).toList()
                : List.of();
    }

    /** The hosts that keep a group from this build's level, or, at that level, cannot read it; in words. */
    static List<String> behind(RecoveryState state, PeerBook peers) {
        int wanted = Math.max(FeatureLevel.newest(), state.group().level());
        var behind = new ArrayList<String>();
        for (HostName host : state.hosts().keySet()) {
            var agent = peers.agentOf(host);
            if (agent.isEmpty()) {
                behind.add(host + " (no vmhad)");
            } else if (agent.get().level() < wanted) {
                behind.add(host + " (vmhad " + agent.get().version() + ", level "
                        + agent.get().level() + ")");
            } else if (!agent.get().isAlive() && state.group().level() < wanted) {
                behind.add(host + " (not alive)");
            }
        }
        return List.copyOf(behind);
    }
}
