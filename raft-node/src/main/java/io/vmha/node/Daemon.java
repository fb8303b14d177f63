package io.vmha.node;

import io.vmha.gossip.netty.GossipAgent;
import io.vmha.gossip.netty.GossipConfig;
import io.vmha.gossip.serf.GossipListener;
import io.vmha.gossip.serf.Member;
import io.vmha.gossip.serf.MemberStatus;
import io.vmha.gossip.serf.UserEvent;
import io.vmha.node.config.VmhadConfig;
import io.vmha.node.consul.ConsulApi;
import io.vmha.node.control.AggregateFollower;
import io.vmha.node.control.AzRequests;
import io.vmha.node.control.Clocks;
import io.vmha.node.control.ControlLoop;
import io.vmha.node.control.Dissolution;
import io.vmha.node.control.GroupAccess;
import io.vmha.node.control.KvAccess;
import io.vmha.node.control.KvWatchers;
import io.vmha.node.control.LevelKeeper;
import io.vmha.node.control.Outside;
import io.vmha.node.control.PeerBook;
import io.vmha.node.control.PoolTags;
import io.vmha.node.control.Renewals;
import io.vmha.node.control.RunningReports;
import io.vmha.node.control.ViewBuilder;
import io.vmha.node.events.Webhook;
import io.vmha.node.gate.GateKeeper;
import io.vmha.node.group.GroupMachine;
import io.vmha.node.group.KvMachine;
import io.vmha.node.group.StateCodec;
import io.vmha.node.http.HttpApi;
import io.vmha.node.lease.BootClock;
import io.vmha.node.lease.HostLease;
import io.vmha.node.raft.PeerInfo;
import io.vmha.node.raft.RaftConfig;
import io.vmha.node.raft.RaftListener;
import io.vmha.node.raft.RaftNode;
import io.vmha.node.raft.RaftTls;
import io.vmha.node.raft.VoterSet;
import io.vmha.node.rpc.AdminServer;
import io.vmha.node.storage.StorageReports;
import io.vmha.node.view.NodeRequests;
import io.vmha.proto.v1.FindingNote;
import io.vmha.proto.v1.Renew;
import io.vmha.recovery.core.Arming;
import io.vmha.recovery.core.HostName;
import io.vmha.recovery.core.RecoveryState;
import io.vmha.recovery.core.TurnCommand;
import io.vmha.recovery.fencing.FenceAgents;
import io.vmha.recovery.openstack.NovaCompute;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * All parts of one vmhad, wired together; started in order and stopped in the opposite one.
 *
 * <p>Raft first (it knows who this node is), then gossip (which tells the pool), then the control loop, and the surfaces last.
 */
public final class Daemon implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Daemon.class);
    private static final String TAKEN =
            "; is it an address of this host, and has nobody else the port (ss -ltnp)? Choose another one with ";
    private static final long AGGREGATE_PERIOD_MS = 100;
    private static final long VIEW_PERIOD_MS = 200;
    private static final long LEADERSHIP_PERIOD_MS = 1_000;
    private static final Duration LEADERSHIP_LIMIT = Duration.ofSeconds(2);
    private static final long REJOIN_PERIOD_MS = 1_000;
    private static final long KEYS_PERIOD_MS = 200;
    private static final long LEVELS_PERIOD_MS = 2_000;
    private static final long LEAVE_LIMIT_MS = 5_000;

    private final VmhadConfig config;
    private final Consumer<String> failed;
    private final Runnable left;
    private final Deque<AutoCloseable> parts = new ArrayDeque<>();
    private final PeerBook peers = new PeerBook();
    /** Forgets what is asked of it once it is closed: the pool goes on talking while this node says goodbye. */
    private final ScheduledThreadPoolExecutor timer =
            new ScheduledThreadPoolExecutor(2, Daemon::timerThread, new ThreadPoolExecutor.DiscardPolicy());

    private HostLease lease;
    private GroupMachine machine;
    private final KvWatchers watchers = new KvWatchers();
    private final KvMachine kv = new KvMachine(Clocks::nowMs, watchers::onTouched);
    private KvAccess keys;
    private RaftNode raft;
    private GossipAgent gossip;
    private PoolTags tags;
    private ControlLoop loop;
    private Renewals renewals;
    private RunningReports reports;
    private Lookout lookout;
    private AggregateFollower aggregate;
    private ViewBuilder view;
    private Optional<Webhook> webhook = Optional.empty();
    private Dissolution dissolution;
    /** True once every part is there: Raft and gossip have news before that, which waits in the two fields below. */
    private volatile boolean wired;

    private final long startedAtMs = System.currentTimeMillis();
    private GroupAccess access;
    private volatile boolean ending;
    private volatile boolean stopping;
    private final AtomicBoolean reading = new AtomicBoolean();
    private volatile OptionalLong leading = OptionalLong.empty();
    private volatile RecoveryState applied = RecoveryState.empty();

    private Daemon(VmhadConfig config, Consumer<String> failed, Runnable left) {
        this.config = config;
        this.failed = failed;
        this.left = left;
    }

    private static Thread timerThread(Runnable runnable) {
        var thread = new Thread(runnable, "timer");
        thread.setDaemon(true);
        return thread;
    }

    /**
     * Starts everything.
     *
     * @param failed called once with a sentence when the daemon can go on no more; the process should end
     * @param left called when an operator made this member leave the pool ({@code serf leave}); the process should end
     */
    public static Daemon start(VmhadConfig config, Consumer<String> failed, Runnable left) {
        var daemon = new Daemon(config, failed, left);
        try {
            daemon.start();
            return daemon;
        } catch (RuntimeException e) {
            daemon.close();
            throw e;
        }
    }

    private void start() {
        var codec = new StateCodec();
        lease = new HostLease(
                config.host(),
                new HostLease.Places(
                        config.lease().file(),
                        config.lease().guard(),
                        config.dataDir().resolve("lease-terms")),
                BootClock.bootId(),
                BootClock::nowMs,
                ProcessHandle.current().pid(),
                () -> UUID.randomUUID().toString());
        machine = new GroupMachine(codec, kv, BootClock::nowMs, this::onApplied);
        raft = keep(RaftNode.start(raftConfig(), machine, new FromRaft()));
        kv.contact(raft::lastContactMs);
        tags = new PoolTags(config, raft, lease);
        gossip = keep(GossipAgent.start(gossipConfig(), new FromGossip()));
        var compute = keep(new NovaCompute(config.openstack()));
        var fencer = keep(new FenceAgents(config.fencing()));
        loop = keep(new ControlLoop(
                config.recovery().timing(),
                config.host(),
                config.raft().replaceAfter(),
                raft,
                codec,
                new Outside(compute, fencer),
                peers,
                lease,
                error -> failed.accept("programming error: " + error)));
        aggregate = new AggregateFollower(compute);
        lookout = keep(new Lookout(config, loop));
        dissolution = new Dissolution(raft, compute, loop);
        renewals = new Renewals(config.host(), lease, raft, peers, codec, new FromRenewals(), timer);
        keys = new KvAccess(raft, renewals, codec, kv, watchers, timer);
        view = new ViewBuilder(config, raft, gossip, renewals, lease, aggregate);
        access = new GroupAccess(raft, renewals, codec);
        var gate = keep(new GateKeeper(config, lease, compute, view::state, access::commit, access::confirmed));
        var requests =
                new AzRequests(config, raft, peers, compute, fencer, loop, view, access, renewals, gate::bringBack);
        webhook = config.events()
                .map(to -> keep(new Webhook(
                        new Webhook.Target(to.webhook(), to.secret().map(VmhadConfig.Token::reveal)),
                        System::currentTimeMillis)));
        reports = new RunningReports(
                config, lease, raft, renewals, () -> loop.leading().isPresent(), gate::stop);
        wired = true;
        config.recovery()
                .instances()
                .ifPresent(on -> keep(storageReports(on, codec)).start());
        loop.start();
        lookout.start(renewals, machine);
        onApplied(applied);
        loop.onLeadership(leading);
        webhook.ifPresent(hook -> hook.onLeading(leading.isPresent()));
        onPool();
        renewals.start();
        openDoors(requests); // before the gate, which tells people what to ask here
        gate.start();
        reports.start(timer);
        every(AGGREGATE_PERIOD_MS, this::followAggregate);
        every(VIEW_PERIOD_MS, this::tick);
        every(LEADERSHIP_PERIOD_MS, this::proveLeadership);
        every(REJOIN_PERIOD_MS, this::rejoin);
        every(KEYS_PERIOD_MS, this::keepSessions);
        var levels = new LevelKeeper(raft, codec.newest());
        every(LEVELS_PERIOD_MS, () -> levels.look(loop.leading(), applied, loop::commit));
        tellThatItRuns();
    }

    private void tellThatItRuns() {
        LOG.info(
                "vmhad started host={} cluster={} raft={} gossip={} http={} rpc={}",
                config.host(),
                config.clusterIp().getHostAddress(),
                config.ports().raft(),
                config.ports().gossip(),
                config.http().address(),
                config.rpc().address());
    }

    private StorageReports storageReports(VmhadConfig.Instances instances, StateCodec codec) {
        var group = new GroupAccess(raft, renewals, codec);
        return new StorageReports(config.host(), instances.place(), instances.path(), view::state, group::commit);
    }

    private void openDoors(NodeRequests requests) {
        var http = config.http();
        try {
            HttpApi api = keep(new HttpApi(
                    http.address().getAddress(),
                    http.address().getPort(),
                    view::current,
                    requests,
                    new ConsulApi(keys, view::current, config.gossip().name(), new SplittableRandom()),
                    this::gauges,
                    http.token().map(VmhadConfig.Token::reveal)));
            api.start();
        } catch (IOException e) {
            throw new UncheckedIOException(
                    "the HTTP API cannot listen on " + http.address() + ": " + e.getMessage() + TAKEN + "ports.http",
                    e);
        }
        var rpc = config.rpc();
        try {
            AdminServer admin = keep(new AdminServer(
                    rpc.address().getAddress(),
                    rpc.address().getPort(),
                    view::current,
                    requests,
                    keys.backups(view::current),
                    rpc.token().map(VmhadConfig.Token::reveal)));
            admin.start();
        } catch (IOException e) {
            throw new UncheckedIOException(
                    "the rpc server cannot listen on " + rpc.address() + ": " + e.getMessage() + TAKEN + "ports.rpc",
                    e);
        }
    }

    private RaftConfig raftConfig() {
        var address = new InetSocketAddress(config.clusterIp(), config.ports().raft());
        var raftConfig = RaftConfig.of(
                        config.dataDir().resolve("raft"), config.host().value(), address)
                .withElectionTimeout(config.raft().electionTimeout());
        return config.raft()
                .tls()
                .map(tls -> raftConfig.withTls(new RaftTls(tls.ca(), tls.cert(), tls.key())))
                .orElse(raftConfig);
    }

    private GossipConfig gossipConfig() {
        GossipConfig plain = tags.gossipConfig();
        return config.gossip()
                .serfRpc()
                .map(door -> plain.withRpc(SerfDoor.settings(door)))
                .orElse(plain);
    }

    private <T extends AutoCloseable> T keep(T part) {
        parts.push(part);
        return part;
    }

    private void every(long periodMs, Runnable work) {
        // the work catches what it throws, so nothing is lost with the future
        var unused = timer.scheduleWithFixedDelay(
                () -> {
                    try {
                        work.run();
                    } catch (RuntimeException e) {
                        LOG.warn("periodic work failed why=\"{}\"", e.toString(), e);
                    } catch (Error e) {
                        // the timer would forget this work without a word, and a daemon that does half of its duties is
                        // no witness
                        failed.accept("periodic work broke: " + e);
                        throw e;
                    }
                },
                periodMs,
                periodMs,
                TimeUnit.MILLISECONDS);
    }

    private void followAggregate() {
        if (loop.leading().isEmpty() || raft.group().isEmpty()) {
            aggregate.rest();
        } else if (aggregate.isDue(Clocks.nowMs(), loop.leading()) && reading.compareAndSet(false, true)) {
            // Nova may take its time; the timer may not
            loop.background(() -> {
                try {
                    raft.group().ifPresent(group -> aggregate.read(applied, group, loop));
                    dissolution.yieldTo(aggregate.rival(), peers);
                } finally {
                    reading.set(false);
                }
            });
        }
    }

    private void tick() {
        tags.publish(gossip);
        List<MemberStatus> pool = gossip.members().stream().map(Member::status).toList();
        lease.tick((int) pool.stream().filter(s -> s == MemberStatus.ALIVE).count(), (int)
                pool.stream().filter(s -> s != MemberStatus.LEFT).count());
        onPool();
        lookout.know(view, peers);
        loop.onVoters(raft.status().voters());
        dissolution.onTimer(Clocks.nowMs());
        view.refresh();
        endTurn();
    }

    /** This daemon restarted in its turn and its host is answered again: the next one may. */
    private void endTurn() {
        boolean mine = view.state()
                .group()
                .turn()
                .filter(t -> t.host().equals(config.host()) && t.sinceAtMs() < startedAtMs)
                .isPresent();
        boolean answered = lease.status().remainingMs() > 0;
        if (mine && answered && !ending) {
            ending = true;
            var unused = access.commit(new TurnCommand.EndTurn(System.currentTimeMillis(), config.host()))
                    .whenComplete((done, failure) -> ending = failure == null);
        }
    }

    /** A majority that is asked and knows no newer term proves that this node still led when it asked (S9). */
    private void proveLeadership() {
        if (loop.leading().isPresent()) {
            long sentAtMs = lease.nowMs();
            var unused = raft.leads(LEADERSHIP_LIMIT)
                    .thenAccept(term -> term.ifPresent(t -> lease.onLeadershipProven(t, sentAtMs)));
        }
    }

    private void rejoin() {
        if (!stopping) {
            tags.seek(gossip, Clocks.nowMs());
        }
    }

    private void keepSessions() {
        keys.tick(PoolTags.gone(gossip));
    }

    private synchronized void onPool() {
        peers.refresh(gossip);
        loop.onPool(peers);
    }

    private void onApplied(RecoveryState state) {
        applied = state;
        if (wired) {
            renewals.watch(state.hosts().keySet().stream().map(HostName::value).toList());
            view.onState(state);
            loop.onState(state);
            webhook.ifPresent(hook -> hook.onState(state));
            dissolution.onState(state);
        }
    }

    private Map<String, Double> gauges() {
        var gauges = new TreeMap<>(PoolTags.gauges(gossip));
        gauges.putAll(KvAccess.gauges(kv, watchers));
        webhook.ifPresent(hook -> gauges.putAll(hook.gauges()));
        gauges.put("double_runs", reports.found());
        gauges.putAll(lookout.gauges(view.findings()));
        return gauges;
    }

    /** Stops: hands the leadership over, says goodbye to the pool, closes everything. Bounded to some seconds. */
    @Override
    public void close() {
        stopping = true;
        timer.shutdownNow();
        if (loop != null && loop.leading().isPresent()) {
            handOver();
        }
        sayGoodbye();
        while (!parts.isEmpty()) {
            closeQuietly(parts.pop());
        }
        if (wired) { // else it has never run, and why is told by whoever started it
            LOG.info("vmhad stopped");
        }
    }

    /**
     * Ends without waiting for what is broken: decides nothing more, and tells the pool, for a host whose daemon has said goodbye is not
     * taken for dead. Bounded to some seconds; the process ends next.
     */
    public void abandon() {
        stopping = true;
        timer.shutdownNow();
        loop.close();
        sayGoodbye();
    }

    private void sayGoodbye() {
        if (gossip != null) {
            try {
                gossip.leave().get(LEAVE_LIMIT_MS, TimeUnit.MILLISECONDS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            } catch (java.util.concurrent.ExecutionException | java.util.concurrent.TimeoutException e) {
                LOG.warn("left the pool without being heard why=\"{}\"", e.toString());
            }
        }
    }

    private void handOver() {
        Optional<PeerInfo> heir = raft.status().voters().voters().stream()
                .filter(v -> !v.id().equals(raft.self().id()))
                .filter(v -> peers.agentOf(new HostName(v.id().nodeName()))
                        .map(PeerBook.Agent::isAlive)
                        .orElse(false))
                .findFirst();
        heir.ifPresent(to -> {
            try {
                raft.transferLeadership(to).get(LEAVE_LIMIT_MS, TimeUnit.MILLISECONDS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            } catch (java.util.concurrent.ExecutionException | java.util.concurrent.TimeoutException e) {
                LOG.warn("leadership not handed over to={} why=\"{}\"", to, e.toString());
            }
        });
    }

    private static void closeQuietly(AutoCloseable part) {
        try {
            part.close();
        } catch (Exception e) {
            LOG.warn(
                    "part not closed cleanly part={} why=\"{}\"",
                    part.getClass().getSimpleName(),
                    e.toString());
        }
    }

    private final class FromRaft implements RaftListener {
        @Override
        public void onLeadership(long term, boolean leader) {
            LOG.info("leadership term={} leader={}", term, leader);
            leading = leader ? OptionalLong.of(term) : OptionalLong.empty();
            kv.onLeadership(leading);
            if (wired) {
                loop.onLeadership(leading);
                webhook.ifPresent(hook -> hook.onLeading(leader));
            }
        }

        @Override
        public void onLeaderChanged(Optional<PeerInfo> leader, long term) {
            machine.onLeader(leader.map(l -> l.id().nodeName()).orElse(""));
            LOG.info(
                    "leader changed leader={} term={}",
                    leader.map(PeerInfo::toString).orElse("none"),
                    term);
        }

        @Override
        public void onConfiguration(VoterSet voters) {
            LOG.info("voters changed voters={}", voters.voters());
        }

        @Override
        public void onClosed(Closure reason, String explanation) {
            if (stopping) {
                return;
            }
            if (reason == Closure.REMOVED) {
                LOG.info("this node was let go by its group why=\"{}\"", explanation);
                timer.execute(() -> raft.leaveGroup());
            } else {
                failed.accept("the Raft server closed: " + explanation);
            }
        }
    }

    private final class FromGossip implements GossipListener {
        private void changed(String what, Member member) {
            LOG.info(
                    "pool: {} member={} address={}:{}",
                    what,
                    member.name(),
                    member.address().getHostAddress(),
                    member.port());
            if (wired) {
                timer.execute(Daemon.this::onPool);
            }
        }

        @Override
        public void onJoin(Member member) {
            changed("joined", member);
        }

        @Override
        public void onLeave(Member member) {
            changed("left", member);
        }

        @Override
        public void onFailed(Member member) {
            changed("failed", member);
        }

        @Override
        public void onUpdate(Member member) {
            changed("updated", member);
        }

        @Override
        public void onSuspect(Member member) {
            changed("suspected", member);
        }

        @Override
        public void onRefuted(Member member) {
            changed("refuted", member);
        }

        @Override
        public void onLeftByOperator() {
            LOG.info("vmhad ends: an operator made this member leave the pool");
            left.run();
        }

        @Override
        public void onUserEvent(UserEvent event) {
            LOG.debug("pool event name={}", event.name());
        }
    }

    private final class FromRenewals implements Renewals.Listener {
        @Override
        public void onClientState(RecoveryState state) {
            view.onState(state);
        }

        @Override
        public void onAges(Map<HostName, Long> agesMs) {
            loop.onRenewalAges(new TreeMap<>(agesMs));
        }

        @Override
        public void onClaims(Map<HostName, Arming> claims) {
            loop.onClaims(new TreeMap<>(claims));
        }

        @Override
        public void sign(Renew.Builder renewal) {
            lookout.sign(renewal);
        }

        @Override
        public void onFindings(List<FindingNote> findings) {
            view.onFindings(findings);
        }
    }
}
