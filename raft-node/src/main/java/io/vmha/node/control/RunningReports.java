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
import io.vmha.proto.v1.Running;
import io.vmha.recovery.core.HostName;
import io.vmha.recovery.core.ServerId;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
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
 */
public final class RunningReports {
    private static final Logger LOG = LoggerFactory.getLogger(RunningReports.class);
    private static final long PERIOD_MS = 1_000;
    private static final Duration LIMIT = Duration.ofMillis(900);
    private static final String EVERYBODY = "";

    private final HostName self;
    private final HostLease lease;
    private final RaftNode raft;
    private final Renewals renewals;
    private final Supplier<Optional<List<ServerId>>> running;
    private final BooleanSupplier leads;
    private final Consumer<List<ServerId>> mustStop;
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
        var unused = timer.scheduleAtFixedRate(
                () -> {
                    try {
                        report();
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

    private void report() {
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

    private void tell(GroupId group, List<PeerInfo> voters) {
        Optional<List<ServerId>> guests = running.get();
        byte[] request = question(self.value(), lease.epochIn(group.toString()), guests);
        for (PeerInfo voter : voters) {
            var unused = raft.client(group, voters).ask(voter, request, LIMIT).whenComplete((bytes, failure) -> {
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
        var unused = raft.ask(raft.self(), question(EVERYBODY, 0, Optional.empty()), LIMIT)
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

    private static byte[] question(String host, long epoch, Optional<List<ServerId>> guests) {
        return PeerRequest.newBuilder()
                .setRunning(Running.newBuilder()
                        .setHost(host)
                        .setEpoch(epoch)
                        .setComplete(guests.isPresent())
                        .addAllGuests(guests.orElse(List.of()).stream()
                                .map(ServerId::value)
                                .toList()))
                .build()
                .toByteArray();
    }
}
