package io.vmha.node.control;

import io.vmha.gossip.netty.GossipAgent;
import io.vmha.gossip.serf.Member;
import io.vmha.gossip.serf.MemberStatus;
import io.vmha.node.raft.GroupId;
import io.vmha.node.raft.PeerId;
import io.vmha.node.raft.PeerInfo;
import io.vmha.recovery.core.FeatureLevel;
import io.vmha.recovery.core.GossipSign;
import io.vmha.recovery.core.HostName;
import io.vmha.recovery.membership.Candidate;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Who is in the pool, by what the members' tags say: which Nova host an agent serves, the id and port of its Raft server, and the group it
 * votes in. Any thread may read it; it is replaced as a whole.
 */
public final class PeerBook {
    /** The tags that our agents publish. */
    static final String TAG_HOST = "host";

    static final String TAG_PEER = "peer";
    static final String TAG_RAFT_PORT = "raft";
    static final String TAG_GROUP = "group";
    static final String TAG_VOTER = "voter";
    static final String TAG_ARMED = "armed";
    static final String TAG_VERSION = "vmha";
    /** The highest feature level that it understands. */
    static final String TAG_LEVEL = "level";
    /** The failure domain, as configured. */
    static final String TAG_RACK = "rack";

    /**
     * One of our agents.
     *
     * @param gossip where it gossips
     * @param group the group that it is in, if any
     * @param voter true if it votes there
     * @param armed true if the host's guard answers, whatever its AZ relies on
     * @param rack its failure domain; empty if it names none
     * @param version of its vmhad; empty if it names none
     * @param level the highest feature level that its vmhad understands
     */
    public record Agent(
            HostName host,
            PeerInfo peer,
            InetSocketAddress gossip,
            MemberStatus status,
            boolean suspect,
            Optional<GroupId> group,
            boolean voter,
            boolean armed,
            String rack,
            String version,
            int level) {
        /** True while gossip has it alive. */
        public boolean isAlive() {
            return status == MemberStatus.ALIVE;
        }
    }

    private volatile List<Agent> agents = List.of();
    /** The very list that was read last; the pool publishes another one when anything in it changes. */
    private volatile List<Member> known = List.of();

    /** Reads the pool anew, if it has changed. One thread at a time. */
    public void refresh(GossipAgent gossip) {
        List<Member> pool = gossip.members();
        if (pool != known) {
            read(pool);
            known = pool;
        }
    }

    void read(List<Member> pool) {
        agents = pool.stream().flatMap(m -> agent(m).stream()).toList();
    }

    /** All our agents in the pool, whatever their status. */
    public List<Agent> agents() {
        return agents;
    }

    /** The agent of a host: the living one, if there are several. */
    public Optional<Agent> agentOf(HostName host) {
        return agents.stream().filter(a -> a.host().equals(host)).reduce((a, b) -> b.isAlive() ? b : a);
    }

    /** The Raft port and the gossip port of each host: of the living agent, if there are several. */
    public SortedMap<HostName, List<InetSocketAddress>> ports() {
        var ports = new TreeMap<HostName, List<InetSocketAddress>>();
        for (Agent agent : agents) {
            if (agent.isAlive() || !ports.containsKey(agent.host())) {
                ports.put(agent.host(), List.of(agent.peer().address(), agent.gossip()));
            }
        }
        return ports;
    }

    /** Where these peers are; empty unless all are known. */
    public Optional<List<PeerInfo>> find(List<String> peerIds) {
        var found = new ArrayList<PeerInfo>();
        for (String id : peerIds) {
            agents.stream()
                    .map(Agent::peer)
                    .filter(peer -> peer.id().value().equals(id))
                    .findFirst()
                    .ifPresent(found::add);
        }
        return found.size() == peerIds.size() ? Optional.of(found) : Optional.empty();
    }

    /** The voters of each group that has any alive in the pool. */
    public SortedMap<String, List<PeerInfo>> groups() {
        var groups = new TreeMap<String, List<PeerInfo>>();
        for (Agent agent : agents) {
            if (agent.isAlive() && agent.voter() && agent.group().isPresent()) {
                groups.computeIfAbsent(agent.group().get().toString(), g -> new ArrayList<>())
                        .add(agent.peer());
            }
        }
        return Collections.unmodifiableSortedMap(groups);
    }

    /**
     * Who may vote in a group: a server can be in one only, and one that is in another would refuse for ever; and a build that does not
     * understand what the group writes would stop at it.
     */
    List<Candidate> candidates(Optional<GroupId> group, int groupLevel) {
        return agents.stream()
                .filter(a -> a.group().isEmpty() || a.group().equals(group))
                .filter(a -> a.level() >= groupLevel)
                .map(a -> new Candidate(a.host(), a.peer().id().value(), a.isAlive(), a.rack()))
                .toList();
    }

    SortedMap<HostName, GossipSign> signs() {
        var signs = new TreeMap<HostName, GossipSign>();
        for (Agent agent : agents) {
            // two agents may claim one host after its storage was replaced: the living one speaks for it
            signs.merge(agent.host(), sign(agent), (a, b) -> a == GossipSign.ALIVE ? a : b);
        }
        return signs;
    }

    private static GossipSign sign(Agent agent) {
        return switch (agent.status()) {
            case ALIVE -> agent.suspect() ? GossipSign.SUSPECT : GossipSign.ALIVE;
            case LEAVING, LEFT -> GossipSign.LEFT;
            case FAILED -> GossipSign.FAILED;
        };
    }

    static Optional<Agent> agent(Member member) {
        Map<String, String> tags = member.tags();
        try {
            if (!tags.containsKey(TAG_HOST) || !tags.containsKey(TAG_PEER) || !tags.containsKey(TAG_RAFT_PORT)) {
                return Optional.empty(); // a stranger: Serf, Consul
            }
            var address = new InetSocketAddress(member.address(), Integer.parseInt(tags.get(TAG_RAFT_PORT)));
            return Optional.of(new Agent(
                    new HostName(tags.get(TAG_HOST)),
                    new PeerInfo(new PeerId(tags.get(TAG_PEER)), address),
                    new InetSocketAddress(member.address(), member.port()),
                    member.status(),
                    member.suspect(),
                    Optional.ofNullable(tags.get(TAG_GROUP)).map(GroupId::parse),
                    "1".equals(tags.get(TAG_VOTER)),
                    "1".equals(tags.get(TAG_ARMED)),
                    tags.getOrDefault(TAG_RACK, ""),
                    tags.getOrDefault(TAG_VERSION, ""),
                    Integer.parseInt(tags.getOrDefault(TAG_LEVEL, Integer.toString(FeatureLevel.FIRST)))));
        } catch (IllegalArgumentException e) {
            return Optional.empty(); // tags come from the network: a member that writes nonsense is none of ours
        }
    }
}
