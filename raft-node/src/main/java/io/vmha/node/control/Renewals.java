package io.vmha.node.control;

import io.vmha.node.group.StateCodec;
import io.vmha.node.lease.Heard;
import io.vmha.node.lease.HostLease;
import io.vmha.node.raft.GroupClient;
import io.vmha.node.raft.GroupId;
import io.vmha.node.raft.PeerInfo;
import io.vmha.node.raft.RaftNode;
import io.vmha.node.raft.TooNewException;
import io.vmha.node.raft.VoterSet;
import io.vmha.proto.v1.AgesOf;
import io.vmha.proto.v1.Claim;
import io.vmha.proto.v1.FindingNote;
import io.vmha.proto.v1.PeerReply;
import io.vmha.proto.v1.PeerRequest;
import io.vmha.proto.v1.Renew;
import io.vmha.proto.v1.StateAfter;
import io.vmha.recovery.core.Arming;
import io.vmha.recovery.core.Electorate;
import io.vmha.recovery.core.HostName;
import io.vmha.recovery.core.RecoveryState;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * This host's renewals: once a second to every voter (S3). Through the answers a host that does not vote learns which group it belongs to,
 * who leads it, and the group's state.
 */
public final class Renewals {
    private static final Logger LOG = LoggerFactory.getLogger(Renewals.class);
    private static final Duration LIMIT = Duration.ofMillis(900);
    /** A lease runs from the sending, so an answer is worth having as long as it leaves some of it. */
    private static final Duration ANSWER_LIMIT = Duration.ofSeconds(3);

    private static final long PERIOD_MS = 1_000;
    private static final long AGES_PERIOD_MS = 200;
    private static final long HURRY_LEAST_MS = 50;
    private static final long ADOPTED_FOR_MS = 10_000;

    /**
     * What the voters say of this host.
     *
     * @param group the group that knows it
     * @param sealed a voter refused this life of the host: it is certified dead
     * @param leaderHost the leader as the voters know it; empty if none
     */
    public record Standing(
            GroupId group,
            List<PeerInfo> voters,
            long epoch,
            boolean sealed,
            String leaderHost,
            long term,
            long heardAtMs) {}

    /** Where news goes; calls do not block. */
    public interface Listener {
        /** A newer state of the group that this host is a client of. */
        void onClientState(RecoveryState state);

        /** How long each host has not renewed with this voter. */
        void onAges(Map<HostName, Long> agesMs);

        /** What the hosts said of their guards when this voter last answered them. */
        void onClaims(Map<HostName, Arming> claims);

        /** A renewal is about to be sent: adds what this host has to say besides. */
        void sign(Renew.Builder renewal);

        /** What the leader makes of the silent hosts. */
        void onFindings(List<FindingNote> findings);
    }

    /** Goes along with each renewal, so that it needs no message of its own. */
    interface Passenger {
        void board(Renew.Builder renewal);

        void onReply(PeerInfo voter, PeerReply reply);
    }

    private final HostName self;
    private final HostLease lease;
    private final RaftNode raft;
    private final PeerBook peers;
    private final StateCodec codec;
    private final Listener listener;
    private final ScheduledExecutorService timer;
    private volatile Optional<Standing> standing = Optional.empty();
    private final AtomicLong hurriedAtMs = new AtomicLong(Long.MIN_VALUE / 2);
    private final KnownState fetched = new KnownState();
    private volatile List<String> watched = List.of();
    private volatile Optional<String> unreadable = Optional.empty();
    private volatile Optional<Passenger> passenger = Optional.empty();

    public Renewals(
            HostName self,
            HostLease lease,
            RaftNode raft,
            PeerBook peers,
            StateCodec codec,
            Listener listener,
            ScheduledExecutorService timer) {
        this.self = self;
        this.lease = lease;
        this.raft = raft;
        this.peers = peers;
        this.codec = codec;
        this.listener = listener;
        this.timer = timer;
    }

    /** Starts renewing. */
    public void start() {
        var unusedRenewing = timer.scheduleAtFixedRate(quietly(this::renew), 0, PERIOD_MS, TimeUnit.MILLISECONDS);
        var unusedAgeing =
                timer.scheduleAtFixedRate(quietly(this::ages), AGES_PERIOD_MS, AGES_PERIOD_MS, TimeUnit.MILLISECONDS);
    }

    /** The group that answers this host's renewals; empty when none has for ten seconds. */
    public Optional<Standing> standing() {
        return standing.filter(s -> Clocks.nowMs() - s.heardAtMs() < ADOPTED_FOR_MS);
    }

    /** Renews now, beside the usual ones: there is something to tell. Dropped if that was done a moment ago. */
    public void hurry() {
        long now = Clocks.nowMs();
        long last = hurriedAtMs.get();
        if (now - last >= HURRY_LEAST_MS && hurriedAtMs.compareAndSet(last, now)) {
            timer.execute(quietly(this::renew));
        }
    }

    /** From now on this goes along. */
    void carry(Passenger its) {
        passenger = Optional.of(its);
    }

    private void renew() {
        var status = raft.status();
        if (!status.voters().voters().isEmpty() && status.group().isPresent()) {
            renewWith(status.group().get(), everybody(status.voters()), false);
            return;
        }
        Map<String, List<PeerInfo>> groups = new TreeMap<>(peers.groups());
        standing()
                .ifPresent(
                        s -> groups.keySet().removeIf(g -> !g.equals(s.group().toString())));
        groups.forEach((group, voters) -> renewWith(GroupId.parse(group), voters, true));
    }

    private void renewWith(GroupId group, List<PeerInfo> voters, boolean client) {
        long epoch = lease.epochIn(group.toString());
        HostLease.Word claim = lease.claim();
        var renewal = Renew.newBuilder()
                .setHost(self.value())
                .setEpoch(epoch)
                .setClaim(Claim.newBuilder()
                        .setArmed(claim.arming().armed())
                        .setDetail(claim.arming().detail()))
                .setSaidAtMs(claim.saidAtMs())
                .setLevel(codec.newest());
        listener.sign(renewal);
        passenger.ifPresent(p -> p.board(renewal));
        byte[] request = PeerRequest.newBuilder().setRenew(renewal).build().toByteArray();
        GroupClient asker = raft.client(group, voters);
        long sentAtMs = lease.nowMs(); // before it is sent: a lease runs from here, whenever the answer comes
        for (PeerInfo voter : voters) {
            var unused = asker.askOften(voter, request, ANSWER_LIMIT).whenComplete((bytes, failure) -> {
                if (failure == null) {
                    VoterPanel.parse(bytes).ifPresent(reply -> {
                        lease.onAnswer(heard(group, voter, sentAtMs, epoch, reply));
                        passenger.ifPresent(p -> p.onReply(voter, reply));
                        onAnswer(group, voters, voter, reply, client);
                    });
                }
            });
        }
    }

    /** Voters on their way out are asked as well: while the voters change, a lease needs both halves. */
    private static List<PeerInfo> everybody(VoterSet set) {
        var all = new TreeSet<>(PeerInfo.BY_ID);
        all.addAll(set.voters());
        all.addAll(set.outgoing());
        return List.copyOf(all);
    }

    private static Heard heard(GroupId group, PeerInfo voter, long sentAtMs, long epoch, PeerReply reply) {
        var told = reply.getConfiguration();
        return new Heard(
                group.toString(),
                voter.id().value(),
                sentAtMs,
                epoch,
                reply.getKnown(),
                reply.getSealed(),
                reply.getAnswered(),
                reply.getEpoch(),
                reply.getAppliedIndex(),
                reply.getProofs(),
                new Electorate(
                        new TreeSet<>(told.getVotersList()), new TreeSet<>(told.getOutgoingList()), told.getIndex()));
    }

    private void onAnswer(GroupId group, List<PeerInfo> voters, PeerInfo voter, PeerReply reply, boolean client) {
        if (!reply.getKnown()) {
            return;
        }
        Optional<Standing> before = standing;
        if (reply.getSealed() && before.map(s -> !s.sealed()).orElse(true)) {
            LOG.error(
                    "this host is certified dead and has no lease: its VMs may run elsewhere epoch={}",
                    reply.getEpoch());
        }
        standing = Optional.of(new Standing(
                group,
                voters,
                reply.getEpoch(),
                reply.getSealed(),
                reply.getLeaderHost(),
                reply.getTerm(),
                Clocks.nowMs()));
        if (reply.getLeaderHost().equals(voter.id().nodeName())) {
            listener.onFindings(reply.getFindingsList());
        }
        if (client && fetched.isNews(group, reply.getAppliedIndex())) {
            fetchState(group, voters, voter);
        }
    }

    private void fetchState(GroupId group, List<PeerInfo> voters, PeerInfo voter) {
        byte[] request = PeerRequest.newBuilder()
                .setState(StateAfter.newBuilder().setIndex(fetched.indexIn(group)))
                .build()
                .toByteArray();
        CompletableFuture<byte[]> answer = raft.client(group, voters).ask(voter, request, LIMIT);
        var unused = answer.thenAccept(bytes -> VoterPanel.parse(bytes)
                        .filter(reply -> !reply.getState().isEmpty())
                        .ifPresent(reply -> {
                            RecoveryState state =
                                    codec.decodeState(reply.getState().toByteArray());
                            if (fetched.take(group, state.applied().index())) {
                                listener.onClientState(state);
                            }
                        }))
                .whenComplete((done, failure) -> {
                    Optional<String> tooNew = tooNew(failure);
                    if (tooNew.isPresent() && !tooNew.equals(unreadable)) {
                        LOG.error("the state of the group cannot be read here why=\"{}\"", tooNew.get());
                    }
                    unreadable = tooNew;
                    if (failure != null) {
                        LOG.debug("state not fetched voter={} why=\"{}\"", voter, failure.toString());
                    }
                });
    }

    private static Optional<String> tooNew(Throwable failure) {
        Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
        return cause instanceof TooNewException ? Optional.of(cause.getMessage()) : Optional.empty();
    }

    /** Why this host, which does not vote, cannot read its group's state; empty if it can. */
    public Optional<String> unreadable() {
        return unreadable;
    }

    private void ages() {
        var status = raft.status();
        if (!status.voters().contains(raft.self().id())) {
            return;
        }
        byte[] request = PeerRequest.newBuilder()
                .setAges(AgesOf.newBuilder().addAllHosts(watched))
                .build()
                .toByteArray();
        var unused = raft.ask(raft.self(), request, LIMIT)
                .thenAccept(bytes -> VoterPanel.parse(bytes).ifPresent(reply -> {
                    var ages = new TreeMap<HostName, Long>();
                    reply.getAgeMsMap().forEach((host, age) -> ages.put(new HostName(host), age));
                    listener.onAges(ages);
                    var claims = new TreeMap<HostName, Arming>();
                    reply.getClaimsMap()
                            .forEach((host, said) -> claims.put(
                                    new HostName(host),
                                    new Arming(said.getArmed(), said.getDetail(), said.getBootId())));
                    listener.onClaims(claims);
                }));
    }

    /** The hosts of the AZ, whose ages are read. */
    public void watch(List<String> hosts) {
        watched = List.copyOf(hosts);
    }

    private static Runnable quietly(Runnable work) {
        return () -> {
            try {
                work.run();
            } catch (RuntimeException e) {
                LOG.warn("renewal round failed why=\"{}\"", e.toString());
            }
        };
    }
}
