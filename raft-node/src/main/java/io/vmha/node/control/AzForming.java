package io.vmha.node.control;

import io.vmha.node.config.VmhadConfig;
import io.vmha.node.raft.GroupId;
import io.vmha.node.raft.RaftNode;
import io.vmha.node.raft.RaftStatus;
import io.vmha.node.view.NodeRequests.Answer;
import io.vmha.proto.v1.LogReply;
import io.vmha.recovery.core.Aggregate;
import io.vmha.recovery.core.AzCommand;
import io.vmha.recovery.core.AzSettings;
import io.vmha.recovery.core.Compute;
import io.vmha.recovery.core.Fencer;
import io.vmha.recovery.core.HostName;
import io.vmha.recovery.membership.AvailabilityZones;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Puts an AZ under protection: checks it against Nova, the pool and the BMCs, records the group in the aggregate's metadata, founds the
 * group on this node alone. The leader then takes the other hosts in. Blocking; one at a time per node.
 */
final class AzForming {
    private static final Logger LOG = LoggerFactory.getLogger(AzForming.class);
    /** The largest pool that was simulated; what a group does with more hosts nobody has seen. */
    static final int HOSTS_MAX = 1_000;

    private static final long LEADER_LIMIT_MS = 12_000;
    private static final long POLL_NANOS = TimeUnit.MILLISECONDS.toNanos(100);
    /** Nova has no compare-and-set: by then everybody who saw the aggregate without an owner has written, and the last one has won. */
    private static final long SETTLE_NANOS = TimeUnit.MILLISECONDS.toNanos(1_500);

    private final VmhadConfig config;
    private final RaftNode raft;
    private final PeerBook peers;
    private final Compute compute;
    private final ProofChoice proofs;
    private final GroupAccess group;
    private final ViewBuilder view;

    AzForming(
            VmhadConfig config,
            RaftNode raft,
            PeerBook peers,
            Compute compute,
            Fencer fencer,
            GroupAccess group,
            ViewBuilder view) {
        this.config = config;
        this.raft = raft;
        this.peers = peers;
        this.compute = compute;
        this.proofs = new ProofChoice(fencer, peers);
        this.group = group;
        this.view = view;
    }

    synchronized Answer enable(String az) {
        AvailabilityZones.Lookup lookup = AvailabilityZones.find(compute.aggregates(), az);
        if (lookup instanceof AvailabilityZones.Refused refused) {
            return new Answer(status(refused), refused.sentence());
        }
        Aggregate aggregate = ((AvailabilityZones.Found) lookup).aggregate();
        Optional<Answer> refusal = tooMany(aggregate)
                .or(() -> unfitHosts(az, aggregate))
                .or(() -> proofs.choose(aggregate, config.recovery().proofs()));
        if (refusal.isPresent()) {
            return refusal.get();
        }
        // once more: asking the BMCs took its time, and somebody else may be enabling the same zone
        String owner = owner(aggregate.id());
        Optional<String> own = view.current().group().or(() -> raft.group().map(GroupId::toString));
        if (!owner.isEmpty() && !own.equals(Optional.of(owner)) && isInUse(owner, aggregate)) {
            return new Answer(
                    409,
                    "the aggregate's metadata says that group " + owner + " protects " + az
                            + ", and this node is not part of it; run this on one of its hosts, or, if that group is"
                            + " gone for good, remove the metadata key "
                            + AggregateFollower.GROUP_KEY + " first");
        }
        // a host that does not vote is in its group as well: to found another one here would take the zone from it
        Set<HostName> known = own.isPresent() ? view.state().hosts().keySet() : Set.of();
        List<HostName> held = Newcomers.heldDown(aggregate, known, compute.computeServices());
        if (!held.isEmpty()) {
            return new Answer(409, Newcomers.why(held.get(0)));
        }
        return own.isPresent() ? enableAgain(az, aggregate, GroupId.parse(own.get())) : found(az, aggregate);
    }

    /**
     * Whether anybody is in the group that the aggregate names. All hosts of the aggregate have a living agent by now; if none of them and
     * nobody else in the pool is in that group, it was recorded by a node that ended before it founded it.
     */
    private boolean isInUse(String owner, Aggregate aggregate) {
        boolean used = peers.agents().stream()
                .anyMatch(a -> a.group().map(GroupId::toString).equals(Optional.of(owner)));
        if (!used) {
            LOG.warn(
                    "the aggregate names a group that nobody is in, it is replaced aggregate={} group={}",
                    aggregate.id(),
                    owner);
        }
        return used;
    }

    private String owner(long aggregateId) {
        return compute.aggregates().stream()
                .filter(a -> a.id() == aggregateId)
                .map(a -> a.metadata().getOrDefault(AggregateFollower.GROUP_KEY, ""))
                .findFirst()
                .orElse("");
    }

    private static int status(AvailabilityZones.Refused refused) {
        if (refused instanceof AvailabilityZones.NoSuchZone) {
            return 404;
        }
        return refused instanceof AvailabilityZones.TooFewHosts ? 400 : 409;
    }

    static Optional<Answer> tooMany(Aggregate aggregate) {
        int hosts = aggregate.hosts().size();
        return hosts <= HOSTS_MAX
                ? Optional.empty()
                : Optional.of(new Answer(
                        400,
                        "aggregate '" + aggregate.name() + "' has " + hosts + " hosts and one group protects up to "
                                + HOSTS_MAX + "; divide it into several aggregates, each with an availability zone of"
                                + " its own"));
    }

    /** A host without a living agent is a reason not to begin; of an AZ that is protected it may be the very host that died. */
    static Answer withoutAgent(String az, HostName host, Optional<AzSettings> known) {
        Optional<AzSettings> own = known.filter(a -> a.enabled() && a.name().equals(az));
        if (own.isPresent()) {
            return new Answer(
                    409,
                    az + " is already protected"
                            + (own.get().armed() ? "" : ", but disarmed: vmha az arm " + az)
                            + "; nothing was changed: its settings are read anew only while all its hosts have a"
                            + " living vmhad, and " + host + " has none");
        }
        return new Answer(
                409,
                "host " + host
                        + " has no living vmhad in the pool; start it there (its `host` must be Nova's"
                        + " name for the host) and check `vmha members`, or take a host that is gone"
                        + " out of the aggregate");
    }

    /** Every host needs a living agent, and none may belong to another group. */
    private Optional<Answer> unfitHosts(String az, Aggregate aggregate) {
        String own = view.current().group().orElse("");
        for (HostName host : aggregate.hosts()) {
            Optional<PeerBook.Agent> agent = peers.agentOf(host);
            if (agent.isEmpty() || !agent.get().isAlive()) {
                return Optional.of(withoutAgent(az, host, view.state().az()));
            }
            String its = agent.get().group().map(GroupId::toString).orElse("");
            if (!its.isEmpty() && !its.equals(own)) {
                boolean founder = its.equals(aggregate.metadata().get(AggregateFollower.GROUP_KEY));
                return Optional.of(
                        founder
                                ? new Answer(
                                        409,
                                        "host " + host + " is in group " + its
                                                + ", which the aggregate names, and this host is not yet; run this on "
                                                + host)
                                : new Answer(
                                        412,
                                        "host " + host + " belongs to group " + its + ", which protects another AZ"));
            }
        }
        if (!aggregate.hosts().contains(config.host())) {
            return Optional.of(new Answer(
                    409,
                    "this host (" + config.host() + ") is not in the AZ; run this on one of " + aggregate.hosts()));
        }
        return Optional.empty();
    }

    private Answer found(String az, Aggregate aggregate) {
        var fresh = GroupId.random();
        compute.setAggregateMetadata(aggregate.id(), AggregateFollower.GROUP_KEY, Optional.of(fresh.toString()));
        LockSupport.parkNanos(SETTLE_NANOS);
        String recorded = owner(aggregate.id());
        if (!recorded.equals(fresh.toString())) {
            return new Answer(
                    409,
                    "somebody else is enabling " + az + " at this moment (group " + recorded
                            + "); nothing was done here");
        }
        Optional<PeerBook.Agent> other = aggregate.hosts().stream()
                .flatMap(host -> peers.agentOf(host).stream())
                .filter(agent -> agent.group().isPresent())
                .findFirst();
        if (other.isPresent()) {
            // its write came before ours, its look at the result too: it was first, and has founded its group meanwhile
            String first = other.get().group().orElseThrow().toString();
            compute.setAggregateMetadata(aggregate.id(), AggregateFollower.GROUP_KEY, Optional.of(first));
            return new Answer(
                    409,
                    "host " + other.get().host() + " has been taken into group " + first
                            + " at this moment; nothing was done here, look at vmha az show " + az);
        }
        LOG.info("founding the group of an AZ az={} group={}", az, fresh);
        raft.bootstrap(fresh);
        if (!leads()) {
            return new Answer(
                    503, "the new group has no leader after " + LEADER_LIMIT_MS / 1000 + " s; look at this node's log");
        }
        return commit(az, aggregate, fresh);
    }

    private Answer enableAgain(String az, Aggregate aggregate, GroupId own) {
        Optional<AzSettings> known = view.state().az();
        if (known.isPresent() && !known.get().name().equals(az)) {
            return new Answer(412, "this node's group protects " + known.get().name() + " already");
        }
        compute.setAggregateMetadata(aggregate.id(), AggregateFollower.GROUP_KEY, Optional.of(own.toString()));
        return commit(az, aggregate, own);
    }

    /** Takes the group's name out of the aggregate's metadata, unless it is another group's by now. */
    void release(AzSettings az) {
        if (owner(az.aggregateId()).equals(az.groupId())) {
            compute.setAggregateMetadata(az.aggregateId(), AggregateFollower.GROUP_KEY, Optional.empty());
        }
    }

    private Answer commit(String az, Aggregate aggregate, GroupId id) {
        var settings = new AzSettings(
                        az,
                        aggregate.id(),
                        id.toString(),
                        true,
                        true,
                        config.recovery().instancesShared(),
                        config.recovery().limits(),
                        proofs.chosen(),
                        config.recovery().policy())
                .with(config.recovery().restart());
        LogReply reply = group.commit(new AzCommand.EnableAz(System.currentTimeMillis(), settings, aggregate.hosts()))
                .join();
        if (!reply.getRefusal().isEmpty()) {
            return new Answer(409, reply.getRefusal());
        }
        return new Answer(
                200,
                az + " is protected: aggregate '" + aggregate.name() + "', "
                        + aggregate.hosts().size()
                        + " hosts; " + proofs.meaning() + "; the other hosts are being taken in");
    }

    private boolean leads() {
        long untilMs = Clocks.nowMs() + LEADER_LIMIT_MS;
        while (raft.status().role() != RaftStatus.Role.LEADER) {
            if (Clocks.nowMs() > untilMs || Thread.currentThread().isInterrupted()) {
                return false;
            }
            LockSupport.parkNanos(POLL_NANOS);
        }
        return true;
    }
}
