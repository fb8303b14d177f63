package io.vmha.node.control;

import io.vmha.node.config.VmhadConfig;
import io.vmha.node.gate.GuestsFile;
import io.vmha.node.lease.BootClock;
import io.vmha.node.lease.HostLease;
import io.vmha.node.raft.GroupId;
import io.vmha.node.raft.PeerInfo;
import io.vmha.node.raft.RaftNode;
import io.vmha.proto.v1.DoubleRun;
import io.vmha.proto.v1.PeerReply;
import io.vmha.proto.v1.PeerRequest;
import io.vmha.proto.v1.Renew;
import io.vmha.proto.v1.Running;
import io.vmha.recovery.core.HostName;
import io.vmha.recovery.core.ServerId;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells every voter once a second which guests run on this host, and hears of those that run elsewhere too (S12). Nothing of it is in the log:
 * what runs now is of no use later.
 *
 * <p>The report goes with the renewals; a voter of a version that does not know of that is sent one by itself.
 */
public final class RunningReports implements Renewals.Passenger {
    private static final Logger LOG = LoggerFactory.getLogger(RunningReports.class);
    private static final long PERIOD_MS = 1_000;
    private static final Duration LIMIT = Duration.ofMillis(900);
    private static final String EVERYBODY = "";
    /** So long after a report that went with a renewal the voter is sent none of its own. */
    private static final long NOTED_FOR_MS = 2_500;
    /** Voters of the group and of one before it. */
    private static final int VOTERS_MAX = 64;

    private final HostName self;
    private final HostLease lease;
    private final RaftNode raft;
    private final Renewals renewals;
    private final Supplier<Optional<List<ServerId>>> running;
    private final BooleanSupplier leads;
    private final Consumer<List<ServerId>> mustStop;
    private final Map<PeerInfo, Long> notedAtMs = new ConcurrentHashMap<>();
    private volatile Map<String, List<String>> doubles = Map.of();

    /**
     * @param leads whether this node leads, and so has to call a person
     * @param mustStop is handed the guests of this host that run elsewhere too while this life of the host is over
     */
    public RunningReports(
            VmhadConfig config,
            HostLease lease,
            RaftNode raft,
            Renewals renewals,
            BooleanSupplier leads,
            Consumer<List<ServerId>> mustStop) {
        this.self = config.host();
        this.lease = lease;
        this.raft = raft;
        this.renewals = renewals;
        this.running = () -> GuestsFile.running(config.lease().guard(), BootClock.bootId(), BootClock.nowMs());
        this.leads = leads;
        this.mustStop = mustStop;
    }

    /** Begins. */
    public void start(ScheduledExecutorService timer) {
        renewals.carry(this);
        var unused = timer.scheduleAtFixedRate(
                () -> {
                    try {
                        tellWhoHasNotHeard();
                    } catch (RuntimeException e) {
                        LOG.warn("report of running guests failed why=\"{}\"", e.toString());
                    }
                },
                PERIOD_MS,
                PERIOD_MS,
                TimeUnit.MILLISECONDS);
    }

    /** How many VMs run on two hosts, as far as this leader knows. */
    public double found() {
        return doubles.size();
    }

    private void tellWhoHasNotHeard() {
        var status = raft.status();
        if (status.group().isPresent() && !status.voters().voters().isEmpty()) {
            tell(status.group().get(), List.copyOf(status.voters().voters()));
            if (leads.getAsBoolean()) {
                askOwnVoter();
            } else {
                doubles = Map.of();
            }
        } else {
            renewals.standing().ifPresent(s -> tell(s.group(), s.voters()));
        }
    }

    @Override
    public void board(Renew.Builder renewal) {
        renewal.setRunning(report(self.value(), renewal.getEpoch(), running.get()));
    }

    @Override
    public void onReply(PeerInfo voter, PeerReply reply) {
        if (reply.getRunningNoted()) {
            if (notedAtMs.size() >= VOTERS_MAX) {
                notedAtMs.clear();
            }
            notedAtMs.put(voter, Clocks.nowMs());
            onOwn(reply);
        }
    }

    private void tell(GroupId group, List<PeerInfo> voters) {
        long now = Clocks.nowMs();
        List<PeerInfo> untold = voters.stream()
                .filter(voter -> now - notedAtMs.getOrDefault(voter, now - NOTED_FOR_MS) >= NOTED_FOR_MS)
                .toList();
        if (untold.isEmpty()) {
            return;
        }
        byte[] request = question(report(self.value(), lease.epochIn(group.toString()), running.get()));
        for (PeerInfo voter : untold) {
            var unused = raft.client(group, voters)
                    .askOften(voter, request, LIMIT)
                    .whenComplete((bytes, failure) -> {
                        if (failure == null) {
                            VoterPanel.parse(bytes).ifPresent(this::onOwn);
                        }
                    });
        }
    }

    private void onOwn(PeerReply reply) {
        var here = new ArrayList<ServerId>();
        reply.getDoubleRunsList().forEach(found -> here.add(new ServerId(found.getGuest())));
        if (!here.isEmpty()) {
            mustStop.accept(here);
        }
    }

    private void askOwnVoter() {
        var unused = raft.ask(raft.self(), question(report(EVERYBODY, 0, Optional.empty())), LIMIT)
                .thenAccept(bytes -> VoterPanel.parse(bytes).ifPresent(this::onAll));
    }

    private void onAll(PeerReply reply) {
        var now = new TreeMap<String, List<String>>();
        for (DoubleRun found : reply.getDoubleRunsList()) {
            now.put(found.getGuest(), List.copyOf(found.getHostsList()));
        }
        now.forEach((guest, hosts) -> {
            if (!doubles.containsKey(guest)) {
                LOG.error(
                        "a VM runs on more than one host: stop all copies but one, then look at its disk vm={}"
                                + " hosts={}",
                        guest,
                        hosts);
            }
        });
        doubles.forEach((guest, hosts) -> {
            if (!now.containsKey(guest)) {
                LOG.info("the VM runs on one host only again vm={} were={}", guest, hosts);
            }
        });
        doubles = now;
    }

    private static Running report(String host, long epoch, Optional<List<ServerId>> guests) {
        return Running.newBuilder()
                .setHost(host)
                .setEpoch(epoch)
                .setComplete(guests.isPresent())
                .addAllGuests(
                        guests.orElse(List.of()).stream().map(ServerId::value).toList())
                .build();
    }

    private static byte[] question(Running report) {
        return PeerRequest.newBuilder().setRunning(report).build().toByteArray();
    }
}
