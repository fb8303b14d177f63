package io.vmha.node.control;

import io.vmha.node.config.VmhadConfig;
import io.vmha.node.raft.RaftNode;
import io.vmha.node.raft.RaftNodeException;
import io.vmha.node.view.NodeRequests;
import io.vmha.node.view.NodeView;
import io.vmha.node.view.RaftPeers;
import io.vmha.proto.v1.LogReply;
import io.vmha.recovery.core.AzCommand;
import io.vmha.recovery.core.Command;
import io.vmha.recovery.core.Compute;
import io.vmha.recovery.core.ComputeException;
import io.vmha.recovery.core.ComputeService;
import io.vmha.recovery.core.Drain;
import io.vmha.recovery.core.HostName;
import io.vmha.recovery.core.HostRecord;
import io.vmha.recovery.core.IncidentCommand;
import io.vmha.recovery.core.IncidentId;
import io.vmha.recovery.core.ProofCommand;
import io.vmha.recovery.core.RecoveryState;
import io.vmha.recovery.core.RestartTurn;
import io.vmha.recovery.core.ServerId;
import io.vmha.recovery.core.TurnCommand;
import io.vmha.recovery.fencing.FenceAgents;
import io.vmha.recovery.openstack.NovaCompute;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BiPredicate;
import java.util.function.Supplier;

/** What operators ask of this node: each becomes a committed command, or a refusal that says why. */
public final class AzRequests implements NodeRequests {
    private static final long ANSWER_LIMIT_MS = 20_000;
    private static final long SEAL_LIMIT_MS = 12_000;
    private static final long CONFIRM_LIMIT_MS = 3_000;
    private static final long LOOK_AGAIN_NANOS = 100_000_000;
    /** Off, asked again, on: each as long as a fence agent may take. */
    private static final long FENCE_TEST_LIMIT_MS = 55_000;
    /** 502 Bad Gateway: Keystone or Nova said no. */
    private static final int REFUSED_BY_OPENSTACK = 502;
    /** 504 Gateway Timeout: Keystone or Nova said nothing, or that it is broken. */
    private static final int NO_ANSWER_FROM_OPENSTACK = 504;

    private final ControlLoop loop;
    private final ViewBuilder view;
    private final Compute compute;
    private final AzForming forming;
    private final GroupAccess group;
    private final FenceTest fenceTest;
    private final RaftRequests voters;
    private final UpkeepOrders upkeep;
    private final BiPredicate<HostName, String> bringBack;

    public AzRequests(
            VmhadConfig config,
            RaftNode raft,
            PeerBook peers,
            NovaCompute compute,
            FenceAgents fencer,
            ControlLoop loop,
            ViewBuilder view,
            GroupAccess group,
            Renewals renewals,
            BiPredicate<HostName, String> bringBack) {
        this.loop = loop;
        this.bringBack = bringBack;
        this.view = view;
        this.compute = compute;
        this.group = group;
        this.fenceTest = new FenceTest(
                config.host(),
                fencer,
                fencer::onlyWhile,
                compute,
                this::refusal,
                this::confirmed,
                System::currentTimeMillis);
        this.upkeep = new UpkeepOrders(compute.operations(), fencer, this::committed);
        this.voters = new RaftRequests(raft, peers, renewals);
        this.forming = new AzForming(config, raft, peers, compute, fencer, group, view);
    }

    @Override
    public CompletableFuture<Answer> enable(String az) {
        return onActionThread(() -> forming.enable(az));
    }

    @Override
    public CompletableFuture<Answer> disable(String az) {
        return onActionThread(() -> {
            Optional<Answer> wrong = notThisAz(az);
            if (wrong.isPresent()) {
                return wrong.get();
            }
            RecoveryState before = view.state();
            Answer done = committed(
                    new AzCommand.DisableAz(System.currentTimeMillis()),
                    az + " is not protected any more; the group dissolves" + stillForcedDown(before));
            if (done.isOk()) {
                forming.release(before.az().orElseThrow());
            }
            return done;
        });
    }

    @Override
    public CompletableFuture<Answer> arm(String az, boolean armed) {
        return onActionThread(() -> notThisAz(az)
                .orElseGet(() -> committed(
                        new AzCommand.SetArmed(System.currentTimeMillis(), armed),
                        armed ? az + " is armed" : az + " is disarmed: incidents are recorded and held")));
    }

    @Override
    public CompletableFuture<Answer> maintenance(HostName host, boolean on) {
        return onActionThread(() -> committed(
                new AzCommand.SetMaintenance(System.currentTimeMillis(), host, on),
                on ? host + " is in maintenance: it is not declared dead" : host + " is watched again"));
    }

    @Override
    public CompletableFuture<Answer> returnHost(HostName host, String person) {
        return onActionThread(() -> compute.computeServices().stream()
                .filter(service -> service.host().equals(host))
                .findFirst()
                .filter(service -> service.forcedDown() || !service.up())
                .map(service -> broughtBack(service, host, person))
                .orElseGet(() -> committed(
                        new AzCommand.ReturnHost(System.currentTimeMillis(), host, person),
                        host + " is in service again, " + person + " answers for it")));
    }

    private Answer broughtBack(ComputeService service, HostName host, String person) {
        if (bringBack.test(host, person)) {
            return new Answer(
                    200,
                    host + " destroys what lives elsewhere, begins its next life and opens its gate; vmha gate, on it,"
                            + " says what it waits for");
        }
        return new Answer(
                409,
                "Nova has host " + host + (service.forcedDown() ? " forced down" : " down")
                        + "; ask this of its own vmhad, which brings it back. Where it has none: see that none of its"
                        + " old VMs runs there, restart its nova-compute (it removes what was evacuated), then:"
                        + " openstack compute service set --up " + host
                        + " nova-compute, and --enable; then ask again");
    }

    @Override
    public CompletableFuture<Answer> seal(HostName host, String person) {
        return onActionThread(() -> refusal(new ProofCommand.SealForWord(System.currentTimeMillis(), host, person))
                .map(why -> new Answer(409, why))
                .orElseGet(() -> whenSealIsApplied(host)));
    }

    private Answer whenSealIsApplied(HostName host) {
        long untilMs = Clocks.nowMs() + SEAL_LIMIT_MS;
        while (Clocks.nowMs() < untilMs && !Thread.currentThread().isInterrupted()) {
            boolean applied = view.state()
                    .openIncidentOf(host)
                    .map(i -> i.hosts().get(host).proving().sealApplied())
                    .orElse(false);
            if (applied) {
                return new Answer(
                        200,
                        host
                                + " is sealed and a majority of the voters answers it no more: look at it now, what"
                                + " was seen before does not count");
            }
            LockSupport.parkNanos(LOOK_AGAIN_NANOS);
        }
        return new Answer(
                503,
                host + " is sealed, but within " + SEAL_LIMIT_MS / 1_000
                        + " s no majority of the voters has confirmed that;"
                        + " see vmha status whether there is a leader, then ask again");
    }

    @Override
    public CompletableFuture<Answer> confirmDown(HostName host, String person) {
        return onActionThread(() -> committed(
                new ProofCommand.ConfirmDown(System.currentTimeMillis(), host, person),
                host + " is certified down, " + person + " answers for it: its VMs start elsewhere as soon as a "
                        + "majority of the voters has applied that"));
    }

    @Override
    public CompletableFuture<Answer> turn(boolean take) {
        HostName self = new HostName(view.current().host());
        long atMs = System.currentTimeMillis();
        if (view.current().group().isEmpty()) {
            return CompletableFuture.completedFuture(
                    new Answer(200, "this host is in no group: nobody waits for its turn"));
        }
        return onActionThread(() -> take
                ? committed(
                        new TurnCommand.TakeTurn(atMs, self),
                        "it is the turn of " + self + ": restart its vmhad within " + RestartTurn.LIMIT_MS / 1_000
                                + " s")
                : committed(new TurnCommand.EndTurn(atMs, self), "the turn of " + self + " is over"));
    }

    @Override
    public CompletableFuture<Answer> testFence(HostName host, boolean really) {
        return onActionThread(FENCE_TEST_LIMIT_MS, () -> fenceTest.run(view.state(), host, really));
    }

    @Override
    public CompletableFuture<Answer> drain(HostName host, Drain.Order asked, boolean force) {
        return onActionThread(() -> upkeep.drain(view.state(), host, asked, force));
    }

    @Override
    public CompletableFuture<Answer> undrain(HostName host, String person) {
        return onActionThread(() -> upkeep.undrain(view.state(), host, person));
    }

    @Override
    public CompletableFuture<Answer> releaseVm(ServerId vm, String person) {
        return onActionThread(() -> upkeep.releaseVm(vm, person));
    }

    @Override
    public CompletableFuture<Answer> drill(HostName host, ServerId canary, String person) {
        return onActionThread(() ->
                upkeep.drill(view.state(), view.current().leader().map(NodeView.Peer::host), host, canary, person));
    }

    @Override
    public CompletableFuture<Answer> approve(IncidentId incident, String person) {
        return onActionThread(() -> committed(
                new IncidentCommand.ApproveIncident(System.currentTimeMillis(), incident, person),
                "incident " + incident + " goes on, approved by " + person));
    }

    @Override
    public CompletableFuture<Answer> hold(IncidentId incident, String person) {
        return onActionThread(() -> committed(
                new IncidentCommand.HoldIncident(System.currentTimeMillis(), incident, person),
                "incident " + incident + " is held by " + person + ": what Nova has begun goes on, nothing else"));
    }

    @Override
    public CompletableFuture<Answer> cancel(IncidentId incident, String person) {
        return onActionThread(() -> committed(
                new IncidentCommand.CancelIncident(System.currentTimeMillis(), incident, person),
                "incident " + incident + " is cancelled by " + person));
    }

    @Override
    public CompletableFuture<RaftPeers> raftPeers() {
        return voters.list(view.state());
    }

    @Override
    public CompletableFuture<Answer> transferLeadership(HostName to) {
        return onActionThread(() -> voters.transfer(to));
    }

    @Override
    public CompletableFuture<Answer> removeVoter(String peerId, String person) {
        return onActionThread(() -> voters.remove(peerId, person));
    }

    @Override
    public CompletableFuture<NodeView> consistentView() {
        return group.read().thenApply(state -> {
            view.onState(state);
            return view.current();
        });
    }

    /** What only a person can undo: a host that is down must not be told to Nova as up. */
    private static String stillForcedDown(RecoveryState state) {
        List<HostName> down = state.hosts().values().stream()
                .filter(h -> h.status() == HostRecord.Status.DOWN)
                .map(HostRecord::host)
                .toList();
        return down.isEmpty()
                ? ""
                : "; Nova still has " + down
                        + " forced down and disabled, as its recovery left it: when a host is back, openstack compute"
                        + " service set --up HOST nova-compute, then --enable";
    }

    private Optional<Answer> notThisAz(String az) {
        if (!view.state().az().map(s -> s.name().equals(az)).orElse(false)) {
            return Optional.of(new Answer(
                    404,
                    "this node's group does not protect '" + az + "'"
                            + view.state()
                                    .az()
                                    .map(s -> "; it protects " + s.name())
                                    .orElse("; it protects nothing yet")));
        }
        return Optional.empty();
    }

    private Answer committed(Command command, String done) {
        return refusal(command).map(why -> new Answer(409, why)).orElseGet(() -> new Answer(200, done));
    }

    private Optional<RecoveryState> confirmed() {
        try {
            return Optional.of(group.confirmed(view.state())
                    .orTimeout(CONFIRM_LIMIT_MS, TimeUnit.MILLISECONDS)
                    .join());
        } catch (CompletionException e) {
            return Optional.empty(); // whoever asks says what is not done for want of it
        }
    }

    private Optional<String> refusal(Command command) {
        LogReply reply = group.commit(command).join();
        return Optional.of(reply.getRefusal()).filter(why -> !why.isEmpty());
    }

    private CompletableFuture<Answer> onActionThread(Supplier<Answer> work) {
        return onActionThread(ANSWER_LIMIT_MS, work);
    }

    private CompletableFuture<Answer> onActionThread(long limitMs, Supplier<Answer> work) {
        var answer = new CompletableFuture<Answer>();
        loop.background(() -> {
            try {
                answer.complete(work.get());
            } catch (CompletionException | RaftNodeException e) {
                answer.complete(new Answer(503, sentence(e)));
            } catch (ComputeException e) {
                answer.complete(new Answer(
                        e.kind() == ComputeException.Kind.UNKNOWN ? NO_ANSWER_FROM_OPENSTACK : REFUSED_BY_OPENSTACK,
                        e.getMessage()));
            }
        });
        return answer.completeOnTimeout(
                new Answer(503, "no answer within " + limitMs / 1000 + " s; it may still be done, look at the status"),
                limitMs,
                TimeUnit.MILLISECONDS);
    }

    private static String sentence(Throwable failure) {
        Throwable cause =
                failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
        if (cause instanceof TimeoutException) {
            return "the group did not answer in time; is there a leader?";
        }
        return cause.getMessage() == null ? cause.toString() : cause.getMessage();
    }
}
