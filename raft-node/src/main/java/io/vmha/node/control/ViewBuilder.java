package io.vmha.node.control;

import io.vmha.gossip.netty.GossipAgent;
import io.vmha.gossip.serf.Member;
import io.vmha.node.config.VmhadConfig;
import io.vmha.node.lease.HostLease;
import io.vmha.node.raft.PeerInfo;
import io.vmha.node.raft.RaftNode;
import io.vmha.node.raft.RaftStatus;
import io.vmha.node.view.NodeView;
import io.vmha.proto.v1.FindingNote;
import io.vmha.recovery.core.RecoveryState;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;

/** Makes the published picture of this node. The newest one can be read by any thread. */
public final class ViewBuilder {
    private static final long FINDINGS_FOR_MS = 5_000;

    /** A silence of a moment is nobody's trouble. */
    private static final long WORTH_TELLING_MS = 1_200;

    private final VmhadConfig config;
    private final RaftNode raft;
    private final GossipAgent gossip;
    private final Renewals renewals;
    private final HostLease lease;
    private final AggregateFollower aggregate;
    private volatile RecoveryState state = RecoveryState.empty();
    private volatile long stateAtMs;
    private volatile List<FindingNote> findings = List.of();
    private volatile long findingsAtMs;
    private volatile NodeView view;
    private volatile Pool pool = new Pool(List.of(), List.of());

    private record Pool(List<Member> members, List<NodeView.PoolMember> shown) {}

    public ViewBuilder(
            VmhadConfig config,
            RaftNode raft,
            GossipAgent gossip,
            Renewals renewals,
            HostLease lease,
            AggregateFollower aggregate) {
        this.config = config;
        this.raft = raft;
        this.gossip = gossip;
        this.renewals = renewals;
        this.lease = lease;
        this.aggregate = aggregate;
        refresh();
    }

    /** A newer state is known, applied here or fetched from a voter. */
    public void onState(RecoveryState newer) {
        state = newer;
        stateAtMs = Clocks.nowMs();
        refresh();
    }

    /** The state that the views show. */
    public RecoveryState state() {
        return state;
    }

    /** The newest picture. */
    public NodeView current() {
        return view;
    }

    /** Looks again at everything that changes by itself. */
    public void refresh() {
        RaftStatus status = raft.status();
        Optional<Renewals.Standing> client = renewals.standing();
        boolean member = !status.voters().voters().isEmpty();
        List<PeerInfo> voters = member
                ? status.voters().voters()
                : client.map(Renewals.Standing::voters).orElse(List.of());
        Optional<String> group = member
                ? status.group().map(Object::toString)
                : client.map(c -> c.group().toString());
        view = new NodeView(
                config.host().value(),
                config.clusterIp().getHostAddress(),
                group,
                role(status, client, member),
                leader(status, client, member),
                member ? status.term() : client.map(Renewals.Standing::term).orElse(0L),
                voters.stream().map(ViewBuilder::peer).toList(),
                pool(),
                group.isPresent() ? Optional.of(state) : Optional.empty(),
                stateAge(status, member),
                ownLease(lease.status()),
                trouble(client));
    }

    private static String role(RaftStatus status, Optional<Renewals.Standing> client, boolean member) {
        if (!member) {
            return client.isPresent() ? "client" : "none";
        }
        return switch (status.role()) {
            case LEADER -> "leader";
            case LEADER_NOT_READY, CANDIDATE -> "candidate";
            case FOLLOWER, NONE -> "follower";
        };
    }

    private Optional<NodeView.Peer> leader(RaftStatus status, Optional<Renewals.Standing> client, boolean member) {
        if (member) {
            return status.leader().map(ViewBuilder::peer);
        }
        return client.flatMap(c -> c.voters().stream()
                .filter(v -> v.id().nodeName().equals(c.leaderHost()))
                .findFirst()
                .map(ViewBuilder::peer));
    }

    private OptionalLong stateAge(RaftStatus status, boolean member) {
        if (status.role() == RaftStatus.Role.LEADER) {
            return OptionalLong.of(0);
        }
        return member || stateAtMs == 0 ? OptionalLong.empty() : OptionalLong.of(Clocks.nowMs() - stateAtMs);
    }

    private static NodeView.OwnLease ownLease(HostLease.Status status) {
        String word = switch (status.state()) {
            case NONE -> "none";
            case HELD -> status.remainingMs() > 0 ? "held" : "ended";
            case SEALED -> "sealed";
        };
        return new NodeView.OwnLease(
                word,
                status.epoch(),
                Math.max(0, status.remainingMs()),
                status.proofs(),
                status.arming().armed(),
                status.arming().detail(),
                status.guard()
                        .map(g -> g.running() + " VMs run, " + g.paused() + " paused"
                                + (g.lastAction().isEmpty() ? "" : "; last: " + g.lastAction()))
                        .orElse(""));
    }

    /** What the leader makes of the silent hosts, as it was last told. */
    public void onFindings(List<FindingNote> now) {
        findings = now;
        findingsAtMs = Clocks.nowMs();
    }

    /** The same, unless it is old. */
    public List<FindingNote> findings() {
        return Clocks.nowMs() - findingsAtMs < FINDINGS_FOR_MS ? findings : List.of();
    }

    private List<String> trouble(Optional<Renewals.Standing> client) {
        var trouble = new ArrayList<String>();
        aggregate.trouble().ifPresent(trouble::add);
        findings().stream()
                .filter(f -> f.getSilentMs() >= WORTH_TELLING_MS)
                .forEach(f -> trouble.add("host " + f.getHost() + " is "
                        + f.getKind().toLowerCase(Locale.ROOT).replace('_', ' ') + ": " + f.getWhy()));
        if (client.map(Renewals.Standing::sealed).orElse(false)) {
            trouble.add("this host is certified dead: its VMs may run elsewhere, start none here");
        }
        renewals.unreadable().ifPresent(trouble::add);
        LevelKeeper.tooOld(state, gossip.members()).forEach(trouble::add);
        HostLease.Status own = lease.status();
        if (own.reliesOnLease() && !own.arming().armed()) {
            trouble.add("this host is not armed, the end of its lease proves nothing: "
                    + own.arming().detail());
        }
        return trouble;
    }

    private static NodeView.Peer peer(PeerInfo info) {
        return new NodeView.Peer(info.id().nodeName(), info.hostAndPort());
    }

    private List<NodeView.PoolMember> pool() {
        List<Member> members = gossip.members();
        Pool last = pool;
        if (members != last.members()) { // the pool publishes another list when anything in it changes
            last = new Pool(members, members.stream().map(ViewBuilder::member).toList());
            pool = last;
        }
        return last.shown();
    }

    private static NodeView.PoolMember member(Member m) {
        return new NodeView.PoolMember(
                m.name(),
                m.address().getHostAddress(),
                m.port(),
                m.tags(),
                m.status().code(),
                m.suspect(),
                m.protocolMin(),
                m.protocolMax(),
                m.protocolCur(),
                m.delegateMin(),
                m.delegateMax(),
                m.delegateCur());
    }
}
